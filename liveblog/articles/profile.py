"""Inference of an article's notation: the shape of its times, and their zone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise
from typing import Final, NamedTuple

from liveblog.articles import zones
from liveblog.articles.characters import folded
from liveblog.articles.dates import HeadingDay, heading_day
from liveblog.articles.embeds import lines_of_embeds
from liveblog.articles.shapes import Form, Key
from liveblog.articles.stamps import Stamp, stamp_at_start
from liveblog.articles.tails import stamp_at_end


@dataclass(frozen=True)
class Source:
    """A line with the time or day it may begin or end with. `is_apart` means that a blank line is above.

    `is_embed` means that it is the name, the handle or the time of an embedded post; `is_part_of_day` that it
    names the part of the day of the times below it.
    """

    number: int
    text: str
    plain: str
    is_apart: bool = False
    stamp: Stamp | None = None
    tail: Stamp | None = None
    day: HeadingDay | None = None
    is_embed: bool = False
    is_part_of_day: bool = False


def survey(numbered: Sequence[tuple[int, str]], near: date | None) -> list[Source]:
    """Return each line with the time or day that it may begin or end with."""
    sources = []
    embeds = lines_of_embeds(numbered)
    last = 0
    for number, text in numbered:
        plain = folded(text)
        if number in embeds:
            sources.append(Source(number, text, plain, is_embed=True))
            last = number
            continue
        stamp = stamp_at_start(plain, near)
        day = heading_day(plain, near) if stamp is None else None
        tail = stamp_at_end(plain, near) if stamp is None and day is None else None
        sources.append(Source(number, text, plain, bool(last) and number > last + 1, stamp, tail, day))
        last = number
    return sources


def key_of(stamp: Stamp) -> Key:
    """Return the key shared by the times of one notation: their shape and the label before them."""
    return stamp.shape, stamp.label


# Confidence that a line begins with a time if a space (_SPACED) or nothing (_LOOSE) separates it from words.
_SPACED: Final = {Form.COMPACT: 0.4, Form.DIGITAL: 0.8, Form.HALF_DAY: 0.8, Form.CHINESE: 0.7, Form.AGO: 0.3}
_LOOSE: Final = {Form.COMPACT: 0.0, Form.DIGITAL: 0.5, Form.HALF_DAY: 0.3, Form.CHINESE: 0.3, Form.AGO: 0.0}
_SURE: Final = 0.75
# The least confidence at which times of a second shape count, provided that all fit into the sequence.
_LIKELY: Final = 0.6
_IN_SEQUENCE: Final = 0.7
_ACROSS_MIDNIGHT: Final = 16 * 60


def _strength(stamp: Stamp, plain: str) -> float:
    if stamp.is_closed:
        return 1
    if not stamp.is_possible:
        return 0 if stamp.is_loose or stamp.is_spaced else 1
    form = stamp.shape.form
    if form is Form.AGO:
        return 0.5 if stamp.end >= len(plain) else _SPACED[form] * 0.5
    if stamp.is_loose:
        return _LOOSE[form]
    if stamp.is_spaced:
        return min(_SPACED[form] + 0.2 * bool(stamp.day or stamp.zone), 1)
    if form is Form.COMPACT:
        return 0.6
    # In `三點:一是安全`, 三點 means three points and not an hour.
    is_bare_hour = (
        form is Form.CHINESE and stamp.clock is not None and plain[: stamp.end].strip(" :")[-1:] in "點点"
    )
    return 0.3 if is_bare_hour else 1


class _Member(NamedTuple):
    """A time of one shape: the confidence that it is one, its line, and the number of day headings above."""

    stamp: Stamp
    strength: float
    line: int
    section: int


def notation_of(sources: Iterable[Source]) -> tuple[frozenset[Key], str]:
    """Return the shapes of the times of an article, and its first time as it is written.

    Score each shape by how often it recurs, how likely its occurrences are times, and how consistently its
    clock runs in one direction. The best shape is the notation, along with others that can hardly be anything
    but times.
    """
    groups: dict[Key, list[_Member]] = defaultdict(list)
    section = 0
    for source in sources:
        section += source.day is not None
        stamp = source.stamp or source.tail
        if stamp:
            strength = (0.8 if stamp.is_closed else 0.6) if source.tail else _strength(stamp, source.plain)
            groups[key_of(stamp)].append(_Member(stamp, strength, source.number, section))
    scores = {key: _score(members) for key, members in groups.items()}
    best = max(scores, key=lambda key: scores[key], default=None)
    if best is None or scores[best] <= 0:
        return frozenset(), ""
    keys = {best} | {key for key in scores if key != best and _belongs(key, best, groups)}
    first = next(
        (stamp, source)
        for source in sources
        if (stamp := source.stamp or source.tail) and key_of(stamp) in keys
    )
    return frozenset(keys), first[1].text[first[0].lead : first[0].end].strip()


def _score(members: Sequence[_Member]) -> float:
    strength = sum(member.strength for member in members)
    mean = strength / len(members)
    if members[0].stamp.label == "updated" and len(members) == 1:
        # `Updated: 10:42 am` is a note about the page.
        return 0
    direction = _direction(members)
    if mean < _SURE:
        is_ago = members[0].stamp.shape.form is Form.AGO
        is_out_of_order = direction < _IN_SEQUENCE and (
            len(members) < 4 or direction * len(members) < len(members) - 2
        )
        if len(members) < (2 if is_ago else 3) or is_out_of_order or (mean <= 0.35 and len(members) < 4):
            return 0
    return strength * direction


def _belongs(key: Key, best: Key, groups: Mapping[Key, Sequence[_Member]]) -> bool:
    """Return whether times of the shape `key` open updates, too, being in sequence with those of `best`.

    Times listed within an update are out of sequence: `【09:35】…` above `07:52 …`, `08:10 …`.
    """
    shape, label = key
    if label and label != best[1]:
        return False
    if shape.form is Form.AGO or shape.sign.startswith(("…", "‥")):
        return False
    members = groups[key]
    if shape.form is best[0].form and shape.sign == best[0].sign:
        return True
    mean = sum(member.strength for member in members) / len(members)
    if mean < _LIKELY or (members[0].stamp.label == "updated" and len(members) == 1):
        return False
    return _share_in_sequence(members, groups[best]) >= (_IN_SEQUENCE if mean >= _SURE else 1)


def _share_in_sequence(members: Sequence[_Member], main: Sequence[_Member]) -> float:
    """Return the share of the steps to and from `members` that lead in the direction of the main times."""
    main_steps = Counter(_step(one, other) for one, other in pairwise(main))
    direction = 1 if main_steps[1] >= main_steps[-1] else -1
    own = {id(member) for member in members}
    merged = sorted([*members, *main], key=lambda member: member.line)
    steps = [_step(one, other) for one, other in pairwise(merged) if id(one) in own or id(other) in own]
    steps = [step for step in steps if step]
    return steps.count(direction) / len(steps) if steps else 1


def _direction(members: Sequence[_Member]) -> float:
    """Return the share of the clock's steps in its main direction, without steps across a day heading."""
    steps = Counter(_step(one, other) for one, other in pairwise(members))
    total = steps.total() - sum(
        one.section != other.section or not (one.stamp.clock and other.stamp.clock)
        for one, other in pairwise(members)
    )
    still = total - steps[1] - steps[-1]
    return (max(steps[1], steps[-1]) + still) / total if total > 1 else 1


def _step(one: _Member, other: _Member) -> int:
    """Return 1 if the clock falls from one line to the next, -1 if it rises, 0 if that is not known.

    A step of 16 hours or more is one across midnight, in the other direction.
    """
    if one.section != other.section or one.stamp.clock is None or other.stamp.clock is None:
        return 0
    minutes = _minutes(one.stamp.clock) - _minutes(other.stamp.clock)
    fall = (minutes > 0) - (minutes < 0)
    return -fall if abs(minutes) >= _ACROSS_MIDNIGHT else fall


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def zone_of_times(sources: Iterable[Source], keys: frozenset[Key]) -> str:
    """Return the zone that the article states for all times, or the one that most of its times name."""
    zone_counts: Counter[str] = Counter()
    for source in sources:
        statement = zones.stated(source.plain) or zones.stated_within(source.plain)
        if statement:
            return statement
        if source.stamp and source.stamp.zone and key_of(source.stamp) in keys:
            zone_counts[source.stamp.zone] += 1
    return zone_counts.most_common(1)[0][0] if zone_counts else ""
