"""The commands of docs/operating.md, run in a directory of their own, from the clone to the rollback.

Paths, addresses and ports point to that directory and to a throwaway PostgreSQL. `runuser` runs its command
as the user of the tests, and `python3 -m venv` links the tests' environment, which has the locked packages.
"""

from __future__ import annotations

import getpass
import os
import pty
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.activation import start_on
from tests.environment import ROOT
from tests.postgres import NoPostgreSQL, find_binaries, throwaway_server
from tests.security.proxies import nginx
from tests.security.wire import Connection
from tests.test_house import read_example
from tests.waiting import find_free_port, wait_for

pytestmark = [pytest.mark.any_database, pytest.mark.slow]

NAME = "news.example.com"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs/operating.md").read_text(), re.MULTILINE | re.DOTALL)
PASSWORD = "correct horse battery"

# Blocks that the tests do not run, by a text that only they contain, and the reason.
FOR_ROOT = {
    "apt-get install": "installs packages",
    "adduser --system": "makes a Unix user and gives it directories",
    "su --login newsroom\n": "becomes another user",
    "systemctl enable --now": "installs the unit; the tests verify it and run its command",
    "nginx -t &&": "reloads the machine's nginx; the tests run one with the same file",
    "certbot certonly": "needs a public name and a certificate authority",
    "journalctl": "reads the machine's logs",
    "systemctl restart postgresql": "restarts the machine's PostgreSQL",
    "systemctl stop newsroom.socket": "ends the service; the tests send what systemd sends",
    "systemctl start newsroom.socket": "starts the service; the tests run the unit's command",
    "systemctl reload newsroom": "the tests send the signal of the unit's ExecReload",
}
# Blocks that the tests run, by a text that only they contain, or by their whole text.
RESTORE = "manage.py restore"
BACK_UP = "sh /srv/newsroom/backup.sh\n"
GO_BACK = 'git checkout --detach "$(cat'
RUN = (
    *("createuser newsroom", "git clone", "cat > .env", "check --deploy", "createsuperuser", "sendtestemail"),
    *("curl --silent", "openssl req", "ALTER SYSTEM", "cat > /srv/newsroom/backup.sh", BACK_UP, "dropdb"),
    *("backup --verify", "rm -f /srv/newsroom/data/newsroom.sqlite3", RESTORE, "manage.py advance_numbers"),
    *("git fetch --tags", "git diff --stat", GO_BACK, "chmod 700", ".venv/bin/uvicorn"),
)
NEW_UPDATE = """
from pathlib import Path
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
with Path({picture!r}).open("rb") as file, publishing.prepare_image(file, by=SYSTEM) as prepared:
    image = publishing.add_image(prepared, by=SYSTEM, alt="A ferry")
content = Content({heading!r}, "<p>Text</p>", images=(image,))
publishing.publish_update(LiveBlog.objects.get(), content, by=SYSTEM)
"""


def block(key: str) -> str:
    """Return the block that contains `key`, or that is `key` if that ends a line."""
    [text] = {text for text in BLOCKS if (text == key if key.endswith("\n") else key in text)}
    return text


