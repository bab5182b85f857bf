"""Parts of the day on lines of their own above times on a twelve-hour clock: `下午：`, `1:30`, `4:45`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from liveblog.articles.profile import Source
from liveblog.articles.shapes import Form
from liveblog.articles.times import PERIODS, hour_of_day

# 今早 and 今晚 also name a day.
_PART: Final = re.compile(rf"(?:(?!今)(?:{PERIODS})|morning|afternoon|evening|night)", re.IGNORECASE)
_ENGLISH: Final = {"morning": "上午", "afternoon": "下午", "evening": "晚上", "night": "晚上"}
_SIGNS: Final = " :[]()<>|-–—*#■●▌"
_LONGEST: Final = 16
_NAMES_ITS_PART: Final = re.compile(rf"{PERIODS}|[ap]\.?\s?m\b", re.IGNORECASE)
# After midnight, the hours below 晚上 are those of the night.
_EARLIEST_EVENING: Final = 5


def with_parts_of_day(sources: Sequence[Source]) -> list[Source]:
    """Return the sources, with each bare time in the part of the day that a line above it names."""
    part = ""
    dated: list[Source] = []
    for source in sources:
        name = source.plain.strip(_SIGNS) if len(source.plain) <= _LONGEST else ""
        if _PART.fullmatch(name):
            part = _ENGLISH.get(name.lower(), name)
            source = replace(source, stamp=None, tail=None, is_part_of_day=True)
        elif source.day:
            part = ""
        dated.append(_in_part(source, part) if part else source)
    return dated


def _in_part(source: Source, part: str) -> Source:
    stamp = source.stamp
    if stamp is None or stamp.clock is None or stamp.shape.form not in (Form.DIGITAL, Form.CHINESE):
        return source
    if _NAMES_ITS_PART.search(source.plain, 0, stamp.end):
        return source
    if part in ("晚上", "晚間", "晚间", "晚") and stamp.clock.hour < _EARLIEST_EVENING:
        return source
    hour = hour_of_day(stamp.clock.hour, part) % 24
    return replace(source, stamp=replace(stamp, clock=stamp.clock.replace(hour=hour)))
