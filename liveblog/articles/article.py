"""What a rolling article says, as values: a title, a standfirst and its entries, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

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
    """A line that was read in one of two possible ways, or of which something could not be kept."""

    line: int
    reason: str


@dataclass(frozen=True)
class LineRead:
    """A line of the source and what it was read as: the name of a `lines.Kind`, or `title`, `published_at`.

    `reason` says why a line is left out.
    """

    number: int
    text: str
    role: str
    reason: str = ""


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list; `start` is its first number, None where its items carry none."""

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
    """The words under a picture that the text cannot carry, with the label that they came with."""

    text: str


@dataclass(frozen=True)
class Related:
    """A related story: its title, and its address where the text gives one."""

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
    """One update. `day` is a Hong Kong day, `clock` its Hong Kong time or None where that is not known.

    `is_day_inferred`: neither a day heading nor the time itself names the day.
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
    """`entries` are in the order of the text, newest first; articles are equal when they say the same."""

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
        """The lines that are in neither the head nor an update, but for the signs of the form."""
        return [line for line in self.lines if line.role == "left_out"]
