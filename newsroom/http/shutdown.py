"""Callbacks for the start of a shutdown, before the server waits for open responses.

ASGI's `lifespan.shutdown` comes too late for streams: a server sends it only once every response has ended or
has been cancelled.
"""

from __future__ import annotations

from collections.abc import Callable

_callbacks: list[Callable[[], None]] = []


def on_shutdown(callback: Callable[[], None]) -> None:
    """Call `callback` on the event loop when the server begins to shut down."""
    _callbacks.append(callback)


def announce() -> None:
    """Run each registered callback once, although the server announces its shutdown on every connection."""
    while _callbacks:
        _callbacks.pop()()
