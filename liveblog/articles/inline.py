"""Times in brackets inside a line: `…完結。 【0116】旺角：… 【0108】屯門：…`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from typing import Final

from liveblog.articles.characters import folded
from liveblog.articles.profile import Source, key_of
from liveblog.articles.shapes import Key
from liveblog.articles.stamps import Stamp, stamp_at

_FEWEST: Final = 3
# Elsewhere in a sentence, a time in brackets is part of it.
_AFTER_A_SENTENCE: Final = re.compile(
    r"(?<=[。.!?」』…])\[(?=\D{0,12}\d)|(?<=[。.!?」』…]\s)\[(?=\D{0,12}\d)"
)


def at_inner_times(sources: Sequence[Source], keys: frozenset[Key], near: date | None = None) -> list[Source]:
    """Return the sources, with each line divided at the times in it that are in the article's notation.

    Without a notation, the times in brackets inside the lines are the notation if there are enough of them.
    """
    stamps_of_lines = [_inner_stamps(source, near) for source in sources]
    if not keys:
        counts = Counter(key_of(stamp) for stamps in stamps_of_lines for _place, stamp in stamps)
        keys = frozenset(key for key, count in counts.items() if count >= _FEWEST)
    return [
        part
        for source, stamps in zip(sources, stamps_of_lines, strict=True)
        for part in _parts(source, [(place, stamp) for place, stamp in stamps if key_of(stamp) in keys])
    ]


def _inner_stamps(source: Source, near: date | None) -> list[tuple[int, Stamp]]:
    matches = _AFTER_A_SENTENCE.finditer(source.plain)
    stamps = ((match.start(), stamp_at(source.plain, match.start(), near)) for match in matches)
    return [(place, stamp) for place, stamp in stamps if stamp and stamp.is_closed and stamp.clock]


def _parts(source: Source, stamps: Sequence[tuple[int, Stamp]]) -> Iterator[Source]:
    if not stamps:
        yield source
        return
    first = source.text[: stamps[0][0]].rstrip()
    yield replace(source, text=first, plain=folded(first), tail=None, day=None)
    ends = [*(place for place, _stamp in stamps), len(source.text)]
    for (place, stamp), (_start, end) in zip(stamps, pairwise(ends), strict=True):
        text = source.text[place:end].rstrip()
        stamp = replace(stamp, end=stamp.end - place, lead=0)
        yield replace(source, text=text, plain=folded(text), stamp=stamp, tail=None, day=None, is_apart=False)
