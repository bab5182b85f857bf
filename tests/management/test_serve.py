"""The serve command that `make run` calls, run as a process with its own data directory and database."""

import http.client
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import psycopg
import pytest

from tests.environment import ROOT, TEST_DATABASE_URL
from tests.waiting import find_free_port, wait_for

pytestmark = pytest.mark.any_database

READY = "Ctrl-C ends the server."


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    variables = os.environ | {
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "DATA_DIR": str(tmp_path / "var"),
        "ENV_FILE": str(tmp_path / "env"),
        "PORT": str(find_free_port()),
    }
    if not TEST_DATABASE_URL:
        del variables["DATABASE_URL"]
        yield variables
        return
    name = f"serve_newsroom_{os.getpid()}"
    with psycopg.connect(TEST_DATABASE_URL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield variables | {"DATABASE_URL": urlsplit(TEST_DATABASE_URL)._replace(path=f"/{name}").geturl()}
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Running:
    """A running `manage.py serve` process that has printed its start message."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.port = int(environment["PORT"])
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
                umask=0o022,
            )
        wait_for(lambda: READY in self.output or self.process.poll() is not None, seconds=240)
        assert READY in self.output, self.output

    @property
    def output(self) -> str:
        return self.log.read_text()

    @property
    def password(self) -> str:
        return re.search(r"name: editor +password: (\S+)", self.output)[1]

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=15)


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Running]]:
    servers: list[Running] = []

    def start() -> Running:
        servers.append(Running(environment, tmp_path / f"log-{len(servers)}"))
        return servers[-1]

    yield start
    for running in servers:
        running.process.kill()
        running.process.wait()


def may_sign_in(running: Running, password: str) -> bool:
    opener = build_opener(HTTPCookieProcessor(CookieJar()))
    address = f"{running.url}/admin/login/?next=/admin/"
    with opener.open(address) as login_page:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', login_page.read().decode())[1]
    form = {"username": "editor", "password": password, "csrfmiddlewaretoken": token}
    with opener.open(address, urlencode(form).encode()) as response:
        return response.url == f"{running.url}/admin/"


def front_page(running: Running) -> str:
    with urlopen(f"{running.url}/") as response:
        return response.read().decode()


def test_first_start_creates_a_demo_newsroom_that_survives_a_restart(start, environment):
    first = start()
    for address in ("/", "/admin/", "/api/v1/"):
        assert f"{first.url}{address}" in first.output
        with urlopen(f"{first.url}{address}") as response:
            assert response.status == 200
            assert "Server" not in response.headers
    assert may_sign_in(first, first.password)
    stories = re.findall(r'href="(/live/[^"]+)"', front_page(first))
    assert stories
    assert Path(environment["ENV_FILE"]).read_text().splitlines()[-1] == "DEMO=true"
    assert Path(environment["ENV_FILE"]).stat().st_mode & 0o777 == 0o600

    with closing(http.client.HTTPConnection("127.0.0.1", first.port)) as idle_connection:
        idle_connection.request("GET", "/robots.txt")
        idle_connection.getresponse().read()
        assert first.interrupt() == 0
    assert "Traceback" not in first.output

    second = start()
    assert re.findall(r'href="(/live/[^"]+)"', front_page(second)) == stories
    assert second.password != first.password
    assert not may_sign_in(second, first.password)
    assert may_sign_in(second, second.password)
    assert second.interrupt() == 0


def modes_in(place: Path) -> dict[str, str]:
    """Return the permission bits (octal) of a directory and of all its contents, by relative path."""
    paths = [place, *place.rglob("*")]
    return {str(path.relative_to(place)): f"{path.stat().st_mode & 0o777:o}" for path in paths}


def test_other_accounts_can_read_only_public_files(start, environment):
    """This includes a data directory and a settings file that an earlier release left world-readable."""
    data, env_file = Path(environment["DATA_DIR"]), Path(environment["ENV_FILE"])
    data.mkdir(mode=0o755)
    env_file.write_text("# Written by make run. For production see .env.example.\nDEMO=true\n")
    env_file.chmod(0o644)
    running = start()
    with ExitStack() as stack:
        if not TEST_DATABASE_URL:
            # Keep a connection open, because SQLite removes the WAL files when the last one is closed.
            reader = stack.enter_context(closing(sqlite3.connect(data / "newsroom.sqlite3")))
            reader.execute("SELECT * FROM django_migrations").fetchone()
        modes = modes_in(data)
    assert env_file.stat().st_mode & 0o777 == 0o600
    assert modes["."] == "700"
    public = {name: mode for name, mode in modes.items() if name.split("/")[0] in ("media", "static")}
    private = modes.keys() - public.keys()
    assert {modes[name] for name in private} == {"600", "700"}
    expected = {"secret-key", "private", "locks"}
    if not TEST_DATABASE_URL:
        expected |= {"newsroom.sqlite3", "newsroom.sqlite3-wal", "newsroom.sqlite3-shm"}
    assert expected <= private
    assert any(name.endswith("picture.jpg") for name in private)
    assert {mode for name, mode in public.items() if name.startswith("media")} == {"644", "755"}
    assert running.interrupt() == 0


def serve(environment: dict[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_port_in_use_gives_a_one_line_error(environment):
    port = int(environment["PORT"])
    with socket.create_server(("127.0.0.1", port)):
        result = serve(environment)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"CommandError: Port {port} of 127.0.0.1 is taken: end what runs there, or make run PORT={port + 1}"
    ]


def test_serve_refuses_production_settings(environment):
    result = serve(environment | {"DEMO": "false", "SECRET_KEY": "x" * 50})
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "CommandError: This serves a newsroom to try out, with DEMO=true. "
        "For production see docs/operating.md."
    ]


def test_demo_refuses_a_production_secret_key(environment):
    result = serve(environment | {"SECRET_KEY": "x" * 50})
    assert result.returncode == 1
    assert "it refuses a SECRET_KEY" in result.stderr
