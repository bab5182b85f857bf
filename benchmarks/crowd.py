"""A process with many open streams, which records when each of them receives a message.

It reads commands from standard input, one per line, and responds to each with a line of JSON:
`expect TOKEN` before a message is published, and `report` after publishing it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

OPENED_AT_ONCE = 100
SECONDS_TO_OPEN = 600
SECONDS_TO_DELIVER = 60


@dataclass(frozen=True)
class Arrivals:
    """Arrival times of one message, in seconds of the monotonic clock, which all processes share."""

    count: int
    first: float
    p50: float
    p99: float
    last: float


class Crowd:
    """The measuring process's handle on a crowd."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process

    def expect(self, token: str) -> None:
        self._ask(f"expect {token}")

    def report(self) -> Arrivals:
        return Arrivals(**self._ask("report"))

    def hear(self) -> object:
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("The crowd of readers has left; what it said is above.")
        return json.loads(line)

    def _ask(self, order: str) -> object:
        self._process.stdin.write(order + "\n")
        self._process.stdin.flush()
        return self.hear()


@contextmanager
def crowd(url: str, count: int) -> Iterator[Crowd]:
    """Open `count` streams of `url`; yield once each has received its response headers."""
    command = [sys.executable, "-m", "benchmarks.crowd", url, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            readers = Crowd(process)
            readers.hear()
            yield readers
        finally:
            process.kill()


class _Reader(asyncio.Protocol):
    """An open stream. It searches the raw bytes for the token and decodes nothing."""

    def __init__(self, request: bytes, opened: asyncio.Future, readers: _Readers) -> None:
        self.request, self.opened, self.readers = request, opened, readers
        self.tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            if data.startswith(b"HTTP/1.1 200"):
                self.opened.set_result(None)
            else:
                self.opened.set_exception(OSError(data[:200]))
        elif self.readers.token in self.tail + data:
            self.readers.arrive()
            self.tail = b""
        else:
            self.tail = data[-32:]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(error or OSError("The server closed the connection."))


class _Readers:
    def __init__(self, count: int) -> None:
        self.count = count
        self.token = b"-"
        self.arrivals: list[float] = []
        self.have_all = asyncio.Event()

    def arrive(self) -> None:
        self.arrivals.append(time.monotonic())
        if len(self.arrivals) == self.count:
            self.have_all.set()

    def expect(self, token: str) -> None:
        self.token = token.encode()
        self.arrivals, self.have_all = [], asyncio.Event()

    async def report(self) -> dict[str, float]:
        try:
            await asyncio.wait_for(self.have_all.wait(), SECONDS_TO_DELIVER)
        except TimeoutError:
            missing = self.count - len(self.arrivals)
            raise SystemExit(f"{missing} of {self.count} readers never got the message.") from None
        percents = statistics.quantiles(self.arrivals, n=100)
        return {
            "count": len(self.arrivals),
            "first": self.arrivals[0],
            "p50": percents[49],
            "p99": percents[98],
            "last": self.arrivals[-1],
        }


async def _open(url: str, readers: _Readers) -> None:
    parts = urlsplit(url)
    lines = [f"GET {parts.path}?{parts.query} HTTP/1.1", f"Host: {parts.netloc}", "Accept: text/event-stream"]
    request = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    room = asyncio.Semaphore(OPENED_AT_ONCE)

    async def open_one() -> None:
        async with room:
            opened = loop.create_future()
            await loop.create_connection(
                lambda: _Reader(request, opened, readers), parts.hostname, parts.port
            )
            await opened

    async with asyncio.timeout(SECONDS_TO_OPEN):
        await asyncio.gather(*(open_one() for _ in range(readers.count)))


async def _read(url: str, count: int) -> None:
    readers = _Readers(count)
    await _open(url, readers)
    print(json.dumps(count), flush=True)
    while order := (await asyncio.to_thread(sys.stdin.readline)).split():
        match order:
            case ["expect", token]:
                readers.expect(token)
                print(json.dumps(token), flush=True)
            case ["report"]:
                print(json.dumps(await readers.report()), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(_read(sys.argv[1], int(sys.argv[2])))
