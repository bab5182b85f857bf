"""Hong Kong time: conversion, labels and parsing. All times that users see or enter are in Hong Kong time."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from django.utils import timezone as django_timezone

ZONE: Final = ZoneInfo("Asia/Hong_Kong")
# Plausible years. Near the ends of the calendar, conversion to other time zones would overflow.
YEARS: Final = range(1900, 2101)

_ENGLISH_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def now() -> datetime:
    """Return the current time as an aware datetime in Hong Kong time."""
    return django_timezone.now().astimezone(ZONE)


def at(day: date, clock: time = time.min) -> datetime:
    """Return `clock` on `day` as an aware datetime in Hong Kong time."""
    return datetime.combine(day, clock, tzinfo=ZONE)


def to_hong_kong(moment: datetime) -> datetime:
    """Convert an aware datetime to Hong Kong time."""
    return moment.astimezone(ZONE)


def day_of(moment: datetime) -> date:
    """Return the date in Hong Kong of an aware datetime."""
    return moment.astimezone(ZONE).date()


def clock_label(moment: datetime) -> str:
    """Return the 24-hour Hong Kong time as `02:45`; midnight is `00:00`."""
    return moment.astimezone(ZONE).strftime("%H:%M")


def day_label(day: date, language: str, *, with_month: bool = True, with_year: bool = False) -> str:
    """Format a day by language: `19日`, `3月19日`, `2025年3月19日`; `19 March`, `19 March 2025`.

    English labels always include the month.
    """
    if language == "en":
        label = f"{day.day} {_ENGLISH_MONTHS[day.month - 1]}"
        return f"{label} {day.year}" if with_year else label
    label = f"{day.day}日"
    if with_month or with_year:
        label = f"{day.month}月{label}"
    return f"{day.year}年{label}" if with_year else label


def isoformat(moment: datetime) -> str:
    """Format a moment for public payloads: RFC 3339 in Hong Kong time (`+08:00`), to the second."""
    return with_whole_minutes(moment).isoformat(timespec="seconds")


def with_whole_minutes(moment: datetime) -> datetime:
    """Return the same moment in Hong Kong time, with an offset that RFC 3339 and RFC 5322 can write.

    Until 1904 Hong Kong used local mean time, 7:36:42 ahead of UTC. Such an offset is rounded to the closest
    minute and the clock time adjusted, as in the last example of RFC 3339, section 5.8.
    """
    local = moment.astimezone(ZONE)
    offset = local.utcoffset() or timedelta()
    whole = timedelta(minutes=round(offset / timedelta(minutes=1)))
    return local if whole == offset else local.astimezone(timezone(whole))


# Accept a space for "+", because an unencoded "+" in a query is decoded as a space.
_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?)(?:([Zz])|([+ -])(\d\d:\d\d))")


def parse_moment(text: str) -> datetime:
    """Parse an RFC 3339 time with an offset; return it in UTC. Raise ValueError for anything else."""
    match = _RFC_3339.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is not a moment")
    day, clock, is_utc, sign, offset = match.groups()
    zone = "+00:00" if is_utc else sign.replace(" ", "+") + offset
    try:
        return datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside of the calendar") from error
