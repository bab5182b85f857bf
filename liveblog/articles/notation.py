"""The notation of an article, as plain data: shape of times, place of headings, order, zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from liveblog.articles.shapes import Key


class Heading(Enum):
    """The position of an update's heading relative to its time."""

    ABOVE = "above"
    BELOW = "below"
    BESIDE = "beside"
    NONE = "none"


class Order(Enum):
    """The order of the updates in the text."""

    NEWEST_FIRST = "newest-first"
    OLDEST_FIRST = "oldest-first"
    MIXED = "mixed"


@dataclass(frozen=True)
class Profile:
    """The notation of an article. `time` is its first time as written in the text, empty if it has none.

    `zone` is the zone of its times, empty for Hong Kong.
    """

    time: str = ""
    heading: Heading = Heading.NONE
    order: Order = Order.NEWEST_FIRST
    zone: str = ""
    has_days: bool = False
    is_numbered: bool = False
    is_own_form: bool = False
    keys: frozenset[Key] = field(default=frozenset(), repr=False)

    @property
    def signature(self) -> str:
        """Return what articles in the same notation have in common: the shapes of their times, in words."""
        if self.is_own_form:
            return "own form"
        shapes = sorted(f"{shape.sign}{shape.form.value}{label}" for shape, label in self.keys)
        return " ".join(shapes)[:200]
