"""The timeline of a page: updates under the headings of their Hong Kong days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from liveblog.models import LiveBlog, Update
from newsroom import hongkong

PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class Day:
    date: date
    heading: str
    updates: list[Update]


def days(blog: LiveBlog, updates: Iterable[Update]) -> list[Day]:
    """`updates`, newest first, by Hong Kong day."""
    return [
        Day(day, day_heading(blog, day), list(group))
        for day, group in groupby(updates, key=lambda update: update.happened_on)
    ]


def day_heading(blog: LiveBlog, day: date) -> str:
    """`19日最新消息`; the month is named from the month on in which coverage no longer began.

    It depends on the blog's start and the day alone, so that a heading never changes while a page is open.
    """
    start = hongkong.day_of(blog.coverage_start_at or blog.created_at)
    with_month = (day.year, day.month) != (start.year, start.month)
    label = hongkong.day_label(day, blog.language, with_month=with_month, with_year=day.year != start.year)
    with translation.override(blog.language):
        return _("Updates: %(day)s") % {"day": label}
