"""Rows of `make bench`: what was measured, its target, and every run."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Row:
    """One figure with its runs. `least` and `most` are the target: a bound on one side or on neither.

    The figure is the median of the runs, or another quantile of them.
    """

    name: str
    runs: list[float] = field(default_factory=list)
    least: float | None = None
    most: float | None = None
    digits: int = 2
    quantile: float = 0.5

    @property
    def figure(self) -> float:
        if self.quantile == 0.5:
            return statistics.median(self.runs)
        return sorted(self.runs)[math.ceil(self.quantile * len(self.runs)) - 1]

    @property
    def target(self) -> str:
        if self.least is not None:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" if self.most is not None else ""

    @property
    def is_reached(self) -> bool | None:
        if not self.runs or (self.least is None and self.most is None):
            return None
        is_enough = self.least is None or self.figure >= self.least
        return is_enough and (self.most is None or self.figure <= self.most)

    def cells(self) -> list[str]:
        runs = ", ".join(f"{run:,.{self.digits}f}" for run in self.runs)
        verdict = {True: "yes", False: "**no**", None: ""}[self.is_reached]
        return [self.name, self.target, f"{self.figure:,.{self.digits}f}", verdict, runs]


def table(rows: Iterable[Row]) -> str:
    lines = ["| | target | figure | reached | each run |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(row.cells())} |" for row in rows if row.runs]
    return "\n".join(lines)


def ratios(ours: Iterable[float], references: Iterable[float]) -> list[float]:
    """Return the ratio of each run to the reference's run in the same round."""
    return [mine / other for mine, other in zip(ours, references, strict=True)]