@dataclass
class Machine:
    """A directory in place of /srv/newsroom and of the rest of the machine that the commands touch."""

    place: Path
    database_url: str = ""
    port: int = field(default_factory=find_free_port)

    def __post_init__(self) -> None:
        programs = self.place / "programs"
        for folder in (programs, self.place / "home/data", self.place / "home/backups"):
            folder.mkdir(parents=True)
        write_program(programs / "runuser", 'shift 3; exec "$@"')
        link = f'[ "$1 $2" = "-m venv" ] && exec ln -s {shlex.quote(sys.prefix)} "$3"'
        write_program(programs / "python3", f'{link}; exec {shlex.quote(sys.executable)} "$@"')
        self.release("first")

    @property
    def app(self) -> Path:
        return self.place / "home/app"

    def release(self, text: str) -> None:
        """Commit the project's files to the repository that is cloned, with `text` in a template."""
        origin = self.place / "origin"
        if not origin.exists():
            listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
                if (ROOT / name).is_file():
                    (origin / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / name, origin / name)
            self.shell("git init --quiet", origin)
        with (origin / "templates/reader/_base.html").open("a") as template:
            template.write(f"{{# {text} #}}\n")
        self.shell(f"git add --all && git commit --quiet --message={text}", origin)

    def environment(self) -> dict[str, str]:
        variables = {**os.environ, "PIP_NO_INDEX": "1", "HOME": str(self.place), "LC_ALL": "C.UTF-8"}
        for name in (*read_example(), "ENV_FILE", "DJANGO_SETTINGS_MODULE"):
            variables.pop(name, None)
        for role in ("AUTHOR", "COMMITTER"):
            variables |= {f"GIT_{role}_NAME": "A", f"GIT_{role}_EMAIL": "a@example.com"}
        path = [self.place / "programs", *find_binaries()[:1]]
        variables["PATH"] = os.pathsep.join([*map(str, path), os.environ["PATH"]])
        if self.database_url:
            variables |= {"PGHOST": unquote(urlsplit(self.database_url).netloc).split("@")[1]}
            variables |= {"PGUSER": "postgres"}
        return variables

    def adapted(self, text: str) -> str:
        """Return a text of the document with this machine's paths, addresses and ports."""
        socket_directory = quote(self.environment().get("PGHOST", ""), safe="")
        replacements = {
            "https://git.example.com/newsroom.git": str(self.place / "origin"),
            "/srv/newsroom": str(self.place / "home"),
            "/etc/ssl/newsroom": str(self.place / "nginx"),
            "/etc/nginx/nginx.conf": str(self.place / "nginx/installed.conf"),
            "/var/www/acme": str(self.place / "acme"),
            "%2Fvar%2Frun%2Fpostgresql": socket_directory,
            "smtp://user:password@mail.example.com:587/?tls=true": "console:",
            "127.0.0.1:8000": f"127.0.0.1:{self.port}",
            "--port 8000": f"--port {self.port}",
        }
        if not self.database_url:
            text = re.sub("^DATABASE_URL=.*\n", "", text, flags=re.MULTILINE)
        for written, here in replacements.items():
            text = text.replace(written, here)
        return text

    def run(self, *keys: str) -> str:
        """Run blocks of the document in one shell that stops at the first failure; return their output."""
        return self.shell(self.adapted("".join(map(block, keys))))

    def shell(self, script: str, folder: Path | None = None) -> str:
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder or self.place,
            env=self.environment(),
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def make_account(self) -> None:
        """Run the block that asks for a password twice, and type it at a terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["bash", "-euc", self.adapted(block("createsuperuser"))],
            cwd=self.place,
            env=self.environment(),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        output = b""
        for prompt in (b"Password: ", b"Password (again): "):
            # The terminal discards input that is typed before the prompt.
            while not output.endswith(prompt):
                output += os.read(ours, 1024)
            os.write(ours, PASSWORD.encode() + b"\n")
        assert process.wait(timeout=60) == 0, output
        os.close(ours)

    def manage(self, *arguments: str) -> str:
        return self.shell(shlex.join([".venv/bin/python", "manage.py", *arguments]), self.app)

    def publish(self, heading: str) -> None:
        picture = next((ROOT / "liveblog/demo/pictures").glob("*.jpg"))
        self.manage("shell", "--command", NEW_UPDATE.format(picture=str(picture), heading=heading))

    @contextmanager
    def serving(self, command: str) -> Iterator[subprocess.Popen]:
        """Run a server, and yield once the document's command says that it is healthy.

        A command with `--fd 3` gets the socket that systemd would hold.
        """
        with (self.place / "server.log").open("ab") as log, ExitStack() as stack:
            start = subprocess.Popen
            if "--fd 3" in command:
                listener = stack.enter_context(socket.create_server(("127.0.0.1", self.port)))
                start = partial(start_on, listener)
            process = start(
                shlex.split(command), cwd=self.app, env=self.environment(), stdout=log, stderr=log
            )
        try:
            assert self.run("curl --silent") == "200\n"
            yield process
        finally:
            process.terminate()
            process.wait(timeout=30)
            print((self.place / "server.log").read_text())

    def unit(self, name: str) -> str:
        """Return a directive of the systemd unit, with this machine's paths and ports."""
        unit = self.adapted((self.app / "deploy/newsroom.service").read_text()).replace("\\\n", "")
        [value] = re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)
        return value

    def get(self, path: str) -> tuple[int, bytes, str]:
        """Return status, body and ETag of a page, requested over a new connection."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path, headers={"Host": NAME})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.status, body, response.headers.get("ETag", "")

    def public_pages(self) -> dict[str, tuple[int, bytes, str]]:
        """Return the public pages, feeds, polls and pictures of the only live blog, by path."""
        blog = "/live/harbour/"
        paths = [
            "/",
            blog,
            f"{blog}changes.json?after=0",
            f"{blog}feed.atom",
            "/sitemap.xml",
            "/search/?q=ferry",
        ]
        pages = {path: self.get(path) for path in paths}
        pictures = re.findall(r"/media/[\w/.-]+", pages[blog][1].decode())
        assert pictures
        pages |= {path: self.get(path) for path in pictures}
        assert {status for status, _body, _etag in pages.values()} == {200}
        return pages


def without_numbers(pages: dict[str, tuple[int, bytes, str]]) -> dict[str, tuple[int, bytes]]:
    """Return status and body of pages without the numbers, which jump ahead after a restore."""
    number = re.compile(rb'((?:data-number="|"number":))\d+')
    return {path: (status, number.sub(rb"\1N", body)) for path, (status, body, _etag) in pages.items()}


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def with_sqlite(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def with_postgresql(tmp_path: Path) -> Iterator[Machine]:
    try:
        with throwaway_server() as url:
            yield Machine(tmp_path, url)
    except NoPostgreSQL as error:
        pytest.skip(str(error))


def install(machine: Machine) -> None:
    """Follow the steps up to the first account, and fill the newsroom."""
    machine.run("git clone")
    machine.run("cat > .env")
    assert (machine.app / ".env").stat().st_mode & 0o777 == 0o600
    machine.run("check --deploy")
    machine.make_account()
    assert "Subject: Test email" in machine.run("sendtestemail")
    machine.manage(
        "import_article", str(ROOT / "liveblog/demo/harbour-24.txt"), "--blog=harbour", "--publish"
    )
    machine.publish("A ferry leaves")


def test_every_block_is_run_or_needs_root():
    keys = [*FOR_ROOT, *RUN]
    matching = {text: [key for key in keys if block(key) == text] for text in BLOCKS}
    assert {text: keys for text, keys in matching.items() if len(keys) != 1} == {}


def test_postgresql_is_installed_backed_up_restored_upgraded_and_rolled_back(with_postgresql):
    machine = with_postgresql
    machine.run("createuser newsroom")
    install(machine)
    machine.run("ALTER SYSTEM")
    verify_unit(machine)
    with machine.serving(machine.unit("ExecStart")) as server:
        before = machine.public_pages()
        check_nginx(machine)
        # The backup is taken while the server runs.
        machine.run("cat > /srv/newsroom/backup.sh")
        copy = Path(machine.run(BACK_UP).strip())
        assert {path.name for path in copy.iterdir()} == {"rows.jsonl.gz", "files", "manifest.json"}
        assert {path.stat().st_mode & 0o077 for path in (*copy.rglob("*"), copy.parent / "env")} == {0}
        assert f"{copy} is complete" in machine.run("backup --verify")
        machine.publish("A ferry returns")
        assert machine.public_pages() != before
    machine.run("dropdb")
    machine.run(RESTORE)
    with machine.serving(machine.unit("ExecStart")) as server:
        assert without_numbers(machine.public_pages()) == without_numbers(before)
        machine.run("manage.py advance_numbers")
        assert without_numbers(machine.public_pages()) == without_numbers(before)

        first = machine.get("/live/harbour/")[2]
        machine.release("second")
        second = etag_after_reload(machine, server, "git fetch --tags")
        assert second != first
        assert etag_after_reload(machine, server, "git diff --stat", GO_BACK) == first


def etag_after_reload(machine: Machine, server: subprocess.Popen, *keys: str) -> str:
    """Run blocks and reload the server while readers ask for a page; return the new ETag of the page."""
    processes = workers_of(server)
    with constant_readers(machine):
        machine.run(*keys)
        assert machine.unit("ExecReload") == "/bin/kill -HUP $MAINPID"
        server.send_signal(signal.SIGHUP)
        # Each process serves until its successor does.
        wait_for(lambda: processes.isdisjoint(workers_of(server)), seconds=120)
    return machine.get("/live/harbour/")[2]


def workers_of(server: subprocess.Popen) -> set[str]:
    """Return the ids of the server's worker processes."""
    workers = set()
    for child in Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split():
        # A process may end in the meantime.
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                workers.add(child)
    return workers


