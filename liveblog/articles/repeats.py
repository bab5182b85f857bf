"""Lines that a page prints several times: a list of key events with their times, and buttons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture
from liveblog.articles.characters import folded
from liveblog.articles.headings import is_like_heading
from liveblog.articles.lines import Kind, Line

_FEWEST: Final = 3


def with_key_events_left_out(lines: Sequence[Line]) -> list[Line]:
    """Leave out the list of key events at the top: times and headings that recur below with their text."""
    places = [index for index, line in enumerate(lines) if line.kind is not Kind.LEFT_OUT]
    last = {_pair(lines, places, position): position for position in range(len(places))}
    marked_lines = list(lines)
    position = next((at for at, index in enumerate(places) if lines[index].kind is Kind.TIME), len(places))
    while position < len(places) and lines[places[position]].kind is Kind.TIME:
        line = lines[places[position]]
        count = 1 if line.words or line.heading else 2
        following = position + count
        is_title_alone = following < len(places) and lines[places[following]].kind is Kind.TIME
        is_repeated = last[_pair(lines, places, position)] > position
        if line.is_chosen or not (is_title_alone and is_repeated):
            break
        for index in places[position:following]:
            marked_lines[index] = replace(lines[index], kind=Kind.LEFT_OUT, reason="summary")
        position = following
    return marked_lines


def _pair(lines: Sequence[Line], places: Sequence[int], position: int) -> tuple[str, str]:
    """Return a line and, if it is a time alone, the line below it."""
    line = lines[places[position]]
    is_alone = line.kind is Kind.TIME and not (line.words or line.heading)
    below = lines[places[position + 1]].text if is_alone and position + 1 < len(places) else ""
    return line.text, below


def with_buttons_left_out(lines: Sequence[Line]) -> list[Line]:
    """Leave out a short line that recurs at the edges of many updates, such as `Return to menu`."""
    texts = Counter(line.text for line in lines if line.kind is Kind.TEXT and not line.is_chosen)
    fewest = max(_FEWEST, sum(line.kind is Kind.TIME for line in lines) // 3)
    buttons = {
        text
        for text, count in texts.items()
        if count >= fewest and is_like_heading(text) and not furniture.is_name(text)
    }
    doubt = _("The same line in several updates: left out as part of the page.")
    return [
        replace(line, kind=Kind.LEFT_OUT, reason="button", doubts=(*line.doubts, doubt))
        if line.text in buttons and line.kind is Kind.TEXT and _is_at_edge(lines, index)
        else line
        for index, line in enumerate(lines)
    ]


def _is_at_edge(lines: Sequence[Line], index: int) -> bool:
    """Return whether a line is next to a time, or separated from one by a heading only."""
    above = lines[index - 1] if index else None
    if above and folded(above.text).endswith(":"):
        # The line above announces it: it may be the first row of a table.
        return False
    near = [above, *lines[index + 1 : index + 3]]
    return len(near) == 1 or any(line is not None and line.kind is Kind.TIME for line in near)
