"""Trials of mutants whose lines only servers run: tests in a copy of the project that contains the mutant.

They take a minute each, because the tests start servers; `make mutate ARGS=--served` adds them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.environment import ROOT
from tests.mutation.mutants import Mutant
from tests.mutation.trials import TIMEOUT

SELECTION: Final = "not browser and not postgres and not alone"
# All tests of a package take a minute or two; a mutant may also make each of them wait for its limit.
SECONDS: Final = 600
FAILED: Final = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


class Copy:
    """A copy of the project's tracked files, in which one module at a time is mutated."""

    def __init__(self, place: Path) -> None:
        self._place = place
        files = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")
        for name in filter(None, files):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / name)

    def try_mutant(self, mutant: Mutant) -> str:
        """Return the name of the first test of the mutant's package that fails with it and passes without it.

        Return an empty string if there is none.
        """
        module = self._place / mutant.path.relative_to(ROOT)
        module.write_text(mutant.mutate())
        try:
            failed = self._first_failed([f"tests/{mutant.path.parent.name}"])
        finally:
            module.write_text(mutant.source)
        fails_anyway = "::" in failed and self._first_failed([failed])
        return "" if fails_anyway else failed

    def _first_failed(self, tests: Sequence[str]) -> str:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--numprocesses=2", "-m", SELECTION, *tests]
        try:
            process = subprocess.run(
                command, cwd=self._place, capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return TIMEOUT
        if process.returncode == 0:
            return ""
        failed = FAILED.search(process.stdout)
        return failed[1] if failed else f"status {process.returncode}"
