"""Line breaking for headlines drawn on pictures: between clauses where possible.

A simplified UAX #14 for Chinese and Latin text: Latin words and numbers stay whole, closing punctuation never
begins a line and opening punctuation never ends one. Among the remaining breaks, those at the end of a clause
are preferred, as Hong Kong's papers set their headlines; a space between Chinese characters parts clauses.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

ELLIPSIS: Final = "…"
# Text beyond this is ignored, to bound the work; it would never fit.
MAX_CHARACTERS: Final = 300

# A Latin word with its punctuation; a number with the character that counts it (19日, 100人); a character.
_ATOM: Final = re.compile(r"\s+|\d[\d.,:/%]*[^\s!-~]?|[!-~\u00a1-\u024f\u2018-\u201d]+|.", re.DOTALL)
_HAN: Final = re.compile("[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_CLOSING: Final = frozenset("，。、；：？！）」』》〉】〕”’…—︱｜·％,.;:?!)]}%|")
_OPENING: Final = frozenset("（「『《〈【〔“‘([{")
# Characters that end a clause.
_CLAUSE_ENDS: Final = frozenset("，。、；：？！—︱｜,;:?!|")
_LEFT_OUT_BEFORE_ELLIPSIS: Final = "".join(_CLOSING | _OPENING) + " "
# The cost of a break inside a clause; an empty line costs 1.
_INSIDE_CLAUSE: Final = 0.35

Measure = Callable[[str], float]


def columns_of(text: str) -> int:
    """Return the number of columns of a text: two for a Chinese character, one for a Latin letter."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


@dataclass(frozen=True)
class _Atom:
    """Text that is never broken; `gap` is the space before it unless it begins a line."""

    text: str
    gap: str
    ends_clause: bool


def break_lines(
    text: str, width: float, most: int, measure: Measure, *, between_clauses: bool = False
) -> list[str] | None:
    """Return `text` in the fewest lines of `width` with the best breaks; None if it needs more than `most`.

    With `between_clauses`, break only between clauses, and return None if that is impossible.
    """
    atoms = _atoms(text, width, measure)
    if between_clauses:
        atoms = _clauses(atoms)
    least = int(sum(measure(atom.text) for atom in atoms) // width)
    for count in range(max(1, least), most + 1):
        lines = _best_lines(atoms, width, count, measure)
        if lines is not None:
            return lines
    return None


def cut_lines(text: str, width: float, most: int, measure: Measure) -> list[str]:
    """Return the first `most` lines of `text`, the last of them cut with an ellipsis."""
    atoms = _atoms(text, width, measure)

    def lines_of(count: int) -> list[str] | None:
        opening = _joined(atoms[:count]).rstrip(_LEFT_OUT_BEFORE_ELLIPSIS)
        return break_lines(opening + ELLIPSIS, width, most, measure)

    # Binary search: the fewer atoms, the fewer lines.
    fitting = bisect_right(range(1, len(atoms) + 1), False, key=lambda count: lines_of(count) is None)
    return lines_of(fitting) or [ELLIPSIS]


def _atoms(text: str, width: float, measure: Measure) -> list[_Atom]:
    atoms: list[_Atom] = []
    gap = ""
    for piece in _ATOM.findall(" ".join(text.split())[:MAX_CHARACTERS]):
        if piece.isspace():
            gap = " "
            if atoms and _HAN.match(atoms[-1].text[-1]):
                atoms[-1] = _Atom(atoms[-1].text, atoms[-1].gap, ends_clause=True)
            continue
        previous = atoms[-1].text[-1] if atoms else ""
        holds_on = piece[0] in _CLOSING or previous in _OPENING
        if atoms and not gap and holds_on and measure(atoms[-1].text + piece) <= width:
            atoms[-1] = _Atom(atoms[-1].text + piece, atoms[-1].gap, piece[-1] in _CLAUSE_ENDS)
            continue
        for part in _split(piece, width, measure):
            atoms.append(_Atom(part, gap, part[-1] in _CLAUSE_ENDS))
            gap = ""
    return atoms


def _clauses(atoms: list[_Atom]) -> list[_Atom]:
    """Return each clause as one atom."""
    clauses: list[_Atom] = []
    for atom in atoms:
        if clauses and not clauses[-1].ends_clause:
            text = clauses[-1].text + atom.gap + atom.text
            clauses[-1] = _Atom(text, clauses[-1].gap, atom.ends_clause)
        else:
            clauses.append(atom)
    return clauses


def _split(piece: str, width: float, measure: Measure) -> list[str]:
    """Return a word in parts that fit on a line; most words are one part."""
    if measure(piece) <= width:
        return [piece]
    parts = [""]
    for character in piece:
        if parts[-1] and measure(parts[-1] + character) > width:
            parts.append("")
        parts[-1] += character
    return parts


def _best_lines(atoms: list[_Atom], width: float, count: int, measure: Measure) -> list[str] | None:
    """Return the cheapest way to set `atoms` in exactly `count` lines (dynamic programming), or None."""
    # For each number of lines so far: the cost of setting the first n atoms, and where the last line begins.
    costs: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _line in range(count):
        reached: dict[int, tuple[float, int]] = {}
        for start, (cost, _start) in costs[-1].items():
            for end, line_cost in _lines_from(atoms, start, width, measure):
                total = cost + line_cost
                if end not in reached or total < reached[end][0]:
                    reached[end] = (total, start)
        costs.append(reached)
    if len(atoms) not in costs[-1]:
        return None
    lines, end = [], len(atoms)
    for reached in reversed(costs[1:]):
        start = reached[end][1]
        lines.append(_joined(atoms[start:end]))
        end = start
    return lines[::-1]


def _lines_from(atoms: list[_Atom], start: int, width: float, measure: Measure) -> list[tuple[int, float]]:
    """Return each end of a line that begins at `start` and fits, with the cost of that line."""
    ends = []
    used = 0.0
    for end in range(start, len(atoms)):
        atom = atoms[end]
        used += measure(atom.text) + (measure(atom.gap) if end > start and atom.gap else 0.0)
        if used > width:
            break
        is_last = end + 1 == len(atoms)
        cost = (1 - used / width) ** 2 + (0 if is_last or atom.ends_clause else _INSIDE_CLAUSE)
        ends.append((end + 1, cost))
    return ends


def _joined(atoms: list[_Atom]) -> str:
    return "".join(atom.gap + atom.text for atom in atoms).strip()
