"""What was looked for, marked in a text, whichever script either is written in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from newsroom import chinese

_PUNCTUATION: Final = " ，。；：、！？」』）,.;:!?"
_BEFORE, _AFTER = 24, 96

# A run of text, and whether it is what was looked for.
Run = tuple[str, bool]


def mark(text: str, query: str) -> list[Run]:
    """`text` in runs, what `query` looks for apart from the rest, in whichever script either is written."""
    folded, origins = _folded(text)
    is_marked = [False] * len(text)
    for wanted in filter(None, map(chinese.fold, query.split())):
        start = folded.find(wanted)
        while start >= 0:
            end = start + len(wanted)
            for position in range(origins[start], origins[end - 1] + 1):
                is_marked[position] = True
            start = folded.find(wanted, end)
    return _runs(text, is_marked)


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters where it comes from."""
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
    """A line of the text around what was found first, with … where something is left out."""
    first = next((index for index, (_text, marked) in enumerate(runs) if marked), 0)
    kept = list(runs[first:])
    if first:
        before = "".join(text for text, _marked in runs[:first])
        is_whole = len(before) <= _BEFORE
        kept.insert(0, (before if is_whole else f"…{before[-_BEFORE:].lstrip(_PUNCTUATION)}", False))
    room, shown = _BEFORE + _AFTER, []
    for text, marked in kept:
        if len(text) > room:
            shown.append((f"{text[:room]}…", marked))
            break
        shown.append((text, marked))
        room -= len(text)
    return shown
