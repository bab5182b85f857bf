"""Clock times that open a body: `【20:25更新】`, `12.30am:`, `上午9時30分`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from liveblog.articles.dates import AnyDay, number
from liveblog.articles.days import CHINESE_DAY, DayName, day_name_of

_NUMBER: Final = r"(?:\d{1,2}|[〇零一二三四五六七八九兩两十廿]{1,3})"
PERIODS: Final = (
    "凌晨|清晨|今晨|晨早|晨|早上|今早|上午|早|正午|中午|下午|午後|午后|黃昏|黄昏|傍晚|晚上|今晚"
    "|晚間|晚间|晚|晩上|晩間|晩|"
    "深夜|午夜|半夜"
)
CHINESE_CLOCK: Final = (
    rf"(?P<period>{PERIODS})?\s*(?P<hour>{_NUMBER})[時时點点]"
    rf"(?:(?P<part>半|正|整|一刻|三刻)|(?P<minute>{_NUMBER})分?)?"
)
_ENGLISH: Final = r"(?P<hour_en>\d{1,2})(?:[.:](?P<minute_en>\d{2}))?\s?(?P<half>[ap])\.?m\b\.?"
_DIGITAL: Final = r"(?P<hour_24>\d{1,2}):(?P<minute_24>\d{2})(?!\d)"
_CLOCK: Final = rf"(?:{_ENGLISH}|{_DIGITAL}|{CHINESE_CLOCK})"
_DAY: Final = rf"(?:{CHINESE_DAY}[\s,]*|(?P<iso>\d{{4}}-\d{{1,2}}-\d{{1,2}})\s+)?"
_SUFFIX: Final = r"\s*(?:最新)?(?:更新)?(?:[報报]道|消息)?|\s*updated?|\s*(?:HKT|香港[時时][間间])"

_IN_BRACKETS: Final = re.compile(
    rf"[\[(]\s*(?:(?:最新)?更新[:\s]*"
    rf"|updated?:?\s*)?{_DAY}{_CLOCK}(?:{_SUFFIX})\s*[\])]\s*(?P<colon>:?)\s*",
    re.IGNORECASE,
)
_BARE: Final = re.compile(
    rf"{_DAY}{_CLOCK}(?:更新)?(?:[報报]道)?\s*(?P<after>$|:(?!\d)\s*|\s[|—–-]\s|[|])", re.IGNORECASE
)
_BEFORE_A_SPACE: Final = re.compile(
    rf"{_DAY}(?:{_DIGITAL}|{CHINESE_CLOCK})(?:更新)?(?:[報报]道)?\s+", re.IGNORECASE
)
# Directly before words, a time needs its minutes, and no word that continues it: not 上午9時30分起.
_BEFORE_WORDS: Final = re.compile(
    rf"(?P<period>{PERIODS})(?P<hour>{_NUMBER})[時时](?P<minute>{_NUMBER})分"
    r"(?=[^\s起至到許许前後后左右開开始的之以直才就仍已時时鐘钟內内,，、。;；:：)））-])"
)
_AFTERNOON: Final = (
    "下午",
    "午後",
    "午后",
    "黃昏",
    "黄昏",
    "傍晚",
    "晚上",
    "今晚",
    "晚間",
    "晚间",
    "晚",
    "晩上",
    "晩間",
    "晩",
)


@dataclass(frozen=True)
class TimeMark:
    """A time at the head of a line. `end` is where the words after it begin.

    `clock` is None for a time that is counted back from publication, by `ago`. An empty `zone` means the
    article's own zone. `until` is the end of a span of time, with its sign.
    """

    clock: time | None
    end: int
    day: AnyDay | None = None
    is_loose: bool = False
    zone: str = ""
    ago: timedelta | None = None
    until: str = ""


def read_time(text: str, *, may_be_loose: bool = False) -> TimeMark | None:
    """Return the time mark that a folded line opens with, or None.

    With `may_be_loose`, also accept a time directly before words, which may be ordinary prose. Raise
    ValueError for a mark with an impossible time.
    """
    match = _IN_BRACKETS.match(text) or _BARE.match(text) or _BEFORE_A_SPACE.match(text)
    if match and (match.re is _IN_BRACKETS or not _is_a_count(match)):
        return TimeMark(_clock(match.groupdict()), match.end(), _day(match))
    match = _BEFORE_WORDS.match(text) if may_be_loose else None
    if match:
        return TimeMark(_clock(match.groupdict()), match.end(), is_loose=True)
    return None


def _is_a_count(match: re.Match[str]) -> bool:
    """Return whether a match may be a count such as `三點:`: an hour without minutes or part of the day."""
    return bool(match["hour"]) and not (match["period"] or match["minute"] or match["part"])


def _day(match: re.Match[str]) -> DayName | None:
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return DayName(day, month, year)
    return day_name_of(match) if match["day"] else None


def _clock(groups: dict[str, Any]) -> time:
    if groups.get("half"):
        hour, minute = int(groups["hour_en"]), int(groups["minute_en"] or 0)
        is_possible = 1 <= hour <= 12
        hour = hour % 12 + (12 if groups["half"].lower() == "p" else 0)
    elif groups.get("hour_24"):
        hour, minute = int(groups["hour_24"]), int(groups["minute_24"])
        is_possible = True
    else:
        return chinese_clock(groups)
    if not is_possible or hour > 23 or minute > 59:
        raise ValueError(_("There is no such time."))
    return time(hour, minute)


def chinese_clock(groups: dict[str, str | None]) -> time:
    """Return the time that a match of `CHINESE_CLOCK` names. Raise ValueError if there is no such time."""
    hour, minute = number(groups["hour"] or ""), _chinese_minute(groups)
    if hour > 23:
        raise ValueError(_("There is no such time."))
    hour = hour_of_day(hour, groups["period"] or "")
    if hour > 23 or minute > 59:
        raise ValueError(_("There is no such time."))
    return time(hour, minute)


def _chinese_minute(groups: dict[str, str | None]) -> int:
    part = groups.get("part")
    if part:
        return {"半": 30, "一刻": 15, "三刻": 45}.get(part, 0)
    return number(groups["minute"]) if groups["minute"] else 0


def hour_of_day(hour: int, period: str) -> int:
    """Return the hour from 0 to 24 that a clock shows at `hour` in a part of the day such as 下午."""
    if period in _AFTERNOON:
        # 晚上12時 is midnight, 下午12時 noon.
        return (
            hour % 24 + 12 if hour < 12 else 0 if hour == 12 and ("晚" in period or "晩" in period) else hour
        )
    if period in ("中午", "正午"):
        return hour + 12 if hour < 3 else hour
    if period in ("深夜", "午夜", "半夜"):
        return 0 if hour == 12 else hour + 12 if 7 <= hour < 12 else hour
    return 0 if hour == 12 and period in ("凌晨", "清晨", "今晨") else hour


def label(clock: time, language: str) -> str:
    """Return the canonical mark of a time: `【02:45】`, `9.40pm:`, or `9pm:` on the hour."""
    if language != "en":
        return f"【{clock:%H:%M}】"
    minutes = f".{clock.minute:02}" if clock.minute else ""
    return f"{clock.hour % 12 or 12}{minutes}{'pm' if clock.hour >= 12 else 'am'}:"
