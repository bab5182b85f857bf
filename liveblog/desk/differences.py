"""Comparison of two states of an update, field by field and run by run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final

from liveblog.publishing.content import LABELS, current_json
from newsroom import hongkong
from newsroom.text import html

# Compare Chinese character by character, and text written with spaces word by word.
_PIECE: Final = re.compile(r"[A-Za-z0-9'’_-]+|\s+|.", re.DOTALL)
# About a second per page. Without a limit, a text that repeats itself a thousand times would take an hour.
_MOST_EFFORT: Final = 50_000_000


@dataclass(frozen=True)
class Piece:
    """A piece of a comparison; `kind` is `same`, `out` or `in`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    label: Any
    pieces: list[Piece]

    @property
    def theirs(self) -> list[Piece]:
        """Return the old text, in which the removed runs are marked."""
        return [piece for piece in self.pieces if piece.kind != "in"]

    @property
    def mine(self) -> list[Piece]:
        """Return the new text, in which the added runs are marked."""
        return [piece for piece in self.pieces if piece.kind != "out"]


class Effort:
    """The remaining effort that may be spent on comparing the texts of one page."""

    def __init__(self) -> None:
        self.left = _MOST_EFFORT

    def takes(self, before: list[str], after: list[str]) -> bool:
        """Return whether these can be compared piece by piece, and if so deduct the effort."""
        effort = _effort(before, after)
        if effort > self.left:
            return False
        self.left -= effort
        return True


def differences_between(
    before: dict[str, Any] | None, after: dict[str, Any], effort: Effort
) -> list[Difference]:
    """Return how `after` differs from `before`, by field; `before` is None for the first state."""
    before, after = current_json(before or {}), current_json(after)
    differences = []
    for name, label in LABELS.items():
        old, new = _in_words(name, before[name]), _in_words(name, after[name])
        if old != new:
            differences.append(Difference(label, compared(old, new, effort)))
    return differences


def compared(old: str, new: str, effort: Effort) -> list[Piece]:
    """Return two texts merged in reading order, as unchanged, removed and added pieces.

    Compare them piece by piece or, if that takes too much effort, line by line. If even that takes too much,
    treat everything that differs as one piece.
    """
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    start = _shared(before, after)
    before, head, after = before[start:], "".join(before[:start]), after[start:]
    end = _shared(before[::-1], after[::-1])
    tail = "".join(before[len(before) - end :])
    before, after = before[: len(before) - end], after[: len(after) - end]
    if not effort.takes(before, after):
        before, after = ("".join(pieces).splitlines(keepends=True) for pieces in (before, after))
        if not effort.takes(before, after):
            before, after = ["".join(before)], ["".join(after)]
    merged = [Piece("same", head), *_differing(before, after), Piece("same", tail)]
    return [piece for piece in merged if piece.text]


def _shared(before: list[str], after: list[str]) -> int:
    """Return the number of equal pieces that both begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))


def _differing(before: list[str], after: list[str]) -> Iterator[Piece]:
    for tag, left, left_end, right, right_end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(before[left:left_end]))
            continue
        yield Piece("out", "".join(before[left:left_end]))
        yield Piece("in", "".join(after[right:right_end]))


def _effort(before: list[str], after: list[str]) -> int:
    """Return how often, in the worst case, the matcher looks at a pair of equal pieces.

    In a text of 200 pieces or more, SequenceMatcher's autojunk heuristic ignores pieces that make up more
    than 1% of it.
    """
    limit = len(after) // 100 + 1 if len(after) >= 200 else len(after)
    before_counts = Counter(before)
    pairs = sum(before_counts[piece] * count for piece, count in Counter(after).items() if count <= limit)
    return pairs * min(len(before), len(after))


def _in_words(name: str, value: Any) -> str:
    """Return a field of a revision's JSON as text."""
    if name == "body":
        return html.plain_text(value)
    if name == "happened_at":
        return f"{hongkong.to_hong_kong(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}" if value else ""
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, list):
        return "\n".join(_reference_in_words(item) for item in value)
    text: str = value
    return text


def _reference_in_words(item: dict[str, Any]) -> str:
    if "title" in item:
        target = item["url"] or (item["live_blog"]["name"] if item["live_blog"] else "")
        return f"{item['title']} {target}".strip()
    return item["name"] or f"#{item['id']}"
