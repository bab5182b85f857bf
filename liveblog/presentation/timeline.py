"""The timeline of a page: updates grouped under headings of days in Hong Kong time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _

from liveblog.presentation.views import Head, UpdateTitle
from newsroom import hongkong

PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class Day:
    date: date
    heading: str
    updates: list[UpdateTitle]


def days(blog: Head, updates: Iterable[UpdateTitle]) -> list[Day]:
    """Group `updates`, which must be sorted newest first, by their day in Hong Kong."""
    return [
        Day(day, day_heading(blog, day), list(group))
        for day, group in groupby(updates, key=lambda update: update.happened_on)
    ]


def day_heading(blog: Head, day: date) -> str:
    """Return a heading such as `19日最新消息`, with the month if it is not the one in which coverage began.

    It depends only on the blog's start and the day, so that headings never change on an open page.
    """
    start = hongkong.day_of(blog.coverage_start_at or blog.created_at)
    with_month = (day.year, day.month) != (start.year, start.month)
    label = hongkong.day_label(day, blog.language, with_month=with_month, with_year=day.year != start.year)
    with translation.override(blog.language):
        return _("Updates: %(day)s") % {"day": label}
