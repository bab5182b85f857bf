"""A TCP proxy that simulates network faults: it silences connections without closing them, or disappears."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

CHUNK = 65536


class TcpProxy:
    """A proxy from `port` to `upstream`, another local port. It can be used from any thread."""

    def __init__(self, listener: socket.socket, upstream: int) -> None:
        self.port: int = listener.getsockname()[1]
        self.upstream = upstream
        self._listener = listener
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        # Each connection waits for its own event before it forwards; clearing the event silences it.
        self._open: set[asyncio.Event] = set()
        self._forwards_new = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def silence(self, *, new_ones: bool) -> None:
        """Stop forwarding on open connections, and on new ones if `new_ones`, without closing any."""

        async def silence() -> None:
            self._forwards_new = not new_ones
            for is_open in self._open:
                is_open.clear()

        self._run(silence())

    def forward(self) -> None:
        """Forward new connections again. Silenced ones stay silent, as after a phone changes networks."""

        async def forward() -> None:
            self._forwards_new = True

        self._run(forward())

    def go_away(self) -> None:
        """Close all connections and refuse new ones."""

        async def go_away() -> None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()

        self._run(go_away())

    def come_back(self) -> None:
        self._run(self._listen(socket.create_server(("127.0.0.1", self.port))))

    async def _listen(self, listener: socket.socket) -> None:
        self._server = await asyncio.start_server(self._forward, sock=listener)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_open = asyncio.Event()
        if self._forwards_new:
            is_open.set()
        self._open.add(is_open)
        pair = {writer}
        self._writers |= pair
        try:
            await is_open.wait()
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
            pair.add(upstream_writer)
            self._writers.add(upstream_writer)
            await asyncio.gather(
                _pump(reader, upstream_writer, is_open), _pump(upstream_reader, writer, is_open)
            )
        except OSError:
            pass
        finally:
            for each in pair:
                each.close()
                with suppress(OSError):
                    await each.wait_closed()
            self._open.discard(is_open)
            self._writers -= pair

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def serve(self, started: Future[None]) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen(self._listener))
        started.set_result(None)
        self._loop.run_forever()
        self._loop.close()

    def stop(self) -> None:
        async def stop() -> None:
            self._server.close()
            while self._open:
                for is_open in self._open:
                    is_open.set()
                for writer in self._writers:
                    writer.transport.abort()
                await asyncio.sleep(0.01)

        self._run(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_open: asyncio.Event) -> None:
    while chunk := await reader.read(CHUNK):
        await is_open.wait()
        writer.write(chunk)
        await writer.drain()
    await is_open.wait()
    writer.close()


@contextmanager
def proxying(listener: socket.socket, upstream: int) -> Iterator[TcpProxy]:
    """Run a proxy on `listener`, whose port is known before the upstream server starts."""
    proxy = TcpProxy(listener, upstream)
    started: Future[None] = Future()
    thread = Thread(target=proxy.serve, args=(started,), daemon=True)
    thread.start()
    started.result()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()
