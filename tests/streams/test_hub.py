"""The hub in this process, with no server between: what it sends to whom, with its times made short."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field

import pytest
from django.db import connection

from liveblog.models import LiveBlog
from liveblog.streams import hub, sse
from liveblog.streams.sse import Streams
from tests.factories import make_blog, make_update

PATIENCE = 30


@dataclass
class Listener:
    """One open stream, and the bodies that it was sent."""

    sent: list[bytes] = field(default_factory=list)
    has_heard: asyncio.Event = field(default_factory=asyncio.Event)
    is_leaving: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def numbers(self) -> list[int]:
        return [int(number) for number in re.findall(rb"^id: (\d+)$", b"".join(self.sent), re.MULTILINE)]

    async def follow(self, streams: Streams, blog: LiveBlog, after: int) -> None:
        request = {"type": "http", "method": "GET", "path": f"/live/{blog.slug}/stream"}
        known = {"headers": [(b"host", b"127.0.0.1")], "query_string": f"after={after}".encode()}
        await streams(request | known, self._receive, self._send)

    async def until(self, condition: Callable[[Listener], bool]) -> None:
        while not condition(self):
            self.has_heard.clear()
            await asyncio.wait_for(self.has_heard.wait(), PATIENCE)

    async def _send(self, message: dict) -> None:
        self.sent.append(message.get("body", b""))
        self.has_heard.set()

    async def _receive(self) -> dict:
        await self.is_leaving.wait()
        return {"type": "http.disconnect"}


def run(story: Callable[[Streams], Coroutine[None, None, None]]) -> None:
    """Play a story on a hub that is running, and end it."""

    async def play() -> None:
        running = hub.Hub()
        running.start()
        try:
            await story(Streams(running))
        finally:
            await running.stop()

    asyncio.run(play())


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    return make_blog()


HEARTBEAT = b"event: heartbeat\ndata: null\n\n"


def test_a_quiet_stream_sends_a_heartbeat_event_every_fifteen_seconds(blog, monkeypatch):
    assert hub.HEARTBEAT_SECONDS == 15
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 0.1)
    listener = Listener()

    async def story(streams: Streams) -> None:
        following = asyncio.create_task(listener.follow(streams, blog, after=1))
        await listener.until(lambda heard: heard.sent.count(HEARTBEAT) == 3)
        listener.is_leaving.set()
        await following

    run(story)
    assert listener.sent[:5] == [b"", b"retry: 3000\n\n", *[HEARTBEAT] * 3]


def publish(blog: LiveBlog, *said: str) -> None:
    """In a thread of its own, whose connection goes back to the pool."""
    try:
        make_update(blog, *said)
    finally:
        connection.close()


def test_a_lost_wake_up_costs_seconds_and_never_an_update(blog, monkeypatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(hub, "listen", lambda wake: asyncio.Event().wait())
    listener = Listener()

    async def story(streams: Streams) -> None:
        following = asyncio.create_task(listener.follow(streams, blog, after=1))
        await listener.until(lambda heard: len(heard.sent) == 2)
        await asyncio.to_thread(publish, blog)
        await listener.until(lambda heard: heard.numbers == [2])
        listener.is_leaving.set()
        await following

    run(story)


def test_readers_told_slice_by_slice_hear_each_change_once_whoever_comes_and_goes(blog, monkeypatch):
    monkeypatch.setattr(hub, "SLICE", 2)
    staying, leaving, joining = ([Listener() for _ in range(7)] for _ in range(3))

    async def story(streams: Streams) -> None:
        first = [asyncio.create_task(one.follow(streams, blog, after=1)) for one in staying + leaving]
        for serial in range(14):
            await asyncio.to_thread(publish, blog, f"{serial}")
            if serial % 2:
                leaving[serial // 2].is_leaving.set()
                later = joining[serial // 2].follow(streams, blog, after=1)
                first.append(asyncio.create_task(later))
        for one in staying + joining:
            await one.until(lambda heard: heard.numbers[-1:] == [15])
            one.is_leaving.set()
        await asyncio.gather(*first)

    run(story)
    for one in staying + leaving + joining:
        assert one.numbers == sorted(set(one.numbers))


def test_readers_who_come_back_together_share_one_lookup_of_the_blog(blog, monkeypatch):
    listeners = [Listener() for _ in range(50)]
    lookups = []
    find_blog = sse.find_blog
    monkeypatch.setattr(sse, "find_blog", lambda *given: lookups.append(given) or find_blog(*given))

    async def story(streams: Streams) -> None:
        following = [asyncio.create_task(one.follow(streams, blog, after=1)) for one in listeners]
        for one in listeners:
            await one.until(lambda heard: len(heard.sent) == 2)
            one.is_leaving.set()
        await asyncio.gather(*following)

    run(story)
    assert len(lookups) == 1
