"""The content of a rolling article as values: a title, a standfirst and its entries, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from liveblog.articles.choices import Role
from liveblog.articles.notation import Profile


class ArticleError(ValueError):
    """Text that cannot be read as an article. `line` counts from 1.

    `missing` names what an editor has to add: `title` or `published_at`; empty for any other error.
    """

    def __init__(self, line: int, reason: str, missing: str = "") -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason
        self.missing = missing

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Doubt:
    """A note on a line that could also be read in another way, or that lost something in reading."""

    line: int
    reason: str


@dataclass(frozen=True)
class LineRead:
    """A line of the source, or a part of it, and its role. `reason` says why it is left out.

    `is_chosen` means that an editor decided its role.
    """

    number: int
    text: str
    role: Role
    reason: str = ""
    is_chosen: bool = False


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list; `start` is its first number, or None if its items are not numbered."""

    items: tuple[str, ...]
    start: int | None = None


@dataclass
class OpenBullets:
    """A list that is still being read. Items are appended in place, so that a long list takes linear time."""

    items: list[str]
    start: int | None = None

    def takes(self, number: int | None) -> bool:
        """Return whether an item with this number (None for a plain bullet) continues the list."""
        return number == (None if self.start is None else self.start + len(self.items))

    def closed(self) -> Bullets:
        return Bullets(tuple(self.items), self.start)


@dataclass(frozen=True)
class Caption:
    """The caption of a picture, with its label; the picture itself is not part of the text."""

    text: str


@dataclass(frozen=True)
class Related:
    """A related story: its title, and its address if the text gives one."""

    title: str
    url: str = ""


Block = Paragraph | Bullets | Caption | Related
OpenBlock = Block | OpenBullets


def add_item(blocks: list[OpenBlock], words: str, number: int | None) -> None:
    """Add an item to the list at the end of `blocks`, or start a new list if it does not continue it."""
    last = blocks[-1] if blocks else None
    if isinstance(last, OpenBullets) and last.takes(number):
        last.items.append(words)
    else:
        blocks.append(OpenBullets([words], number))


def closed(blocks: Iterable[OpenBlock]) -> tuple[Block, ...]:
    """Return the blocks as immutable values, once reading is complete."""
    return tuple(block.closed() if isinstance(block, OpenBullets) else block for block in blocks)


@dataclass(frozen=True)
class Entry:
    """One update. `day` is its day in Hong Kong, `clock` its time there, or None if that is not known.

    `is_day_inferred` means that neither a day heading nor the time itself names the day.
    """

    day: date
    clock: time | None
    heading: str
    blocks: tuple[Block, ...]
    line: int = field(default=0, compare=False)
    is_day_inferred: bool = field(default=False, compare=False)

    @property
    def stories(self) -> list[Related]:
        return [block for block in self.blocks if isinstance(block, Related)]


@dataclass(frozen=True)
class Article:
    """A rolling article, with `entries` newest first. Articles are equal if their content is the same."""

    kicker: str
    headline: str
    is_running: bool
    published_at: datetime
    language: str
    standfirst: tuple[Block, ...] = ()
    entries: tuple[Entry, ...] = ()
    has_responses: bool = False
    doubts: tuple[Doubt, ...] = field(default=(), compare=False)
    profile: Profile = field(default=Profile(), compare=False)
    lines: tuple[LineRead, ...] = field(default=(), compare=False)

    @property
    def left_out(self) -> list[LineRead]:
        """Return the lines of the source that were left out of the article."""
        return [line for line in self.lines if line.role is Role.LEFT_OUT]
