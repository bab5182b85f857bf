"""Parsing of running copy into an Article. Pure: no database, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import zones
from liveblog.articles.article import Article, ArticleError, Doubt, Entry, LineRead, closed
from liveblog.articles.assembly import MAX_UPDATES, Assembly, doubts_of_unread_times
from liveblog.articles.characters import language_of, read
from liveblog.articles.choices import HEAD_ROLES, Choices, Role
from liveblog.articles.chosen import chosen_lines, keys_of_chosen
from liveblog.articles.clauses import doubts_of_divided, in_clauses
from liveblog.articles.closing import with_closing_times_first
from liveblog.articles.days import ENGLISH_MONTH, DayHeading, DayName, read_day_heading
from liveblog.articles.edges import with_summaries_left_out
from liveblog.articles.halves import in_the_afternoon
from liveblog.articles.head import Head, is_own_head, read_head, read_own_head
from liveblog.articles.headings import place_of_headings, with_marked_headings
from liveblog.articles.inline import at_inner_times
from liveblog.articles.layout import (
    is_numbered,
    preliminary,
    read_lines,
    unnumbered,
    with_addresses,
)
from liveblog.articles.lines import Kind, Line, classify, split
from liveblog.articles.links import with_link_apart
from liveblog.articles.middles import with_times_in_the_middle
from liveblog.articles.notation import Heading, Order, Profile
from liveblog.articles.parts_of_day import with_parts_of_day
from liveblog.articles.profile import Source, key_of, notation_of, survey, zone_of_times
from liveblog.articles.publication import Given
from liveblog.articles.repeats import with_buttons_left_out, with_key_events_left_out
from liveblog.articles.shapes import Key
from liveblog.articles.split_stamps import with_days_below_times
from liveblog.articles.timeline import Dating, dated, order_of
from liveblog.articles.title import has_other_mark
from newsroom import hongkong

__all__ = ["MAX_UPDATES", "Choices", "Given", "parse", "read", "read_body"]

_LOCAL_TIMES: Final = re.compile(
    r"\btimes?(?: stated| shown| given)?(?: are| is)?(?: in)? local\b"
    r"|[時时][間间][均皆都]?[為为是以](?:[當当本]地|[^,，。()（）]{1,10}[時时][間间])"
    r"|\ball times (?:are )?in [A-Z]",
    re.IGNORECASE,
)
_IN_ENGLISH: Final = re.compile(rf"\b(?:{ENGLISH_MONTH})\b", re.IGNORECASE)
_ROLES: Final = {
    Kind.BULLET: Role.ITEM,
    Kind.CAPTION: Role.CAPTION,
    Kind.RELATED: Role.LINK,
    Kind.TIME: Role.TIME,
    Kind.DAY: Role.DAY,
    Kind.HEADING: Role.HEADING,
    Kind.TEXT: Role.TEXT,
    Kind.RESPONSES: Role.RESPONSES,
    Kind.RULE: Role.LEFT_OUT,
    Kind.LEFT_OUT: Role.LEFT_OUT,
    Kind.START: Role.START,
    Kind.JOINED: Role.JOINED,
}
_OPENERS: Final = frozenset({Role.DAY, Role.TIME, Role.TIMED_HEADING, Role.HEADING, Role.START})


def parse(
    text: str, *, given: Given | None = None, choices: Choices | None = None, now: datetime | None = None
) -> Article:
    """Return the article that `text` contains. Raise ArticleError, with the line, if it is not an article.

    `given` is the title and publication time that an editor supplies, `choices` the editor's decisions about
    the notation and single lines. Entries later than `now` get a doubt.
    """
    given, choices = given or Given(), choices or Choices()
    numbered = split(text)
    if not numbered:
        raise ArticleError(1, _("There is no text."))
    head, lines, profile = read_body(numbered, given, choices)
    settled = choices.roles.keys() | choices.days.keys()
    assembly = Assembly(is_heading_below=profile.heading is Heading.BELOW, settled=settled)
    for line in lines:
        assembly.take(line)
    open_entries = [replace(entry, given_day=choices.days.get(entry.line)) for entry in assembly.finished()]
    zone = zones.zone_of(profile.zone) if profile.zone else hongkong.ZONE
    # If only the day of publication is known, count from noon, in the middle of that day's updates.
    published_at = head.published_at if head.has_clock else head.published_at + timedelta(hours=12)
    dating = Dating(published_at, zone, profile.order, head.is_last_update, head.changed_at, head.has_clock)
    open_entries, doubts_of_halves = in_the_afternoon(open_entries, lines, dating.local)
    order = choices.order or order_of(open_entries, assembly.days, dating.local)
    profile = replace(
        profile, order=Order.NEWEST_FIRST if profile.is_own_form and not choices.order else order
    )
    entries, doubts = dated(open_entries, assembly.days, replace(dating, order=profile.order))
    doubts = [doubt for doubt in doubts if doubt.line not in choices.days]
    if not profile.is_own_form:
        doubts += [doubt for doubt in doubts_of_unread_times(open_entries) if doubt.line not in settled]
    every_doubt = {*head.doubts, *assembly.doubts, *doubts, *doubts_of_halves, *_of_the_future(entries, now)}
    if not entries:
        every_doubt.add(Doubt(numbered[-1][0], _("The article has no updates.")))
    return Article(
        kicker=head.title.kicker,
        headline=head.title.headline,
        is_running=head.title.is_running,
        published_at=head.published_at,
        language=language_of("\n".join(line for _number, line in numbered)),
        standfirst=closed(assembly.standfirst),
        entries=tuple(entries),
        has_responses=assembly.has_responses,
        doubts=tuple(sorted(every_doubt, key=lambda doubt: (doubt.line, doubt.reason))),
        profile=profile,
        lines=_lines_read(numbered, head, lines, assembly.standfirst_lines, choices),
    )


def _of_the_future(entries: Sequence[Entry], now: datetime | None) -> list[Doubt]:
    if now is None:
        return []
    reason = _("It lies in the future: %(day)s.")
    return [
        Doubt(entry.line, reason % {"day": entry.day.isoformat()})
        for entry in entries
        if (hongkong.at(entry.day, entry.clock) if entry.clock else hongkong.at(entry.day)) > now
    ]


def _lines_read(
    numbered: Sequence[tuple[int, str]],
    head: Head,
    lines: Sequence[Line],
    standfirst: Set[int],
    choices: Choices,
) -> tuple[LineRead, ...]:
    """Return the role of each line of the source, in the order of the source."""
    read_lines = [*head.lines, *(_line_read(line, line.number in standfirst) for line in lines)]
    numbers = {line.number for line in read_lines}
    # A line that was merged into another one is the label, the title or the address of a related story.
    read_lines += [LineRead(number, text, Role.LINK) for number, text in numbered if number not in numbers]
    return tuple(
        replace(line, is_chosen=line.number in choices.roles)
        for line in sorted(read_lines, key=lambda line: line.number)
    )


def _line_read(line: Line, is_standfirst: bool) -> LineRead:
    role = _ROLES[line.kind]
    if line.kind is Kind.TIME and line.heading:
        role = Role.TIMED_HEADING
    elif role is Role.TEXT and is_standfirst:
        role = Role.STANDFIRST
    return LineRead(line.number, line.text, role, "rule" if line.kind is Kind.RULE else line.reason)


def read_body(
    numbered: Sequence[tuple[int, str]], given: Given, choices: Choices
) -> tuple[Head, list[Line], Profile]:
    """Return the head, the classified lines below it, and the notation they were read by."""
    near = _some_day(numbered, given)
    sources = with_parts_of_day(survey(numbered, near))
    has_own_head = is_own_head(numbered)
    first = 2 if has_own_head else 0
    keys, _example = notation_of(sources[first:])
    if not keys:
        sources = _divided(sources, near)
        keys, _example = notation_of(sources[first:])
    keys |= keys_of_chosen(sources, choices)
    is_own = has_own_head and choices.heading is None and _is_own_form(sources, keys)
    if not is_own:
        sources = at_inner_times(sources, keys, near)
    if is_own and not _has_chosen_head(numbered, choices):
        head = read_own_head(numbered, given)
    else:
        head = _head(numbered, sources, keys, given, choices)
    head.doubts += doubts_of_divided(sources)
    zone = choices.zone or zone_of_times(sources, keys)
    _check_zone(zone)
    if not given.published_at:
        _read_zone_of_head(head, zone)
    body = {number for number, _text in head.body}
    if not zone:
        zone = _zone_of_head(head, sources, keys)
    sources = [source for source in sources if source.number in body]
    chosen = chosen_lines(sources, choices)
    lines, profile = _read_by_notation(sources, chosen, choices)
    profile = replace(profile, zone=zone, is_own_form=is_own)
    if is_own and profile.heading in (Heading.ABOVE, Heading.NONE):
        lines, profile = classify(head.body, chosen), replace(profile, heading=Heading.ABOVE)
    else:
        profile = replace(profile, is_own_form=False)
        profile = replace(profile, is_numbered=not profile.time and is_numbered(lines))
        if profile.is_numbered:
            lines = [unnumbered(line) for line in lines]
        lines = read_lines(with_summaries_left_out(lines, profile.heading), profile, head.is_title)
    return head, [_on_given_day(line, choices.days.get(line.number)) for line in lines], profile


def _divided(sources: Sequence[Source], near: date | None) -> list[Source]:
    """Return the sources of an article without a notation, with the times inside its lines."""
    clauses = in_clauses(sources)
    divided = clauses if len(clauses) > len(sources) else at_inner_times(sources, frozenset(), near)
    return divided if len(divided) > len(sources) else with_times_in_the_middle(sources, near)


def _read_by_notation(
    sources: Sequence[Source], chosen: Mapping[int, Sequence[Line]], choices: Choices
) -> tuple[list[Line], Profile]:
    """Return the lines, each classified by itself, and the notation that they are in."""
    keys, example = notation_of([source for source in sources if source.number not in chosen])
    keys |= keys_of_chosen(sources, choices)
    profile = Profile(time=example or _chosen_time(chosen), keys=keys)
    lines = with_addresses(
        [
            line
            for source in sources
            for line in chosen.get(source.number) or with_link_apart(_first_look(source, profile))
        ]
    )
    lines = with_buttons_left_out(with_key_events_left_out(with_days_below_times(lines)))
    lines = with_closing_times_first(lines)
    lines = with_marked_headings(lines)
    has_days = any(line.kind is Kind.DAY for line in lines)
    return lines, replace(profile, heading=choices.heading or place_of_headings(lines), has_days=has_days)


def _chosen_time(chosen: Mapping[int, Sequence[Line]]) -> str:
    """Return the first time that an editor chose, as it is written; empty if there is none."""
    times = (line for lines in chosen.values() for line in lines if line.kind is Kind.TIME and line.mark)
    return next((line.text[: line.mark.end].strip() for line in times if line.mark), "")


def _on_given_day(line: Line, day: date | None) -> Line:
    if day is None or line.kind is not Kind.DAY:
        return line
    return replace(
        line, day=DayHeading(DayName(day.day, day.month, day.year), None, is_plain=True), doubts=()
    )


def _has_chosen_head(numbered: Sequence[tuple[int, str]], choices: Choices) -> bool:
    """Return whether an editor chose the head, or another role for the title or the publication time."""
    is_moved = any(number in choices.roles for number, _text in numbered[:2])
    return is_moved or not HEAD_ROLES.isdisjoint(choices.roles.values())


def _head(
    numbered: Sequence[tuple[int, str]],
    sources: Sequence[Source],
    keys: frozenset[Key],
    given: Given,
    choices: Choices,
) -> Head:
    """Return the head. Choices that leave the article without title or publication time have no effect."""
    try:
        return read_head(numbered, given, _openers(sources, keys, choices.roles), choices.roles)
    except ArticleError:
        if not choices.roles:
            raise
    head = read_head(numbered, given, _openers(sources, keys, {}))
    reason = _("Needed for the head of the article, so its role stays as it was.")
    head.doubts += [
        Doubt(line.number, reason)
        for line in head.lines
        if choices.roles.get(line.number, line.role) != line.role
    ]
    return head


def _openers(sources: Sequence[Source], keys: frozenset[Key], roles: Mapping[int, Role]) -> list[int]:
    """Return the indexes of the first lines that open an update or a day."""
    openers: list[int] = []
    numbers = list(dict.fromkeys(source.number for source in sources))
    indexes = {number: index for index, number in enumerate(numbers)}
    for source in sources:
        index = indexes[source.number]
        role = roles.get(source.number)
        stamp = source.stamp or source.tail
        is_read = role is None and ((stamp and key_of(stamp) in keys) or source.day)
        if (is_read or role in _OPENERS) and index not in openers:
            openers.append(index)
        if len(openers) == 2:
            break
    return openers


def _some_day(numbered: Sequence[tuple[int, str]], given: Given) -> date | None:
    """Return a day near the article's, which decides whether `8/3` is 8 March or 3 August."""
    if given.published_at:
        return hongkong.day_of(given.published_at)
    try:
        return hongkong.day_of(read_head(numbered[:12], Given(title="-"), []).published_at)
    except ArticleError:
        return None


