"""Assembly of lines into a standfirst and entries, in the order of the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.article import (
    ArticleError,
    Caption,
    Doubt,
    OpenBlock,
    OpenBullets,
    Paragraph,
    Related,
    add_item,
)
from liveblog.articles.characters import folded
from liveblog.articles.dates import AnyDay
from liveblog.articles.lines import MAX_HEADING, PINNED, Kind, Line
from newsroom.text.line_breaks import columns_of

# Loading takes one transaction, during which nobody else can publish to the live blog (on SQLite, to any).
MAX_UPDATES: Final = 1_000
# Posts are pinned at the top of a page, and few of them.
_MOST_PINNED: Final = 3
_LIKE_TIME: Final = re.compile(r"\[[^\]]{0,12}\d{1,2}:\d{2}[^\]]{0,8}\]")

_CLOCK: Final = re.compile(
    r"(?<![\d:])\d{1,2}:\d{2}(?![\d:])|(?<!\d)\d{1,2}\s?[ap]\.?m\b|\d[時时點点]\d{1,2}分", re.IGNORECASE
)


@dataclass
class OpenEntry:
    """An entry whose lines are still being read; `day` is the number of day headings above it.

    `given_day` is its day in Hong Kong as an editor gives it; `is_pinned` means that the page shows it above
    newer ones.
    """

    day: int
    line: int
    heading: str = ""
    clock: time | None = None
    named_day: AnyDay | None = None
    given_day: date | None = None
    zone: str = ""
    ago: timedelta | None = None
    is_pinned: bool = False
    blocks: list[OpenBlock] = field(default_factory=list)

    @property
    def has_time(self) -> bool:
        return self.clock is not None or self.ago is not None


class Assembly:
    """A builder that assembles lines into a standfirst and entries."""

    def __init__(self, *, is_heading_below: bool = False, settled: Set[int] = frozenset()) -> None:
        """Create an empty assembly. With `is_heading_below`, headings below times raise no doubt.

        `settled` are the lines that an editor has decided about.
        """
        self.is_heading_below = is_heading_below
        self.settled = settled
        self.standfirst: list[OpenBlock] = []
        self.days: list[Line] = []
        self.has_responses = False
        self.doubts: list[Doubt] = []
        self.standfirst_lines: set[int] = set()
        self._entries: list[OpenEntry] = []
        self._current: OpenEntry | None = None
        self._has_begun = self._is_pinned = False
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
            Kind.LEFT_OUT: self._leave_out,
            Kind.START: self._start,
            Kind.JOINED: self._join,
        }

    def take(self, line: Line) -> None:
        for reason in line.doubts:
            self._doubt(line, reason)
        if self.has_responses and line.kind not in (Kind.RULE, Kind.LEFT_OUT):
            self._doubt(line, _("After the readers' responses, which should be the last: read as coverage."))
        self._take[line.kind](line)

    def finished(self) -> list[OpenEntry]:
        """Return the entries, except the ones that consist only of a time."""
        entries = []
        for entry in self._entries:
            if entry.heading or entry.blocks:
                entries.append(entry)
            else:
                self.doubts.append(Doubt(entry.line, _("A time with no update: left out.")))
            if entry.heading and not entry.blocks and entry.line not in self.settled:
                self.doubts.append(Doubt(entry.line, _("A heading without any text below it.")))
        return entries

    def _doubt(self, line: Line, reason: str) -> None:
        self.doubts.append(Doubt(line.number, reason))

    def _open(self, line: Line) -> OpenEntry:
        if len(self._entries) == MAX_UPDATES:
            reason = _("The article has more than %(limit)s updates. Load it in parts.")
            raise ArticleError(line.number, reason % {"limit": MAX_UPDATES})
        self._has_begun = True
        self._current = OpenEntry(day=len(self.days), line=line.number, is_pinned=self._is_pinned)
        self._is_pinned = False
        self._entries.append(self._current)
        return self._current

    def _blocks(self, line: Line) -> list[OpenBlock]:
        if not self._has_begun or line.is_head:
            self.standfirst_lines.add(line.number)
            return self.standfirst
        if self._current is None:
            self._doubt(
                line, _("Text with neither heading nor time above it: read as an update without either.")
            )
            return self._open(line).blocks
        return self._current.blocks

    def _add(self, line: Line, block: OpenBlock) -> None:
        self._blocks(line).append(block)

    def _start(self, line: Line) -> None:
        self._open(line).blocks.append(Paragraph(line.words))

    def _join(self, line: Line) -> None:
        """Append a line to the one above it, which it continues, or as a paragraph if nothing can take it."""
        entry = self._current
        blocks = self._blocks(line)
        last = blocks[-1] if blocks else None
        match last:
            case OpenBullets(items):
                items[-1] = _joined(items[-1], line.words)
            case Paragraph(text) | Caption(text):
                blocks[-1] = replace(last, text=_joined(text, line.words))
            case Related(title) if len(_joined(title, line.words)) <= MAX_HEADING:
                blocks[-1] = replace(last, title=_joined(title, line.words))
            case None if entry and entry.heading and len(_joined(entry.heading, line.words)) <= MAX_HEADING:
                entry.heading = _joined(entry.heading, line.words)
            case _:
                blocks.append(Paragraph(line.words))

    def _bullet(self, line: Line) -> None:
        add_item(self._blocks(line), line.words, line.bullet_number)

    def _time(self, line: Line) -> None:
        entry = self._current
        if entry is None or entry.has_time or _has_text(entry) or (line.heading and entry.heading):
            if entry is not None and not entry.has_time:
                self._doubt(line, _("A time below text that has none: opens an update without a heading."))
            entry = self._open(line)
        mark = line.mark
        assert mark is not None
        entry.clock, entry.named_day, entry.zone, entry.ago = mark.clock, mark.day, mark.zone, mark.ago
        entry.heading = entry.heading or line.heading
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
            if not self.is_heading_below and not line.is_chosen:
                self._doubt(line, _("The time above this heading was read as its own."))
        else:
            entry = self._open(line)
        entry.heading = line.words

    def _leave_out(self, line: Line) -> None:
        is_pin = line.reason == PINNED and len(self._entries) < _MOST_PINNED
        self._is_pinned = self._is_pinned or is_pin

    def _responses(self, line: Line) -> None:
        if self.has_responses:
            return
        self.has_responses = True
        self._has_begun = True


def doubts_of_unread_times(entries: Sequence[OpenEntry]) -> list[Doubt]:
    """Return a doubt for each update without a time whose heading contains what looks like one."""
    reason = _("Contains what looks like a time but was not read as one.")
    headed = (entry for entry in entries if entry.heading and not entry.has_time)
    return [Doubt(entry.line, reason) for entry in headed if _CLOCK.search(folded(entry.heading))]


def _has_text(entry: OpenEntry) -> bool:
    return any(isinstance(block, Paragraph | OpenBullets) for block in entry.blocks)


def _joined(text: str, words: str) -> str:
    """Return two pieces of a broken line as one, without a space between Chinese characters."""
    is_wide = columns_of(text[-1:]) == 2 or columns_of(words[:1]) == 2
    return f"{text}{words}" if is_wide else f"{text} {words}"
