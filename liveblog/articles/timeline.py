"""Dating of entries: from days and order in the text to Hong Kong days, newest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import days, zones
from liveblog.articles.article import ArticleError, Doubt, Entry, closed
from liveblog.articles.assembly import OpenEntry
from liveblog.articles.dates import Numbered, Relative, Weekday
from liveblog.articles.lines import Line
from liveblog.articles.notation import Order
from newsroom import hongkong

# A clock that steps back by less than this is disorder; a larger step means a midnight between updates.
_DISORDER: Final = timedelta(hours=1)
# Weight of distance on the unlikely side: coverage before publication, or after the last change.
_LIKELIER: Final = 4


def order_of(entries: Sequence[OpenEntry], headings: Sequence[Line], published_at: datetime) -> Order:
    """Return the order of the text, by the direction of most steps between day headings or times."""
    steps: Counter[int] = Counter()
    entries = [entry for entry in entries if not entry.is_pinned]
    heading_days = [line.heading_of_day.name.nearest(published_at) for line in headings]
    if not any(isinstance(line.heading_of_day.name, Weekday) for line in headings):
        steps.update((above < below) - (above > below) for above, below in pairwise(heading_days))
    rising, falling = steps[1], steps[-1]
    if rising == falling:
        steps = Counter(_step(above, below, published_at) for above, below in pairwise(entries))
        rising, falling = steps[1], steps[-1]
    if rising <= falling:
        is_mixed = rising >= 3 and rising * 3 > falling
    else:
        is_mixed = falling >= 3 and falling * 3 > rising
    if is_mixed:
        return Order.MIXED
    return Order.OLDEST_FIRST if rising > falling else Order.NEWEST_FIRST


def _step(above: OpenEntry, below: OpenEntry, published_at: datetime) -> int:
    if above.ago is not None and below.ago is not None:
        return (above.ago > below.ago) - (above.ago < below.ago)
    if above.clock is None or below.clock is None or above.day != below.day:
        return 0
    if above.named_day and below.named_day:
        one, other = above.named_day.nearest(published_at), below.named_day.nearest(published_at)
        return ((one, above.clock) < (other, below.clock)) - ((one, above.clock) > (other, below.clock))
    return (above.clock < below.clock) - (above.clock > below.clock)


@dataclass(frozen=True)
class Dating:
    """The context for dating: publication time, whether it is the time of the last change, zone and order."""

    published_at: datetime
    zone: tzinfo
    order: Order
    is_last_update: bool = False
    changed_at: datetime | None = None
    has_clock: bool = True

    def on_dates(self, name: days.Day) -> days.Day:
        """Return a day such as 昨日 as a date, counted from the last change that the article names."""
        if not isinstance(name, Relative) or name.is_from_below or self.changed_at is None:
            return name
        day = self.changed_at.astimezone(self.zone).date() + timedelta(days=name.offset)
        return days.DayName(day.day, day.month, day.year)

    @property
    def local(self) -> datetime:
        """Return the publication time in the zone, labelled as Hong Kong time because `days` expects that."""
        return self.published_at.astimezone(self.zone).replace(tzinfo=hongkong.ZONE)

    @property
    def local_end(self) -> datetime:
        """Return the last change that the article names, else its publication, converted like `local`."""
        if self.changed_at is None or self.changed_at < self.published_at:
            return self.local
        return self.changed_at.astimezone(self.zone).replace(tzinfo=hongkong.ZONE)


def dated(
    open_entries: Sequence[OpenEntry], headings: Sequence[Line], dating: Dating
) -> tuple[list[Entry], list[Doubt]]:
    """Return the entries with their Hong Kong days and times, newest first, and the doubts about them."""
    if dating.order is Order.OLDEST_FIRST:
        count = len(headings)
        open_entries = [
            replace(entry, day=count + 1 - entry.day if entry.day else -1) for entry in reversed(open_entries)
        ]
        headings = headings[::-1]
    open_entries = [_with_clock(entry, dating) for entry in open_entries]
    pinned = [entry for entry in open_entries if entry.is_pinned and entry.clock and not entry.named_day]
    others = [entry for entry in open_entries if not entry.is_pinned or not entry.clock or entry.named_day]
    entries, doubts = _dated(others or open_entries, headings, dating)
    if dating.order is Order.MIXED:
        entries.sort(key=lambda entry: (entry.day, entry.clock or time()), reverse=True)
    for entry in pinned if others else []:
        doubts.append(_place_pinned(entry, entries, dating))
    return entries, doubts + _out_of_order(entries)


def _place_pinned(pinned: OpenEntry, entries: list[Entry], dating: Dating) -> Doubt:
    """Insert a post that the page shows at the top at its own time, on the last day on which it fits."""
    newest = max((entry.day, entry.clock or time()) for entry in entries)
    around = [_in_hong_kong(pinned, newest[0] + timedelta(days=offset), dating) for offset in (1, 0, -1, -2)]
    day, clock = next(
        ((day, clock) for day, clock in around if clock and (day, clock) <= newest), (newest[0], pinned.clock)
    )
    place = next(
        (at for at, entry in enumerate(entries) if entry.clock and (entry.day, entry.clock) <= (day, clock)),
        len(entries),
    )
    entries.insert(
        place,
        Entry(day, clock, pinned.heading, closed(pinned.blocks), pinned.line, is_day_inferred=True),
    )
    return Doubt(
        pinned.line, _("Pinned at the top of the page: read as of %(day)s.") % {"day": day.isoformat()}
    )


def _with_clock(entry: OpenEntry, dating: Dating) -> OpenEntry:
    """Return the entry, with a time counted back from publication converted to day and clock time."""
    if entry.ago is not None:
        moment = dating.local_end - entry.ago
        clock = moment.time().replace(second=0, microsecond=0)
        entry = replace(entry, clock=clock, named_day=_named(moment.date()), ago=None)
    if entry.given_day is None:
        return entry
    # An editor gives the day in Hong Kong; the zone of the times may still have the day before.
    around = [entry.given_day + timedelta(days=offset) for offset in (0, -1, 1)]
    fits = (day for day in around if _in_hong_kong(entry, day, dating)[0] == entry.given_day)
    return replace(entry, named_day=_named(next(fits, entry.given_day)))


def _named(day: date) -> days.DayName:
    return days.DayName(day.day, day.month, day.year)


def _in_hong_kong(entry: OpenEntry, day: date, dating: Dating) -> tuple[date, time | None]:
    zone = zones.zone_of(entry.zone) if entry.zone else dating.zone
    if entry.clock is None or zone == hongkong.ZONE:
        return day, entry.clock
    try:
        moment = hongkong.to_hong_kong(datetime.combine(day, entry.clock, tzinfo=zone))
    except OverflowError as error:
        raise ArticleError(entry.line, _("There is no such day.")) from error
    return moment.date(), moment.time()


def _dated(
    open_entries: Sequence[OpenEntry], headings: Sequence[Line], dating: Dating
) -> tuple[list[Entry], list[Doubt]]:
    if headings:
        entry_days, doubts = _by_headings(open_entries, headings, dating)
    else:
        entry_days, doubts = _by_times(open_entries, dating)
    entries = []
    for entry, heading_day in zip(open_entries, entry_days, strict=True):
        day = heading_day
        if entry.named_day and not entry.named_day.is_of(heading_day):
            day = entry.named_day.nearest(hongkong.at(heading_day, time(12)))
            reason = _("The time names another day than its day heading: read as %(day)s.")
            doubts.append(Doubt(entry.line, reason % {"day": day.isoformat()}))
        day, clock = _in_hong_kong(entry, day, dating)
        is_inferred = not headings and entry.named_day is None
        entries.append(Entry(day, clock, entry.heading, closed(entry.blocks), entry.line, is_inferred))
    return entries, doubts


def _heading_days(
    open_entries: Sequence[OpenEntry], headings: Sequence[Line], dating: Dating
) -> tuple[list[date], list[Doubt]]:
    """Return the days of the headings. Place numbered days and bare weekdays nearest to publication."""
    names = [dating.on_dates(line.heading_of_day.name) for line in headings]
    try:
        heading_days = days.resolve(names, dating.local)
    except days.NoSuchDay as error:
        raise ArticleError(headings[error.index].number, _("There is no such day.")) from error
    numbers = [name.number for name in names if isinstance(name, Numbered)]
    if len(numbers) == len(names):
        heading_days = [heading_days[-1] + timedelta(days=number - numbers[-1]) for number in numbers]
    elif not all(isinstance(name, Weekday) for name in names):
        return heading_days, []
    timed = [
        datetime.combine(heading_days[entry.day - 1], entry.clock)
        for entry in open_entries
        if entry.clock and entry.day > 0
    ]
    if not timed:
        return heading_days, []
    step = 1 if numbers else 7
    span = abs((heading_days[0] - heading_days[-1]).days) // step
    shift = timedelta(days=_nearest_shift(min(timed), max(timed), dating, range(-span - 1, 2), step) * step)
    heading_days = [day + shift for day in heading_days]
    if not numbers:
        return heading_days, []
    reason = _("A day of the event: read as %(day)s.")
    pairs = zip(headings, heading_days, strict=True)
    return heading_days, [Doubt(line.number, reason % {"day": day.isoformat()}) for line, day in pairs]


def _nearest_shift(oldest: datetime, newest: datetime, dating: Dating, shifts: range, step: int = 1) -> int:
    """Return the shift, in steps of `step` days, that brings the coverage nearest to publication."""
    published, changed = dating.local.replace(tzinfo=None), dating.local_end.replace(tzinfo=None)

    def distance(shift: int) -> timedelta:
        start, end = oldest + timedelta(days=shift * step), newest + timedelta(days=shift * step)
        # Coverage begins after its first publication and ends before its last change.
        after = start - published if start >= published else _LIKELIER * (published - start)
        before = changed - end if end <= changed else _LIKELIER * (end - changed)
        return before if dating.is_last_update else min(after, before)

    return min(shifts, key=distance)


def _by_headings(
    open_entries: Sequence[OpenEntry], headings: Sequence[Line], dating: Dating
) -> tuple[list[date], list[Doubt]]:
    published_at = dating.local
    heading_days, doubts = _heading_days(open_entries, headings, dating)
    for index, (line, day) in enumerate(zip(headings, heading_days, strict=True)):
        below = heading_days[index + 1] if index + 1 < len(heading_days) else hongkong.day_of(published_at)
        reason = ""
        if line.heading_of_day.weekday is not None and line.heading_of_day.weekday != day.weekday():
            reason = _("The weekday does not fit: read as %(day)s.")
        elif index + 1 < len(heading_days) and day == below:
            reason = _("The same day heading twice: read as one day, %(day)s.")
        elif abs((day - below).days) > 10:
            reason = _("Far from its neighbours in time: read as %(day)s.")
        elif index + 1 < len(heading_days) and day < below:
            reason = _("Older than the day below it: read as %(day)s.")
        if reason:
            doubts.append(Doubt(line.number, reason % {"day": day.isoformat()}))
    # Entries above the first day heading belong to the day of publication, or to the heading's if later.
    newest = max(hongkong.day_of(published_at), heading_days[0])
    oldest = min(hongkong.day_of(published_at), heading_days[-1])
    outside = next((entry for entry in open_entries if entry.day <= 0), None)
    if outside is not None:
        reason = _("Updates above the first day heading: read as of %(day)s.")
        doubts.append(
            Doubt(outside.line, reason % {"day": (newest if outside.day == 0 else oldest).isoformat()})
        )
    days_by_section = [newest, *heading_days, oldest]
    return [days_by_section[entry.day] for entry in open_entries], doubts


def _by_times(open_entries: Sequence[OpenEntry], dating: Dating) -> tuple[list[date], list[Doubt]]:
    """Return the days of entries without day headings.

    Read from the bottom, a clock that steps back starts a new day. The days are placed nearest to the
    publication time.
    """
    if not open_entries:
        return [], []
    rising = list(reversed(open_entries))
    offsets, doubts = _midnights(rising)
    if any(entry.named_day for entry in rising):
        entry_days = _by_named_days(rising, offsets, dating)
    else:
        first = hongkong.day_of(dating.local) + timedelta(days=_first_offset(rising, offsets, dating))
        entry_days = [first + timedelta(days=offset) for offset in offsets]
        reason = _("There are no day headings: the oldest update is read as of %(day)s.")
        if first == hongkong.day_of(dating.local):
            reason = _("There are no day headings: the oldest update is read as of the day of publication.")
        doubts.append((len(rising) - 1, reason % {"day": first.isoformat()} if "%" in reason else reason))
    return entry_days[::-1], [
        Doubt(
            rising[index].line,
            reason if "%" not in reason else reason % {"day": entry_days[index].isoformat()},
        )
        for index, reason in doubts
    ]


def _midnights(rising: Sequence[OpenEntry]) -> tuple[list[int], list[tuple[int, str]]]:
    """Return the number of midnights from the oldest entry to each, with doubts where one was inferred."""
    offsets: list[int] = []
    doubts: list[tuple[int, str]] = []
    offset, latest, named_day_below = 0, None, None
    for index, entry in enumerate(rising):
        is_back = entry.clock and latest and _span(entry.clock, latest) >= _DISORDER
        if is_back and not (entry.named_day and entry.named_day == named_day_below):
            offset += 1
            if entry.named_day is None:
                reason = _("Its time is earlier than that below it: read as of the next day, %(day)s.")
                doubts.append((index, reason))
        latest, named_day_below = entry.clock or latest, entry.named_day
        offsets.append(offset)
    return offsets, doubts


def _span(earlier: time, later: time) -> timedelta:
    return datetime.combine(date.min, later) - datetime.combine(date.min, earlier)


def _by_named_days(rising: Sequence[OpenEntry], offsets: Sequence[int], dating: Dating) -> list[date]:
    """Return the days of entries, some of which name theirs.

    Count the others from the entry below or, at the bottom, back from the first entry that names its day.
    """
    first = next(index for index, entry in enumerate(rising) if entry.named_day)
    day = next(entry.named_day for entry in rising if entry.named_day).nearest(dating.local)
    entry_days = [day + timedelta(days=offset - offsets[first]) for offset in offsets[: first + 1]]
    for index in range(first + 1, len(rising)):
        name = rising[index].named_day
        if name:
            entry_days.append(
                name.nearest(hongkong.at(entry_days[-1], time(12)))
                if _is_date(name)
                else name.nearest(dating.local)
            )
        else:
            entry_days.append(entry_days[-1] + timedelta(days=offsets[index] - offsets[index - 1]))
    return entry_days


def _is_date(name: object) -> bool:
    return isinstance(name, days.DayName | Weekday)


def _first_offset(rising: Sequence[OpenEntry], offsets: Sequence[int], dating: Dating) -> int:
    """Return the oldest entry's offset in days that brings all entries nearest to publication."""
    timed = [index for index, entry in enumerate(rising) if entry.clock]
    if not timed:
        return 0
    if not dating.has_clock and dating.changed_at is None:
        # Coverage begins on the day of its publication.
        return -offsets[timed[0]]
    day = dating.local.date()
    span = offsets[timed[-1]] - offsets[timed[0]]
    oldest = datetime.combine(day, rising[timed[0]].clock or time())
    newest = datetime.combine(day, rising[timed[-1]].clock or time()) + timedelta(days=span)
    return _nearest_shift(oldest, newest, dating, range(-span - 1, 2)) - offsets[timed[0]]


def _out_of_order(entries: Sequence[Entry]) -> list[Doubt]:
    """Return a doubt for each update later than the one above it, because the page sorts by time."""
    doubts = []
    above: Entry | None = None
    for entry in entries:
        if entry.clock is None:
            continue
        if above and (above.day, above.clock) < (entry.day, entry.clock):
            doubts.append(Doubt(entry.line, _("Later than the update above it: the page sorts by time.")))
        above = entry
    return doubts
