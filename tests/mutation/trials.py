"""Trials: run tests on a mutant.

Importing the project takes longer than most tests, so a trial forks a process that has imported it and
replaces the original functions by the mutant's. A mutant that changes what an import does is tried in a new
process, which imports it. Each trial starts with a copy of a database that was migrated once.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Final

import pytest
from django.db import connection
from django.test.utils import setup_databases

from tests.environment import DATA_DIR, ROOT

DATABASE: Final = DATA_DIR / "test.sqlite3"
# A mutant may loop or wait forever. Most tests take less than a second of processor time.
PROCESSOR_SECONDS: Final = 20
SECONDS: Final = 300
TIMEOUT: Final = "timeout"
# Mutants raise warnings about themselves, and modules were imported before pytest could rewrite them.
ARGUMENTS: Final = [
    *("-x", "-q", "--reuse-db", "-W", "ignore::pytest.PytestWarning"),
    # The second plugin collects garbage after each run, which takes as long as a test.
    *("-p", "no:cacheprovider", "-p", "no:unraisableexception"),
]


class Listener:
    """A pytest plugin that lists collected tests, keeps the first failed one, and limits each one's time."""

    def __init__(self) -> None:
        self.collected: list[str] = []
        self.failed = ""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.collected = [item.nodeid for item in session.items]

    def pytest_runtest_call(self) -> None:
        limit()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def limit() -> None:
    """End this process, by the default action of both signals, if it is not done in time."""
    signal.setitimer(signal.ITIMER_VIRTUAL, PROCESSOR_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)


def load(selection: str, files: Sequence[str]) -> set[str]:
    """Import the project and files of tests into this process; return the names of the tests."""
    listener = Listener()
    with _silence():
        status = pytest.main(["--collect-only", "-q", "-m", selection, *files], [listener])
    assert status == pytest.ExitCode.OK, status
    return {*listener.collected}


def make_database(template: Path) -> None:
    """Migrate a database and copy it to `template`."""
    with _silence():
        setup_databases(verbosity=0, interactive=False)
    connection.close()
    shutil.copyfile(DATABASE, template)


def try_loaded(swaps: dict[FunctionType, CodeType], tests: Sequence[str], template: Path) -> str:
    """Run the tests in a fork, and return the name of the first one that fails, or an empty string."""
    _copy_database(template)
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            for function, code in swaps.items():
                function.__code__ = code
            with _silence():
                os.write(writing, _first_failed(tests).encode())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as answer:
        failed = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return _outcome(status, failed)


def try_imported(path: Path, code: str, tests: Sequence[str], template: Path) -> str:
    """Run the tests in a new process that imports the mutant; return the same as `try_loaded`."""
    trial = {"path": str(path), "code": code, "tests": [*tests], "template": str(template)}
    process = subprocess.run(
        [sys.executable, "-m", "tests.mutation.trials"],
        cwd=ROOT,
        input=json.dumps(trial),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    return _outcome(process.returncode, process.stdout)


def _outcome(status: int, failed: str) -> str:
    if status in (-signal.SIGALRM, -signal.SIGVTALRM):
        return TIMEOUT
    return failed if status == 0 else f"status {status}"


def _first_failed(tests: Sequence[str]) -> str:
    listener = Listener()
    status = pytest.main([*ARGUMENTS, *tests], [listener])
    return "" if status == pytest.ExitCode.OK else listener.failed or f"pytest's status {int(status)}"


def swaps_of(path: Path, source: str, mutated: str) -> dict[FunctionType, CodeType] | None:
    """Return the mutant's code by loaded function; None if it changes more than bodies of functions."""
    if _without_bodies(source) != _without_bodies(mutated):
        return None
    codes = [[*_codes(compile(text, path, "exec", dont_inherit=True))] for text in (source, mutated)]
    if [code.co_qualname for code in codes[0]] != [code.co_qualname for code in codes[1]]:
        return None
    replacements = dict(zip(*codes, strict=True))
    functions = [
        thing
        for thing in gc.get_objects()
        if isinstance(thing, FunctionType) and thing.__code__.co_filename == str(path)
    ]
    swaps = {function: replacements[function.__code__] for function in functions}
    if any(len(function.__code__.co_freevars) != len(code.co_freevars) for function, code in swaps.items()):
        return None
    return {function: code for function, code in swaps.items() if function.__code__ != code}


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _without_bodies(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = []
    return ast.dump(tree)


def _copy_database(template: Path) -> None:
    for suffix in ("-wal", "-shm"):
        DATABASE.with_name(DATABASE.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(template, DATABASE)


@contextmanager
def _silence() -> Iterator[None]:
    """Discard what pytest prints, also in forks."""
    sys.stdout.flush()
    saved = [os.dup(number) for number in (1, 2)]
    with Path(os.devnull).open("w") as nowhere:
        for number in (1, 2):
            os.dup2(nowhere.fileno(), number)
    try:
        yield
    finally:
        sys.stdout.flush()
        for number, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, number)
            os.close(copy)


def _import_as(path: str, code: str) -> None:
    """Make Python import the module at `path` from `code`."""
    original = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> CodeType | None:
        if loader.path == path:
            return compile(code, path, "exec", dont_inherit=True)
        return original(loader, fullname)

    SourceFileLoader.get_code = get_code


def main() -> None:
    trial = json.load(sys.stdin)
    _import_as(trial["path"], trial["code"])
    _copy_database(Path(trial["template"]))
    # Imports may loop, too.
    limit()
    with _silence():
        failed = _first_failed(trial["tests"])
    print(failed, end="")


if __name__ == "__main__":
    main()
