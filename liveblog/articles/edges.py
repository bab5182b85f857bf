"""Lines above the first and below the last update: key events, a late standfirst, lists of links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture
from liveblog.articles.characters import folded
from liveblog.articles.headings import is_like_heading
from liveblog.articles.lines import Kind, Line
from liveblog.articles.notation import Heading

_COUNTED: Final = 4


def with_summaries_left_out(lines: Sequence[Line], place: Heading) -> list[Line]:
    """Mark the list of key events above the first update as left out, because it repeats headings."""
    first = next(
        (index for index, line in enumerate(lines) if line.kind in (Kind.TIME, Kind.DAY)), len(lines)
    )
    later = {line.text for line in lines[max(first - (place is Heading.ABOVE), 0) :]}
    marked_lines = list(lines)
    for index in range(first):
        line = lines[index]
        if line.kind is not Kind.TEXT or line.is_chosen:
            continue
        if is_like_heading(line.text) and line.text in later and not furniture.is_name(line.text):
            is_heading_of_first = index == first - 1 and place is Heading.ABOVE
            marked_lines[index] = (
                line if is_heading_of_first else replace(line, kind=Kind.LEFT_OUT, reason="summary")
            )
    return marked_lines


def with_listed_titles(lines: Sequence[Line]) -> list[Line]:
    """Mark the titles below a label such as 相關文章 as related stories."""
    listed = False
    marked_lines = []
    for line in lines:
        if line.kind is Kind.LEFT_OUT:
            listed = furniture.is_label_of_links(folded(line.text)) or (listed and line.reason != "rule")
        elif listed and line.kind is Kind.TEXT and not line.is_chosen and is_like_heading(line.text):
            doubt = _("Read as the title of the related story that the line before announces.")
            line = replace(line, kind=Kind.RELATED, doubts=(*line.doubts, doubt))
        elif line.kind is not Kind.RELATED:
            listed = False
        marked_lines.append(line)
    return marked_lines


def _is_lede(line: Line) -> bool:
    return line.kind is Kind.BULLET or (
        line.kind is Kind.TEXT and not furniture.has_credit(folded(line.text))
    )


def with_lede_at_the_end(lines: list[Line]) -> list[Line]:
    """Mark the text below the last update as the standfirst if the article has none.

    Some sites print the standfirst last. It can be recognized if every other update is a single paragraph.
    """
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME]
    if len(times) < _COUNTED + 1 or any(_is_lede(line) for line in lines[: times[0]]):
        return lines
    if any(line.kind in (Kind.DAY, Kind.HEADING) or line.heading for line in lines):
        return lines
    ends = [*times[1:], len(lines)]
    extra = [
        sum(line.kind in (Kind.TEXT, Kind.BULLET) for line in lines[start + 1 : end])
        for start, end in zip(times, ends, strict=True)
    ]
    if any(extra[:-1]) or not extra[-1] or not all(lines[index].words for index in times):
        return lines
    doubt = _("Below the last update, read as the standfirst, which is missing at the top.")
    return [
        replace(line, is_head=True, doubts=(*line.doubts, doubt))
        if index > times[-1] and line.kind is Kind.TEXT and not line.is_chosen
        else line
        for index, line in enumerate(lines)
    ]


def with_doubts_at_the_end(lines: list[Line]) -> list[Line]:
    """Add a doubt to each fragment below the last complete sentence."""
    end = len(lines)
    passed_over = (Kind.LEFT_OUT, Kind.CAPTION, Kind.RELATED)
    while end and (lines[end - 1].kind in passed_over or _is_fragment(lines[end - 1])):
        end -= 1
    has_text = end > 0 and (lines[end - 1].kind in (Kind.TEXT, Kind.BULLET) or bool(lines[end - 1].words))
    if not has_text:
        return lines
    doubt = _("At the end of the article, but not a sentence: kept as text.")
    return [
        _fragment(line, doubt) if index >= end and _is_fragment(line) else line
        for index, line in enumerate(lines)
    ]


def _fragment(line: Line, doubt: str) -> Line:
    """Leave out a closing line that is the name of a newspaper; add the doubt to any other."""
    if furniture.is_outlet(folded(line.text)):
        return replace(line, kind=Kind.LEFT_OUT, reason="label")
    return replace(line, doubts=(*line.doubts, doubt))


def _is_fragment(line: Line) -> bool:
    return line.kind is Kind.TEXT and not line.is_chosen and not line.is_head and is_like_heading(line.text)
