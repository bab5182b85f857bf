"""The head of an article: which lines are its title and its publication time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture, zones
from liveblog.articles.article import ArticleError, Doubt, LineRead
from liveblog.articles.characters import folded
from liveblog.articles.choices import Role
from liveblog.articles.dates import heading_day
from liveblog.articles.lines import ends_as_text, without_emphasis
from liveblog.articles.publication import (
    Given,
    Published,
    as_given,
    changed_that_day,
    day_in_title,
    impossible,
    published_on,
    supported,
)
from liveblog.articles.stamps import stamp_at_start
from liveblog.articles.tails import stamp_at_end
from liveblog.articles.title import MAX_HEADLINE, MAX_KICKER, Title, any_title, has_title_signs, own_title
from newsroom import hongkong
from newsroom.text.line_breaks import columns_of

# Titles and publication times are at the top.
_TOP: Final = 25
# The title can be among this many lines below a publication time at the top.
_BELOW: Final = 4
_OWN_STAMP: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}\s+\d{1,2}:\d{2}")
_BREADCRUMB: Final = re.compile(r"[>»›]|\s/\s")


@dataclass
class Head:
    """The head of an article, and the remaining lines, for its standfirst and updates."""

    title: Title
    published_at: datetime
    is_last_update: bool = False
    # The last change that the head names, from which 今日 and 昨日 are counted.
    changed_at: datetime | None = None
    # The zone of the publication time as it is written, and whether that has a clock time.
    zone: str = ""
    has_clock: bool = True
    body: list[tuple[int, str]] = field(default_factory=list)
    lines: list[LineRead] = field(default_factory=list)
    title_text: str = ""
    doubts: list[Doubt] = field(default_factory=list)

    def is_title(self, text: str) -> bool:
        """Return whether a line repeats the title, with or without its marks."""
        if text == self.title_text or len(text) > 2 * MAX_HEADLINE or self.title.headline not in text:
            return text == self.title_text
        with suppress(ArticleError):
            title = any_title(0, text)
            return title.headline == self.title.headline and title.kicker in ("", self.title.kicker)
        return False


def is_own_head(numbered: Sequence[tuple[int, str]]) -> bool:
    """Return whether the article opens in the product's own form: the title, then the publication time."""
    return len(numbered) > 1 and bool(_OWN_STAMP.fullmatch(folded(numbered[1][1])))


def read_own_head(numbered: Sequence[tuple[int, str]], given: Given) -> Head:
    """Return the head of the product's own form. Raise ArticleError, with the line, for an impossible one."""
    number, text = numbered[0]
    title = any_title(number, given.title) if given.title else own_title(number, text)
    moment = given.published_at or _own_moment(*numbered[1])
    lines = [_title_line(number, text, given), LineRead(*numbered[1], Role.PUBLISHED)]
    return Head(title, moment, body=list(numbered[2:]), lines=lines)


def _title_line(number: int, text: str, given: Given) -> LineRead:
    if given.title and text != given.title:
        return LineRead(number, text, Role.LEFT_OUT, "title")
    return LineRead(number, text, Role.TITLE)


def _own_moment(number: int, text: str) -> datetime:
    try:
        year, month, day, hour, minute = map(int, re.findall(r"\d+", folded(text)))
        return supported(datetime(year, month, day, hour, minute, tzinfo=hongkong.ZONE))
    except ValueError as error:
        raise impossible(number, text) from error


