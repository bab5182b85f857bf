"""Days on lines of their own between the times that they belong to and the text: `18:05`, `23/9/2025`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from liveblog.articles.dates import Weekday
from liveblog.articles.days import DayName
from liveblog.articles.lines import Kind, Line

_FEWEST: Final = 2


def with_days_below_times(lines: Sequence[Line]) -> list[Line]:
    """Give each time the day on the line below it, if at least half of the times have one there."""
    places = [index for index, line in enumerate(lines) if line.kind is not Kind.LEFT_OUT]
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME and not line.words]
    pairs = [(one, other) for one, other in pairwise(places) if _is_split(lines[one], lines[other])]
    if len(pairs) < _FEWEST or len(pairs) * 2 < len(times):
        return list(lines)
    joined = list(lines)
    for one, other in pairs:
        mark, day = lines[one].mark, lines[other].heading_of_day.name
        if mark is not None and isinstance(day, DayName | Weekday):
            joined[one] = replace(lines[one], mark=replace(mark, day=day))
            joined[other] = replace(lines[other], kind=Kind.LEFT_OUT, reason="time", day=None, doubts=())
    return joined


def _is_split(time: Line, day: Line) -> bool:
    if time.kind is not Kind.TIME or day.kind is not Kind.DAY or time.is_chosen or day.is_chosen:
        return False
    is_alone = time.mark is not None and time.mark.day is None and not (time.words or time.heading)
    return is_alone and isinstance(day.heading_of_day.name, DayName | Weekday)
