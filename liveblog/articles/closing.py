"""Times below the text of their updates: `標題`, text, `陳大文 15:40`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.headings import bylines_of, is_like_heading
from liveblog.articles.lines import Kind, Line

_FEWEST: Final = 3
_COVERAGE: Final = frozenset({Kind.TEXT, Kind.BULLET, Kind.CAPTION, Kind.RELATED})


def with_closing_times_first(lines: Sequence[Line]) -> list[Line]:
    """Move each time above the text of its update if all times are below their text.

    That is so if nothing but furniture follows the last time, and every time has text above it.
    """
    names = bylines_of(lines) | {""}
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME]
    if len(times) < _FEWEST or any(line.kind is Kind.DAY or line.is_chosen for line in lines):
        return list(lines)
    if any(lines[index].words or lines[index].heading not in names for index in times):
        return list(lines)
    if any(line.kind in _COVERAGE for line in lines[times[-1] :]):
        return list(lines)
    starts = [_start_of_first(lines, times[0]), *(index + 1 for index in times[:-1])]
    blocks = [lines[start:time] for start, time in zip(starts, times, strict=True)]
    if not all(any(line.kind is Kind.TEXT for line in block) for block in blocks):
        return list(lines)
    doubt = _("Read as the time of the text above it.")
    moved = list(lines[: starts[0]])
    for time, block in zip(times, blocks, strict=True):
        moved += [replace(lines[time], doubts=(*lines[time].doubts, doubt)), *block]
    return [*moved, *lines[times[-1] + 1 :]]


def _start_of_first(lines: Sequence[Line], time: int) -> int:
    """Return the index of the first line of the first update: the nearest heading above its time, or text."""
    texts = [index for index in range(time) if lines[index].kind is Kind.TEXT]
    headings = [index for index in texts[:-1] if is_like_heading(lines[index].text)]
    return headings[-1] if headings else texts[-1] if texts else time
