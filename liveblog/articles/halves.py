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


def in_the_afternoon(
    entries: Sequence[OpenEntry], lines: Sequence[Line], published_at: datetime
) -> tuple[list[OpenEntry], list[Doubt]]:
    """Move all times to the afternoon if none names a part of the day and only that fits the publication.

    It fits if all times as written are before the hour of publication, and twelve hours later are after it.
    """
    marks = [folded(line.text[: line.mark.end]) for line in lines if line.kind is Kind.TIME and line.mark]
    is_bare = all(_CHINESE_HOUR.search(mark) and not _PERIOD.search(mark) for mark in marks)
    clocks = [entry.clock for entry in entries if entry.clock]
    published = published_at.time()
    if not clocks or not is_bare or any(not 1 <= clock.hour < 12 for clock in clocks):
        return list(entries), []
    if max(clocks) >= published or min(map(_later, clocks)) < published:
        return list(entries), []
    reason = _("Its time names no part of the day: read as after noon.")
    doubts = [Doubt(entry.line, reason) for entry in entries if entry.clock]
    return [replace(entry, clock=entry.clock and _later(entry.clock)) for entry in entries], doubts


def _later(clock: time) -> time:
    return clock.replace(hour=clock.hour + 12)
