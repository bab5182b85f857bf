"""An editor's decisions about how an article is read: its notation, and the roles and days of its lines."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Final

from liveblog.articles.notation import Heading, Order


class Role(Enum):
    """The role of a line of the source, as it was read or as an editor chose it."""

    TITLE = "title"
    KICKER = "kicker"
    PUBLISHED = "published"
    STANDFIRST = "standfirst"
    DAY = "day"
    TIME = "time"
    TIMED_HEADING = "timed-heading"
    HEADING = "heading"
    TEXT = "text"
    START = "start"
    JOINED = "joined"
    ITEM = "item"
    CAPTION = "caption"
    LINK = "link"
    RESPONSES = "responses"
    LEFT_OUT = "left-out"


HEAD_ROLES: Final = frozenset({Role.TITLE, Role.KICKER, Role.PUBLISHED})
# The heading of the readers' responses is recognized only by its words.
CHOOSABLE: Final = tuple(role for role in Role if role is not Role.RESPONSES)


@dataclass(frozen=True)
class Choices:
    """Decisions by line number. What is not decided is inferred from the text.

    A day belongs to the update that its line opens, or to the day heading that it is, in Hong Kong time.
    """

    heading: Heading | None = None
    order: Order | None = None
    zone: str = ""
    roles: Mapping[int, Role] = field(default_factory=dict)
    days: Mapping[int, date] = field(default_factory=dict)


@dataclass(frozen=True)
class LineChoice:
    """A decision about a line: its number, the digest of its text, and its role or day (or both)."""

    number: int
    digest: str
    role: Role | None = None
    day: date | None = None


def digest_of(text: str) -> str:
    """Return a short digest that ties a decision to the text of its line."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def fitting(
    line_choices: Iterable[LineChoice], numbered: Sequence[tuple[int, str]]
) -> tuple[list[LineChoice], int]:
    """Return the decisions that fit the lines of a text, and the number of those that do not.

    A line that moved keeps its decision if no other line has the same text.
    """
    digests = {number: digest_of(text) for number, text in numbered}
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, digest in digests.items():
        numbers[digest].append(number)
    by_number: dict[int, LineChoice] = {}
    count = 0
    for choice in line_choices:
        count += 1
        places = numbers.get(choice.digest, [])
        if choice.number in places:
            by_number[choice.number] = choice
        elif len(places) == 1:
            by_number.setdefault(places[0], LineChoice(places[0], choice.digest, choice.role, choice.day))
    return [by_number[number] for number in sorted(by_number)], count - len(by_number)
