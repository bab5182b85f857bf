"""Audience figures: open pages per blog, and the number of pages to which each update was delivered.

Only pages with an open stream are counted, not those that poll or run without JavaScript; a reader with two
tabs counts twice. No data on individual readers is stored: each process only publishes sums of its streams.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from django.core.cache import cache
from django.db import transaction
from django.db.models import F

from liveblog.models import Change, LiveBlog, Reach, Update

# How often a process checks whether its counts have changed.
BEAT_SECONDS: Final = 2.0
# How long the counts of a process are valid, so that those of a killed process expire.
FRESH_SECONDS: Final = 12
_RENEW_SECONDS: Final = 6.0
# One slot per process; this bounds the number of processes on all machines together.
SLOTS: Final = [f"audience-{number}" for number in range(64)]

logger = logging.getLogger(__name__)


class Delivered(NamedTuple):
    """A delivery of the changes after `after`, up to and including `number`, of a blog's log."""

    blog_id: int
    after: int
    number: int


class Tally:
    """The counts of one process, published in its own slot of the shared cache."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._slot: str | None = None
        self._said: dict[int, int] = {}
        self._said_at = 0.0
        # Serialize writes, so that the last one, at shutdown, comes after one in progress.
        self._speaking = threading.Lock()

    def say(self, readers: Mapping[int, int]) -> None:
        """Publish the number of open streams by blog id. Only write if it has changed or is about to expire.

        Raises DatabaseError if the cache is unavailable.
        """
        with self._speaking:
            self._say({blog_id: count for blog_id, count in readers.items() if count})

    def _say(self, readers: dict[int, int]) -> None:
        is_new = readers != self._said
        if not is_new and (not readers or time.monotonic() - self._said_at < _RENEW_SECONDS):
            return
        entry = (self._process, readers)
        if not self._has_slot():
            self._slot = next((slot for slot in SLOTS if cache.add(slot, entry, FRESH_SECONDS)), None)
        elif readers:
            cache.set(self._slot, entry, FRESH_SECONDS)
        else:
            cache.delete(self._slot)
        if self._slot is None:
            logger.warning("More than %d processes: readers of this one are not counted", len(SLOTS))
        self._said, self._said_at = readers, time.monotonic()

    def _has_slot(self) -> bool:
        """Return whether this process still has its slot; after a pause, another may have taken it."""
        process, _readers = cache.get(self._slot, ("", {})) if self._slot else ("", {})
        return bool(process == self._process)


def readers_connected(blog_id: int) -> int:
    """Return the number of pages that follow a blog by stream, in all processes, as of a few seconds ago."""
    return readers_by_blog()[blog_id]


def readers_by_blog() -> Counter[int]:
    """Return the number of pages that follow each blog by stream, by blog id."""
    counts: Counter[int] = Counter()
    for _process, readers in cache.get_many(SLOTS).values():
        counts.update(readers)
    return counts


def keep_reach(delivered: Mapping[Delivered, int]) -> None:
    """Add to the reach of the updates published in these parts of the log; the values are numbers of pages.

    If it raises DatabaseError, nothing was added.
    """
    pages: Counter[int] = Counter()
    for (blog_id, after, number), count in delivered.items():
        published = Change.objects.filter(blog_id=blog_id, kind=Change.Kind.PUBLISHED)
        for change in published.filter(number__gt=after, number__lte=number).values_list("pk", flat=True):
            pages[change] += count
    if not pages:
        return
    with transaction.atomic():
        # Update rows in id order, so that two processes cannot deadlock.
        changes = sorted(pages)
        Reach.objects.bulk_create((Reach(change_id=change) for change in changes), ignore_conflicts=True)
        for change in changes:
            Reach.objects.filter(change_id=change).update(pages=F("pages") + pages[change])


def reach_of(blog: LiveBlog, updates: Iterable[Update]) -> dict[int, int]:
    """Return the number of open pages to which each update was delivered on publication, by update id.

    The number is known a few seconds after publication, and only if any page followed the blog. If an update
    was published again after an undo, the last publication counts.
    """
    known = Reach.objects.filter(change__blog=blog, change__update__in=updates).order_by("change__number")
    return dict(known.values_list("change__update", "pages"))
