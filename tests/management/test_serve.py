"""The serve command that `make run` calls, run as a process with its own data directory and database."""

from __future__ import annotations

import http.client
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.demo import Demo, demo_environment, submit
from tests.environment import ROOT, TEST_DATABASE_URL
from tests.waiting import find_free_port

pytestmark = pytest.mark.any_database


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    variables = demo_environment(tmp_path)
    if not TEST_DATABASE_URL:
        yield variables
        return
    name = f"serve_newsroom_{os.getpid()}"
    with psycopg.connect(TEST_DATABASE_URL, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield variables | {"DATABASE_URL": urlsplit(TEST_DATABASE_URL)._replace(path=f"/{name}").geturl()}
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Yield a function that starts the demo; keyword arguments are further environment variables."""
    demos: list[Demo] = []

    def start(**settings: str) -> Demo:
        demos.append(Demo(environment | settings, tmp_path / f"log-{len(demos)}"))
        return demos[-1]

    yield start
    for running in demos:
        running.process.kill()
        running.process.wait()


def front_page(running: Demo) -> str:
    with urlopen(f"{running.url}/") as response:
        return response.read().decode()


def test_demo_keeps_its_password_key_and_sessions_over_restarts(start, environment):
    first = start()
    for address in (f"{first.url}/", first.desk, f"{first.url}/api/v1/"):
        with urlopen(address) as response:
            assert response.status == 200
            assert "Server" not in response.headers
    session = first.sign_in()
    stories = re.findall(r'href="(/live/[^"]+)"', front_page(first))
    assert stories
    assert Path(environment["ENV_FILE"]).read_text().splitlines()[-1] == "DEMO=true"
    assert Path(environment["ENV_FILE"]).stat().st_mode & 0o777 == 0o600

    with closing(http.client.HTTPConnection("127.0.0.1", first.port)) as idle_connection:
        idle_connection.request("GET", "/robots.txt")
        idle_connection.getresponse().read()
        assert first.interrupt() == 0
    assert "Traceback" not in first.output

    # The restart listens on all addresses, and prints the one that other machines use.
    second = start(HOST="0.0.0.0")
    assert urlsplit(second.url).hostname in own_addresses()
    assert re.findall(r'href="(/live/[^"]+)"', front_page(second)) == stories
    assert (second.password, second.key) == (first.password, first.key)
    second.sign_in()
    with session.open(f"http://127.0.0.1:{second.port}{urlsplit(second.desk).path}") as desk:
        assert "data-composer" in desk.read().decode()
    assert statuses_with(second.key, second) == [200, 200]
    change_password(second, "quite another password")
    assert second.interrupt() == 0

    third = start()
    assert "password: (as you changed it)" in third.output
    assert first.password not in third.output
    assert third.interrupt() == 0


def change_password(running: Demo, new_password: str) -> None:
    client = running.sign_in()
    fields = {"old_password": running.password, "new_password1": new_password, "new_password2": new_password}
    address, _text = submit(client, f"{running.url}/admin/password_change/", fields)
    assert address.endswith("/done/")


def own_addresses() -> set[str]:
    """Return the addresses of this machine's interfaces; the loopback address only if it has no others."""
    listed = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    return set(listed) or {"127.0.0.1"}


def statuses_with(key: str, running: Demo) -> list[int]:
    """Return the statuses of reading with an API key, and of opening the desk's page of that partner."""
    request = Request(f"{running.url}/api/v1/blogs/", headers={"Authorization": f"Bearer {key}"})
    statuses = []
    with urlopen(request) as response:
        statuses.append(response.status)
    with running.sign_in().open(f"{running.url}/admin/liveblog/partner/1/change/") as page:
        assert "Example Wire" in page.read().decode()
        statuses.append(page.status)
    return statuses


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
    expected = {"secret-key", "demo-password", "demo-key", "private", "locks"}
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


def test_unreachable_database_gives_a_one_line_error(environment, tmp_path):
    addresses = {
        f"postgresql://newsroom@127.0.0.1:{find_free_port()}/newsroom": "Connection refused",
        f"sqlite:///{tmp_path}/missing/newsroom.sqlite3": "unable to open database file",
    }
    for address, reason in addresses.items():
        result = serve(environment | {"DATABASE_URL": address})
        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        assert line.startswith("CommandError: Cannot reach the database that DATABASE_URL names: ")
        assert line.endswith(reason)


def test_serve_refuses_production_settings(environment):
    production = {"DEMO": "false", "SECRET_KEY": "x" * 50, "SITE_URL": "https://news.example.com"}
    result = serve(environment | production)
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        "CommandError: This serves a newsroom to try out, with DEMO=true. "
        "For production see docs/operating.md."
    ]


def test_demo_refuses_a_production_secret_key(environment):
    result = serve(environment | {"SECRET_KEY": "x" * 50})
    assert result.returncode == 1
    assert "it refuses a SECRET_KEY" in result.stderr
