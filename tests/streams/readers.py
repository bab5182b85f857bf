"""Simulated readers for load tests: hundreds in one thread, each following a live blog as an open page does.

A reader loads the page, applies each delta to it, and reconnects when its connection ends. It resumes by its
number, or reloads the page where a browser would.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from tests.page_content import PageContent, parse_page, read_regions

# Seconds between polls and before reconnecting, shorter than on a real page.
PAUSE = 0.25
# Errors that a client sees when a server is killed or loses its database.
FAULTS = (OSError, EOFError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass
class Answer:
    """The head of an HTTP response whose body has not been read."""

    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader

    async def body(self) -> str:
        return b"".join([chunk async for chunk in self.chunks()]).decode()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raise EOFError if the connection ends before the body does."""
        if self.headers.get("transfer-encoding") != "chunked":
            yield await self.reader.readexactly(int(self.headers.get("content-length", 0)))
            return
        while size := int(await self._line(), 16):
            yield await self.reader.readexactly(size)
            await self._line()
        await self._line()

    async def _line(self) -> bytes:
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise EOFError
        return line


@asynccontextmanager
async def get(url: str, buffered: int | None = None, **headers: str) -> AsyncIterator[Answer]:
    """Open a GET request and yield the head of its response.

    `buffered` limits the bytes that are received but not yet read; None means the system's default.
    """
    parts = urlsplit(url)
    connection = socket.socket()
    connection.setblocking(False)
    if buffered:
        # Set these before connecting, when the receive window is announced. Short segments make the server
        # keep a small send buffer.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffered)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1_000)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (parts.hostname, parts.port))
    except OSError:
        connection.close()
        raise
    reader, writer = await asyncio.open_connection(sock=connection, limit=buffered or 2**16)
    try:
        query = f"?{parts.query}" if parts.query else ""
        lines = [f"GET {parts.path}{query} HTTP/1.1", f"Host: {parts.netloc}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        status = await reader.readline()
        if not status:
            raise EOFError
        response_headers = {}
        while line := (await reader.readline()).decode().strip():
            name, _colon, value = line.partition(": ")
            response_headers[name.lower()] = value
        yield Answer(int(status.split()[1]), response_headers, reader)
    finally:
        writer.close()


@dataclass
class Reader:
    """One open page. `numbers` are the change numbers that it received since it last loaded the page."""

    servers: list[str]
    path: str
    by_stream: bool
    target: int | None = None
    number: int = -1
    status: str = "live"
    updates: dict[int, tuple[str, str]] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    repeats: list[tuple[int, int]] = field(default_factory=list)
    reloads: int = 0
    returns: int = 0
    # A stalled reader reads nothing from its connection, which buffers at most `buffered` bytes.
    is_stalled: bool = False
    buffered: int | None = None

    @property
    def is_done(self) -> bool:
        return self.target is not None and self.number >= self.target

    def load(self, page: PageContent) -> None:
        self.number = page.number
        self.status = "live" if page.head["is_live"] else "ended"
        self.updates = {_id_of(order): (order, html) for order, html in page.updates.items()}
        self.regions = dict(page.regions)
        self.numbers = [page.number]

    def apply(self, delta: dict[str, Any]) -> None:
        if delta["number"] <= self.number:
            self.repeats.append((delta["number"], self.number))
            return
        for update in delta["updates"]:
            if update["status"] == "unpublished":
                self.updates.pop(update["id"], None)
            else:
                self.updates[update["id"]] = (update["order"], update["html"].strip())
        self.regions |= read_regions(delta["regions"])
        self.number, self.status = delta["number"], delta["blog"]["status"]
        self.numbers.append(self.number)

    def newest(self, count: int) -> dict[str, str]:
        """Return the sort keys and markup of the `count` newest updates, as the page shows them."""
        return dict(sorted(self.updates.values(), reverse=True)[:count])

    async def follow(self) -> None:
        while not self.is_done:
            try:
                if self.number < 0:
                    await self._load_page()
                await self._poll()
                if self.by_stream and self.status == "live" and self.number >= 0 and not self.is_done:
                    await self._read_stream()
            except FAULTS:
                self.returns += 1
            await asyncio.sleep(PAUSE)

    @property
    def _base(self) -> str:
        return random.choice(self.servers)

    async def _load_page(self) -> None:
        async with get(self._base + self.path) as answer:
            if answer.status == 200:
                self.load(parse_page(await answer.body(), self.path, ""))

    async def _poll(self) -> None:
        has_more = self.number >= 0
        while has_more:
            async with get(f"{self._base}{self.path}changes.json?after={self.number}") as answer:
                if answer.status in (404, 409, 410):
                    return self._reload()
                if answer.status != 200:
                    return None
                delta = _decoded(await answer.body())
            if "updates" in delta:
                self.apply(delta)
            has_more = delta["has_more"]
        return None

    async def _read_stream(self) -> None:
        url, resume_headers = f"{self._base}{self.path}stream", {"Last-Event-ID": str(self.number)}
        async with get(url, self.buffered, **resume_headers) as answer:
            if answer.status != 200:
                return None
            text = ""
            async for chunk in answer.chunks():
                while self.is_stalled:
                    await asyncio.sleep(PAUSE)
                text += chunk.decode()
                *events, text = text.split("\n\n")
                for event in events:
                    if re.search(r"^event: (?:gone|reload)$", event, re.MULTILINE):
                        return self._reload()
                    if match := re.search(r"^id: (\d+)\ndata: (.*)$", event, re.MULTILINE):
                        delta = _decoded(match[2])
                        assert int(match[1]) == delta["number"]
                        self.apply(delta)
                if self.is_done:
                    return None
        return None

    def _reload(self) -> None:
        self.number = -1
        self.reloads += 1


@lru_cache(maxsize=512)
def _decoded(text: str) -> dict[str, Any]:
    """Decode JSON, cached because all readers get the same bytes."""
    return json.loads(text)


def _id_of(order: str) -> int:
    return int(order.split("-")[1], 16)


@contextmanager
def following(readers: list[Reader], patience: float) -> Iterator[None]:
    """Run the readers in a thread of their own; on exit, wait until each has reached its target."""

    async def follow_all() -> None:
        async with asyncio.timeout(patience):
            await asyncio.gather(*(reader.follow() for reader in readers))

    with ThreadPoolExecutor(1, thread_name_prefix="readers") as thread:
        future = thread.submit(asyncio.run, follow_all())
        yield
        future.result()
