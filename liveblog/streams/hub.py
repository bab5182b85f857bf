"""Fan-out: one log read per wake-up and edition of a blog, and the same bytes for every reader.

Everything here runs on the event loop, so code between two awaits is atomic. Each `send` is stepped only
once: a reader whose connection cannot take the bytes immediately is dropped, and resumes from its number when
it reconnects. If readers were awaited one after another, a single stalled one would block all others.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.utils import timezone

from liveblog import audience, visibility
from liveblog.audience import Delivered, Tally
from liveblog.models import LiveBlog
from liveblog.presentation import delta, reading
from liveblog.presentation.editions import has_edition
from liveblog.visibility import PUBLIC
from liveblog.wakeups.channel import Vouch, Wake, listen
from newsroom import metrics
from newsroom.http.bodies import Send

HEARTBEAT_SECONDS: Final = 15.0
# Polling interval: a lost wake-up delays an update by at most this long.
LOOK_SECONDS: Final = 5.0
READINGS_KEPT: Final = 32
# Readers served before the loop runs, so that the first receive their bytes while others still wait.
SLICE: Final = 250
# When the server shuts down, streams end in slices over this time, so that readers do not all reconnect at
# once. It has to be well below uvicorn's --timeout-graceful-shutdown.
DRAIN_SECONDS: Final = 1.0
DRAIN_SLICES: Final = 50
# Range of the random delay, in milliseconds, after which such a reader is asked to reconnect.
RETRY_SPREAD: Final = (500, 3_500)

# Closes a connection and discards unsent data.
Abort = Callable[[], object]


def _leave_open() -> None:
    pass


# A blog's id and the edition that is followed; None means the script that the blog is written in.
Followed = tuple[int, str | None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """The log after some number: events up to `number` as bytes, and whether the stream ends there."""

    number: int
    events: bytes
    is_over: bool
    # When the newest change was made; None if there is nothing to send.
    changed_at: datetime | None = None


class Reader:
    """One open stream. `number` is the last one sent to it; `task` awaits its disconnection.

    `abort` closes its connection immediately. `is_counted` is false for a desk, which follows the log like a
    reader but does not count as one.
    """

    __slots__ = ("abort", "is_counted", "is_dropped", "is_ready", "number", "send", "task")

    def __init__(
        self,
        send: Send,
        number: int,
        task: asyncio.Task,
        abort: Abort = _leave_open,
        *,
        is_counted: bool = True,
    ) -> None:
        self.send = send
        self.abort = abort
        self.number = number
        self.task = task
        self.is_counted = is_counted
        self.is_ready = False
        self.is_dropped = False

    def push(self, message: dict[str, Any]) -> bool:
        """Send immediately or not at all; return whether the connection took the message."""
        step = self.send(message)
        try:
            step.send(None)
        except StopIteration:
            return True
        step.close()
        return False


def message_of(body: bytes, *, is_last: bool = False) -> dict[str, Any]:
    """Return an ASGI body message, to be built once and sent to all readers."""
    return {"type": "http.response.body", "body": body, "more_body": not is_last}


@dataclass
class Feed:
    """The followers of one edition in this process. `number` is None until the log has been read once."""

    followed: Followed
    number: int | None = None
    readers: set[Reader] = field(default_factory=set)
    # Reads in progress or still current, by starting number, so that a storm of reconnections shares one.
    readings: dict[int, asyncio.Task] = field(default_factory=dict)
    is_stale: bool = False
    advancing: asyncio.Task | None = None


class Hub:
    """The registry of all streams in this process. Start it once, in the event loop."""

    def __init__(self, on_wake: Wake | None = None, on_vouch: Vouch | None = None) -> None:
        """Create a hub that passes on its listener's signals, so that one listener serves the process."""
        self._on_wake = on_wake
        self._on_vouch = on_vouch
        self._feeds: dict[Followed, Feed] = {}
        self._tasks: list[asyncio.Task] = []
        self._draining: asyncio.Task | None = None
        self._tally = Tally()
        # Number of stalled readers that were dropped since this process started.
        self.stalled_count = self._reported_count = 0
        # Number of pages that each stretch of the log was sent to, since the counts were last saved.
        self._delivered: Counter[Delivered] = Counter()

    @property
    def is_running(self) -> bool:
        """Return whether new readers are admitted."""
        return bool(self._tasks) and self._draining is None

    @property
    def reader_count(self) -> int:
        """Return the number of open streams, not counting desks."""
        return sum(reader.is_counted for feed in self._feeds.values() for reader in feed.readers)

    def start(self) -> None:
        self._draining = None
        vouching = [self._on_vouch] if self._on_vouch else []
        self._tasks = [
            asyncio.create_task(listen(self._hear, *vouching), name="listen"),
            asyncio.create_task(self._beat(), name="heartbeat"),
            asyncio.create_task(self._look(), name="look"),
            asyncio.create_task(self._count(), name="count"),
        ]

    def drain(self) -> None:
        """Start ending all streams, slice by slice; the server shuts down and accepts no new connections."""
        if self.is_running:
            self._draining = asyncio.create_task(self._drain(), name="drain")

    async def _drain(self) -> None:
        slice_size = math.ceil(sum(len(feed.readers) for feed in self._feeds.values()) / DRAIN_SLICES)
        while self._feeds:
            readers = [(feed, reader) for feed in self._feeds.values() for reader in feed.readers]
            for feed, reader in random.sample(readers, min(slice_size, len(readers))):
                # A reader that is still catching up is left for a later slice.
                if reader.is_ready:
                    retry = f"retry: {random.randint(*RETRY_SPREAD)}\n\n".encode()
                    reader.push(message_of(retry, is_last=True))
                    self._drop(feed, reader)
            await asyncio.sleep(DRAIN_SECONDS / DRAIN_SLICES)

    async def stop(self) -> None:
        """End all streams and the hub's own tasks."""
        if self._draining:
            self._draining.cancel()
        for feed in list(self._feeds.values()):
            self._end(feed, b"")
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._tell_audience()

    def _hear(self, blog_id: int | None) -> None:
        self.wake(blog_id)
        if self._on_wake:
            self._on_wake(blog_id)

    def wake(self, blog_id: int | None) -> None:
        """Read the log again for the feeds of a blog, or of all blogs if None: it may have advanced."""
        for feed in self._feeds_of(blog_id):
            feed.is_stale = True
            if feed.advancing is None:
                feed.advancing = asyncio.create_task(self._advance(feed), name=f"advance {feed.followed}")

    def _feeds_of(self, blog_id: int | None) -> list[Feed]:
        return [feed for feed in self._feeds.values() if blog_id in (None, feed.followed[0])]

    async def follow(
        self,
        followed: Followed,
        number: int,
        send: Send,
        abort: Abort = _leave_open,
        *,
        is_counted: bool = True,
    ) -> Reader | None:
        """Register a reader, send it the log after `number`, and then let it follow without a gap.

        Return None if the stream ended meanwhile. The caller awaits the disconnection and then calls `leave`;
        the hub cancels the caller's task when it drops the reader.
        """
        feed = self._feeds.setdefault(followed, Feed(followed))
        task = asyncio.current_task()
        assert task is not None
        reader = Reader(send, number, task, abort, is_counted=is_counted)
        feed.readers.add(reader)
        try:
            while reader.number != feed.number:
                if feed.number is not None and reader.number > feed.number:
                    await self._learn(feed)
                    continue
                reading = await self._read(feed, reader.number)
                must_send = reading.events or reading.is_over
                if must_send and not reader.push(message_of(reading.events, is_last=reading.is_over)):
                    reader.is_dropped = True
                    self._abort(reader)
                if must_send and not reader.is_dropped:
                    self._delivered[Delivered(followed[0], reader.number, reading.number)] += is_counted
                if reader.is_dropped or reading.is_over:
                    self.leave(followed, reader)
                    return None
                reader.number = reading.number
                if feed.number is None:
                    feed.number = reading.number
        except BaseException:
            self.leave(followed, reader)
            raise
        reader.is_ready = True
        if feed.is_stale:
            self.wake(followed[0])
        return reader

    async def _learn(self, feed: Feed) -> None:
        """Advance the feed for a reader whose number is ahead of this process.

        Raise DatabaseError if the log could not be read.
        """
        before = feed.number
        self.wake(feed.followed[0])
        assert feed.advancing is not None
        await asyncio.shield(feed.advancing)
        if feed.number == before:
            raise DatabaseError("The log could not be read as far as its reader knows it.")

    def leave(self, followed: Followed, reader: Reader) -> None:
        feed = self._feeds.get(followed)
        if feed is not None:
            feed.readers.discard(reader)
            if not feed.readers:
                del self._feeds[followed]

    async def _read(self, feed: Feed, after: int) -> Reading:
        if after not in feed.readings:
            feed.readings[after] = asyncio.create_task(read_log(feed.followed, after))
        task = feed.readings[after]
        try:
            return await asyncio.shield(task)
        finally:
            # Keep a reading only while it reaches the last number that this process knows.
            is_good = task.done() and not task.cancelled() and not task.exception()
            if not is_good or task.result().number != feed.number or len(feed.readings) > READINGS_KEPT:
                feed.readings.pop(after, None)

    async def _advance(self, feed: Feed) -> None:
        try:
            while feed.is_stale and feed.number is not None and feed.readers:
                feed.is_stale = False
                reading = await read_log(feed.followed, feed.number)
                if reading.is_over:
                    self._end(feed, reading.events, reading.number)
                elif reading.number > feed.number:
                    await self._deliver(feed, reading)
        except DatabaseError:
            # The next poll, or the listener once it has reconnected, retries the read.
            logger.warning("The log of blog %s could not be read", feed.followed, exc_info=True)
        finally:
            feed.advancing = None

    async def _deliver(self, feed: Feed, reading: Reading) -> None:
        """Push the events to all readers, yielding to the loop after each slice so that it can send them."""
        before, feed.number = feed.number, reading.number
        assert before is not None
        feed.readings.clear()
        message, readers = message_of(reading.events), list(feed.readers)
        stretch = Delivered(feed.followed[0], before, reading.number)
        for start in range(0, len(readers), SLICE):
            sent_count = 0
            for reader in readers[start : start + SLICE]:
                # Ready readers were at the start of this reading. One that is still catching up reads the log
                # itself, and may have become ready, or left, while others were served.
                if reader.is_ready and reader.number == before and reader in feed.readers:
                    reader.number = reading.number
                    if reader.push(message):
                        sent_count += reader.is_counted
                    else:
                        self._drop_stalled(feed, reader)
            self._delivered[stretch] += sent_count
            await asyncio.sleep(0)
        if reading.changed_at is not None:
            metrics.DELIVERY_LAG_SECONDS.observe((timezone.now() - reading.changed_at).total_seconds())

    def _end(self, feed: Feed, events: bytes, number: int | None = None) -> None:
        """Send the last events, up to `number` (None if there are none), and drop all ready readers."""
        message = message_of(events, is_last=True)
        sent_count = 0
        for reader in list(feed.readers):
            if reader.is_ready:
                sent_count += reader.push(message) and reader.is_counted
                self._drop(feed, reader)
        if number is not None and feed.number is not None:
            self._delivered[Delivered(feed.followed[0], feed.number, number)] += sent_count

    def _drop(self, feed: Feed, reader: Reader) -> None:
        self.leave(feed.followed, reader)
        reader.is_dropped = True
        reader.task.cancel()

    def _drop_stalled(self, feed: Feed, reader: Reader) -> None:
        self._drop(feed, reader)
        self._abort(reader)

    def _abort(self, reader: Reader) -> None:
        """Close a stalled reader's connection, whose queue would otherwise be kept until the client reads."""
        self.stalled_count += 1
        reader.abort()

    async def _beat(self) -> None:
        """Send heartbeats, which reveal half-open connections to both sides and stop proxies closing streams.

        They are events, not comments: a page's EventSource does not report comments.
        """
        heartbeat = message_of(encode("heartbeat"))
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for feed in list(self._feeds.values()):
                for reader in list(feed.readers):
                    if reader.is_ready and not reader.push(heartbeat):
                        self._drop_stalled(feed, reader)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.wake(None)

    async def _count(self) -> None:
        """Save the counts periodically, apart from deliveries, so that no reader waits for them."""
        while True:
            await asyncio.sleep(audience.BEAT_SECONDS)
            await self._tell_audience()
            if self.stalled_count > self._reported_count:
                logger.info("%d stalled readers were dropped", self.stalled_count - self._reported_count)
                self._reported_count = self.stalled_count

    async def _tell_audience(self) -> None:
        delivered, self._delivered = +self._delivered, Counter()
        readers: Counter[int] = Counter()
        for (blog_id, _edition), feed in self._feeds.items():
            readers[blog_id] += sum(reader.is_counted for reader in feed.readers)
        try:
            await tell_audience(self._tally, readers, delivered)
        except DatabaseError:
            self._delivered.update(delivered)
            logger.warning("The audience figures could not be saved", exc_info=True)


