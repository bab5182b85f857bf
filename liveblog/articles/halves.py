"""Times on a twelve-hour clock that name no part of the day: `三點半` in an article published at 14:30."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.article import Doubt
from liveblog.articles.assembly import OpenEntry
from liveblog.articles.characters import folded
from liveblog.articles.lines import Kind, Line
from liveblog.articles.times import PERIODS

_PERIOD: Final = re.compile(PERIODS)
_CHINESE_HOUR: Final = re.compile(r"[〇零一二三四五六七八九兩两十\d]\s*[時时點点]")

# No zero before the hour, no hour above 12, and neither `am` nor `下午` beside it.
_TWELVE_HOURS: Final = re.compile(
    r"^[^\d\u4e00-\u9fffA-Za-z]*(?:[1-9]|1[0-2])[:.]\d{2}[^\d\u4e00-\u9fffA-Za-z]*$"
)
_FEWEST: Final = 4
_LATE_MORNING: Final = 9


def in_the_afternoon(
    entries: Sequence[OpenEntry], lines: Sequence[Line], published_at: datetime
) -> tuple[list[OpenEntry], list[Doubt]]:
    """Move times on a twelve-hour clock that name no part of the day to the afternoon, each with a doubt."""
    marks = [folded(line.text[: line.mark.end]) for line in lines if line.kind is Kind.TIME and line.mark]
    afternoon = _all_by_publication(entries, marks, published_at) or _some_by_sequence(entries, marks)
    reason = _("Its time names no part of the day: read as after noon.")
    doubts = [Doubt(entries[index].line, reason) for index in afternoon]
    moved = [
        replace(entry, clock=_later(entry.clock)) if entry.clock and index in afternoon else entry
        for index, entry in enumerate(entries)
    ]
    return moved, doubts


def _all_by_publication(
    entries: Sequence[OpenEntry], marks: Sequence[str], published_at: datetime
) -> frozenset[int]:
    """Return the indexes of all times such as `三點半` if only the afternoon fits the publication.

    It fits if all times as written are before the hour of publication, and twelve hours later are after it.
    """
    is_bare = all(_CHINESE_HOUR.search(mark) and not _PERIOD.search(mark) for mark in marks)
    clocks = [entry.clock for entry in entries if entry.clock]
    published = published_at.time()
    if not clocks or not is_bare or any(not 1 <= clock.hour < 12 for clock in clocks):
        return frozenset()
    if max(clocks) >= published or min(map(_later, clocks)) < published:
        return frozenset()
    return frozenset(index for index, entry in enumerate(entries) if entry.clock)


def _some_by_sequence(entries: Sequence[OpenEntry], marks: Sequence[str]) -> frozenset[int]:
    """Return the indexes of the times after noon if the clock falls once, at noon: `11:05`, `12:30`, `2:45`.

    A clock of 24 hours would write `02:45`, or have hours above 12.
    """
    timed = [(index, entry.clock) for index, entry in enumerate(entries) if entry.clock]
    is_bare = len(timed) >= _FEWEST and all(_TWELVE_HOURS.search(mark) for mark in marks)
    if not is_bare or any(entry.day or entry.named_day for entry in entries):
        return frozenset()
    for rising in (timed, timed[::-1]):
        falls = [at for at in range(1, len(rising)) if rising[at][1] < rising[at - 1][1]]
        if len(falls) == 1 and rising[falls[0] - 1][1].hour >= _LATE_MORNING:
            afternoon = rising[falls[0] :]
            return frozenset(index for index, clock in afternoon if clock.hour < 12)
    return frozenset()


def _later(clock: time) -> time:
    return clock.replace(hour=clock.hour + 12)
