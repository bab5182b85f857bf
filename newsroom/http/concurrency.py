"""How many requests Django works on at once.

Each request has a thread of its own, and all threads share one interpreter: beyond some number more of them
only make each other slower. So some run, some wait for a moment, and the rest is told to come back. Readers
cannot take the places of the newsroom's own people, whose pages lie under `/admin/`, nor these theirs.

The semaphore is taken inside the request's thread and not on the event loop: a client that disconnects does
not end its thread, and must not make room for another one before the work is done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver

MAX_RUNNING: Final = 32
MAX_WAITING: Final = 500
WAIT_SECONDS: Final = 10.0


class Lane:
    """A number of requests that may run at once, and a bounded queue for it."""

    def __init__(
        self, running: int = MAX_RUNNING, waiting: int = MAX_WAITING, seconds: float = WAIT_SECONDS
    ) -> None:
        self._places = threading.Semaphore(running)
        self._lock = threading.Lock()
        self._room_to_wait = waiting
        self._seconds = seconds

    @property
    def is_full(self) -> bool:
        """Whether nobody else may wait."""
        return self._room_to_wait <= 0

    def enter(self) -> bool:
        """Take a place, waiting for one if there is room to wait; return whether there was one in time."""
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
        """Give the place back."""
        self._places.release()


readers: Final = Lane()
newsroom: Final = Lane()


def limit_concurrency(get_response: Callable[[HttpRequest], HttpResponse]):
    """Answer 503 with Retry-After, in the format of whoever asks, to requests that find no place."""

    def middleware(request: HttpRequest) -> HttpResponse:
        lane = newsroom if request.path_info.startswith("/admin/") else readers
        if not lane.enter():
            return get_resolver().resolve_error_handler(503)(request)
        try:
            return get_response(request)
        finally:
            lane.leave()

    return middleware
