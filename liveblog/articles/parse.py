"""Parsing of running copy into an Article. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import zones
from liveblog.articles.article import Article, ArticleError, Doubt, Entry, LineRead, closed
from liveblog.articles.assembly import MAX_UPDATES, Assembly
from liveblog.articles.characters import language_of, read
from liveblog.articles.days import read_day_heading
from liveblog.articles.head import Given, Head, is_own_head, read_head, read_own_head
from liveblog.articles.layout import (
    is_numbered,
    place_of_headings,
    preliminary,
    read_lines,
    unnumbered,
    with_addresses,
    with_summaries_left_out,
)
from liveblog.articles.lines import Kind, Line, classify, split
from liveblog.articles.notation import Choice, Heading, Order, Profile
from liveblog.articles.profile import Source, key_of, notation_of, survey, zone_of_times
from liveblog.articles.shapes import Key
from liveblog.articles.timeline import Dating, dated, order_of
from newsroom import hongkong

__all__ = ["MAX_UPDATES", "Choice", "Given", "parse", "read", "read_body"]

_ROLES: Final = {kind: kind.name.lower() for kind in Kind}


def parse(
    text: str, *, given: Given | None = None, choice: Choice | None = None, now: datetime | None = None
) -> Article:
    """Return the article that `text` contains. Raise ArticleError, with the line, if it is not an article.

    `given` is the title and publication time that an editor supplies, `choice` the editor's decisions about
    the notation. Entries later than `now` get a doubt.
    """
    given, choice = given or Given(), choice or Choice()
    numbered = split(text)
    if not numbered:
        raise ArticleError(1, _("There is no text."))
    head, lines, profile = read_body(numbered, given, choice)
    assembly = Assembly(is_heading_below=profile.heading is Heading.BELOW)
    for line in lines:
        assembly.take(line)
    open_entries = assembly.finished()
    zone = zones.zone_of(profile.zone) if profile.zone else hongkong.ZONE
    dating = Dating(head.published_at, zone, profile.order, head.is_last_update, head.changed_at)
    order = choice.order or order_of(open_entries, assembly.days, dating.local)
    profile = replace(
        profile, order=Order.NEWEST_FIRST if profile.is_own_form and not choice.order else order
    )
    entries, doubts = dated(open_entries, assembly.days, replace(dating, order=profile.order))
    every_doubt = {*head.doubts, *assembly.doubts, *doubts, *_of_the_future(entries, now)}
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
        lines=_roles(head, lines),
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


def _roles(head: Head, lines: Sequence[Line]) -> tuple[LineRead, ...]:
    body = (
        LineRead(
            line.number, line.text, "left_out" if line.kind is Kind.RULE else _ROLES[line.kind], line.reason
        )
        for line in lines
    )
    return tuple(sorted([*head.lines, *body], key=lambda line: line.number))


def read_body(
    numbered: Sequence[tuple[int, str]], given: Given, choice: Choice
) -> tuple[Head, list[Line], Profile]:
    """Return the head, the classified lines below it, and the notation they were read by."""
    near = _some_day(numbered, given)
    sources = survey(numbered, near)
    has_own_head = is_own_head(numbered)
    keys, _example = notation_of(sources[2 if has_own_head else 0 :])
    is_own = has_own_head and choice.heading is None and _is_own_form(sources[2:], keys)
    head = read_own_head(numbered, given) if is_own else _head(numbered, sources, keys, given)
    zone = choice.zone or zone_of_times(sources, keys)
    _check_zone(zone)
    body = {number for number, _text in head.body}
    sources = [source for source in sources if source.number in body]
    keys, example = notation_of(sources)
    profile = Profile(time=example, zone=zone, keys=keys, is_own_form=is_own)
    lines = with_addresses([_first_look(source, profile) for source in sources])
    has_days = any(line.kind is Kind.DAY for line in lines)
    heading = choice.heading or place_of_headings(lines)
    profile = replace(profile, heading=heading, has_days=has_days)
    if is_own and heading in (Heading.ABOVE, Heading.NONE):
        return head, classify(head.body), replace(profile, heading=Heading.ABOVE)
    profile = replace(profile, is_own_form=False, is_numbered=not example and is_numbered(lines))
    if profile.is_numbered:
        lines = [unnumbered(line) for line in lines]
    return head, read_lines(with_summaries_left_out(lines), profile, head.is_title), profile


def _head(
    numbered: Sequence[tuple[int, str]], sources: Sequence[Source], keys: frozenset[Key], given: Given
) -> Head:
    first = next(
        (
            index
            for index, source in enumerate(sources)
            if ((source.stamp and key_of(source.stamp) in keys) or source.day)
        ),
        None,
    )
    return read_head(numbered, given, first)


def _some_day(numbered: Sequence[tuple[int, str]], given: Given) -> date | None:
    """Return a day near the article's, which decides whether `8/3` is 8 March or 3 August."""
    if given.published_at:
        return hongkong.day_of(given.published_at)
    try:
        return hongkong.day_of(read_head(numbered[:12], Given(title="-"), None).published_at)
    except ArticleError:
        return None


def _check_zone(zone: str) -> None:
    try:
        if zone:
            zones.zone_of(zone)
    except ValueError as error:
        raise ArticleError(1, _("There is no time zone %(zone)s.") % {"zone": zone}) from error


def _is_own_form(sources: Sequence[Source], keys: frozenset[Key]) -> bool:
    """Return whether the first day heading uses the form's own words and stands above every time."""
    for source in sources:
        try:
            day = read_day_heading(source.plain)
        except ValueError:
            return True
        if day:
            return day.is_plain
        if source.day or (source.stamp and key_of(source.stamp) in keys):
            return False
    return not keys


def _first_look(source: Source, profile: Profile) -> Line:
    if source.day is None and source.stamp is None:
        try:
            read_day_heading(source.plain)
        except ValueError as error:
            raise ArticleError(source.number, f"{error} ({source.text[:40]})") from error
    return preliminary(source, profile)
