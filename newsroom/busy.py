"""Detection of, and retries for, a database that is busy, full or unreachable, as opposed to our own bugs.

Errors are classified by the code that the database gave the exception, never by the state of the connection:
a connection may be lost while an error of our own propagates, and a lock timeout leaves it usable.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import psycopg
from django import db

RETRY_AFTER_SECONDS: Final = 2
# Retries of a command or a background loop, after 1, 2, 4 … seconds.
_TRIES: Final = 6
_LONGEST_PAUSE: Final = 8.0

# https://www.sqlite.org/rescode.html: the low byte is the primary code.
_SQLITE_BUSY: Final = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html: whole classes, then single codes.
_POSTGRESQL_CLASSES: Final = (
    "08",  # connection exception
    "53",  # insufficient resources: disk full, out of memory, too many connections
    "58",  # system error: I/O error
)
_POSTGRESQL_BUSY: Final = {
    "25006",  # read_only_sql_transaction: connected to a standby, after a failover
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available: lock_timeout
    "57014",  # query_canceled: statement_timeout
    "57P01",  # admin_shutdown
    "57P02",  # crash_shutdown
    "57P03",  # cannot_connect_now
    "57P05",  # idle_session_timeout
}

# Statements that take a lock. Rollbacks have to pass.
_WRITES: Final = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|BEGIN|LOCK)\b|\s*SELECT\b.*\bFOR (?:NO KEY )?UPDATE\b",
    re.IGNORECASE | re.DOTALL,
)

logger = logging.getLogger(__name__)
Result = TypeVar("Result")


def is_busy(error: BaseException | None) -> bool:
    """Return whether `error` means that the database cannot answer now but may be able to in a moment."""
    for cause in _causes(error):
        if isinstance(cause, sqlite3.Error):
            return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
        if isinstance(cause, psycopg.Error):
            return _is_postgresql_busy(cause)
    return False


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error of Django's database layer and the driver errors that caused it."""
    while isinstance(error, db.Error | sqlite3.Error | psycopg.Error):
        yield error
        error = error.__cause__


def _is_postgresql_busy(error: psycopg.Error) -> bool:
    code = error.sqlstate
    if code is None:
        # Raised by the client: the pool is exhausted, or the connection failed or was lost.
        return isinstance(error, psycopg.OperationalError)
    return code.startswith(_POSTGRESQL_CLASSES) or code in _POSTGRESQL_BUSY


class OneWait:
    """An `execute_wrapper` that lets a request wait for a busy database once, and refuses its later writes.

    A write after a failed one, such as an entry in the audit log, would wait as long again. Reads still run.
    """

    def __init__(self) -> None:
        self._error: Exception | None = None

    def __call__(self, execute: Callable[..., Result], sql: str, *arguments: Any) -> Result:
        if self._error is not None and _WRITES.match(sql):
            raise self._error
        try:
            return execute(sql, *arguments)
        except db.Error as error:
            if is_busy(error):
                self._error = error
            raise


def again_while_busy(work: Callable[[], Result], pause: Callable[[float], object] = time.sleep) -> Result:
    """Run `work` and retry it with exponential backoff while the database is busy; raise the last error.

    Use this in commands and background loops, where no client waits for a response. `work` must be a single
    transaction, so that a failed attempt leaves nothing behind. `pause` sleeps for the given seconds.
    """
    for failures in range(_TRIES):
        try:
            return work()
        except db.Error as error:
            if not is_busy(error):
                raise
            logger.warning("The database is busy, trying again: %s", error)
            # Reconnect in case the connection was lost. Inside a transaction it belongs to the caller.
            if not db.connection.in_atomic_block:
                db.connection.close()
        pause(min(2.0**failures, _LONGEST_PAUSE))
    return work()
