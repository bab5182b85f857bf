"""The hub in this process, without a server, and with short intervals."""

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
    """One open stream and the bodies sent to it."""

    bodies: list[bytes] = field(default_factory=list)
    has_heard: asyncio.Event = field(default_factory=asyncio.Event)
    is_leaving: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def numbers(self) -> list[int]:
        return [int(number) for number in re.findall(rb"^id: (\d+)$", b"".join(self.bodies), re.MULTILINE)]

    async def follow(self, streams: Streams, blog: LiveBlog, after: int) -> None:
        request = {"type": "http", "method": "GET", "path": f"/live/{blog.slug}/stream"}
        details = {"headers": [(b"host", b"127.0.0.1")], "query_string": f"after={after}".encode()}
        await streams(request | details, self._receive, self._send)

    async def until(self, condition: Callable[[Listener], bool]) -> None:
        while not condition(self):
            self.has_heard.clear()
            await asyncio.wait_for(self.has_heard.wait(), PATIENCE)

    async def _send(self, message: dict) -> None:
        self.bodies.append(message.get("body", b""))
        self.has_heard.set()

    async def _receive(self) -> dict:
        await self.is_leaving.wait()
        return {"type": "http.disconnect"}


def run(scenario: Callable[[Streams], Coroutine[None, None, None]]) -> None:
    """Run a scenario on a running hub, then stop the hub."""

    async def play() -> None:
        running_hub = hub.Hub()
        running_hub.start()
        try:
            await scenario(Streams(running_hub))
        finally:
            await running_hub.stop()

    asyncio.run(play())


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    return make_blog()


HEARTBEAT = b"event: heartbeat\ndata: null\n\n"


def test_quiet_stream_sends_a_heartbeat_event_every_fifteen_seconds(blog, monkeypatch):
    assert hub.HEARTBEAT_SECONDS == 15
    monkeypatch.setattr(hub, "HEARTBEAT_SECONDS", 0.1)
    listener = Listener()

    async def scenario(streams: Streams) -> None:
        task = asyncio.create_task(listener.follow(streams, blog, after=1))
        await listener.until(lambda reader: reader.bodies.count(HEARTBEAT) == 3)
        listener.is_leaving.set()
        await task

    run(scenario)
    assert listener.bodies[:5] == [b"", b"retry: 3000\n\n", *[HEARTBEAT] * 3]


def publish(blog: LiveBlog, *heading: str) -> None:
    """Publish an update from a worker thread and return that thread's connection to the pool."""
    try:
        make_update(blog, *heading)
    finally:
        connection.close()


def test_update_is_sent_despite_a_lost_wake_up(blog, monkeypatch):
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(hub, "listen", lambda wake: asyncio.Event().wait())
    listener = Listener()

    async def scenario(streams: Streams) -> None:
        task = asyncio.create_task(listener.follow(streams, blog, after=1))
        await listener.until(lambda reader: len(reader.bodies) == 2)
        await asyncio.to_thread(publish, blog)
        await listener.until(lambda reader: reader.numbers == [2])
        listener.is_leaving.set()
        await task

    run(scenario)
    assert listener.numbers == [2]


def test_sliced_fan_out_sends_each_change_once_while_readers_come_and_go(blog, monkeypatch):
    monkeypatch.setattr(hub, "SLICE", 2)
    staying, leaving, joining = ([Listener() for _ in range(7)] for _ in range(3))

    async def scenario(streams: Streams) -> None:
        tasks = [
            asyncio.create_task(listener.follow(streams, blog, after=1)) for listener in staying + leaving
        ]
        for serial in range(14):
            await asyncio.to_thread(publish, blog, f"{serial}")
            if serial % 2:
                leaving[serial // 2].is_leaving.set()
                joined = joining[serial // 2].follow(streams, blog, after=1)
                tasks.append(asyncio.create_task(joined))
        for listener in staying + joining:
            await listener.until(lambda reader: reader.numbers[-1:] == [15])
            listener.is_leaving.set()
        await asyncio.gather(*tasks)

    run(scenario)
    for listener in staying + leaving + joining:
        assert listener.numbers == sorted(set(listener.numbers))


def test_simultaneous_readers_share_one_blog_lookup(blog, monkeypatch):
    listeners = [Listener() for _ in range(50)]
    lookups = []
    find_blog = sse.find_blog
    monkeypatch.setattr(
        sse, "find_blog", lambda *arguments: lookups.append(arguments) or find_blog(*arguments)
    )

    async def scenario(streams: Streams) -> None:
        tasks = [asyncio.create_task(listener.follow(streams, blog, after=1)) for listener in listeners]
        for listener in listeners:
            await listener.until(lambda reader: len(reader.bodies) == 2)
            listener.is_leaving.set()
        await asyncio.gather(*tasks)

    run(scenario)
    assert len(lookups) == 1
