"""The form of the import preview: lines with their roles, and the decisions that the form carries."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from liveblog.articles.article import Article, LineRead
from liveblog.articles.choices import CHOOSABLE, Choices, LineChoice, Role, digest_of, fitting
from liveblog.articles.notation import Heading, Order, Profile
from newsroom import hongkong

# Forms have at most 1,000 fields (DATA_UPLOAD_MAX_NUMBER_FIELDS), two of them for each line.
PAGE_SIZE: Final = 300


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_selected: bool


@dataclass(frozen=True)
class Row:
    """A line of the source as the preview shows it. `left_out` is the part of it that is left out, if any."""

    number: int
    text: str
    role: Role
    options: tuple[Option, ...]
    is_chosen: bool
    has_day: bool
    day: str
    doubts: tuple[str, ...]
    left_out: str


def role_labels() -> dict[Role, str]:
    return {
        Role.TITLE: _("Title"),
        Role.KICKER: _("Kicker"),
        Role.PUBLISHED: _("Publication time"),
        Role.STANDFIRST: _("Standfirst"),
        Role.DAY: _("Day heading"),
        Role.TIME: _("Time"),
        Role.TIMED_HEADING: _("Time and heading"),
        Role.HEADING: _("Heading"),
        Role.TEXT: _("Text"),
        Role.START: _("New update here"),
        Role.JOINED: _("Joined to the line above"),
        Role.ITEM: _("List item"),
        Role.CAPTION: _("Caption"),
        Role.LINK: _("Related story"),
        Role.RESPONSES: _("Heading of the responses"),
        Role.LEFT_OUT: _("Left out"),
    }


def heading_labels() -> dict[Heading, str]:
    return {
        Heading.ABOVE: _("headings above the times"),
        Heading.BELOW: _("headings below the times"),
        Heading.BESIDE: _("headings on the lines of the times"),
        Heading.NONE: _("no headings"),
    }


def order_labels() -> dict[Order, str]:
    return {
        Order.NEWEST_FIRST: _("newest first"),
        Order.OLDEST_FIRST: _("oldest first"),
        Order.MIXED: _("in no order"),
    }


def notation_in_words(profile: Profile) -> list[str]:
    """Describe in words how the article was read."""
    if profile.is_own_form:
        return [_("This product's own form")]
    words = [_("times as %(time)s") % {"time": profile.time} if profile.time else _("no times")]
    if profile.time and profile.heading is not Heading.NONE:
        words.append(heading_labels()[profile.heading])
    if profile.is_numbered:
        words.append(_("numbered headings"))
    words.append(order_labels()[profile.order])
    if profile.zone:
        words.append(_("time zone %(zone)s") % {"zone": profile.zone})
    return words


def order_options(chosen: Order | None, profile: Profile | None) -> list[Option]:
    read_as = order_labels()[profile.order] if profile and chosen is None else ""
    return _options(order_labels(), chosen, read_as)


def heading_options(chosen: Heading | None, profile: Profile | None) -> list[Option]:
    read_as = heading_labels()[profile.heading] if profile and chosen is None else ""
    return _options(heading_labels(), chosen, read_as)


def _options(
    labels: dict[Order, str] | dict[Heading, str], chosen: Order | Heading | None, read_as: str
) -> list[Option]:
    options = [Option(member.value, label, member is chosen) for member, label in labels.items()]
    return [Option("", _automatic(read_as), chosen is None), *options]


def _automatic(read_as: str) -> str:
    return _("Automatic: %(role)s") % {"role": read_as} if read_as else _("Automatic")


# The lines


def rows_of(article: Article, numbered: Sequence[tuple[int, str]], choices: Choices, page: int) -> list[Row]:
    """Return the rows of one page of lines."""
    parts: dict[int, list[LineRead]] = defaultdict(list)
    for part in article.lines:
        parts[part.number].append(part)
    doubts: dict[int, list[str]] = defaultdict(list)
    for doubt in article.doubts:
        doubts[doubt.line].append(doubt.reason)
    openers = {entry.line for entry in article.entries}
    labels = role_labels()
    page_lines = numbered[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    return [
        _row(number, text, parts[number], doubts[number], openers, choices, labels)
        for number, text in page_lines
    ]


def _row(
    number: int,
    text: str,
    parts: Sequence[LineRead],
    doubts: Sequence[str],
    openers: set[int],
    choices: Choices,
    labels: dict[Role, str],
) -> Row:
    main = next((part for part in parts if part.role is not Role.LEFT_OUT), parts[0])
    chosen = choices.roles.get(number)
    options = [Option(role.value, labels[role], role is chosen) for role in CHOOSABLE]
    day = choices.days.get(number)
    return Row(
        number=number,
        text=text,
        role=main.role,
        options=(Option("", _automatic("" if chosen else labels[main.role]), chosen is None), *options),
        is_chosen=chosen is not None or day is not None,
        has_day=number in openers or Role.DAY in (main.role, chosen) or day is not None,
        day=day.isoformat() if day else "",
        doubts=tuple(doubts),
        left_out=" ".join(part.text for part in parts if part.role is Role.LEFT_OUT and part is not main),
    )


# The decisions


def choices_in(
    data: QueryDict, shown: Sequence[tuple[int, str]], numbered: Sequence[tuple[int, str]]
) -> tuple[list[LineChoice], int]:
    """Return the posted decisions that fit the lines of the text, and the number of those that do not.

    `shown` are the lines that the form was about, `numbered` are the lines of the text, which may have been
    changed since.
    """
    by_number = {choice.number: choice for choice in _carried(data.get("choices", ""))}
    for number, text in shown:
        if f"role-{number}" not in data:
            continue
        role = _role(data.get(f"role-{number}", ""))
        day = _day(data.get(f"day-{number}", ""))
        if role or day:
            by_number[number] = LineChoice(number, digest_of(text), role, day)
        else:
            by_number.pop(number, None)
    return fitting(by_number.values(), numbered)


def are_days_readable(data: QueryDict) -> bool:
    """Return whether every day that was entered for a line is a valid date."""
    typed = (value for name, value in data.items() if name.startswith("day-"))
    return all(_day(str(value)) for value in typed if str(value).strip())


def carried(line_choices: Iterable[LineChoice]) -> str:
    """Return the decisions as JSON, for a field of the form."""
    return json.dumps(
        [
            [
                choice.number,
                choice.digest,
                choice.role.value if choice.role else "",
                choice.day.isoformat() if choice.day else "",
            ]
            for choice in line_choices
        ]
    )


def _carried(text: str) -> Iterator[LineChoice]:
    try:
        rows = json.loads(text or "[]")
    except ValueError:
        return
    for row in rows if isinstance(rows, list) else []:
        match row:
            case [int(number), str(digest), str(role), str(day)]:
                yield LineChoice(number, digest, _role(role), _day(day))


def _role(value: str) -> Role | None:
    return next((role for role in CHOOSABLE if role.value == value), None)


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value.strip())
    except ValueError:
        return None
    return day if day.year in hongkong.YEARS else None