@sync_to_async(thread_sensitive=False)
def tell_audience(tally: Tally, readers: Counter[int], delivered: Counter[Delivered]) -> None:
    """Save this process's counts to where the counts of all processes are added up.

    Raise DatabaseError if that fails; no reach is saved in that case.
    """
    try:
        tally.say(readers)
        audience.keep_reach(delivered)
    finally:
        connection.close()


@sync_to_async(thread_sensitive=False)
def read_log(followed: Followed, after: int) -> Reading:
    """Return the events after number `after` in a blog's log, encoded once for all readers of an edition."""
    blog_id, edition = followed
    try:
        row = LiveBlog.objects.complete().get(pk=blog_id)
        if not visibility.can_read(PUBLIC, row):
            return Reading(after, encode("gone"), is_over=True)
        if row.is_lost(after) or (edition and not has_edition(row, edition)):
            # A backup was restored or the blog's language was changed while the page was open.
            return Reading(after, encode("reload"), is_over=True)
        blog = reading.blog_in(row, edition)
        events, number = [], after
        while number < blog.number:
            changes = delta.after(blog, number)
            number = changes.number
            events.append(encode("message", delta.of_page(changes), number))
        return Reading(number, b"".join(events), is_over=blog.has_ended, changed_at=blog.modified_at)
    finally:
        connection.close()


def encode(event: str, data: object = None, number: int | None = None) -> bytes:
    """Encode one event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    lines = [] if number is None else [f"id: {number}"]
    if event != "message":
        lines.append(f"event: {event}")
    lines.append(f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}")
    return ("\n".join(lines) + "\n\n").encode()
