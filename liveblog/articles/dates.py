"""Names of days anywhere in a line: dates in every order, weekdays, `昨日`, `Day 2`."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from liveblog.articles.days import ENGLISH_MONTH, MONTHS, WEEKDAYS, DayName
from newsroom import hongkong


@dataclass(frozen=True)
class Weekday:
    """A weekday without a date; Monday is 0."""

    weekday: int

    def nearest(self, moment: datetime) -> date:
        """Return the day of this name nearest to `moment`; it is at most three days away."""
        day = hongkong.day_of(moment)
        return day + timedelta(days=(self.weekday - day.weekday() + 3) % 7 - 3)

    def next_after(self, day: date) -> date | None:
        return day + timedelta(days=(self.weekday - day.weekday() - 1) % 7 + 1)

    def is_of(self, day: date) -> bool:
        return day.weekday() == self.weekday


@dataclass(frozen=True)
class Relative:
    """A day counted from the day of publication (`昨日`), or from the day below it (`翌日`)."""

    offset: int
    is_from_below: bool = False

    def nearest(self, moment: datetime) -> date:
        return hongkong.day_of(moment) + timedelta(days=self.offset)

    def next_after(self, day: date) -> date | None:
        return day + timedelta(days=max(self.offset, 1))

    def is_of(self, day: date) -> bool:
        return True


@dataclass(frozen=True)
class Numbered:
    """A day of the event: `Day 2`, `第二日`."""

    number: int

    def nearest(self, moment: datetime) -> date:
        """Return the day of `moment`, because nothing says on which day the count began."""
        return hongkong.day_of(moment)

    def next_after(self, day: date) -> date | None:
        return day + timedelta(days=1)

    def is_of(self, day: date) -> bool:
        return True


AnyDay = DayName | Weekday | Relative | Numbered

# A year of three digits is one of Taiwan's calendar: 民國114年 is 2025.
_DIGITS_OF_MINGUO: Final = 3
_DIGITS: Final = "〇零一二三四五六七八九"
_NUMBER: Final = r"(?:\d{1,2}|[〇零一二三四五六七八九十廿卅]{1,3})"
_ENGLISH_WEEKDAYS: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b"
_NAMED_WEEKDAY: Final = rf"[(]?(?P<weekday>{_ENGLISH_WEEKDAYS})[)]?"
_CHINESE_WEEKDAY: Final = (
    r"[(]?(?:星期|周|週|禮拜|礼拜)(?P<weekday>[一二三四五六日天])[)]?|[(](?P<short>[一二三四五六日])[)]"
)
_FULL: Final = re.compile(
    r"(?P<year>\d{4})\s?(?P<sign>[-/.年])\s?(?P<month>\d{1,2})\s?(?:(?P=sign)"
    r"|月)\s?(?P<day>\d{1,2})\s?(?:日|(?![\d日]))"
)
_CHINESE: Final = re.compile(
    rf"(?:(?:民[國国]\s?)?(?P<year>\d{{4}}|1[01]\d"
    rf"|[〇零一二三四五六七八九]{{4}})\s?年\s?)?(?:(?P<month>{_NUMBER})\s?月(?:份)?\s?)?(?P<day>{_NUMBER})\s?[日號号]"
)
_ENGLISH: Final = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{ENGLISH_MONTH})\b\.?"
    rf"|(?P<month2>{ENGLISH_MONTH})\b\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d|:\d"
    rf"|\.\d))(?:,?\s+(?P<year>\d{{4}})(?!\d|:))?",
    re.IGNORECASE,
)
_NUMERIC: Final = re.compile(
    r"(?P<one>\d{1,2})(?P<sign>[/.-])(?P<two>\d{1,2})(?:(?P=sign)(?P<year>\d{4}|\d{2}))?(?![\d/])"
)
_CLOCK: Final = re.compile(r"\s\d{1,2}:\d{2}(?!\d)")
_WEEKDAY: Final = re.compile(
    rf"{_NAMED_WEEKDAY},?|(?:{_CHINESE_WEEKDAY.replace('weekday', 'chinese')})", re.IGNORECASE
)
_RELATIVE: Final = re.compile(
    r"(?P<today>今日|今天|today\b)|(?P<yesterday>昨日|昨天|昨|yesterday\b)|(?P<before>前日|前天"
    r"|the day before yesterday\b)"
    r"|(?P<next>翌日|次日|隔日|隔天|the next day\b|next day\b)",
    re.IGNORECASE,
)
_NUMBERED: Final = re.compile(
    rf"day\s+(?P<number>\d{{1,3}})\b|第\s?(?P<chinese>{_NUMBER})\s?[日天]", re.IGNORECASE
)


@dataclass(frozen=True)
class FoundDay:
    """A day named in a text, with the end of its name and the weekday beside it, if any."""

    day: AnyDay
    end: int
    weekday: int | None = None


def day_at(text: str, place: int, near: date | None = None) -> FoundDay | None:
    """Return the day named at `place` in folded text, or None.

    If `8/3` can be read in two ways, prefer the reading nearer to `near`, or day first on a tie. Raise
    ValueError for an impossible day.
    """
    weekday = _WEEKDAY.match(text, place, place + 20)
    # `（二）` is a weekday only next to a date; on its own it numbers a list item.
    if weekday and not weekday["short"]:
        number, after = _weekday(weekday), _space(text, weekday.end())
        dated = _dated_at(text, after, near)
        if dated:
            return FoundDay(dated.day, dated.end, number)
        return FoundDay(Weekday(number), weekday.end(), number)
    date_match = _dated_at(text, place, near)
    if date_match:
        # There is at most a space and a bracket between a date and its weekday.
        weekday_after = _WEEKDAY.match(text, _space(text, date_match.end, " ,"), date_match.end + 20)
        return (
            FoundDay(date_match.day, weekday_after.end(), _weekday(weekday_after))
            if weekday_after
            else date_match
        )
    return _worded_at(text, place)


def _space(text: str, place: int, signs: str = " ,") -> int:
    while place < len(text) and text[place] in signs:
        place += 1
    return place


def _weekday(match: re.Match[str]) -> int:
    if match["chinese"] or match["short"]:
        return "一二三四五六日".index((match["chinese"] or match["short"]).replace("天", "日"))
    return WEEKDAYS.index(match["weekday"][:3].lower())


def _dated_at(text: str, place: int, near: date | None) -> FoundDay | None:
    readers: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date | None], DayName | None]], ...] = (
        (_FULL, _plain),
        (_CHINESE, _plain),
        (_ENGLISH, _english),
        (_NUMERIC, _numeric),
    )
    for pattern, reader in readers:
        match = pattern.match(text, place, place + 40)
        day = reader(match, near) if match else None
        if match and day:
            return FoundDay(day, match.end())
    return None


def _plain(match: re.Match[str], _near: date | None) -> DayName:
    groups = match.groupdict()
    month, year = groups["month"], number(groups["year"]) if groups["year"] else None
    if year is not None and len(groups["year"]) == _DIGITS_OF_MINGUO:
        year += 1911
    return DayName(number(match["day"]), number(month) if month else None, year)


def _english(match: re.Match[str], _near: date | None) -> DayName:
    month = MONTHS[(match["month"] or match["month2"]).lower()]
    return DayName(int(match["day"] or match["day2"]), month, int(match["year"]) if match["year"] else None)


def _numeric(match: re.Match[str], near: date | None) -> DayName | None:
    if match["sign"] != "/" and not match["year"]:
        return _before_a_clock(match)
    year = int(match["year"]) if match["year"] else None
    year = year + 2000 if year is not None and year < 100 else year
    readings = []
    for day, month in ((match["one"], match["two"]), (match["two"], match["one"])):
        with suppress(ValueError):
            readings.append(DayName(int(day), int(month), year))
    if not readings:
        raise ValueError(match[0])
    if near is None or len(readings) == 1:
        return readings[0]
    noon = hongkong.at(near)
    return min(readings, key=lambda name: abs((name.nearest(noon) - near).days))


def _before_a_clock(match: re.Match[str]) -> DayName | None:
    """Return the month and day of `09-23 18:05`; without a clock behind it, `09-23` may be anything."""
    with suppress(ValueError):
        if match["sign"] == "-" and _CLOCK.match(match.string, match.end()):
            return DayName(int(match["two"]), int(match["one"]))
    return None


def _worded_at(text: str, place: int) -> FoundDay | None:
    match = _RELATIVE.match(text, place, place + 30)
    if match:
        offset = {"today": 0, "yesterday": -1, "before": -2, "next": 1}[match.lastgroup or "today"]
        return FoundDay(Relative(offset, match.lastgroup == "next"), match.end())
    match = _NUMBERED.match(text, place, place + 12)
    return FoundDay(Numbered(number(match["number"] or match["chinese"])), match.end()) if match else None


def number(text: str) -> int:
    """Parse a number in ASCII digits or Chinese numerals: `9`, `十`, `廿五`, `二〇二五`."""
    if text.isascii():
        return int(text)
    text = (
        text.replace("兩", "二")
        .replace("两", "二")
        .replace("廿", "二十")
        .replace("卅", "三十")
        .replace("〇", "零")
    )
    tens, ten, units = text.rpartition("十")
    if not ten:
        return int("".join(str(_digit(char)) for char in text))
    return (_digit(tens[-1]) if tens else 1) * 10 + (_digit(units[-1]) if units else 0)


def _digit(char: str) -> int:
    return max(_DIGITS.index(char) - 1, 0)


_PREFIX: Final = re.compile(
    r"[\s\[(<{#*=~_.—–-]*(?:(?:latest|live|all)\s+)?(?:updates?\s*(?:for|on|from)?\s*:?\s*)?"
    r"(?:(?:[本香]港|當地|当地|本地|[北京台]{2})[時时][間间]\s*)?", re.IGNORECASE
)  # fmt: skip
_SUFFIX: Final = re.compile(
    r"\s*(?:[(]?(?:HKT|GMT|UTC|BST|香港時間|本港時間)[)]?)?\s*(?:updates?|(?:的)?(?:最新|即[時时])?(?:消息"
    r"|更新|情[況况]|[現现][況况]|[狀状][況况]|動態|动态|發展|发展|[進进][度展程]|事件|時序|时序|時間[軸線]|时间[轴线]"
    r"|[災灾]情|[戰战][況况]|[賽赛][況况]|疫情|[實实][況况]|[報报][道導导]|大事[記记]|重[點点])|最新)?"
    r"[\s:\])>}#*=~_.—–-]*", re.IGNORECASE
)  # fmt: skip
_LONGEST_HEADING: Final = 60


@dataclass(frozen=True)
class HeadingDay:
    """The day that a whole line names, and the weekday beside it, if any."""

    day: AnyDay
    weekday: int | None


def opens_with_day(text: str) -> bool:
    """Return whether a folded line opens with a day of a month, as a day heading does."""
    prefix = _PREFIX.match(text)
    with suppress(ValueError):
        match = day_at(text, prefix.end() if prefix else 0)
        return match is not None and isinstance(match.day, DayName) and match.day.month is not None
    return False


def heading_day(text: str, near: date | None = None) -> HeadingDay | None:
    """Return the day of a folded line that names one and nothing else, in any of the usual words."""
    if len(text) > _LONGEST_HEADING:
        return None
    prefix = _PREFIX.match(text)
    start = prefix.end() if prefix else 0
    try:
        match = day_at(text, start, near)
    except ValueError:
        return None
    if match is None:
        return None
    end = match.end
    day, weekday = match.day, match.weekday
    if not isinstance(day, DayName):
        # `昨日（18日）` and `Day 2 – Tuesday, 18 March` also name the date.
        place = _space(text, end, " ,()[]:|-–—")
        try:
            dated = day_at(text, place, near)
        except ValueError:
            dated = None
        if (dated and isinstance(dated.day, DayName)) or (dated and isinstance(dated.day, Weekday)):
            day, weekday, end = dated.day, dated.weekday, dated.end
    suffix = _SUFFIX.match(text, end)
    if not suffix or suffix.end() != len(text):
        return None
    if isinstance(day, DayName) and not (
        day.month or weekday is not None or suffix[0].strip() or text[:1] in "[("
    ):
        return None
    return HeadingDay(day, weekday)
