"""The position of headings: above, beside or below the times of an article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from liveblog.articles import furniture
from liveblog.articles.characters import folded
from liveblog.articles.lines import MAX_HEADING, Kind, Line, ends_as_text
from liveblog.articles.notation import Heading
from newsroom.text.line_breaks import columns_of

_SHORT: Final = 90
_LONGEST_NAME: Final = 24
# With at least this many times, a position that only one of them has is an exception, not the notation.
_ENOUGH: Final = 3


def is_like_heading(text: str) -> bool:
    """Return whether a line is short and does not end like a sentence."""
    plain = folded(text)
    return (
        len(text) <= MAX_HEADING
        and columns_of(text) <= _SHORT
        and "。" not in plain
        and not _ends_as_text(plain)
    )


def _ends_as_text(plain: str) -> bool:
    # A heading may end with a quotation; one that ends with punctuation inside belongs to text.
    if plain.endswith(("」", "』", "”", "’", '"', "'")) and not plain[:-1].endswith(
        (".", "。", "!", "?", "…", ",")
    ):
        return False
    return ends_as_text(plain)


def with_marked_headings(lines: Sequence[Line]) -> list[Line]:
    """Turn headings that look like one-item lists, such as `■全線恢復`, into text without the sign.

    Such a heading is directly below, or above, most times that are alone on their lines, with text below it.
    """
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME and not line.words]
    for distance, text_after in ((1, 2), (-1, 1)):
        marked = [index + distance for index in times if _is_marked(lines, index, distance, text_after)]
        if len(marked) > 1 and len(marked) * 3 >= len(times) * 2:
            return [
                replace(line, kind=Kind.TEXT, bullet_number=None) if index in set(marked) else line
                for index, line in enumerate(lines)
            ]
    return list(lines)


def _is_marked(lines: Sequence[Line], time: int, distance: int, text_after: int) -> bool:
    place = time + distance
    if place < 0 or time + text_after >= len(lines):
        return False
    line, above = lines[place], lines[place - 1] if place else None
    is_single = above is None or above.kind is not Kind.BULLET
    is_heading = line.kind is Kind.BULLET and not line.is_chosen and is_like_heading(line.words)
    return is_single and is_heading and lines[time + text_after].kind is Kind.TEXT


def place_of_headings(lines: Sequence[Line]) -> Heading:
    """Infer the position of headings from the lines above, beside and below the article's times."""
    names = bylines_of(lines)
    lines = [
        line
        for line in lines
        if line.kind not in (Kind.LEFT_OUT, Kind.CAPTION)
        and (line.kind is Kind.TIME or line.text not in names)
    ]
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME]
    positions = [_heading_position(lines, index) for index in times]
    count = Counter(position for candidates in positions for position in candidates)
    sentences = sum(
        bool(lines[index].words) and not candidates - {Heading.ABOVE}
        for index, candidates in zip(times, positions, strict=True)
    )
    is_below_head = bool(times) and not any(line.kind is Kind.DAY for line in lines[: times[0]])
    is_single = len(times) >= _ENOUGH and count[Heading.ABOVE] == 1 and Heading.ABOVE in positions[0]
    if is_single and is_below_head:
        # The line above the first time may be the end of the article's head.
        del count[Heading.ABOVE]
    if not count:
        return Heading.NONE
    if count[Heading.BESIDE] <= sentences and count[Heading.ABOVE] >= max(count[Heading.BELOW], 1):
        return Heading.ABOVE
    if count[Heading.BESIDE] > max(count[Heading.ABOVE], count[Heading.BELOW]):
        return Heading.BESIDE
    if count[Heading.ABOVE] == count[Heading.BELOW] == 0:
        return Heading.BESIDE
    if count[Heading.ABOVE] > count[Heading.BELOW]:
        return Heading.ABOVE
    if count[Heading.ABOVE] == count[Heading.BELOW]:
        return _by_first_and_last(lines)
    return Heading.BELOW


def _heading_position(lines: Sequence[Line], index: int) -> set[Heading]:
    """Return the positions, relative to the time at `index`, of lines that look like its heading."""
    line = lines[index]
    above = lines[index - 1] if index else None
    below = lines[index + 1] if index + 1 < len(lines) else None
    beyond = lines[index + 2] if index + 2 < len(lines) else None
    positions = {Heading.ABOVE} if above and _may_be_heading(above) else set()
    words = "" if furniture.is_name(line.words) else line.words
    if line.heading or (words and is_like_heading(words)):
        positions.add(Heading.BESIDE)
    elif not words and below and _may_be_heading(below):
        has_text = beyond is not None and beyond.kind in (Kind.TEXT, Kind.BULLET, Kind.RELATED)
        positions |= {Heading.BELOW} if has_text else set()
    return positions


def _may_be_heading(line: Line) -> bool:
    # At this stage, only an editor's choice makes a line a heading.
    if line.is_chosen:
        return line.kind is Kind.HEADING
    return line.kind is Kind.TEXT and not line.has_other_time and is_like_heading(line.text)


def _by_first_and_last(lines: Sequence[Line]) -> Heading:
    """Return BELOW if there is a heading under the last time, else ABOVE. Called if both positions fit."""
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME]
    last = times[-1]
    is_last_headed = last + 2 < len(lines) and is_like_heading(lines[last + 1].text)
    return Heading.BELOW if is_last_headed else Heading.ABOVE


def share_of_headings(lines: Sequence[Line]) -> float:
    words = [line.words for line in lines if line.kind is Kind.TIME and line.words]
    return sum(is_like_heading(text) for text in words) / len(words) if words else 0.0


def bylines_of(lines: Sequence[Line]) -> frozenset[str]:
    """Return names that are alone on several lines, follow several times, or are among the credits."""
    texts = Counter(
        line.words if line.kind is Kind.TIME else line.text
        for line in lines
        if line.kind in (Kind.TEXT, Kind.TIME)
    )
    tails = Counter(line.heading for line in lines if line.kind is Kind.TIME and line.heading)
    names = {text for text, count in texts.items() if count > 1 and furniture.is_name(text)}
    credits = " ".join(line.text for line in lines if line.kind is Kind.LEFT_OUT and line.reason == "credit")
    below = [
        after.text
        for line, after in pairwise(lines)
        if line.kind is Kind.TIME and not line.words and after.kind is Kind.TEXT
    ]
    person_names = [text for text in below if furniture.is_name(text)]
    has_bylines = any(map(furniture.is_byline, (line.text for line in lines if line.kind is Kind.LEFT_OUT)))
    if not has_bylines and len(person_names) > 1 and len(person_names) * 2 >= len(below):
        # In most updates the name of a reporter is between the time and the text.
        names.update(person_names)
    names.update(text for text in person_names if text in credits)
    beside = [line.words for line in lines if line.kind is Kind.TIME and line.words]
    if len(beside) > 1 and all(map(furniture.is_name, beside)):
        names.update(beside)
    # Text that recurs before times at the ends of lines is the name of a reporter, in any script.
    return frozenset(
        names | {text for text, count in tails.items() if count > 1 and columns_of(text) <= _LONGEST_NAME}
    )
