"""Password hashing that readers do not notice.

Hashing a password is made slow on purpose: a third of a second of one processor. OpenSSL computes it without
the interpreter's lock, so several sign-ins at once take every processor of the machine, and each holds a
database connection meanwhile. Here one thread per process hashes, one password at a time, at a low priority,
so that the kernel prefers the threads that answer readers. Others wait in a short queue without a database
connection; when it is full they are refused.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

# One is being hashed, the others wait: some five seconds on a machine that is not busy.
MAX_WAITING: Final = 16
MAX_SECONDS: Final = 15
# On a busy processor a third of what a reader's thread gets; at 10, a tenth, signing in took many seconds.
NICENESS: Final = 5


class HashingBusyError(Exception):
    """Too many passwords wait to be hashed; nothing was decided about this one."""


def _lower_priority() -> None:
    # Linux gives each thread a priority of its own; elsewhere this would be about a whole process.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


_hasher: Final = ThreadPoolExecutor(1, thread_name_prefix="passwords", initializer=_lower_priority)
_places: Final = threading.BoundedSemaphore(MAX_WAITING)


class QueuedPasswordHasher(PBKDF2PasswordHasher):
    """Django's PBKDF2 hasher, in the queue. Hashes that were made without it stay valid.

    Django verifies a password, and takes as long for an unknown name, by encoding: this is the only way in.
    """

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        if not _places.acquire(blocking=False):
            raise HashingBusyError
        try:
            _return_connection_to_pool()
            hashing = _hasher.submit(super().encode, password, salt, iterations)
            return _result(hashing)
        finally:
            _places.release()


def _result(hashing: Future[str]) -> str:
    try:
        return hashing.result(timeout=MAX_SECONDS)
    except TimeoutError as error:
        if hashing.cancel():
            raise HashingBusyError from error
        # Its turn has come: what is left is the hashing itself.
        return hashing.result()


def _return_connection_to_pool() -> None:
    """Let readers' requests have this thread's connection; the next query takes another."""
    is_pooled = bool(connection.settings_dict.get("OPTIONS", {}).get("pool"))
    if is_pooled and not connection.in_atomic_block:
        connection.close()
