"""Positions in the log as this process knows them, and until when they are known to be current.

A position is read from the database once. After that the listener vouches for it: a wake-up makes it stale,
and the listener reports up to when it has passed on every wake-up. A position that nobody vouches for,
because the listener lost its connection or does not run, is read again. So a position that is current here is
at most FRESH_SECONDS older than the log, whatever has failed.

On SQLite the file itself is checked each time, which takes microseconds, so positions there are never older.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections import OrderedDict
from typing import Final

from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Count, Subquery, Sum

from liveblog.models import Glossary, LiveBlog
from liveblog.wakeups.channel import FileWatcher

# Shared caches serve a page for up to four seconds (`newsroom.http.caching.PAGE`), and a takedown must take
# effect within five.
FRESH_SECONDS: Final = 0.75
MAX_POSITIONS: Final = 4_096

# Values that differ as soon as anything has changed. For one blog: its id, its number and the glossary's
# revision; for all blogs: the sum of their numbers, their count and the revision. Compare marks for equality
# only, because numbers are lower after a backup was restored.
Mark = tuple[int, ...]


class Position:
    """A position in the log of one blog, or in the logs of all. `read_at` is when the reading began."""

    __slots__ = ("is_stale", "mark", "read_at")

    def __init__(self, mark: Mark, read_at: float) -> None:
        self.mark = mark
        self.read_at = read_at
        self.is_stale = False

    @property
    def number(self) -> int:
        """Return the number of the blog; not for the position of all blogs."""
        return self.mark[1]


class Positions:
    """The known positions of blogs by slug; None stands for all blogs together.

    Everything here runs on the event loop, so code between two awaits is atomic.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str | None, Position] = OrderedDict()
        self._by_id: dict[int, Position] = {}
        self._readings: dict[str | None, asyncio.Task[Position | None]] = {}
        self._wakes = 0
        self._is_on_sqlite = connection.vendor == "sqlite"
        self._watcher: FileWatcher | None = None
        self._vouched_until = -math.inf

    def wake(self, blog_id: int | None) -> None:
        """Make the position of a blog stale, or all positions if None: the log may have advanced."""
        self._wakes += 1
        if blog_id is None:
            for position in self._known.values():
                position.is_stale = True
        else:
            for concerned in (self._by_id.get(blog_id), self._known.get(None)):
                if concerned is not None:
                    concerned.is_stale = True

    def vouch(self, until: float) -> None:
        """Record that `wake` was called for every change committed before this monotonic time."""
        self._vouched_until = max(self._vouched_until, until)

    def is_current(self, position: Position) -> bool:
        """Return whether the position includes every change committed FRESH_SECONDS ago."""
        if self._is_on_sqlite:
            self._watch_file()
        oldest = time.monotonic() - FRESH_SECONDS
        return not position.is_stale and (self._vouched_until >= oldest or position.read_at >= oldest)

    def close(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def _watch_file(self) -> None:
        """Do immediately what the listener does ten times a second on SQLite."""
        asked_at = time.monotonic()
        try:
            self._watcher = self._watcher or FileWatcher()
            if self._watcher.has_changed():
                self.wake(None)
            self.vouch(asked_at)
        except sqlite3.Error:
            # The next call reopens the file; until then, positions are read from the database.
            self.close()

    async def current(self, slug: str | None) -> Position | None:
        """Return the position of a blog, from memory if that is current; None if there is no such blog.

        The result may have become stale while it was read; check it with `is_current`.
        """
        position = self._known.get(slug)
        if position is not None and self.is_current(position):
            self._known.move_to_end(slug)
            return position
        if slug not in self._readings:
            self._readings[slug] = asyncio.create_task(self._read(slug), name=f"position of {slug}")
            self._readings[slug].add_done_callback(lambda _task: self._readings.pop(slug, None))
        return await asyncio.shield(self._readings[slug])

    async def _read(self, slug: str | None) -> Position | None:
        read_at, wakes = time.monotonic(), self._wakes
        mark = await (read_site() if slug is None else read_blog(slug))
        if mark is None:
            self._forget(slug)
            return None
        position = self._known.get(slug)
        if position is None:
            position = self._remember(slug, Position(mark, read_at))
        position.mark, position.read_at = mark, read_at
        # A wake-up meanwhile may be for a change that this reading missed, in a blog of yet unknown id.
        position.is_stale = wakes != self._wakes
        self._known.move_to_end(slug)
        if slug is not None:
            self._attach(mark[0], position)
        return position

    def _remember(self, slug: str | None, position: Position) -> Position:
        self._known[slug] = position
        if len(self._known) > MAX_POSITIONS:
            self._forget(next(iter(self._known)))
        return position

    def _attach(self, blog_id: int, position: Position) -> None:
        """Let wake-ups of the blog reach the position. A draft may have had another slug before."""
        other = self._by_id.get(blog_id)
        if other is not None and other is not position:
            other.is_stale = True
        self._by_id[blog_id] = position

    def _forget(self, slug: str | None) -> None:
        """Remove a position. Leave it stale for good, because wake-ups no longer reach it."""
        position = self._known.pop(slug, None)
        if position is not None:
            position.is_stale = True
            if slug is not None and self._by_id.get(position.mark[0]) is position:
                del self._by_id[position.mark[0]]


@sync_to_async(thread_sensitive=False)
def read_blog(slug: str) -> Mark | None:
    """Return the mark of one blog, even if it is not public, or None if there is no such blog."""
    try:
        revision = Subquery(Glossary.objects.values("revision")[:1])
        return LiveBlog.objects.filter(slug=slug).values_list("pk", "number", revision).first()
    finally:
        connection.close()


@sync_to_async(thread_sensitive=False)
def read_site() -> Mark:
    """Return the mark of all blogs. Each change increments one number, so each changes the sum."""
    try:
        totals = LiveBlog.objects.aggregate(numbers=Sum("number", default=0), blogs=Count("pk"))
        return totals["numbers"], totals["blogs"], Glossary.objects.revision()
    finally:
        connection.close()
