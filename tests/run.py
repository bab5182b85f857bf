"""`make test`: the whole suite on SQLite, then again on PostgreSQL; arguments go to pytest.

PostgreSQL is the server at TEST_DATABASE_URL, else a throwaway one. Browser tests run once, there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import nullcontext

import pytest

from tests.postgres import NoPostgreSQL, throwaway_server

PYTEST = [sys.executable, "-m", "pytest"]


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, _end)
    given = os.environ.pop("TEST_DATABASE_URL", "")
    on_sqlite = _pytest("SQLite", ["-m", "not browser and not postgres", *arguments])
    if on_sqlite == pytest.ExitCode.INTERRUPTED:
        return on_sqlite
    try:
        with nullcontext(given) if given else throwaway_server() as url:
            on_postgresql = _pytest("PostgreSQL", arguments, TEST_DATABASE_URL=url)
    except NoPostgreSQL as error:
        print(f"\n{error} The suite did not run on PostgreSQL.", file=sys.stderr)
        return 1
    return _verdict(on_sqlite, on_postgresql)


def _pytest(database: str, arguments: list[str], **environment: str) -> int:
    print(f"\n──── The suite on {database} ────\n", flush=True)
    process = subprocess.Popen([*PYTEST, *arguments], env=os.environ | environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # Ctrl-C has reached pytest too: let it put everything down before the database goes.
        process.wait()
        return pytest.ExitCode.INTERRUPTED
    except SystemExit:
        process.terminate()
        process.wait()
        raise


def _verdict(on_sqlite: int, on_postgresql: int) -> int:
    """Failed if either did; the tests that were chosen may be none on one of the two."""
    print(f"\nSQLite: {_in_words(on_sqlite)}. PostgreSQL: {_in_words(on_postgresql)}.")
    if {on_sqlite, on_postgresql} == {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        return 0
    return max(on_sqlite, on_postgresql)


def _in_words(status: int) -> str:
    if status in list(pytest.ExitCode):
        return pytest.ExitCode(status).name.lower().replace("_", " ")
    return f"ended with status {status}"


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
