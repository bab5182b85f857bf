"""The database backend to use as ENGINE in the settings.

SQLite allows one writer at a time. Writers poll its lock with growing sleeps, so under load some are passed
over until they time out, and an editor sees "database is locked". So the threads of a process queue for the
lock here, first come, first served, and only the first in the queue competes with other processes. Readers
never queue: in WAL mode they do not wait for writers.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import Any, Final, Self

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.features import DatabaseFeatures

from newsroom.sqlite.turns import Turns

# Statements that take no write lock, and transaction control, whose turn is taken elsewhere.
_NO_WRITE: Final = re.compile(
    r"\s*(?:SELECT|PRAGMA|EXPLAIN|BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|ATTACH|DETACH)\b", re.IGNORECASE
)
# A time in the queue, in seconds, that is too short to subtract.
_NO_WAIT: Final = 0.1

_turns: dict[str, Turns] = {}
_turns_lock: Final = threading.Lock()


def turns_of(name: str) -> Turns:
    """Return the queue of all of this process's connections to one database file."""
    with _turns_lock:
        return _turns.setdefault(name, Turns())


class NoTurnError(sqlite3.OperationalError):
    """Raised if no turn to write came in time; it has the same code as SQLite's own lock timeout."""

    sqlite_errorcode = sqlite3.SQLITE_BUSY
    sqlite_errorname = "SQLITE_BUSY"


class QueuedCursor(base.SQLiteCursorWrapper):
    """A cursor whose writes outside a transaction wait for their turn.

    SQLite keeps its lock until the last row of `RETURNING` has been read, so those rows are read immediately.
    """

    def __init__(self, connection: sqlite3.Connection, wrapper: DatabaseWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper
        self._returned: Iterator[tuple] | None = None

    def execute(self, query: str, params: Any = None) -> Self:
        self._returned = None
        if not self._wrapper.needs_turn(query):
            super().execute(query, params)
            return self
        with self._wrapper.turn():
            super().execute(query, params)
            if self.description is not None:
                self._returned = iter(super().fetchall())
        return self

    def executemany(self, query: str, param_list: Any) -> Self:
        self._returned = None
        if not self._wrapper.needs_turn(query):
            super().executemany(query, param_list)
            return self
        with self._wrapper.turn():
            super().executemany(query, param_list)
        return self

    def __next__(self) -> tuple:
        return super().__next__() if self._returned is None else next(self._returned)

    def fetchone(self) -> tuple | None:
        return super().fetchone() if self._returned is None else next(self._returned, None)

    def fetchmany(self, size: int | None = None) -> list[tuple]:
        size = self.arraysize if size is None else size
        if self._returned is None:
            return super().fetchmany(size)
        return list(islice(self._returned, size))

    def fetchall(self) -> list[tuple]:
        return super().fetchall() if self._returned is None else list(self._returned)


class Features(DatabaseFeatures):
    """Django's features, without its probe for JSON: on a locked database that fails, and is remembered."""

    # Built in since SQLite 3.38, and compiled in before that wherever Python brings its own.
    supports_json_field = True


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper; a transaction has its turn from BEGIN to COMMIT or ROLLBACK.

    The queue belongs to connections, not to threads: nested blocks are savepoints of the same turn.
    """

    features_class = Features
    # True while SQLite waits less for its lock, because part of the wait was spent in the queue.
    _is_hurried = False

    @property
    def turns(self) -> Turns:
        return turns_of(str(self.settings_dict["NAME"]))

    def create_cursor(self, name: str | None = None) -> QueuedCursor:
        # misc, below: the stubs lack the private methods of the base class.
        cursor: QueuedCursor = self.connection.cursor(
            factory=lambda connection: QueuedCursor(connection, self)
        )
        return cursor

    def needs_turn(self, query: str) -> bool:
        """Return whether a statement writes outside of a transaction."""
        return not (
            self.connection.in_transaction or self.turns.is_held_by(self) or _NO_WRITE.match(str(query))
        )

    @contextmanager
    def turn(self) -> Iterator[None]:
        self._take_turn()
        try:
            yield
        finally:
            self._give_turn_back()

    def _take_turn(self) -> None:
        started = time.monotonic()
        try:
            self.turns.take(self, self._longest_wait)
        except TimeoutError as error:
            raise NoTurnError(f"database is locked: {error}") from error
        waited = time.monotonic() - started
        # Queueing and then competing with other processes must together not take longer than one wait.
        if waited > _NO_WAIT:
            self._wait_for_lock_at_most(max(_NO_WAIT, self._longest_wait - waited))
            self._is_hurried = True

    @property
    def _longest_wait(self) -> float:
        seconds: float = self.settings_dict["OPTIONS"].get("timeout", 5)
        return seconds

    def _wait_for_lock_at_most(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")

    def _give_turn_back(self) -> None:
        if self._is_hurried and self.connection is not None:
            self._is_hurried = False
            self._wait_for_lock_at_most(self._longest_wait)
        self.turns.give_back(self)

    def _start_transaction_under_autocommit(self) -> None:
        self._run_wrapped(self._take_turn, "BEGIN IMMEDIATE")
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_turn_back()
            raise

    def _run_wrapped(self, act: Callable[[], None], sql: str) -> None:
        """Run `act` as Django runs a statement: within the `execute_wrapper`s, with Django's errors."""

        def execute(*_arguments: Any) -> None:
            with self.wrap_database_errors:
                act()

        for wrapper in reversed(self.execute_wrappers):
            execute = partial(wrapper, execute)
        execute(sql, None, False, {"connection": self, "cursor": None})

    # If a COMMIT fails, the ROLLBACK or close that follows ends the turn.

    def _commit(self) -> None:
        super()._commit()  # type: ignore[misc]
        self._give_turn_back()

    def _rollback(self) -> None:
        super()._rollback()  # type: ignore[misc]
        self._give_turn_back()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._is_hurried = False
            self.turns.give_back(self)
