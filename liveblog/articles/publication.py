"""The publication time of an article: a line near the top, alone or among labels and names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture, zones
from liveblog.articles.article import ArticleError
from liveblog.articles.characters import folded
from liveblog.articles.dates import day_at
from liveblog.articles.days import ENGLISH_MONTH, DayName
from liveblog.articles.stamps import Stamp, stamp_at, stamp_at_start
from newsroom import hongkong
from newsroom.text.line_breaks import columns_of

_DATE_BEGINS: Final = re.compile(
    rf"(?:\d{{4}}|1[01]\d(?=年))\s?[-/.年]\s?\d{{1,2}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:{ENGLISH_MONTH})\b"
    rf"|\b(?:{ENGLISH_MONTH})\b\.?\s+\d{{1,2}}\b"
    rf"|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}|\d{{1,2}}:\d{{2}}",
    re.IGNORECASE,
)
_MOST_DATES: Final = 6
_UPDATED: Final = re.compile(r"(?:更新|修[改訂订]|updated?|modified|last)[^\d]{0,16}$", re.IGNORECASE)
_UPDATE_LABEL: Final = re.compile(r"(?:最[後后新])?更新|(?:last\s+)?updated?\b", re.IGNORECASE)
_BEFORE_A_DAY: Final = re.compile(r"(?:^|(?<=[^\d]))(?=\d|\b[A-Z][a-z]{2})")
_FIRST: Final = re.compile(r"first (?:posted|published)|首次", re.IGNORECASE)
_LABEL_SIGNS: Final = " :：|｜·•,，-–—()（）[]【】"
_LABEL_ALONE: Final = re.compile(
    r"(?:最[後后]|[發发][佈布表]|出版|刊登|更新|[時时][間间]|日期|posted|published|updated|on|at|[於于]|\s)*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Given:
    """The title and publication time that an editor supplies along with the text."""

    title: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True)
class Published:
    index: int
    moment: datetime
    is_updated: bool
    doubts: tuple[str, ...] = ()
    # Other words on the line of the time, which belong to neither head nor body.
    rest: str = ""
    changed_at: datetime | None = None
    zone: str = ""
    has_clock: bool = True
    is_first: bool = False
    # Words before a bare day which may be the title.
    title: str = ""


def impossible(number: int, text: str) -> ArticleError:
    return ArticleError(number, _("There is no such day or time.") + f" ({text[:40]})")


def supported(moment: datetime) -> datetime:
    if moment.year not in hongkong.YEARS:
        raise ValueError(moment.year)
    return moment


def published_on(index: int, number: int, text: str) -> Published | None:
    """Return the publication time on a line near the top, alone or among labels and names, or None."""
    plain = folded(text)
    if columns_of(text) > 160 or plain.endswith("。") or furniture.is_caption(plain):
        return None
    whole = dated_stamp(plain, 0)
    if whole:
        return _before_change(_moment(index, number, text, whole, ""), number, text, whole.end)
    if index == 0:
        return None
    for match in list(_DATE_BEGINS.finditer(plain))[:_MOST_DATES]:
        stamp = dated_stamp(plain, match.start())
        if stamp:
            return _moment(index, number, text, stamp, plain[: match.start()])
    return _day_alone(index, number, plain)


def _before_change(published: Published, number: int, text: str, start: int) -> Published:
    """Return the publication time that follows the time of the last change: `更新於 … • 發布於 …`."""
    plain = folded(text)
    for match in list(_DATE_BEGINS.finditer(plain, start))[:_MOST_DATES] if published.is_updated else []:
        stamp = dated_stamp(plain, match.start())
        first = _moment(published.index, number, text, stamp, plain[: match.start()]) if stamp else None
        if stamp and first and not first.is_updated:
            rest = text[stamp.end :].strip(_LABEL_SIGNS)
            return replace(first, changed_at=published.moment, rest=rest)
    return published


def as_given(index: int, numbered: Sequence[tuple[int, str]], given: Given) -> Published | None:
    """Return the publication time on a line without a year, if on the given day and of a unique shape.

    The time of an update has the same shape as the times of other updates.
    """
    number, text = numbered[index]
    stamp = stamp_at_start(folded(text)) if given.published_at and index else None
    if not (stamp and given.published_at and isinstance(stamp.day, DayName) and stamp.day.month):
        return None
    if stamp.end < len(text) or not stamp.day.is_of(hongkong.day_of(given.published_at)):
        return None
    others = (stamp_at_start(folded(line)) for _number, line in numbered[index + 1 :])
    if any(other and (other.shape, bool(other.day)) == (stamp.shape, True) for other in others):
        return None
    with suppress(ArticleError, ValueError):
        day = DayName(stamp.day.day, stamp.day.month, given.published_at.year)
        return _moment(index, number, text, replace(stamp, day=day), "")
    return None


def dated_stamp(plain: str, place: int) -> Stamp | None:
    stamp = stamp_at(plain, place)
    is_dated = stamp is not None and isinstance(stamp.day, DayName) and stamp.day.year is not None
    return stamp if is_dated else None


def _moment(index: int, number: int, text: str, stamp: Stamp, before: str) -> Published:
    day = stamp.day
    try:
        if stamp.clock is None or not isinstance(day, DayName):
            raise ValueError(text)
        local = datetime.combine(date(day.year or 1, day.month or 1, day.day), stamp.clock)
        name = stamp.zone or zones.named_in(folded(text), stamp.end)
        zone = zones.zone_of(name) if name else hongkong.ZONE
        moment = supported(hongkong.to_hong_kong(local.replace(tzinfo=zone)))
    except (ValueError, OverflowError) as error:
        raise impossible(number, text) from error
    doubts = (_("Only day, hour and minute of the publication time are kept."),) if stamp.has_seconds else ()
    is_updated = stamp.label == "updated" or bool(_UPDATED.search(before))
    start = len(before)
    rest = f"{text[:start].strip(_LABEL_SIGNS)} {text[stamp.end :].strip(_LABEL_SIGNS)}".strip()
    changed_at = None if is_updated else _changed_at(folded(text), stamp.end)
    rest = "" if _LABEL_ALONE.fullmatch(rest) else rest
    is_first = bool(_FIRST.search(folded(text), 0, stamp.end))
    return Published(index, moment, is_updated, doubts, rest, changed_at, name, is_first=is_first)


def _changed_at(plain: str, start: int) -> datetime | None:
    """Return the time of the last change after a publication time: `發佈時間：… 最後更新：…`."""
    for match in list(_DATE_BEGINS.finditer(plain, start))[:_MOST_DATES]:
        stamp = dated_stamp(plain, match.start())
        if stamp:
            with suppress(ArticleError):
                return _moment(0, 0, plain, stamp, "updated").moment
    return None


def changed_that_day(numbered: Sequence[tuple[int, str]], published_at: datetime) -> datetime | None:
    """Return the time of the last change that a line names by its clock alone: `Last updated: 23:40 JST`."""
    for _number, text in numbered[1:]:
        plain = folded(text)
        stamps = (stamp_at(plain, match.start()) for match in _UPDATE_LABEL.finditer(plain))
        stamp = next((stamp for stamp in stamps if stamp and stamp.clock and stamp.day is None), None)
        if stamp is None or stamp.clock is None or stamp.end < len(plain):
            continue
        zone = zones.zone_of(stamp.zone) if stamp.zone else hongkong.ZONE
        changed_at = datetime.combine(published_at.astimezone(zone).date(), stamp.clock, tzinfo=zone)
        return changed_at if changed_at >= published_at else changed_at + timedelta(days=1)
    return None


def day_in_title(number: int, text: str) -> Published | None:
    """Return the full date that a title contains, as midnight of that day: `Liveblog March 18, 2025`."""
    return _day_alone(1, number, folded(text), is_title=True)


def _day_alone(index: int, number: int, plain: str, *, is_title: bool = False) -> Published | None:
    """Return a full date, alone on its line, after a label or next to a by-line, as midnight of that day.

    In a title, any words may follow the date.
    """
    if not index:
        return None
    for label in _BEFORE_A_DAY.finditer(plain):
        with suppress(ValueError):
            match = day_at(plain, label.end())
            if not (match and isinstance(match.day, DayName) and match.day.year):
                continue
            rest = plain[match.end :].strip(_LABEL_SIGNS)
            if rest and not is_title and not (furniture.is_agency(rest) or furniture.reason_of(rest, rest)):
                return None
            day = date(match.day.year, match.day.month or 1, match.day.day)
            doubts = [_("The publication time has a day without a clock time: read as midnight.")]
            before = plain[: label.end()].strip(_LABEL_SIGNS)
            title = ""
            if not is_title and not _LABEL_ALONE.fullmatch(before):
                rest = f"{before} {rest}".strip()
                if not (furniture.reason_of(before, before) or furniture.is_outlet(before)):
                    title = before
                    doubts.append(_("It could be the title as well as the line below it."))
            moment = supported(hongkong.at(day, time()))
            return Published(index, moment, False, tuple(doubts), rest, has_clock=False, title=title)
    return None
