"""Password strength, and password hashing that does not slow down readers.

Hashing is slow by design: a third of a second of one CPU. OpenSSL releases the GIL while it hashes,
so several concurrent sign-ins would occupy every CPU, each holding a database connection. Here a single
thread per process hashes one password at a time, at a low priority, so that the kernel prefers the threads
that serve readers. Further sign-ins wait in a short queue without a database connection, and are refused when
it is full.
"""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from zxcvbn_rs_py import zxcvbn

# Includes the password being hashed. On an idle machine, the last in the queue waits about five seconds.
MAX_WAITING: Final = 16
MAX_SECONDS: Final = 15
# A third of the CPU time of a reader's thread under load. At 10 (a tenth), signing in took many seconds.
NICENESS: Final = 5

# An estimate takes much longer for long passwords, and this many characters suffice for the highest score.
_MAX_JUDGED: Final = 32


class HashingBusyError(Exception):
    """Raised if too many passwords are waiting to be hashed; this one has not been checked."""


def _lower_priority() -> None:
    # On Linux this sets the priority of a thread; elsewhere it would apply to a whole process.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


_hasher: Final = ThreadPoolExecutor(1, thread_name_prefix="passwords", initializer=_lower_priority)
_places: Final = threading.BoundedSemaphore(MAX_WAITING)


class QueuedPasswordHasher(PBKDF2PasswordHasher):
    """Django's PBKDF2 hasher behind the queue. Existing PBKDF2 hashes stay valid.

    Django calls `encode` both to verify a password and to spend the same time on an unknown user, so it is
    enough to override it.
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
        # Hashing has already started and will finish soon.
        return hashing.result()


def _return_connection_to_pool() -> None:
    """Return this thread's connection to the pool for other requests; the next query gets another one."""
    is_pooled = bool(connection.settings_dict.get("OPTIONS", {}).get("pool"))
    if is_pooled and not connection.in_atomic_block:
        connection.close()


class StrengthValidator:
    """Validator that refuses passwords that zxcvbn guesses within 100 million attempts.

    zxcvbn knows leaked passwords, names, words, dates, keyboard patterns, repeats and sequences, and needs no
    network. Of its scores from 0 to 4, 3 is the first at which guesses at a stolen hash take months.
    """

    least_score = 3

    def validate(self, password: str, user: User | None = None) -> None:
        known = [settings.SITE_NAME]
        if user is not None:
            names = (user.get_username(), user.first_name, user.last_name, *(user.email or "").split("@"))
            known += [name for name in names if name]
        if int(zxcvbn(password[:_MAX_JUDGED], known).score) < self.least_score:
            raise ValidationError(
                _("This password is easy to guess. Use several words that are unrelated to one another."),
                code="password_easy_to_guess",
            )

    def get_help_text(self) -> str:
        return _("Your password can’t be a common word, name, date or pattern, or be made of repeats of one.")
