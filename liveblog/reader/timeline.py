"""The timeline of a page: updates grouped under headings of days in Hong Kong time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from liveblog.models import LiveBlog, Update
from liveblog.payloads import day_heading

PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class Day:
    date: date
    heading: str
    updates: list[Update]


def days(blog: LiveBlog, updates: Iterable[Update]) -> list[Day]:
    """Group `updates`, which must be sorted newest first, by their day in Hong Kong."""
    return [
        Day(day, day_heading(blog, day), list(group))
        for day, group in groupby(updates, key=lambda update: update.happened_on)
    ]
