"""Times in brackets behind the first words of a line: `・東堤道（20:40）：三車相撞。`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from liveblog.articles.profile import Source
from liveblog.articles.shapes import Shape
from liveblog.articles.stamps import Stamp, stamp_at

_FEWEST: Final = 3
# The sign in the shapes of these times.
MIDDLE: Final = "‥"
_BEFORE: Final = re.compile(r"[^()\[\]。,]{1,24}(?P<bracket>[(\[])(?=[^()\[\]]{1,24}[)\]]\s?[:|])")


def with_times_in_the_middle(sources: Sequence[Source], near: date | None) -> list[Source]:
    """Return the sources of an article without a notation, with the times behind the first words of lines."""
    stamps = [_stamp(source, near) for source in sources]
    if sum(stamp is not None for stamp in stamps) < _FEWEST:
        return list(sources)
    return [
        replace(source, stamp=stamp) if stamp else source
        for source, stamp in zip(sources, stamps, strict=True)
    ]


def _stamp(source: Source, near: date | None) -> Stamp | None:
    match = _BEFORE.match(source.plain) if source.stamp is None and source.day is None else None
    stamp = stamp_at(source.plain, match.start("bracket"), near) if match else None
    if match is None or stamp is None or stamp.clock is None:
        return None
    shape = Shape(MIDDLE + stamp.shape.sign, stamp.shape.form)
    return replace(stamp, lead=match.start("bracket"), shape=shape)
