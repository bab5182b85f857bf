"""Wake-ups: signals that some log has advanced. They carry no changes; those always come from the log."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

import psycopg
from django.db import connections

from liveblog.publishing.log import CHANNEL, EVERY_BLOG

SQLITE_SECONDS: Final = 0.1
ECHO_SECONDS: Final = 0.3
SILENCE_SECONDS: Final = 3.0
LONGEST_WAIT: Final = 5.0

# Called with a blog's id, or with None if the log of any blog may have advanced.
Wake = Callable[[int | None], None]
# Called with a moment of the monotonic clock: `wake` has been called for every change committed before it.
Vouch = Callable[[float], None]

logger = logging.getLogger(__name__)


def _vouch_for_nothing(_until: float) -> None:
    pass


async def listen(wake: Wake, vouch: Vouch = _vouch_for_nothing) -> None:
    """Call `wake` whenever a log has advanced, until cancelled; reconnect with backoff after an outage.

    While wake-ups arrive, call `vouch` several times a second.
    """
    failures = 0
    while True:
        hear = _on_postgresql if connections["default"].vendor == "postgresql" else _on_sqlite
        started = time.monotonic()
        try:
            await hear(wake, vouch)
        except (psycopg.Error, sqlite3.Error, OSError, TimeoutError) as error:
            failures = 0 if time.monotonic() - started > LONGEST_WAIT else failures + 1
            logger.warning("The wake-up listener failed, trying again: %s", error)
        await asyncio.sleep(min(0.1 * 2**failures, LONGEST_WAIT))


async def _on_postgresql(wake: Wake, vouch: Vouch) -> None:
    """LISTEN on a dedicated connection. Raise TimeoutError if it no longer receives its own NOTIFY.

    Notifications arrive in the order of their commits, so each echo shows that all earlier ones have arrived.
    """
    echo = f"echo {secrets.token_hex(8)} "
    async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
        await listener.execute(f"LISTEN {CHANNEL}")
        # Changes may have been missed while nothing was listening.
        wake(None)
        heard_at = time.monotonic()
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                await listener.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{echo}{time.monotonic()}"])
                async for notify in listener.notifies(timeout=ECHO_SECONDS):
                    if notify.payload.startswith(echo):
                        heard_at = time.monotonic()
                        vouch(float(notify.payload.removeprefix(echo)))
                    elif notify.payload == EVERY_BLOG:
                        wake(None)
                    elif notify.payload.isdigit():
                        wake(int(notify.payload))
            if time.monotonic() - heard_at > SILENCE_SECONDS:
                raise TimeoutError("the listener did not hear itself")


def _parameters() -> dict[str, Any]:
    """Return the connection parameters of the site's database, without those for Django itself."""
    parameters = connections["default"].get_connection_params()
    django_only = {"cursor_factory", "context", "prepare_threshold", "pool"}
    return {name: value for name, value in parameters.items() if name not in django_only}


class FileWatcher:
    """A watcher that notices commits to a SQLite database by its version, on a connection that never writes.

    The connection never opens a transaction either: inside of one it would see no other commit.
    """

    def __init__(self) -> None:
        path = str(connections["default"].settings_dict["NAME"])
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA query_only = ON")
        self._version: int | None = None

    def has_changed(self) -> bool:
        """Return whether anything was committed since the last call; True at first."""
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._version = self._version, int(version)
        return self._version != before

    def close(self) -> None:
        self._connection.close()


async def _on_sqlite(wake: Wake, vouch: Vouch) -> None:
    with closing(FileWatcher()) as watcher:
        while True:
            asked_at = time.monotonic()
            if watcher.has_changed():
                wake(None)
            vouch(asked_at)
            await asyncio.sleep(SQLITE_SECONDS)
