"""`make mutate`: the mutation score of the modules that pyproject.toml names.

A mutant is killed if a test that passes without it fails with it. Only tests that run the changed line are
tried, on SQLite, without browsers or servers, and at most `--tests` of them, so that a surviving mutant costs
seconds. The resulting score is therefore a lower bound. `--served` also tries mutants whose lines only
servers run, with all tests of their package, which takes a minute or two each.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path

from tests.environment import ROOT
from tests.mutation import reach, served, trials
from tests.mutation.mutants import Mutant, is_valid, mutants_of, targets

SURVIVED = ""
# Either no test runs the line, or only tests with servers, browsers or PostgreSQL do.
NOT_TRIED = "not tried"


def main() -> int:
    options = _options()
    try:
        reach.record()
    except subprocess.CalledProcessError:
        print("Mutants are tried only with tests that pass.", file=sys.stderr)
        return 1
    mutants = _choose(options)
    with tempfile.TemporaryDirectory(prefix="newsroom-mutants-") as place:
        runner = Runner(reach.Reach(), mutants, options.tests, Path(place) / "migrated.sqlite3")
        for number, mutant in enumerate(mutants, 1):
            runner.run(mutant, f"{number}/{len(mutants)}")
    if options.served:
        runner.run_served()
    return _report(runner.outcomes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description="ARGS takes these options.")
    parser.add_argument("--sample", type=int, help="try this many mutants, chosen at random; all by default")
    parser.add_argument("--seed", type=int, default=1, help="choose the same sample again")
    parser.add_argument("--only", nargs="*", default=[""], help="try only those in modules that begin so")
    parser.add_argument("--served", action="store_true", help="try also those whose lines only servers run")
    parser.add_argument("--tests", type=int, default=100, help="the most tests to try on one mutant")
    return parser.parse_args()


def _choose(options: argparse.Namespace) -> list[Mutant]:
    """Return the mutants to try: the sample, which does not depend on `--only`, limited to those modules.

    Each mutant has a random rank of its own, so that changing one module does not change others' samples.
    """
    mutants = [mutant for path in targets() for mutant in mutants_of(path)]
    print(f"{len(mutants)} mutants of {len(targets())} modules.", flush=True)
    if options.sample:
        mutants.sort(
            key=lambda mutant: random.Random(f"{options.seed} {mutant.path.name} {mutant.index}").random()
        )
        valid = (mutant for mutant in mutants if is_valid(mutant))
        mutants = sorted(islice(valid, options.sample), key=lambda mutant: (mutant.path, mutant.line))
    chosen = [mutant for mutant in mutants if mutant.name.startswith(tuple(options.only))]
    return chosen if options.sample else [mutant for mutant in chosen if is_valid(mutant)]


class Runner:
    """A runner that tries mutants; `outcomes` has the test that failed for each, or SURVIVED."""

    def __init__(self, known: reach.Reach, mutants: list[Mutant], most: int, template: Path) -> None:
        tests = {mutant: known.tests_of(mutant) for mutant in mutants}
        files = {test.partition("::")[0] for names in tests.values() for test in names[:most]}
        collected = trials.load(reach.SELECTION, sorted(files))
        self._tests = {
            mutant: [test for test in names if test in collected] for mutant, names in tests.items()
        }
        self._reach, self._most, self._template = known, most, template
        self._is_reliable: dict[str, bool] = {}
        self.outcomes: dict[Mutant, str] = {}
        trials.make_database(template)

    def run(self, mutant: Mutant, number: str) -> None:
        outcome = self._outcome(mutant) if self._tests_of(mutant) else NOT_TRIED
        self._note(mutant, outcome, number, f"by {len(self._tests_of(mutant))} tests")

    def run_served(self) -> None:
        """Try the mutants that were not tried in this process, in a copy of the project."""
        mutants = [mutant for mutant, outcome in self.outcomes.items() if outcome == NOT_TRIED]
        with tempfile.TemporaryDirectory(prefix="newsroom-mutants-") as place:
            copy = served.Copy(Path(place))
            for number, mutant in enumerate(mutants, 1):
                self._note(
                    mutant, copy.try_mutant(mutant), f"{number}/{len(mutants)}", "by its package's tests"
                )

    def _note(self, mutant: Mutant, outcome: str, number: str, by: str) -> None:
        self.outcomes[mutant] = outcome
        print(f"{number} {mutant.name}: {outcome or 'SURVIVED'}", flush=True)
        if outcome == SURVIVED:
            print(f"{mutant.diff()}\n({by})", flush=True)

    def _outcome(self, mutant: Mutant) -> str:
        while tests := self._tests_of(mutant):
            failed = self._try(mutant, tests)
            if failed not in tests or self._passes(failed):
                return failed
        return SURVIVED

    def _tests_of(self, mutant: Mutant) -> list[str]:
        tests = [test for test in self._tests[mutant] if self._is_reliable.get(test, True)]
        return tests[: self._most]

    def _passes(self, test: str) -> bool:
        """Return whether a test passes without a mutant; a test that does not is left out."""
        if test not in self._is_reliable:
            self._is_reliable[test] = not trials.try_loaded({}, [test], self._template)
            if not self._is_reliable[test]:
                print(f"Left out, since it fails without a mutant too: {test}", flush=True)
        return self._is_reliable[test]

    def _try(self, mutant: Mutant, tests: list[str]) -> str:
        mutated = mutant.mutate()
        swaps = trials.swaps_of(mutant.path, mutant.source, mutated)
        if swaps:
            failed = trials.try_loaded(swaps, tests, self._template)
            if failed or not self._reach.is_run_by_import(mutant):
                return failed
        return trials.try_imported(mutant.path, mutated, tests, self._template)


def _report(outcomes: dict[Mutant, str]) -> int:
    killed: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for mutant, outcome in outcomes.items():
        if outcome != NOT_TRIED:
            module = str(mutant.path.relative_to(ROOT))
            tried[module] += 1
            killed[module] += outcome != SURVIVED
    for module, number in sorted(tried.items()):
        print(f"{module}: {killed[module]} of {number}")
    score = killed.total() / max(1, tried.total())
    print(f"Not tried: {len(outcomes) - tried.total()}, whose lines no test runs in its own process.")
    print(f"Mutation score: {killed.total()} of {tried.total()} killed, {score:.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
