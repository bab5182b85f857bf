"""Clock times in any notation at the head of a line, with the day, zone and label next to them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Final

from liveblog.articles import zones
from liveblog.articles.ages import age_at
from liveblog.articles.dates import AnyDay, day_at
from liveblog.articles.shapes import Form, Shape
from liveblog.articles.times import CHINESE_CLOCK, PERIODS, chinese_clock, hour_of_day

# Longest text, in characters, of a time with everything that belongs to it.
_LONGEST: Final = 90
_MOST_SIGNS: Final = 8


@dataclass(frozen=True)
class Stamp:
    """A time at the head of a line. `clock` is None for a time counted back from publication (`ago`).

    The words before the time end at `lead`, and those after it begin at `end`. `is_loose` means that nothing
    separates the time from the words after it, so that it could be part of a sentence; `is_spaced` means that
    only a space does; `is_approximate` that a word such as 許 or 約 ties it to the words after it: `8時許，`.
    `about` is such a word that a space ends; `until` is the end of a span, with its sign: `09:00-10:30`.
    """

    shape: Shape
    clock: time | None
    end: int
    lead: int = 0
    day: AnyDay | None = None
    weekday: int | None = None
    zone: str = ""
    ago: timedelta | None = None
    label: str = ""
    is_loose: bool = False
    is_spaced: bool = False
    is_closed: bool = False
    is_possible: bool = True
    has_seconds: bool = False
    is_approximate: bool = False
    about: str = ""
    until: str = ""


_SPACE: Final = " \t"
# Each hour has a clock face of its own, but they are one sign.
_CLOCK_FACES: Final = re.compile("[🕐-🕧]")
_QUOTES: Final = "“‘「『《〈\"'.,。，、；;:：？?！!)）]>」』》&%$@+/\\’”|"
# Quotation marks are signs of a time only if they are directly before one: `「21:40」`.
_QUOTED: Final = re.compile(r"[「『《〈](?=\d{1,2}:\d{2}[」』》〉])")
_LABEL: Final = re.compile(
    r"(?P<updated>(?:最[後后新])?更新(?:[時时][間间])?(?:[於于在])?"
    r"|(?:last\s+)?updated?(?:\s+(?:at|on)|\s\d{1,2}(?=\s?[(\[]))?)\s*:?\s*"
    r"|(?P<posted>(?:[發发][佈布表]|刊登|出版|上稿|上[載载]|首次上稿|張貼|张贴)(?:[時时][間间]"
    r"|日期)?[於于在]?|(?:first\s+)?(?:posted|published|posted by)(?:\s+(?:at|on))?|時間|时间"
    r"|time)\s*:?\s*",
    re.IGNORECASE,
)
_BRACKET: Final = re.compile(r"[(\[]\s?(?=\d{1,2}[:.h時时]|\d{1,2}\s?[ap]\.?m\b|\d{4}[)\]])", re.IGNORECASE)
_HALF: Final = r"\s?(?P<half>[ap])\.?\s?m\b\.?"
_DIGITAL: Final = re.compile(
    rf"(?:(?P<period>{PERIODS})|(?P<half_before>[ap])\.?m\.?\s?)?\s*(?P<hour>\d{{1,2}})(?:\s(?=:))?(?P<sign>[:.h])(?:(?<=:)\s)?(?P<minute>\d{{2}})(?P<seconds>:\d{{2}}(?:\.\d+)?)?(?![\d])(?:{_HALF}|\s?(?:hrs?|hours|h)\b)?",
    re.IGNORECASE,
)
_HOUR: Final = re.compile(
    rf"(?P<hour>\d{{1,2}}){_HALF}|(?P<word>12\s?(?:noon|nn|midnight|mn)|noon|midday|midnight)\b",
    re.IGNORECASE,
)
_COMPACT: Final = re.compile(
    rf"(?P<hour>[0-2]\d)(?P<minute>[0-5]\d)(?!\d|[年/.:-]\d|年|%"
    rf"|\s?(?:{_HALF}))(?:\s?(?P<unit>(?:hrs?|hours|h)\b|[時时](?!間)))?",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(CHINESE_CLOCK)
_BETWEEN: Final = re.compile(
    r"(?:\s|[,·•|–—/@-]|T(?=\d)|at\b|à\b|於|于|in\b|on\b"
    r"|[()](?=\s?(?:[A-Z香本]|\d{1,2}[:.]\d{2}\s?[A-Z]{2,5}[)])))*",
    re.IGNORECASE,
)
_SUFFIX: Final = re.compile(
    r"\s?(?:最新)?(?:更新)?(?:[報报]道|[報报]導|消息)?(?:\s?updated?\b)?", re.IGNORECASE
)
_SEPARATOR: Final = re.compile(r"\s*(?:[:|/–—▌▍▎▏▮▶►-]|[,.、](?!\d))*\s*")
_SPAN_END: Final = (
    rf"(?:{PERIODS})?\s?\d{{1,2}}(?:[:.]\d{{2}}(?:\s?[ap]\.?m\b\.?)?|\s?[ap]\.?m\b\.?"
    r"|[時时點点](?:\d{1,2}分?|半)?)"
)
# A heading such as `3pm deadline looms` can follow a spaced dash, so a span with such a dash needs minutes.
_SPAN: Final = re.compile(
    rf"(?:[-–—~]|\s?(?:[~至到]|to\b)\s?){_SPAN_END}(?!\d)"
    r"|\s[-–—]\s\d{1,2}:\d{2}(?!\d)|[-–—~][0-2]\d[0-5]\d(?!\d)",
    re.IGNORECASE,
)
_APPROXIMATE: Final = re.compile(r"[許许]|左右|前[後后]")
_NUMBERING: Final = re.compile(r"(?:#|No\.\s?)\d{1,4}\s+|\d{1,3}[.)、]\s+|[(]\d{1,3}[)]\s*|[①-⑳]\s*")
# The label of the newest update only, so it is no part of the notation.
_NEWEST: Final = re.compile(r"(?:最新|new(?:est)?|latest)(?:\s*[:|]\s*|\s+)(?=\d|[\[(]\d)", re.IGNORECASE)
_TAG: Final = re.compile(r"\[(?P<words>[^\[\]]{1,16})\]\s*(?=[\[(<{\d])")


def stamp_at_start(text: str, near: date | None = None) -> Stamp | None:
    """Return the time, in any notation, that a folded line opens with, or None.

    `near` is a day near the article's, which decides whether `8/3` is 8 March or 3 August.
    """
    newest = _NEWEST.match(text)
    stamp = stamp_at(text, newest.end() if newest else 0, near)
    if stamp:
        return stamp
    if counted := _NUMBERING.match(text):
        numbered = stamp_at(text, counted.end(), near)
        return (
            replace(numbered, shape=Shape("1." + numbered.shape.sign, numbered.shape.form))
            if numbered
            else None
        )
    tag = _TAG.match(text)
    stamp_after = stamp_at(text, tag.end(), near) if tag else None
    return replace(stamp_after, lead=tag.end()) if tag and stamp_after else None


def _opening(text: str, place: int) -> int:
    """Return the index after the signs before a time."""
    limit = min(len(text), place + _MOST_SIGNS)
    while place < limit and _is_opening_sign(text, place):
        place += 1
    return place


def _is_opening_sign(text: str, place: int) -> bool:
    char = text[place]
    if char == "+":
        # `+++ 12:05 …` opens the posts of a ticker; a single sign is that of a number.
        return "+" in (text[place - 1 : place], text[place + 1 : place + 2])
    if char in _QUOTES:
        return bool(_QUOTED.match(text, place))
    return char in _SPACE or (not char.isalnum() and _is_sign(char))


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] in "PSMC"


class _Parts:
    """The parts of a time as they are read from a line, one after another."""

    def __init__(self, text: str, place: int, near: date | None) -> None:
        self.text, self.place, self.near = text, place, near
        self.clock: time | None = None
        self.form: Form | None = None
        self.day: AnyDay | None = None
        self.weekday: int | None = None
        self.zone = self.label = ""
        self.ago: timedelta | None = None
        self.is_possible, self.has_seconds, self.is_with_point = True, False, False
        self.end = place

    @property
    def has_time(self) -> bool:
        return self.form is not None

    def read(self, limit: int) -> None:
        """Read as many parts as there are."""
        for _count in range(8):
            if self.place >= limit or not self._read_part():
                return
            self.end = self.place
            between = _BETWEEN.match(self.text, self.place, limit)
            self.place = between.end() if between else self.place

    def _read_part(self) -> bool:
        return (
            (not self.has_time and self._read_label())
            or (not self.zone and self._read_zone())
            or (self.day is None and self._read_day())
            or (not self.has_time and (self._read_ago() or self._read_clock()))
            or (self.form is Form.AGO and self._read_clock_after_ago())
        )

    def _read_label(self) -> bool:
        match = _LABEL.match(self.text, self.place, self.place + 24)
        if not match or self.label:
            return False
        self.label, self.place = match.lastgroup or "", match.end()
        if bracket := _BRACKET.match(self.text, self.place):
            # `UPDATE 4 (9.30pm): …`
            self.place = bracket.end()
        return True

    def _read_zone(self) -> bool:
        match = zones.match_at(self.text, self.place)
        if not match:
            return False
        self.zone, self.place = match
        return True

    def _read_day(self) -> bool:
        try:
            match = day_at(self.text, self.place, self.near)
        except ValueError:
            return False
        if not match:
            return False
        if self.has_time and not _is_boundary(self.text, match.end):
            # `12:30 11月26日發生的…`: the date belongs to the sentence.
            return False
        self.day, self.weekday, self.place = match.day, match.weekday, match.end
        return True

    def _read_ago(self) -> bool:
        age = age_at(self.text, self.place)
        if age:
            self.form = Form.AGO
            self.ago, self.place = age
        return age is not None

    def _read_clock_after_ago(self) -> bool:
        """Read the clock time next to a time counted back from publication: `1h ago (09:30 GMT)`."""
        match = _DIGITAL.match(self.text, self.place, self.place + 30)
        if not match:
            return False
        self._take_clock(match, Form.DIGITAL)
        self.ago = None
        return True

    def _read_clock(self) -> bool:
        text, place = self.text, self.place
        for pattern, form in (
            (_HOUR, Form.HALF_DAY),
            (_DIGITAL, Form.DIGITAL),
            (_CHINESE, Form.CHINESE),
            (_COMPACT, Form.COMPACT),
        ):
            match = pattern.match(text, place, place + 30)
            if match:
                self._take_clock(match, form)
                return True
        return False

    def _take_clock(self, match: re.Match[str], form: Form) -> None:
        groups = match.groupdict()
        self.form, self.place = form, match.end()
        if form is Form.DIGITAL and (groups["half"] or groups["half_before"]):
            self.form = Form.HALF_DAY
        if form is Form.DIGITAL and groups["period"]:
            self.form = Form.CHINESE
        if form is Form.COMPACT and groups["unit"]:
            self.form = Form.DIGITAL
        self.has_seconds = bool(groups.get("seconds"))
        self.is_with_point = self.form is Form.DIGITAL and groups.get("sign") == "."
        try:
            self.clock = chinese_clock(groups) if form is Form.CHINESE else _clock(groups)
        except ValueError:
            self.is_possible = False


def _clock(groups: dict[str, str | None]) -> time:
    word = (groups.get("word") or "").lower()
    if word:
        return time(0 if word.endswith(("midnight", "mn")) else 12)
    hour, minute = int(groups["hour"] or 0), int(groups.get("minute") or 0)
    half = (groups.get("half") or groups.get("half_before") or "").lower()
    if half:
        if hour > 12 or (hour == 0 and half == "p"):
            raise ValueError(hour)
        hour = hour % 12 + (12 if half == "p" else 0)
    period = groups.get("period") or ""
    # Written in digits, 上午12:21 is just after midnight.
    return time(0 if hour == 12 and period in ("上午", "早上") else hour_of_day(hour, period), minute)


def _is_boundary(text: str, place: int) -> bool:
    return place >= len(text) or not text[place].isalnum()


def stamp_at(text: str, place: int, near: date | None = None) -> Stamp | None:
    """Return the time at `place` in a folded line, or None."""
    start = _opening(text, place)
    is_about = start < len(text) and text[start] in "約约"
    sign = _CLOCK_FACES.sub("🕐", "".join(char for char in text[place:start] if char not in _SPACE))
    limit = min(len(text), place + _LONGEST)
    parts = _Parts(text, start + is_about, near)
    parts.read(limit)
    if not parts.has_time or (is_about and parts.form is not Form.CHINESE):
        return None
    end = parts.end
    span = _SPAN.match(text, end) if parts.clock else None
    end = span.end() if span else end
    inner = text[start:end]
    if inner.count("(") > inner.count(")") and text[end : end + 1] == ")":
        # `12:05 (GMT)`
        end += 1
    suffix = _SUFFIX.match(text, end)
    end = suffix.end() if suffix and suffix[0].strip() else end
    if parts.zone and (equivalent := _EQUIVALENT.match(text, end)):
        end = equivalent.end()
    closed = _closing(text, end, sign)
    if closed is None:
        return None
    is_closed = closed > end and bool(sign)
    separator = _SEPARATOR.match(text, closed)
    after = separator.end() if separator else closed
    # Without a space, sign or bracket after the time, `12:05消息` could be part of a sentence.
    is_loose = after == closed and after < len(text) and not is_closed
    is_spaced = not is_loose and not is_closed and after < len(text) and not text[closed:after].strip()
    approximate = _APPROXIMATE.match(text, closed) if parts.form is Form.CHINESE and not is_closed else None
    if parts.form is Form.CHINESE and not is_closed and text[closed : closed + 1] in (",", "、"):
        is_loose, is_spaced = True, False
    # In `13時許 八號風球` the time is not part of a sentence, so it needs no 許.
    about = (
        approximate[0] if approximate and text[approximate.end() : approximate.end() + 1] in ("", " ") else ""
    )
    if about and approximate:
        after, is_loose = approximate.end(), False
        is_spaced = after < len(text)
        after += is_spaced
    if is_loose and parts.is_with_point and not (parts.zone or parts.day):
        # `1.05萬人` is a number.
        return None
    return Stamp(
        shape=Shape(sign, parts.form or Form.DIGITAL),
        clock=parts.clock,
        end=after,
        day=parts.day,
        weekday=parts.weekday,
        zone=parts.zone,
        ago=parts.ago,
        label=parts.label,
        is_loose=is_loose,
        is_spaced=is_spaced,
        is_closed=is_closed,
        is_possible=parts.is_possible,
        has_seconds=parts.has_seconds,
        is_approximate=is_about or (approximate is not None and not about),
        about=about,
        until=span[0].strip() if span else "",
    )


# The same moment in another zone: `莫斯科時間13:40（香港時間18:40）`.
_EQUIVALENT: Final = re.compile(
    rf"\s?[(](?:{zones.NAME}\s?\d{{1,2}}[:.]\d{{2}}|\d{{1,2}}[:.]\d{{2}}(?:\s?[ap]\.?m\.?)?\s?{zones.NAME})[)]",
    re.IGNORECASE,
)
_PAIRS: Final = {"[": "]", "(": ")", "<": ">", "{": "}", "「": "」", "『": "』", "《": "》", "〈": "〉"}


def _closing(text: str, place: int, sign: str) -> int | None:
    """Return the index after the signs that close a time; None if an opened bracket is not closed."""
    closing_brackets = [_PAIRS[char] for char in sign if char in _PAIRS]
    # A bracket that opens after the time belongs to the words: `【15:20】【表決通過】`.
    marks = {char for char in sign if char not in _PAIRS} | set(closing_brackets)
    start = place
    limit = min(len(text), place + _MOST_SIGNS)
    while place < limit and (text[place] in _SPACE or text[place] in marks):
        place += 1
    while place > start and text[place - 1] in _SPACE:
        place -= 1
    return place if all(char in text[start:place] for char in closing_brackets) else None
