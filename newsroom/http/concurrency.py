"""A limit on the number of requests that Django handles at once.

Each request runs in its own thread, and all threads share one interpreter: beyond some number they only slow
each other down. So a bounded number runs, a bounded number waits briefly, and the rest gets 503. Readers and
editors (`/admin/`) have separate limits, so that neither can crowd out the other.

The semaphore is acquired in the request's thread, not on the event loop: the thread of a client that has
disconnected keeps running, and must keep its slot until the work is done.
"""

from __future__ import annotations

import threading
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver

from newsroom.http import GetResponse

MAX_RUNNING: Final = 32
MAX_WAITING: Final = 500
WAIT_SECONDS: Final = 10.0


class Lane:
    """A bounded number of running requests, with a bounded queue in front of it."""

    def __init__(
        self, running: int = MAX_RUNNING, waiting: int = MAX_WAITING, seconds: float = WAIT_SECONDS
    ) -> None:
        self._places = threading.Semaphore(running)
        self._lock = threading.Lock()
        self._room_to_wait = waiting
        self._seconds = seconds

    @property
    def is_full(self) -> bool:
        """Return whether the queue is full."""
        return self._room_to_wait <= 0

    def enter(self) -> bool:
        """Acquire a slot, waiting if the queue has room; return False if the queue is full or time is up."""
        if self._places.acquire(blocking=False):
            return True
        with self._lock:
            if self.is_full:
                return False
            self._room_to_wait -= 1
        try:
            return self._places.acquire(timeout=self._seconds)
        finally:
            with self._lock:
                self._room_to_wait += 1

    def leave(self) -> None:
        """Release the slot."""
        self._places.release()


readers: Final = Lane()
newsroom: Final = Lane()


def limit_concurrency(get_response: GetResponse) -> GetResponse:
    """Middleware: respond 503 to requests that get no slot, by the project's `handler503`."""

    def middleware(request: HttpRequest) -> HttpResponse:
        lane = newsroom if request.path_info.startswith("/admin/") else readers
        if not lane.enter():
            return get_resolver().resolve_error_handler(503)(request)
        try:
            return get_response(request)
        finally:
            lane.leave()

    return middleware
