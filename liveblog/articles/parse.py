"""Running copy as text to an Article. Pure: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import days
from liveblog.articles.article import (
    Article,
    ArticleError,
    Caption,
    Doubt,
    Entry,
    OpenBlock,
    OpenBullets,
    Paragraph,
    Related,
    add_item,
    closed,
)
from liveblog.articles.characters import folded, language_of, read
from liveblog.articles.lines import Kind, Line, classify, split
from newsroom import hongkong

__all__ = ["parse", "read"]

MAX_KICKER: Final = 80
MAX_HEADLINE: Final = 250
# Loading takes one transaction, during which nobody else can publish to the live blog (SQLite: to any).
MAX_UPDATES: Final = 1_000
# Years that every database can store and every page can show.
_YEARS: Final = range(1900, 2101)
_SEPARATOR: Final = re.compile(r"\s*\|\s*")
_RUNNING: Final = re.compile(r"(?:持[续續]|不[断斷])更新中?|live updates?", re.IGNORECASE)
_STAMP: Final = re.compile(
    r"(?P<label>\D{0,12}?)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?[\sT,]*"
    r"(\d{1,2}):(\d{2})(?P<seconds>:\d{2})?"
)
_LIKE_TIME: Final = re.compile(r"\[[^\]]{0,12}\d{1,2}:\d{2}[^\]]{0,8}\]")


def parse(text: str) -> Article:
    """Return the article that `text` contains. Raise ArticleError, with the line, if it is not an article."""
    numbered = split(text)
    if not numbered:
        raise ArticleError(1, _("There is no text."))
    kicker, headline, is_running = _title(*numbered[0])
    published_at, doubts = _published(*(numbered[1] if len(numbered) > 1 else (numbered[0][0] + 1, "")))
    lines = classify(numbered[2:])
    assembly = _Assembly()
    for line in lines:
        assembly.take(line)
    entries, more_doubts = _dated(assembly.finished(), assembly.days, published_at)
    every_doubt = {*doubts, *assembly.doubts, *more_doubts}
    if not entries:
        every_doubt.add(Doubt(numbered[-1][0], _("The article has no updates.")))
    return Article(
        kicker=kicker,
        headline=headline,
        is_running=is_running,
        published_at=published_at,
        language=language_of("\n".join(line for _number, line in numbered)),
        standfirst=closed(assembly.standfirst),
        entries=tuple(entries),
        has_responses=assembly.has_responses,
        doubts=tuple(sorted(every_doubt, key=lambda doubt: (doubt.line, doubt.reason))),
    )


def _title(number: int, text: str) -> tuple[str, str, bool]:
    """Kicker, headline and whether coverage runs."""
    plain = folded(text)
    if _STAMP.fullmatch(plain) or _is_day(plain):
        raise ArticleError(number, _("The title is missing: the first line has to be kicker︱headline."))
    parts = list(_SEPARATOR.finditer(plain))
    is_running = bool(_RUNNING.fullmatch(plain[parts[-1].end() if parts else 0 :]))
    if is_running:
        text = text[: parts.pop().start()] if parts else ""
    if parts and 0 < parts[0].start() <= MAX_KICKER:
        kicker, headline = text[: parts[0].start()], text[parts[0].end() :]
    else:
        kicker, headline = "", text
    # A separator with nothing on its one side separates nothing.
    headline = headline.strip("︱|｜│┃丨 ")
    if not headline:
        kicker, headline = "", kicker
    if not headline:
        raise ArticleError(number, _("The title is missing: the first line has to be kicker︱headline."))
    if len(headline) > MAX_HEADLINE:
        reason = _("The title is too long: a headline has at most %(limit)s characters.")
        raise ArticleError(number, reason % {"limit": MAX_HEADLINE})
    return kicker, headline, is_running


def _is_day(plain: str) -> bool:
    try:
        return days.read_day_heading(plain) is not None
    except ValueError:
        return True


def _published(number: int, text: str) -> tuple[datetime, list[Doubt]]:
    stamp = _STAMP.fullmatch(folded(text))
    if not stamp:
        raise ArticleError(number, _("The second line has to be the publication time, as 2025-03-18 17:14."))
    try:
        moment = datetime(*map(int, stamp.group(2, 3, 4, 5, 6)), tzinfo=hongkong.ZONE)
        if moment.year not in _YEARS:
            raise ValueError(moment.year)
    except ValueError as error:
        raise ArticleError(number, _("There is no such day or time.") + f" ({text[:40]})") from error
    if stamp["label"].strip(" :") or stamp["seconds"]:
        return moment, [Doubt(number, _("Only day, hour and minute of the publication time are kept."))]
    return moment, []


@dataclass
class _Open:
    """An entry whose lines are still being read; `day` is the number of day headings above it."""

    day: int
    line: int
    heading: str = ""
    clock: time | None = None
    named_day: days.DayName | None = None
    blocks: list[OpenBlock] = field(default_factory=list)


class _Assembly:
    """A builder that assembles lines into a standfirst and entries."""

    def __init__(self) -> None:
        self.standfirst: list[OpenBlock] = []
        self.days: list[Line] = []
        self.has_responses = False
        self.doubts: list[Doubt] = []
        self._entries: list[_Open] = []
        self._current: _Open | None = None
        self._has_begun = False
        self._take: dict[Kind, Callable[[Line], None]] = {
            Kind.BULLET: self._bullet,
            Kind.CAPTION: lambda line: self._add(line, Caption(line.words)),
            Kind.RELATED: lambda line: self._add(line, Related(line.words, line.url)),
            Kind.TEXT: lambda line: self._add(line, Paragraph(line.words)),
            Kind.TIME: self._time,
            Kind.DAY: self._day,
            Kind.HEADING: self._heading,
            Kind.RESPONSES: self._responses,
            Kind.RULE: lambda line: self._doubt(line, _("A line of signs only: left out.")),
        }

    def take(self, line: Line) -> None:
        for reason in line.doubts:
            self._doubt(line, reason)
        if self.has_responses and line.kind is not Kind.RULE:
            self._doubt(line, _("After the readers' responses, which should be the last: read as coverage."))
        self._take[line.kind](line)

    def finished(self) -> list[_Open]:
        """Return the entries, without those that consist of a time alone."""
        entries = []
        for entry in self._entries:
            if entry.heading or entry.blocks:
                entries.append(entry)
            else:
                self.doubts.append(Doubt(entry.line, _("A time with no update: left out.")))
            if entry.heading and not entry.blocks:
                self.doubts.append(Doubt(entry.line, _("A heading without any text below it.")))
        return entries

    def _doubt(self, line: Line, reason: str) -> None:
        self.doubts.append(Doubt(line.number, reason))

    def _open(self, line: Line) -> _Open:
        if len(self._entries) == MAX_UPDATES:
            reason = _("The article has more than %(limit)s updates. Load it in parts.")
            raise ArticleError(line.number, reason % {"limit": MAX_UPDATES})
        self._has_begun = True
        self._current = _Open(day=len(self.days), line=line.number)
        self._entries.append(self._current)
        return self._current

    def _blocks(self, line: Line) -> list[OpenBlock]:
        if not self._has_begun:
            return self.standfirst
        if self._current is None:
            self._doubt(
                line, _("Text with neither heading nor time above it: read as an update without either.")
            )
            self._open(line)
        return self._current.blocks

    def _add(self, line: Line, block: OpenBlock) -> None:
        self._blocks(line).append(block)

    def _bullet(self, line: Line) -> None:
        add_item(self._blocks(line), line.words, line.bullet_number)

    def _time(self, line: Line) -> None:
        entry = self._current
        if entry is None or entry.clock is not None or _has_text(entry):
            if entry is not None and entry.clock is None:
                self._doubt(line, _("A time below text that has none: opens an update without a heading."))
            entry = self._open(line)
        entry.clock, entry.named_day = line.mark.clock, line.mark.day
        if line.words:
            if _LIKE_TIME.match(folded(line.words)):
                self._doubt(line, _("A second time on one line: kept as text."))
            entry.blocks.append(Paragraph(line.words))

    def _day(self, line: Line) -> None:
        self._has_begun = True
        self._current = None
        self.days.append(line)

    def _heading(self, line: Line) -> None:
        entry = self._current
        if entry is not None and not entry.heading and not entry.blocks:
            self._doubt(line, _("The time above this heading was read as its own."))
        else:
            entry = self._open(line)
        entry.heading = line.words

    def _responses(self, line: Line) -> None:
        if self.has_responses:
            return
        self.has_responses = True
        self._has_begun = True


def _has_text(entry: _Open) -> bool:
    return any(isinstance(block, Paragraph | OpenBullets) for block in entry.blocks)


def _dated(
    open_entries: Sequence[_Open], headings: Sequence[Line], published_at: datetime
) -> tuple[list[Entry], list[Doubt]]:
    """Return the entries with their Hong Kong days, and the doubts about them."""
    if headings:
        entry_days, doubts = _by_headings(open_entries, headings, published_at)
    else:
        entry_days, doubts = _by_times(open_entries, published_at)
    entries = []
    for entry, heading_day in zip(open_entries, entry_days, strict=True):
        day = heading_day
        if entry.named_day and not entry.named_day.is_of(heading_day):
            day = entry.named_day.nearest(hongkong.at(heading_day, time(12)))
            reason = _("The time names another day than its day heading: read as %(day)s.")
            doubts.append(Doubt(entry.line, reason % {"day": day.isoformat()}))
        entries.append(Entry(day, entry.clock, entry.heading, closed(entry.blocks), entry.line))
    return entries, doubts + _out_of_order(entries)


def _by_headings(
    open_entries: Sequence[_Open], headings: Sequence[Line], published_at: datetime
) -> tuple[list[date], list[Doubt]]:
    try:
        heading_days = days.resolve([line.day.name for line in headings], published_at)
    except days.NoSuchDay as error:
        raise ArticleError(headings[error.index].number, _("There is no such day.")) from error
    doubts = []
    for index, (line, day) in enumerate(zip(headings, heading_days, strict=True)):
        below = heading_days[index + 1] if index + 1 < len(heading_days) else hongkong.day_of(published_at)
        reason = ""
        if line.day.weekday is not None and line.day.weekday != day.weekday():
            reason = _("The weekday does not fit: read as %(day)s.")
        elif index + 1 < len(heading_days) and day == below:
            reason = _("The same day heading twice: read as one day, %(day)s.")
        elif abs((day - below).days) > 10:
            reason = _("Far from its neighbours in time: read as %(day)s.")
        elif index + 1 < len(heading_days) and day < below:
            reason = _("Older than the day below it: read as %(day)s.")
        if reason:
            doubts.append(Doubt(line.number, reason % {"day": day.isoformat()}))
    # Entries above the first day heading are of the day of publication, or of that heading if it is later.
    newest = max(hongkong.day_of(published_at), heading_days[0])
    if any(entry.day == 0 for entry in open_entries):
        first = next(entry for entry in open_entries if entry.day == 0)
        reason = _("Updates above the first day heading: read as of %(day)s.")
        doubts.append(Doubt(first.line, reason % {"day": newest.isoformat()}))
    return [heading_days[entry.day - 1] if entry.day else newest for entry in open_entries], doubts


def _by_times(open_entries: Sequence[_Open], published_at: datetime) -> tuple[list[date], list[Doubt]]:
    """Without day headings: the oldest is of the day of publication; a clock that jumps back opens a day."""
    day = hongkong.day_of(published_at)
    doubts = []
    if open_entries:
        reason = _("There are no day headings: the oldest update is read as of the day of publication.")
        doubts.append(Doubt(open_entries[0].line, reason))
    entry_days: list[date] = []
    latest: time | None = None
    for entry in reversed(open_entries):
        if entry.named_day:
            day = entry.named_day.nearest(hongkong.at(day, time(12)))
        elif entry.clock and latest and _hours(latest) - _hours(entry.clock) >= 12:
            day += timedelta(days=1)
            reason = _("Its time is earlier than that below it: read as of the next day, %(day)s.")
            doubts.append(Doubt(entry.line, reason % {"day": day.isoformat()}))
        latest = entry.clock or latest
        entry_days.append(day)
    return entry_days[::-1], doubts


def _hours(clock: time) -> float:
    return clock.hour + clock.minute / 60


def _out_of_order(entries: Sequence[Entry]) -> list[Doubt]:
    """Updates that stand above a later one. On the page the time decides."""
    doubts = []
    above: Entry | None = None
    for entry in entries:
        if entry.clock is None:
            continue
        if above and (above.day, above.clock) < (entry.day, entry.clock):
            doubts.append(Doubt(entry.line, _("Later than the update above it: the page sorts by time.")))
        above = entry
    return doubts
