"""Clock times at the ends of lines: `標題 (20:30)`, `標題｜20:30`, `Headline published at 20:30`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from liveblog.articles.shapes import Form, Shape
from liveblog.articles.stamps import Stamp, stamp_at

_LONGEST: Final = 90
# Longer lines are paragraphs, in which only a time in brackets can be that of the update.
_LONGEST_LINE: Final = 160
_MOST_SPACES: Final = 4
_BRACKETED: Final = re.compile(r"[(\[][^()\[\]]{1,40}[)\]]$")
_SEPARATOR: Final = re.compile(r"(?:\s+|\s*(?P<bar>[|])\s*)(?=\S)")
# Some pages print this label without a space after the heading.
_LABEL: Final = re.compile(
    r"(?:copied!)?(?P<label>(?:published|posted|updated)\s(?:at|on)\s(?=\d)"
    r"|(?:[發发][佈布表]|更新)(?:[時时][間间])?[於于:]\s?(?=\d))",
    re.IGNORECASE,
)


class _Place(NamedTuple):
    """A candidate: the end of the words, the start of the time, and the sign between them.

    `is_sure` means that a bar or a label marks what follows as a time.
    """

    lead: int
    start: int
    sign: str = ""
    is_sure: bool = False


def stamp_at_end(text: str, near: date | None = None) -> Stamp | None:
    """Return the time that a folded line ends with: in brackets, or behind a space, a bar or a label."""
    for place in _places(text):
        stamp = stamp_at(text, place.start, near) if place.lead else None
        is_clock = stamp is not None and (stamp.is_closed or stamp.shape.form is not Form.COMPACT)
        if stamp and is_clock and stamp.end == len(text) and stamp.clock is not None:
            shape = Shape(f"…{place.sign}{stamp.shape.sign}", stamp.shape.form)
            return replace(stamp, lead=place.lead, shape=shape, is_closed=stamp.is_closed or place.is_sure)
    return None


def _places(text: str) -> Iterator[_Place]:
    if bracketed := _BRACKETED.search(text, max(0, len(text) - 44)):
        yield _Place(bracketed.start(), bracketed.start())
        return
    if len(text) > _LONGEST_LINE:
        return
    if labels := list(_LABEL.finditer(text, max(0, len(text) - _LONGEST))):
        yield _Place(labels[-1].start(), labels[-1].start("label"), is_sure=True)
    for match in list(_SEPARATOR.finditer(text))[-_MOST_SPACES:]:
        yield _Place(match.start(), match.end(), match["bar"] or "", is_sure=bool(match["bar"]))