@contextmanager
def constant_readers(machine: Machine) -> Iterator[None]:
    """Let readers ask for a page many times a second; fail if one of them is refused or gets an error."""
    answers: list[int | str] = []
    stopped = threading.Event()

    def read() -> None:
        # Without the pause, the readers would starve the server that they watch.
        while not stopped.wait(0.05):
            try:
                answers.append(machine.get("/live/harbour/")[0])
            except OSError as error:
                answers.append(repr(error))

    readers = [threading.Thread(target=read) for _number in range(2)]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        stopped.set()
        for reader in readers:
            reader.join()
    assert set(answers) == {200}


def verify_unit(machine: Machine) -> None:
    units = [machine.place / name for name in ("newsroom.service", "newsroom.socket")]
    for unit in units:
        text = machine.adapted((machine.app / "deploy" / unit.name).read_text())
        # The user does not exist on this machine.
        unit.write_text(text.replace("User=newsroom", f"User={getpass.getuser()}"))
    assert f"ListenStream=127.0.0.1:{machine.port}\n" in text
    if program := shutil.which("systemd-analyze"):
        verify = subprocess.run([program, "verify", "--man=no", *units], capture_output=True, text=True)
        assert (verify.returncode, verify.stderr) == (0, "")


def check_nginx(machine: Machine) -> None:
    """Run nginx with the file that the document installs, and read a page through it."""
    (machine.place / "nginx").mkdir()
    machine.run("openssl req")
    text = (machine.place / "nginx/installed.conf").read_text()
    context = ssl.create_default_context(cafile=machine.place / "nginx/fullchain.pem")
    with nginx(machine.place / "nginx", f"http://127.0.0.1:{machine.port}", {}, text) as (port, _plain):
        with Connection(f"https://127.0.0.1:{port}", tls=context, host=NAME) as connection:
            connection.send_head("GET /live/harbour/")
            page = connection.read_response()
        assert page.status == 200
        assert f"https://{NAME}/live/harbour/" in page.body.decode()


