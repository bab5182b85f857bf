"""Chronologies in prose: one paragraph whose clauses each open with a time of their own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import time
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.article import Doubt
from liveblog.articles.characters import folded
from liveblog.articles.profile import Source
from liveblog.articles.shapes import Form
from liveblog.articles.stamps import stamp_at_start
from liveblog.articles.times import PERIODS

_FEWEST: Final = 3
_CLAUSE: Final = re.compile(r"[^;]+;?")
_PERIOD: Final = re.compile(PERIODS)


def in_clauses(sources: Sequence[Source]) -> list[Source]:
    """Return the sources, with each prose chronology (`上午9時許，…；10時15分，…`) divided into clauses."""
    return [clause for source in sources for clause in _clauses(source)]


def doubts_of_divided(sources: Sequence[Source]) -> list[Doubt]:
    """Return a doubt for each line that was divided."""
    counts = Counter(source.number for source in sources)
    reason = _("Several times in one paragraph: each was read as the beginning of an update.")
    return [Doubt(number, reason) for number, count in counts.items() if count > 1]


def _clauses(source: Source) -> Iterator[Source]:
    parts = _parts(source) if source.stamp and source.plain.count(";") >= _FEWEST - 1 else []
    if len(parts) < _FEWEST:
        yield source
        return
    last: Source | None = None
    for text in parts:
        plain = folded(text)
        clause = replace(source, text=text, plain=plain, stamp=stamp_at_start(plain), is_apart=False)
        last = _in_the_same_half(clause, last)
        yield last


def _parts(source: Source) -> list[str]:
    """Return the clauses of a line; one without a time belongs to the clause before it."""
    parts: list[str] = []
    for match in _CLAUSE.finditer(source.plain):
        words = source.text[match.start() : match.end()]
        if stamp_at_start(folded(words)):
            parts.append(words.strip())
        elif parts:
            parts[-1] += words
    return parts


def _in_the_same_half(clause: Source, last: Source | None) -> Source:
    """Return a clause, taking the part of the day from the clause before if it names none: 下午1時；2時半."""
    stamp = clause.stamp
    if last is None or stamp is None or stamp.clock is None or stamp.shape.form is not Form.CHINESE:
        return clause
    before = last.stamp.clock if last.stamp else None
    is_later = before is not None and before.hour >= 12 > stamp.clock.hour
    if not is_later or _PERIOD.search(clause.plain, 0, stamp.end):
        return clause
    return replace(clause, stamp=replace(stamp, clock=time(stamp.clock.hour + 12, stamp.clock.minute)))
