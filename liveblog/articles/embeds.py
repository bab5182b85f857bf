"""Embedded posts of social networks: the names, handles and times around their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from liveblog.articles.characters import folded

_HANDLE: Final = re.compile(r"@\w{2,30}(?:\s·.{0,30})?")
_DATE: Final = (
    r"(?:[A-Z][a-z]{2,8}\.?\s\d{1,2},\s\d{4}|\d{1,2}\s[A-Z][a-z]{2,8}\.?\s\d{4}|\d{4}年\d{1,2}月\d{1,2}日)"
)
_CLOCK: Final = r"(?:[上下]午\s?)?\d{1,2}:\d{2}(?:\s?[AP]M)?"
_COUNT: Final = (
    r"\s?·\s?(?:[\d.,]+\s?[KM萬万]?\s?(?:views|次?[查觀观][看閱阅]|瀏覽|浏览)|來自.{1,30}|twitter .{1,30})"
)
# `11:32 AM · Oct 15, 2025 · 12.3K Views`; without the count, it is the time of a post below a handle only.
_STAMP: Final = re.compile(
    rf"(?:{_CLOCK}\s?·\s?{_DATE}|{_DATE}\s?·?\s?{_CLOCK})(?P<count>{_COUNT})?", re.IGNORECASE
)
_SIGNATURE: Final = re.compile(rf"[—–-]{{1,2}}\s?.{{1,50}}\(@\w{{2,30}}\)\s?(?:{_DATE})?", re.IGNORECASE)
_LONGEST: Final = 120
_LONGEST_NAME: Final = 40
# The words of a post take a few lines between its handle and its time.
_MOST_LINES: Final = 12


def lines_of_embeds(numbered: Sequence[tuple[int, str]]) -> frozenset[int]:
    """Return the numbers of the lines around the words of embedded posts."""
    numbers: set[int] = set()
    handle = -_MOST_LINES
    for index, (number, text) in enumerate(numbered):
        plain = folded(text) if len(text) <= _LONGEST else ""
        if _HANDLE.fullmatch(plain):
            handle = index
            numbers.add(number)
            if index and len(numbered[index - 1][1]) <= _LONGEST_NAME:
                numbers.add(numbered[index - 1][0])
        elif stamp := _STAMP.fullmatch(plain):
            if stamp["count"] or index - handle < _MOST_LINES:
                numbers.add(number)
                handle = -_MOST_LINES
        elif _SIGNATURE.fullmatch(plain):
            numbers.add(number)
    return frozenset(numbers)