def read_head(
    numbered: Sequence[tuple[int, str]],
    given: Given,
    openers: Sequence[int],
    roles: Mapping[int, Role] | None = None,
) -> Head:
    """Return the head of an article in any notation. `openers` are the indexes of its first times or days.

    `roles` are an editor's, by line number. Raise ArticleError if the title or the publication time is
    missing and not given.
    """
    roles = roles or {}
    first_update = openers[0] if openers else None
    top = min(len(numbered), _TOP, len(numbered) if first_update is None else first_update + 1)
    candidates = [
        candidate
        for index in range(top)
        if numbered[index][0] not in roles
        and (candidate := published_on(index, *numbered[index]) or as_given(index, numbered, given))
    ]
    if first_update is not None and 0 < top < len(numbered):
        first = published_on(top, *numbered[top])
        if first and first.is_first and numbered[top][0] not in roles:
            # The time above `First published on …` is that of the last change.
            candidates.append(first)
            first_update = openers[1] if len(openers) > 1 else None
    if candidates and candidates[-1].index == first_update:
        if _is_own_date(candidates, numbered):
            first_update = openers[1] if len(openers) > 1 else None
        elif len(candidates) == 1 and (second := _dated_opener(numbered, openers)):
            if candidates[0].rest and second.rest:
                # The lines of a chat: each has a name and a full date.
                candidates.pop()
            else:
                reason = _("Read as the time of publication, though it could be that of the first update.")
                candidates[0] = replace(candidates[0], doubts=(*candidates[0].doubts, reason))
        elif len(candidates) > 1:
            # This is the first update's own time, written with its date.
            candidates.pop()
    published = min(
        candidates,
        key=lambda candidate: (
            not candidate.is_first,
            candidate.is_updated,
            not candidate.has_clock,
            candidate.index,
        ),
        default=None,
    )
    if chosen := _chosen_published(numbered, roles):
        candidates, published = [*candidates, chosen], chosen
    title_index = _title_index(numbered, _end_of_title(candidates, published), first_update, roles)
    if title_index is None and not given.title:
        reason = _("The title is missing: the first line has to be kicker︱headline.")
        raise ArticleError(numbered[0][0], reason, "title")
    number, text = numbered[title_index] if title_index is not None else (numbered[0][0], "")
    if published and published.title and title_index is not None and title_index > published.index:
        # The only words above the text are those beside the day.
        title_index = published.index
        number, text = numbered[title_index][0], published.title
    title = any_title(number, given.title or without_emphasis(text))
    published = published or (None if given.published_at else day_in_title(number, text))
    moment = given.published_at or (published.moment if published else None)
    if moment is None:
        line = (
            numbered[title_index + 1][0]
            if title_index is not None and len(numbered) > title_index + 1
            else number + 1
        )
        raise ArticleError(line, _no_time(text), "published_at")
    head = Head(title, moment, bool(published and published.is_updated), title_text=text)
    # Beside `First published on …`, another time is that of the last change, with or without a label.
    is_first = published is not None and published.is_first
    changes = [candidate.moment for candidate in candidates if candidate.is_updated or is_first]
    head.changed_at = max(
        [*changes, *(candidate.changed_at for candidate in candidates if candidate.changed_at)], default=None
    )
    if published and not given.published_at:
        head.zone, head.has_clock = published.zone, published.has_clock
        head.changed_at = head.changed_at or changed_that_day(numbered[:top], published.moment)
        place = published.index if published in candidates else title_index or 0
        head.doubts = [Doubt(numbered[place][0], reason) for reason in published.doubts]
    end = len(numbered) if first_update is None else first_update
    above = min(end, title_index or 0)
    names = _names_beside(published, title_index, numbered) if published else frozenset()
    _divide(
        _Division(head, title_index, above, {each.index: each for each in candidates}, given, roles, names),
        numbered,
    )
    return head


def _dated_opener(numbered: Sequence[tuple[int, str]], openers: Sequence[int]) -> Published | None:
    """Return the date and time of the second line that opens an update, or None."""
    return published_on(openers[1], *numbered[openers[1]]) if len(openers) > 1 else None


def _is_own_date(candidates: Sequence[Published], numbered: Sequence[tuple[int, str]]) -> bool:
    """Return whether the last candidate belongs to the head although it looks like the times or days below.

    It repeats the day above it, or no line above it can be the title.
    """
    last = candidates[-1]
    if len(candidates) == 1:
        return not any(_likeness(text, is_first=False) for _number, text in numbered[: last.index])
    before = candidates[-2]
    return (
        not last.has_clock and before.index == last.index - 1 and before.moment.date() == last.moment.date()
    )


def _chosen(numbered: Sequence[tuple[int, str]], roles: Mapping[int, Role], role: Role) -> int | None:
    """Return the index of the first line with this role."""
    return next((index for index, (number, _text) in enumerate(numbered) if roles.get(number) is role), None)


def _chosen_published(numbered: Sequence[tuple[int, str]], roles: Mapping[int, Role]) -> Published | None:
    index = _chosen(numbered, roles, Role.PUBLISHED)
    # At the top of an article, a date that is not the whole line could be part of the title.
    published = None if index is None else published_on(max(index, 1), *numbered[index])
    return replace(published, index=index) if published and index is not None else None


def _no_time(title: str) -> str:
    reason = _(
        "No publication time was found. "
        "Give one, such as 2025-03-18 17:14, with --published-at or in its field at the desk."
    )
    clock = stamp_at_end(folded(title))
    if clock and clock.clock:
        reason += " " + _("The title has the time %(clock)s without a day.") % {
            "clock": f"{clock.clock:%H:%M}"
        }
    return reason


@dataclass(frozen=True)
class _Division:
    """The facts that divide head and body; lines before index `above` are above the title.

    `names` are the indexes of by-lines without `By`.
    """

    head: Head
    title_index: int | None
    above: int
    dated_lines: dict[int, Published]
    given: Given
    roles: Mapping[int, Role]
    names: frozenset[int]