def test_sqlite_is_installed_backed_up_and_restored(with_sqlite):
    machine = with_sqlite
    install(machine)
    machine.run("chmod 700")
    serve = machine.adapted(block(".venv/bin/uvicorn")).replace("\\\n", "")
    with machine.serving(serve):
        before = machine.public_pages()
        machine.run("cat > /srv/newsroom/backup.sh")
        copy = Path(machine.run(BACK_UP).strip())
        assert {path.name for path in copy.iterdir()} == {"rows.jsonl.gz", "files", "manifest.json"}
        machine.publish("A ferry returns")
        assert machine.public_pages() != before
    machine.run("rm -f /srv/newsroom/data/newsroom.sqlite3", RESTORE)
    with machine.serving(serve):
        assert without_numbers(machine.public_pages()) == without_numbers(before)


def test_backup_of_a_missing_database_fails(with_sqlite):
    machine = with_sqlite
    machine.run("git clone")
    machine.run("cat > .env")
    machine.run("cat > /srv/newsroom/backup.sh")
    backup = subprocess.run(
        ["sh", machine.place / "home/backup.sh"], env=machine.environment(), capture_output=True, text=True
    )
    assert backup.returncode != 0
    assert "The database is empty" in backup.stderr
    assert not list((machine.place / "home/backups").glob("20*"))
