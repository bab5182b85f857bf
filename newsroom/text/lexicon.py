"""Simultaneous search for many wordings, at a cost that does not grow with their number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

# The key of the replacement in a node of the trie. It cannot collide with a character, because it is empty.
_END: Final = ""


IsWhole = Callable[[int, int], bool]


class Match(NamedTuple):
    """A span of a text and its replacement."""

    start: int
    end: int
    replacement: str


class Lexicon:
    """Wordings and their replacements in a trie; a lookup reads no further than the longest wording."""

    def __init__(self, wordings: Mapping[str, str]) -> None:
        self._trie: dict[str, Any] = {}
        for wording, replacement in wordings.items():
            if wording:
                node = self._trie
                for character in wording:
                    node = node.setdefault(character, {})
                node[_END] = replacement
        firsts = "".join(re.escape(first) for first in sorted(self._trie))
        self._first = re.compile(f"[{firsts}]" if firsts else r"(?!)")

    def find(self, text: str, start: int, is_whole: IsWhole) -> Match | None:
        """Return the first whole wording at or after `start`, the longest if several begin there."""
        for candidate in self._first.finditer(text, start):
            if match := self._longest_at(text, candidate.start(), is_whole):
                return match
        return None

    def _longest_at(self, text: str, start: int, is_whole: IsWhole) -> Match | None:
        node, longest = self._trie, None
        for place in range(start, len(text)):
            if text[place] not in node:
                break
            node = node[text[place]]
            if _END in node and is_whole(start, place + 1):
                longest = Match(start, place + 1, node[_END])
        return longest


class Pattern:
    """A pattern whose matches are left unchanged. Each match contains one of `signs`."""

    def __init__(self, pattern: re.Pattern[str], signs: tuple[str, ...]) -> None:
        self._pattern, self._signs = pattern, signs

    def find(self, text: str, start: int, _is_whole: IsWhole) -> Match | None:
        match = self._pattern.search(text, start) if self.may_match(text) else None
        return Match(match.start(), match.end(), match[0]) if match else None

    def may_match(self, text: str) -> bool:
        """Return whether a text contains a sign of a match, which is much faster than a search."""
        return any(map(text.__contains__, self._signs))


def matches(text: str, first: Pattern, lexicons: Iterable[Lexicon], is_whole: IsWhole) -> Iterator[Match]:
    """Yield what `first` and the lexicons find in `text`, from left to right, without overlaps.

    `is_whole(start, end)` returns whether a wording may match there without breaking another word. If several
    begin at the same position, the pattern wins, then the longest, then the one of the later lexicon.
    """
    sources: list[Pattern | Lexicon] = [first, *lexicons]
    pending = [source.find(text, 0, is_whole) for source in sources]
    while True:
        ranked = [
            (match.start, place > 0, -match.end, -place, match)
            for place, match in enumerate(pending)
            if match is not None
        ]
        if not ranked:
            return
        chosen = min(ranked)[-1]
        yield chosen
        for place, match in enumerate(pending):
            if match is not None and match.start < chosen.end:
                pending[place] = sources[place].find(text, chosen.end, is_whole)
