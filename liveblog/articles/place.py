"""The moments that order imported updates. Pure.

Readers see only the minute, or only the day. Updates of one minute therefore keep their order by fractions of
its first second, and an update without a clock time gets a moment between its neighbours, within its own Hong
Kong day. Gaps are left so that later copy can insert updates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from newsroom import hongkong

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Slot:
    """An update's position in the copy. `moment` is fixed, or None if one has to be assigned."""

    day: date
    clock: time | None
    moment: datetime | None = None


def place(slots: Sequence[Slot], published_at: datetime) -> list[datetime]:
    """Return the moment of each slot. Slots and moments are in the same order, newest first."""
    rising = list(reversed(slots))
    moments = [slot.moment for slot in rising]
    below: datetime | None = None
    for index, slot in enumerate(rising):
        if moments[index] is None and slot.clock is not None:
            _place_minute(rising, moments, index, below)
        below = moments[index] or below
    above = _next_moments(moments)
    for index in range(len(rising)):
        if moments[index] is None:
            _place_untimed(rising, moments, index, above, published_at)
    return [moment for moment in reversed(moments) if moment is not None]


def _next_moments(moments: Sequence[datetime | None]) -> list[datetime | None]:
    """Return the next known moment above each position."""
    above: list[datetime | None] = []
    next_moment: datetime | None = None
    for moment in reversed(moments):
        above.append(next_moment)
        next_moment = moment or next_moment
    return above[::-1]


def _place_minute(
    rising: list[Slot], moments: list[datetime | None], first: int, below: datetime | None
) -> None:
    """Spread the updates of one minute, from `first` up to the next update that already has a moment.

    `below` is the nearest known moment below them.
    """
    slot = rising[first]
    assert slot.clock is not None
    minute = hongkong.at(slot.day, slot.clock)
    members = [first]
    above: datetime | None = None
    for index in range(first + 1, len(rising)):
        if moments[index] is not None:
            above = moments[index]
            break
        if rising[index].clock is not None:
            if (rising[index].day, rising[index].clock) != (slot.day, slot.clock):
                break
            members.append(index)
    is_shared = below is not None and minute <= below < minute + _MINUTE
    low = below if below is not None and is_shared else minute
    high = minute + _SECOND if low < minute + _SECOND / 2 else minute + _MINUTE
    if above is not None and low < above < high:
        high = above
    if (
        len(members) == 1
        and not is_shared
        and high > minute
        and not _needs_room_below(rising, moments, first)
    ):
        moments[first] = minute
        return
    for index, moment in zip(members, _spread(low, high, len(members)), strict=True):
        moments[index] = moment


def _needs_room_below(rising: list[Slot], moments: list[datetime | None], index: int) -> bool:
    """Return whether an update at midnight has an untimed update of the same day below it."""
    slot = rising[index]
    return (
        slot.clock == time(0, 0)
        and index > 0
        and moments[index - 1] is None
        and rising[index - 1].day == slot.day
    )


def _place_untimed(
    rising: list[Slot],
    moments: list[datetime | None],
    first: int,
    next_moments: Sequence[datetime | None],
    published_at: datetime,
) -> None:
    """Spread a run of untimed updates of one day between their neighbours.

    Everything below the run must already have its moment.
    """
    day = rising[first].day
    run = [first]
    while run[-1] + 1 < len(rising) and moments[run[-1] + 1] is None and rising[run[-1] + 1].day == day:
        run.append(run[-1] + 1)
    start, end = hongkong.at(day), hongkong.at(day) + _DAY
    above = next_moments[run[-1]]
    below = moments[first - 1] if first else None
    high = above if above and start < above < end else end
    # If nothing older is on the same day, start at the publication time, provided that is on this day.
    low = published_at if start <= published_at < high else start
    low = below if below and start <= below < end else low
    if low >= high:
        high = min(low + _MINUTE, end)
    for index, moment in zip(run, _spread(low, high, len(run)), strict=True):
        moments[index] = moment


def _spread(low: datetime, high: datetime, count: int) -> list[datetime]:
    """Return `count` moments between `low` and `high`, with equal gaps."""
    return [low + (high - low) * (step + 1) / (count + 1) for step in range(count)]
