"""Lines whose role an editor chose, instead of the role that the notation suggests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.characters import folded
from liveblog.articles.choices import Choices, Role
from liveblog.articles.dates import AnyDay, day_at
from liveblog.articles.days import DayHeading, DayName
from liveblog.articles.layout import bulleted, timed
from liveblog.articles.lines import MAX_HEADING, Kind, Line, inserted, is_address, without_emphasis
from liveblog.articles.links import linked
from liveblog.articles.profile import Source
from liveblog.articles.shapes import Key
from liveblog.articles.stamps import Stamp, stamp_at

# Further into a line, a clock time is part of a sentence.
_LONGEST_BEFORE: Final = 200


def chosen_lines(sources: Sequence[Source], choices: Choices) -> dict[int, list[Line]]:
    """Return, by number, the lines whose role an editor chose.

    A source line yields two lines if a part of it is left out.
    """
    chosen = {}
    for source in sources:
        role = choices.roles.get(source.number)
        if role is None or role is Role.RESPONSES:
            continue
        lines = _READERS[role](source, choices.days)
        chosen[source.number] = [replace(line, is_chosen=True) for line in lines]
    return chosen


def keys_of_chosen(sources: Sequence[Source], choices: Choices) -> frozenset[Key]:
    """Return the shapes of the times that an editor chose: other times of these shapes are times, too."""
    return frozenset(
        (stamp.shape, stamp.label)
        for source in sources
        if choices.roles.get(source.number) in (Role.TIME, Role.TIMED_HEADING)
        and (stamp := _usable(source.stamp or source.tail))
    )


def _line(source: Source, kind: Kind, *, reason: str = "", doubt: str = "") -> Line:
    text = without_emphasis(source.text)
    return Line(source.number, text, kind, text, reason=reason, doubts=(doubt,) if doubt else ())


def _usable(stamp: Stamp | None) -> Stamp | None:
    return stamp if stamp and (stamp.clock is not None or stamp.ago is not None) else None


def _stamp_within(source: Source) -> Stamp | None:
    """Return the time of a line: at its start or end, else the first one anywhere in it."""
    stamp = _usable(source.stamp) or _usable(source.tail)
    places = range(min(len(source.plain), _LONGEST_BEFORE))
    # The middle of a number is not the start of a time.
    starts = (place for place in places if not (place and _is_word(source.plain[place - 1])))
    return stamp or next(
        (replace(inner, lead=place) for place in starts if (inner := _usable(stamp_at(source.plain, place)))),
        None,
    )


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _timed(source: Source) -> Line | None:
    stamp = _stamp_within(source)
    return timed(Line(source.number, source.text, words=source.text), stamp) if stamp else None


def _time(source: Source, _days: Mapping[int, date]) -> list[Line]:
    doubt = _("There is no clock time on this line: the update that it opens has none.")
    return [_timed(source) or _line(source, Kind.START, doubt=doubt)]


def _timed_heading(source: Source, days: Mapping[int, date]) -> list[Line]:
    line = _timed(source)
    if line is None:
        return _heading(source, days)
    if line.words and not line.heading and len(line.words) <= MAX_HEADING:
        line = replace(line, heading=line.words, words="")
    return [line]


def _heading(source: Source, _days: Mapping[int, date]) -> list[Line]:
    line = _line(source, Kind.HEADING)
    if len(line.words) > MAX_HEADING:
        return [_line(source, Kind.TEXT, doubt=_("Too long for a heading: kept as text."))]
    return [line]


def _item(source: Source, _days: Mapping[int, date]) -> list[Line]:
    line = _line(source, Kind.TEXT)
    item = inserted(line)
    if item is None or item.kind is not Kind.BULLET:
        item = bulleted(line, folded(line.text))
    return [item or replace(line, kind=Kind.BULLET)]


def _link(source: Source, _days: Mapping[int, date]) -> list[Line]:
    line = _line(source, Kind.TEXT)
    link = linked(line, folded(line.text)) or inserted(line)
    if link and link.kind is Kind.RELATED and link.words:
        return [link]
    if len(line.words) > MAX_HEADING:
        return [replace(line, doubts=(_("Too long for the title of a related story: kept as text."),))]
    return [replace(line, kind=Kind.RELATED, url=line.words if is_address(line.words) else "")]


def _day(source: Source, days: Mapping[int, date]) -> list[Line]:
    line = _line(source, Kind.TEXT)
    given = days.get(source.number)
    name = DayName(given.day, given.month, given.year) if given else _day_within(source)
    if name is None:
        return [replace(line, doubts=(_("There is no day on this line. Give its day beside it."),))]
    heading = replace(line, kind=Kind.DAY, day=DayHeading(name, None, is_plain=True))
    # A day heading has no text of its own, so other words on its line are left out and listed.
    is_whole = source.day is not None
    return [heading] if is_whole else [heading, _line(source, Kind.LEFT_OUT, reason="day")]


def _day_within(source: Source) -> AnyDay | None:
    if source.day:
        return source.day.day
    for place in range(min(len(source.plain), _LONGEST_BEFORE)):
        if place and _is_word(source.plain[place - 1]):
            continue
        with suppress(ValueError):
            match = day_at(source.plain, place)
            if match:
                return match.day
    return None


def _as(kind: Kind, reason: str = "") -> Callable[[Source, Mapping[int, date]], list[Line]]:
    return lambda source, _days: [_line(source, kind, reason=reason)]


def _standfirst(source: Source, _days: Mapping[int, date]) -> list[Line]:
    return [replace(_line(source, Kind.TEXT), is_head=True)]


def _second_head(source: Source, _days: Mapping[int, date]) -> list[Line]:
    """Leave out a line chosen for the head if the head has taken another line or cannot use this one."""
    return [_line(source, Kind.LEFT_OUT, reason="head", doubt=_("Not used for the head of the article."))]


_READERS: Final[dict[Role, Callable[[Source, Mapping[int, date]], list[Line]]]] = {
    Role.TITLE: _second_head,
    Role.KICKER: _second_head,
    Role.PUBLISHED: _second_head,
    Role.STANDFIRST: _standfirst,
    Role.DAY: _day,
    Role.TIME: _time,
    Role.TIMED_HEADING: _timed_heading,
    Role.HEADING: _heading,
    Role.TEXT: _as(Kind.TEXT),
    Role.START: _as(Kind.START),
    Role.JOINED: _as(Kind.JOINED),
    Role.ITEM: _item,
    Role.CAPTION: _as(Kind.CAPTION),
    Role.LINK: _link,
    Role.LEFT_OUT: _as(Kind.LEFT_OUT, "chosen"),
}
