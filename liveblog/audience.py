"""The audience in numbers: how many pages follow a blog now, and to how many each update was delivered.

Counted are pages that follow by stream. One that polls, or is read without JavaScript, is not; a reader with
two tabs is two. Nothing is kept of who reads: a process adds up its own streams, and only sums leave it.
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

# How often a process looks whether it has something to say.
BEAT_SECONDS: Final = 2.0
# What a process said counts for so long: one that was killed is forgotten then.
FRESH_SECONDS: Final = 12
_RENEW_SECONDS: Final = 6.0
# As many processes as can be counted, on all machines together.
SLOTS: Final = [f"audience-{number}" for number in range(64)]

logger = logging.getLogger(__name__)


class Delivered(NamedTuple):
    """Some pages were told all that follows `after` in a blog's log, up to `number`."""

    blog_id: int
    after: int
    number: int


class Tally:
    """How one process makes its count known to all: in a slot of its own of the shared cache."""

    def __init__(self) -> None:
        self._process = secrets.token_hex(8)
        self._slot: str | None = None
        self._said: dict[int, int] = {}
        self._said_at = 0.0
        # The last word, when the process ends, comes after one that is still being said.
        self._speaking = threading.Lock()

    def say(self, readers: Mapping[int, int]) -> None:
        """Tell how many streams are open by blog. Writes when that has changed, or is about to be forgotten.

        Raises DatabaseError when the cache cannot be had.
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
        """Whether the slot is still its own: after a long pause another process may have taken it."""
        process, _readers = cache.get(self._slot, ("", {})) if self._slot else ("", {})
        return process == self._process


def readers_connected(blog_id: int) -> int:
    """How many pages follow a blog by stream now, over all processes; at most some seconds old."""
    return sum(readers.get(blog_id, 0) for _process, readers in cache.get_many(SLOTS).values())


def keep_reach(delivered: Mapping[Delivered, int]) -> None:
    """Add to the reach of what was published in these stretches of the log; the values count pages.

    Raises DatabaseError; then nothing was added.
    """
    pages: Counter[int] = Counter()
    for (blog_id, after, number), count in delivered.items():
        published = Change.objects.filter(blog_id=blog_id, kind=Change.Kind.PUBLISHED)
        for change in published.filter(number__gt=after, number__lte=number).values_list("pk", flat=True):
            pages[change] += count
    if not pages:
        return
    with transaction.atomic():
        # In one order everywhere, so that two processes never wait for each other's rows.
        changes = sorted(pages)
        Reach.objects.bulk_create((Reach(change_id=change) for change in changes), ignore_conflicts=True)
        for change in changes:
            Reach.objects.filter(change_id=change).update(pages=F("pages") + pages[change])


def reach_of(blog: LiveBlog, updates: Iterable[Update]) -> dict[int, int]:
    """To how many open pages each update of `blog` was delivered when it was published, by the update's id.

    Only updates of which that is known, some seconds after publication; none that no page followed.
    Of one that was published again, after publishing was undone, the last time counts.
    """
    known = Reach.objects.filter(change__blog=blog, change__update__in=updates).order_by("change__number")
    return dict(known.values_list("change__update", "pages"))
