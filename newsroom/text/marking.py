"""Highlighting of search matches in text; text and query may be in different scripts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from newsroom.text import chinese, html

_PUNCTUATION: Final = " ，。；：、！？」』）,.;:!?"
_BEFORE, _AFTER = 24, 96
# How many characters of markup are searched for a snippet. This bounds the cost of a page of results, however
# long the texts are and however often they match.
_LOOKED_THROUGH: Final = 10_000
_CHUNK: Final = 256
# Longer than the longest query.
_MARGIN: Final = 128

# A run of text, and whether it matches the query.
Run = tuple[str, bool]


def snippet(rich_text: str, query: str) -> list[Run]:
    """Return one line of rich text around the first match of `query`, as runs; its opening if none match."""
    text = html.plain_text(rich_text[:_LOOKED_THROUGH]).replace("\n", " ")
    start = max(0, _near_first(text, query) - _BEFORE - _MARGIN)
    return cut(mark(text[start : start + 2 * _MARGIN + _CHUNK + _BEFORE + _AFTER], query))


def _near_first(text: str, query: str) -> int:
    """Return a position shortly before the first match of `query` in `text`, or 0 if there is none.

    Folding chunks is far cheaper than folding single characters, as `mark` has to.
    """
    chunks = [chinese.fold(text[start : start + _CHUNK]) for start in range(0, len(text), _CHUNK)]
    folded = "".join(chunks)
    places = [folded.find(part) for part in _parts(query)]
    first = min((place for place in places if place >= 0), default=0)
    return bisect_right(list(accumulate(map(len, chunks))), first) * _CHUNK


def _parts(query: str) -> list[str]:
    return [part for part in map(chinese.fold, query.split()) if part]


def mark(text: str, query: str) -> list[Run]:
    """Split a short text into runs that match `query`, in either script, and runs that do not."""
    folded, origins = _folded(text)
    is_marked = [False] * len(text)
    for part in _parts(query):
        start = folded.find(part)
        while start >= 0:
            end = start + len(part)
            for position in range(origins[start], origins[end - 1] + 1):
                is_marked[position] = True
            start = folded.find(part, end)
    return _runs(text, is_marked)


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the folded text, and the position in the original text of each of its characters."""
    parts = [(chinese.fold(character), position) for position, character in enumerate(text)]
    return "".join(part for part, _position in parts), [
        position for part, position in parts for _character in part
    ]


def _runs(text: str, is_marked: Iterable[bool]) -> list[Run]:
    runs: list[tuple[list[str], bool]] = []
    for character, marked in zip(text, is_marked, strict=True):
        if not runs or runs[-1][1] != marked:
            runs.append(([], marked))
        runs[-1][0].append(character)
    return [("".join(characters), marked) for characters, marked in runs]


def cut(runs: list[Run]) -> list[Run]:
    """Return a line of text around the first match, with … where text is omitted."""
    first = next((index for index, (_text, marked) in enumerate(runs) if marked), 0)
    remaining = list(runs[first:])
    if first:
        before = "".join(text for text, _marked in runs[:first])
        is_whole = len(before) <= _BEFORE
        remaining.insert(0, (before if is_whole else f"…{before[-_BEFORE:].lstrip(_PUNCTUATION)}", False))
    room, line = _BEFORE + _AFTER, []
    for text, marked in remaining:
        if len(text) > room:
            line.append((f"{text[:room]}…", marked))
            break
        line.append((text, marked))
        room -= len(text)
    return line
