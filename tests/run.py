"""`make test`: the suite on SQLite, then on PostgreSQL the tests whose outcome can depend on the database.

PostgreSQL is the server at TEST_DATABASE_URL, or else a throwaway one. Tests that open a browser, need
PostgreSQL or are marked `alone` run only there. The last kind runs one at a time, all others side by side in
processes that each have their own database. Arguments are passed to pytest.

If only a few tests fail side by side, they run again, one at a time. The last line names those that passed
only then; a test that fails again fails the run.

`make test-fast` (--fast) runs on SQLite only, without tests that open a browser, start a server process or
are marked `slow`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.environment import DATA_DIR, ROOT
from tests.postgres import NoPostgreSQL, throwaway_server

PYTEST = [sys.executable, "-m", "pytest"]
PROCESSORS = min(os.cpu_count() or 1, 4)
# Use two more than the machine has processors, because many tests wait for servers, caches and time limits.
# A process that has finished its tests takes over some of another's, so that all end at about the same time.
SIDE_BY_SIDE = [f"--numprocesses={PROCESSORS + 2}", "--dist=worksteal"]
ON_SQLITE = [*SIDE_BY_SIDE, "-m", "not browser and not postgres and not alone"]
ON_POSTGRESQL = [
    *SIDE_BY_SIDE,
    "-m",
    "(postgres or database and not any_database) and not browser and not alone",
]
IN_BROWSERS = [f"--numprocesses={PROCESSORS + 1}", "--dist=worksteal", "-m", "browser"]
FAST = [*SIDE_BY_SIDE, "-m", "not browser and not postgres and not alone and not served and not slow"]
# If more tests fail than this, a busy machine is not the cause.
MOST_TO_RUN_AGAIN = 10
DECIDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
ALONE = ["-m", "alone and not browser"]


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, _end)
    database_url = os.environ.pop("TEST_DATABASE_URL", "")
    # Without byte code on disk, each process would compile all modules again, and pytest rewrite all tests.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if arguments[:1] == ["--fast"]:
        return _verdict({"Fast": _pytest("SQLite, the fast tests", [*FAST, *arguments[1:]])}, [])
    _collect_static_files()
    statuses = {}
    statuses["SQLite"], passed_again = run_side_by_side("SQLite", [*ON_SQLITE, *arguments])
    try:
        with nullcontext(database_url) if database_url else throwaway_server() as url:
            for name, selection in (
                ("PostgreSQL", ON_POSTGRESQL),
                ("PostgreSQL, in browsers", IN_BROWSERS),
                ("PostgreSQL, one at a time", ALONE),
            ):
                if pytest.ExitCode.INTERRUPTED in statuses.values():
                    break
                if selection is ALONE:
                    statuses[name] = _pytest(name, [*selection, *arguments], TEST_DATABASE_URL=url)
                    continue
                statuses[name], passed = run_side_by_side(
                    name, [*selection, *arguments], TEST_DATABASE_URL=url
                )
                passed_again += passed
    except NoPostgreSQL as error:
        print(f"\n{error} The suite did not run on PostgreSQL.", file=sys.stderr)
        return 1
    return _verdict(statuses, passed_again)


def run_side_by_side(name: str, arguments: list[str], **environment: str) -> tuple[int, list[str]]:
    """Return the status of the tests and the names of those that passed only when run again."""
    status, failed = _pytest_and_failed(name, arguments, environment)
    if not 0 < len(failed) <= MOST_TO_RUN_AGAIN:
        return status, []
    status, failed_again = _pytest_and_failed(f"{name}, the failed tests again", failed, environment)
    return status, [test for test in failed if test not in failed_again] if status in DECIDED else []


def _pytest_and_failed(name: str, arguments: list[str], environment: dict[str, str]) -> tuple[int, list[str]]:
    """Return the status and the failed tests' names; no names if a second run of those decides nothing."""
    with tempfile.TemporaryDirectory(prefix="newsroom-failed-") as place:
        names = Path(place) / "names"
        status = _pytest(name, [*arguments, f"--write-failed={names}"], **environment)
        return status, names.read_text().splitlines() if names.exists() else []


def _collect_static_files() -> None:
    """Collect the static files once for all test processes, because compressing them is slow."""
    settings = {"DJANGO_SETTINGS_MODULE": "newsroom.settings"}
    collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(collect, cwd=ROOT, env=os.environ | settings, check=True)
    os.environ["TEST_STATIC_ROOT"] = str(DATA_DIR / "static")


def _pytest(database: str, arguments: list[str], **environment: str) -> int:
    print(f"\n──── The suite on {database} ────\n", flush=True)
    process = subprocess.Popen([*PYTEST, *arguments], env=os.environ | environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # pytest got the Ctrl-C too; let it clean up before the database stops.
        process.wait()
        return pytest.ExitCode.INTERRUPTED
    except SystemExit:
        process.terminate()
        process.wait()
        raise


def _verdict(statuses: dict[str, int], passed_again: list[str]) -> int:
    """Print all statuses and return the worst; ignore runs whose selection matched no tests."""
    print("\n" + " ".join(f"{name}: {_in_words(status)}." for name, status in statuses.items()), end="")
    print(f" Passed only when run again: {', '.join(passed_again)}." if passed_again else "")
    results = [status for status in statuses.values() if status != pytest.ExitCode.NO_TESTS_COLLECTED]
    return max(results, default=pytest.ExitCode.NO_TESTS_COLLECTED)


def _in_words(status: int) -> str:
    if status in list(pytest.ExitCode):
        return pytest.ExitCode(status).name.lower().replace("_", " ")
    return f"ended with status {status}"


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