def _zone_of_head(head: Head, sources: Sequence[Source], keys: frozenset[Key]) -> str:
    """Return the zone of the publication time for times that name none, and add a doubt about it.

    The times of one page are in one zone; `all times local` names a zone that is not known.
    """
    body = {number for number, _text in head.body}
    line = next(
        (
            source.number
            for source in sources
            if source.number in body and source.stamp and key_of(source.stamp) in keys
        ),
        None,
    )
    if line is None:
        return ""
    if not head.zone and zones.is_foreign("".join(source.plain for source in sources)):
        reason = _("The article is in another language and its times name no zone: read as Hong Kong time.")
        head.doubts.append(Doubt(line, reason))
        return ""
    if any(_LOCAL_TIMES.search(source.plain) for source in sources):
        head.doubts.append(
            Doubt(line, _("The article says that its times are local, but not where: choose the zone."))
        )
        return ""
    if (
        not head.zone
        or head.published_at.utcoffset() == head.published_at.astimezone(zones.zone_of(head.zone)).utcoffset()
    ):
        return ""
    reason = _("The times name no zone: read in that of the publication time, %(zone)s.")
    head.doubts.append(Doubt(line, reason % {"zone": head.zone}))
    return head.zone


def _read_zone_of_head(head: Head, zone: str) -> None:
    """Read a publication time without a zone in the updates' zone if it is in English, and add a doubt.

    An English page writes all its times in one zone. A plain or Chinese date may be in Hong Kong time.
    """
    line = next((line for line in head.lines if line.role is Role.PUBLISHED), None)
    if not zone or line is None or head.zone or not head.has_clock:
        return
    moment = zones.in_zone(head.published_at, zone)
    if moment == head.published_at:
        return
    if not _IN_ENGLISH.search(line.text):
        head.doubts.append(
            Doubt(line.number, _("The publication time names no zone: read as Hong Kong time."))
        )
        return
    reason = _("The publication time names no zone: read in that of the updates, %(zone)s.")
    head.doubts.append(Doubt(line.number, reason % {"zone": zone}))
    head.published_at = moment
    head.changed_at = head.changed_at and zones.in_zone(head.changed_at, zone)


def _check_zone(zone: str) -> None:
    try:
        if zone:
            zones.zone_of(zone)
    except ValueError as error:
        raise ArticleError(1, _("There is no time zone %(zone)s.") % {"zone": zone}) from error


def _is_own_form(sources: Sequence[Source], keys: frozenset[Key]) -> bool:
    """Return whether the first day heading uses the form's own words and is above every time."""
    for source in sources[2:]:
        try:
            day = read_day_heading(source.plain)
        except ValueError:
            return True
        if day:
            return day.is_plain
        if source.day or (source.stamp and key_of(source.stamp) in keys):
            return False
    return not keys and not has_other_mark(sources[0].number, sources[0].text)


def _first_look(source: Source, profile: Profile) -> Line:
    if source.day is None and source.stamp is None:
        try:
            read_day_heading(source.plain)
        except ValueError as error:
            raise ArticleError(source.number, f"{error} ({source.text[:40]})") from error
    return preliminary(source, profile)
