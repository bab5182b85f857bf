"""Names of days in running copy (`19日`, `8月1日`, `31 July`), and their resolution to dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Protocol

from django.utils.translation import gettext as _

from newsroom import hongkong

_MONTH_NAMES: Final = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_FRENCH: Final = ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre")
MONTHS: Final = (
    _MONTH_NAMES
    | {name[:3]: number for name, number in _MONTH_NAMES.items()}
    | {"sept": 9}
    | {name: number for number, name in enumerate((*_FRENCH, "octobre", "novembre", "décembre"), 1)}
)
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

CHINESE_DAY: Final = r"(?:(?P<year>\d{4})年)?(?:(?P<month>\d{1,2})月)?(?P<day>\d{1,2})[日号號]"
_CHINESE_WEEKDAY: Final = r"\s*[(]?(?:星期|周|週|禮拜|礼拜)(?P<weekday>[一二三四五六日天])[)]?"
_CHINESE_HEADING: Final = re.compile(
    rf"\[?{CHINESE_DAY}(?:{_CHINESE_WEEKDAY})?\s*"
    r"(?P<suffix>(?:最新)?(?:消息|更新|情[況况]|動態|动态|發展|发展)|最新)?:?\]?"
)
_ENGLISH_WEEKDAY: Final = r"(?P<weekday>(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?),?\s+"
ENGLISH_MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))
_ENGLISH_DAY: Final = (
    rf"(?:{_ENGLISH_WEEKDAY})?"
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month>{ENGLISH_MONTH})\.?"
    rf"|(?P<month2>{ENGLISH_MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)"
    r"(?:,?\s+(?P<year>\d{4}))?"
)
_ENGLISH_HEADING: Final = re.compile(
    rf"(?P<prefix>(?:latest\s+|live\s+)?updates?(?:\s+for|\s+on)?\s*:?\s*)?{_ENGLISH_DAY}(?P<suffix>\s+updates?)?:?",
    re.IGNORECASE,
)


class Day(Protocol):
    """A day as a text names it: by date, or in the other ways of `liveblog.articles.dates`."""

    def nearest(self, moment: datetime) -> date: ...

    def next_after(self, day: date) -> date | None: ...


@dataclass(frozen=True)
class DayName:
    """A day as the text names it, with or without month and year. An impossible day raises ValueError."""

    day: int
    month: int | None = None
    year: int | None = None

    def __post_init__(self) -> None:
        longest = (
            calendar.monthrange(self.year or 2000, self.month or 1)[1] if 1 <= (self.month or 1) <= 12 else 0
        )
        if not 1 <= self.day <= longest or self.year == 0:
            raise ValueError(_("There is no such day."))

    def _in(self, year: int, month: int) -> Iterator[date]:
        fits = (
            self.month in (None, month) and self.year in (None, year) and date.min.year < year < date.max.year
        )
        if fits and self.day <= calendar.monthrange(year, month)[1]:
            yield date(year, month, self.day)

    def _around(self, day: date, years: range) -> Iterator[date]:
        for year in [self.year] if self.year else [day.year + offset for offset in years]:
            for month in [self.month] if self.month else range(1, 13):
                yield from self._in(year, month)

    def nearest(self, moment: datetime) -> date:
        """Return the day of this name nearest to `moment`, or the earlier of two."""
        # 29 February can be eight years away.
        around = self._around(hongkong.day_of(moment), range(-8, 9))
        # At the ends of the calendar take a day nearby: such years are refused when the article is saved.
        year = min(max(self.year or moment.year, date.min.year + 1), date.max.year - 1)
        nearby = date(year, self.month or 1, min(self.day, 28))
        return min(around, key=lambda day: (abs(hongkong.at(day, time(12)) - moment), day), default=nearby)

    def next_after(self, day: date) -> date | None:
        """Return the first day of this name after `day`; if the name gives its year, that very day.

        Return None if the calendar ends first.
        """
        later = (candidate for candidate in self._around(day, range(9)) if candidate > day)
        if self.year is None:
            return next(later, None)
        return next(later, None) or next(self._around(day, range(9)), None)

    def is_of(self, day: date) -> bool:
        return day.day == self.day and self.month in (None, day.month) and self.year in (None, day.year)


@dataclass(frozen=True)
class DayHeading:
    """A line that opens a day. Unless it `is_plain` (in the form's exact words), it may be something else."""

    name: Day
    weekday: int | None
    is_plain: bool


def read_day_heading(text: str) -> DayHeading | None:
    """Return the day heading in a folded line, or None. Raise ValueError if there is no such day."""
    match = _CHINESE_HEADING.fullmatch(text)
    if match:
        weekday = "一二三四五六日".index(match["weekday"].replace("天", "日")) if match["weekday"] else None
        is_plain = match["suffix"] in ("最新消息", "消息") and weekday is None
        # 31日 alone could be anything; with its month, its weekday or 最新消息 it is a day heading.
        if not (match["suffix"] or match["month"] or match["weekday"]):
            return None
        return DayHeading(day_name_of(match), weekday, is_plain)
    match = _ENGLISH_HEADING.fullmatch(text)
    if match:
        groups = match.groupdict()
        weekday = WEEKDAYS.index(groups["weekday"][:3].lower()) if groups["weekday"] else None
        month = MONTHS[(groups["month"] or groups["month2"]).lower()]
        year = int(groups["year"]) if groups["year"] else None
        name = DayName(int(groups["day"] or groups["day2"]), month, year)
        return DayHeading(name, weekday, bool(groups["prefix"]) and weekday is None)
    return None


def day_name_of(match: re.Match[str]) -> DayName:
    """Return the day of a match with the groups `year`, `month` and `day`. Raise ValueError if impossible."""
    year, month = (int(match[group]) if match[group] else None for group in ("year", "month"))
    return DayName(int(match["day"]), month, year)


class NoSuchDay(ValueError):
    """A day heading, given by its index, whose day lies beyond the end of the calendar."""

    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def resolve(names: Sequence[Day], published_at: datetime) -> list[date]:
    """Return the days that day headings mean. Names and days are in the order of the text, newest first.

    The oldest heading means the day of that name nearest to publication; each heading above it means the
    next later day of its name. The same name twice in a row means one day. Raise NoSuchDay if there is no
    later day of a name.
    """
    days: list[date] = []
    below: tuple[Day, date] | None = None
    for index, name in reversed(list(enumerate(names))):
        day = _day_above(below, name, published_at)
        if day is None:
            raise NoSuchDay(index)
        days.append(day)
        below = (name, day)
    return days[::-1]


def _day_above(below: tuple[Day, date] | None, name: Day, published_at: datetime) -> date | None:
    """Return the day that `name` means above the heading `below`, which is None for the oldest heading."""
    if below is None:
        return name.nearest(published_at)
    name_below, day_below = below
    return day_below if name == name_below else name.next_after(day_below)


def labels(days: Sequence[date], published_at: datetime, language: str) -> list[str]:
    """Return day headings, newest first, that `resolve` reads as `days`.

    Name the month in English, and in Chinese if the days and publication span more than one month.
    """
    spanned = {(day.year, day.month) for day in [*days, hongkong.day_of(published_at)]}
    must_name_month = len(spanned) > 1 or language == "en"
    names: list[DayName] = []
    below: tuple[DayName, date] | None = None
    for day in reversed(days):
        name = _shortest(day, below, published_at, must_name_month=must_name_month)
        names.append(name)
        below = (name, _day_above(below, name, published_at) or day)
    return [_label(name, language) for name in reversed(names)]


def _shortest(
    day: date, below: tuple[DayName, date] | None, published_at: datetime, *, must_name_month: bool
) -> DayName:
    forms = [DayName(day.day), DayName(day.day, day.month), DayName(day.day, day.month, day.year)]
    readable = forms[1 if must_name_month else 0 :]
    return next((form for form in readable if _day_above(below, form, published_at) == day), forms[-1])


def _label(name: DayName, language: str) -> str:
    # `hongkong.day_label` needs a whole date; the year or month filled in here is not printed.
    day = date(name.year or 2000, name.month or 1, name.day)
    label = hongkong.day_label(
        day, language, with_month=name.month is not None, with_year=name.year is not None
    )
    return f"Updates: {label}" if language == "en" else f"{label}最新消息"