def _names_beside(
    published: Published, title_index: int | None, numbered: Sequence[tuple[int, str]]
) -> frozenset[int]:
    """Return the index of a reporter's name directly above the publication time, below the title."""
    index = published.index - 1
    is_below_title = title_index is not None and title_index < index
    text = numbered[index][1]
    is_name = is_below_title and furniture.is_name(text)
    is_name = is_name and not (furniture.is_byline(text) or furniture.is_outlet(folded(text)))
    return frozenset({index} if is_name else ())


def _divide(division: _Division, numbered: Sequence[tuple[int, str]]) -> None:
    """Divide the lines of the article between head and body. Leave out lines above the title."""
    head = division.head
    for index, (number, text) in enumerate(numbered):
        role = division.roles.get(number)
        if index == division.title_index:
            head.lines.append(_title_line(number, text, division.given))
        elif index in division.dated_lines:
            head.lines.extend(_lines_of_date(number, text, division.dated_lines[index], head.published_at))
        elif role is None and index in division.names:
            head.lines.append(LineRead(number, text, Role.LEFT_OUT, "credit"))
            head.doubts.append(
                Doubt(number, _("Left out as the name of a reporter, though it could be a heading."))
            )
        elif role is Role.KICKER and not head.title.kicker and len(text) <= MAX_KICKER:
            head.title = replace(head.title, kicker=text)
            head.lines.append(LineRead(number, text, Role.KICKER))
        elif role is None and index < division.above:
            head.lines.append(LineRead(number, text, Role.LEFT_OUT, "above_title"))
            if _likeness(text, is_first=False) >= max(_likeness(head.title_text, is_first=False) - 1, 2):
                head.doubts.append(Doubt(number, _("It could be the title as well as the line below it.")))
        else:
            head.body.append((number, text))


def _lines_of_date(number: int, text: str, published: Published, moment: datetime) -> Iterator[LineRead]:
    if published.rest:
        yield LineRead(number, published.rest, Role.LEFT_OUT, "credit")
    if published.moment == moment:
        yield LineRead(number, text, Role.PUBLISHED)
    else:
        yield LineRead(number, text, Role.LEFT_OUT, "time")


# The title


def _end_of_title(candidates: Sequence[Published], published: Published | None) -> int | None:
    """Return the index of the line that the title is above: the publication time or its repetition.

    Some sites print the day above the title and again, with the time of the last change, below it.
    """
    if published is None:
        return None
    last = max(candidate.index for candidate in candidates)
    has_room = last > published.index + 1 and published.index < 4
    return last if has_room else published.index


def _title_index(
    numbered: Sequence[tuple[int, str]],
    published: int | None,
    first_update: int | None,
    roles: Mapping[int, Role],
) -> int | None:
    """Return the index of the title: the likeliest line above the publication time, the first of several."""
    chosen = _chosen(numbered, roles, Role.TITLE)
    if chosen is not None:
        return chosen
    end = len(numbered) if first_update is None else first_update
    limit = published if published is not None else min(end, _TOP)
    best, best_score = None, 0
    for index in range(min(limit, len(numbered), _TOP)):
        number, text = numbered[index]
        score = 0 if number in roles else _likeness(text, is_first=index == 0)
        # The later of two equally likely lines is the deck.
        if score > best_score:
            best, best_score = index, score
    if best is None and published is not None:
        # Some sites print the time above the title, with a section between.
        below = range(published + 1, min(len(numbered), end, published + _BELOW))
        scores = {
            index: _likeness(numbered[index][1], is_first=False)
            for index in below
            if numbered[index][0] not in roles
        }
        first = next((index for index, score in scores.items() if score), None)
        best = first if first is not None and scores[first] > 1 else None
    return best


def _likeness(text: str, *, is_first: bool) -> int:
    """Score how much a line looks like a title; 0 means that it cannot be one."""
    plain = folded(text)
    if stamp_at_start(plain) or heading_day(plain) or furniture.is_caption(plain):
        return 0
    if furniture.reason_of(plain, text) or "://" in plain or zones.stated(plain) or _BREADCRUMB.search(plain):
        return 0
    if furniture.is_section(plain) or furniture.is_outlet(plain):
        return 0
    if len(plain) > MAX_HEADLINE:
        return 1 if is_first else 0
    score = 3 + 3 * has_title_signs(text)
    score -= (columns_of(text) < 10) + (columns_of(text) < 20)
    if plain.endswith(("。", ":", ",")) or (plain.endswith(".") and ends_as_text(plain)):
        score -= 2
    return max(score, 1 if is_first else 0)
