"""The lines that each test runs, recorded once by coverage.py and kept in var/ for the next run.

After a change to a test file only its tests run again; after a change to the code, all do.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage, CoverageData

from tests.environment import ROOT
from tests.mutation.mutants import Mutant, targets
from tests.run import SIDE_BY_SIDE

PLACE: Final = ROOT / "var/mutation"
DATA: Final = PLACE / ".coverage"
DIGESTS: Final = PLACE / "digests.json"
# Mutants exist only in the memory of the test process, not in processes that tests start.
SELECTION: Final = "not browser and not postgres and not alone and not served"


class Reach:
    """The tests that run a line, in each file the most specific first, which run the fewest lines."""

    def __init__(self) -> None:
        data = CoverageData(str(DATA))
        data.read()
        self._tests = {path: data.contexts_by_lineno(str(path)) for path in targets()}
        self._sizes = Counter(
            test for lines in self._tests.values() for tests in lines.values() for test in tests
        )

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Return the tests that run the mutant's statement; if only an import does, those of the module."""
        tests = self._sort(mutant.path, mutant.lines) if mutant.is_in_function else []
        if tests or not self.is_run_by_import(mutant):
            return tests
        return self._sort(mutant.path, self._tests[mutant.path])

    def is_run_by_import(self, mutant: Mutant) -> bool:
        """Return whether the mutant's statement runs when modules are imported, outside of any test."""
        return not mutant.is_in_function or any(
            "" in self._tests[mutant.path].get(line, ()) for line in mutant.lines
        )

    def _sort(self, path: Path, lines: Iterable[int]) -> list[str]:
        """Return the tests that run the lines, those of the module's own package first.

        Files take turns, and the first example of each test comes before any second one.
        """
        own = (f"tests/{path.parent.name}/", f"tests/test_{path.stem}.py")
        tests = {test for line in lines for test in self._tests[path].get(line, ()) if test}
        turns: Counter[str] = Counter()
        order = {}
        for test in sorted(tests, key=lambda test: (self._sizes[test], test)):
            file, function = test.partition("::")[0], test.partition("[")[0]
            turns[function] += 1
            turns[f"{file} {turns[function]}"] += 1
            turn = turns[f"{file} {turns[function]}"]
            order[test] = not test.startswith(own), turns[function], turn
        return sorted(order, key=lambda test: order[test])


def record() -> None:
    """Run the tests whose reach is unknown; raise CalledProcessError if one of them fails."""
    known = json.loads(DIGESTS.read_text()) if DIGESTS.exists() and DATA.exists() else {}
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    digests = {str(path.relative_to(ROOT)): _digest(path) for path in (*targets(), *tests)}
    changed = {name for name, digest in digests.items() if known.get(name) != digest}
    if not changed:
        return
    PLACE.mkdir(parents=True, exist_ok=True)
    is_new = not known or any(name.startswith("liveblog/") for name in changed)
    if is_new:
        DATA.unlink(missing_ok=True)
    paths = ["tests"] if is_new else sorted(changed)
    pytest_arguments = [*SIDE_BY_SIDE, "-q", "-p", "tests.mutation.reach", "-m", SELECTION, *paths]
    _coverage("run", "-m", "pytest", *pytest_arguments)
    _coverage("combine", "--quiet", "--append")
    DIGESTS.write_text(json.dumps(digests))


def _coverage(*arguments: str) -> None:
    environment = os.environ | {"COVERAGE_FILE": str(DATA)}
    process = subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT, env=environment)
    # All changed tests may be deselected by SELECTION.
    if process.returncode != pytest.ExitCode.NO_TESTS_COLLECTED:
        process.check_returncode()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item):
    """Record lines under the name of the test that runs them; pytest loads this module as a plugin."""
    coverage = Coverage.current()
    assert coverage is not None
    coverage.switch_context(item.nodeid)
    result = yield
    coverage.switch_context("")
    return result
