"""A fair (first-in, first-out) lock."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass(eq=False)
class _Place:
    """A place in the queue. `is_called` is set once the lock belongs to `owner`."""

    owner: object
    is_called: threading.Event = field(default_factory=threading.Event)


class Turns:
    """A first-in, first-out lock with a bounded wait.

    `threading.Lock` wakes any waiter, and SQLite's own lock is polled with growing sleeps, so under load both
    can pass over the same waiter until it times out. This lock is handed directly to the next waiter, so that
    no later one can take it in between.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: object | None = None
        self._queue: deque[_Place] = deque()

    @property
    def waiting(self) -> int:
        """Return the length of the queue."""
        with self._lock:
            return len(self._queue)

    def is_held_by(self, owner: object) -> bool:
        return self._owner is owner

    def take(self, owner: object, seconds: float) -> None:
        """Wait for the lock; raise TimeoutError if it is not acquired within `seconds`."""
        with self._lock:
            if self._owner is None:
                self._owner = owner
                return
            place = _Place(owner)
            self._queue.append(place)
        try:
            place.is_called.wait(seconds)
        except BaseException:
            # On an interruption, release the place in the queue, or the lock if it has just been handed over.
            if not self._leave(place):
                self.give_back(owner)
            raise
        if self._leave(place):
            raise TimeoutError(f"no turn to write within {seconds:g} seconds")

    def give_back(self, owner: object) -> None:
        """Hand the lock to the next in the queue. Do nothing unless `owner` holds it."""
        with self._lock:
            if self._owner is not owner:
                return
            if self._queue:
                place = self._queue.popleft()
                self._owner = place.owner
                place.is_called.set()
            else:
                self._owner = None

    def _leave(self, place: _Place) -> bool:
        """Leave the queue; return False if the lock has already been handed over."""
        with self._lock:
            if place.is_called.is_set():
                return False
            self._queue.remove(place)
            return True
