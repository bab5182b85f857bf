"""What a rolling article says, as values: a title, a standfirst and its entries, newest first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time


class ArticleError(ValueError):
    """Text that cannot be read as an article. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Doubt:
    """A line that was read in one of two possible ways, or of which something could not be kept."""

    line: int
    reason: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Bullets:
    """A list; `start` is its first number, None where its items carry none."""

    items: tuple[str, ...]
    start: int | None = None

    @property
    def next_number(self) -> int | None:
        """The number that a further item would carry."""
        return None if self.start is None else self.start + len(self.items)


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


@dataclass(frozen=True)
class Entry:
    """One update. `day` is a Hong Kong day, `clock` its Hong Kong time or None where that is not known."""

    day: date
    clock: time | None
    heading: str
    blocks: tuple[Block, ...]
    line: int = field(default=0, compare=False)

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
