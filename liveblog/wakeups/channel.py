"""Wake-ups: hearing that some log has moved. They only wake; data always comes from the log."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Final

import psycopg
from django.db import connections

from liveblog.publishing.log import CHANNEL

SQLITE_SECONDS: Final = 0.1
ECHO_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 3.0
LONGEST_WAIT: Final = 5.0

# Called with a blog's id, or with None when any blog may have moved.
Wake = Callable[[int | None], None]

logger = logging.getLogger(__name__)


async def listen(wake: Wake) -> None:
    """Call `wake` whenever a log has moved, until cancelled. An outage of the database is outlived."""
    failures = 0
    while True:
        hear = _on_postgresql if connections["default"].vendor == "postgresql" else _on_sqlite
        started = time.monotonic()
        try:
            await hear(wake)
        except (psycopg.Error, sqlite3.Error, OSError, TimeoutError) as error:
            failures = 0 if time.monotonic() - started > LONGEST_WAIT else failures + 1
            logger.warning("Wake-ups are lost, trying again: %s", error)
        await asyncio.sleep(min(0.1 * 2**failures, LONGEST_WAIT))


async def _on_postgresql(wake: Wake) -> None:
    """LISTEN on a connection of its own, trusted only while it hears its own NOTIFY."""
    echo = f"echo {secrets.token_hex(8)}"
    async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
        await listener.execute(f"LISTEN {CHANNEL}")
        # Whatever happened while nobody listened.
        wake(None)
        heard_at = time.monotonic()
        while True:
            async with asyncio.timeout(SILENCE_SECONDS):
                await listener.execute("SELECT pg_notify(%s, %s)", [CHANNEL, echo])
                async for notify in listener.notifies(timeout=ECHO_SECONDS):
                    if notify.payload == echo:
                        heard_at = time.monotonic()
                    elif notify.payload.isdigit():
                        wake(int(notify.payload))
            if time.monotonic() - heard_at > SILENCE_SECONDS:
                raise TimeoutError("the listener did not hear itself")


def _parameters() -> dict[str, object]:
    """The site's database, without what Django adds for its own connections."""
    parameters = connections["default"].get_connection_params()
    ours = {"cursor_factory", "context", "prepare_threshold", "pool"}
    return {name: value for name, value in parameters.items() if name not in ours}


async def _on_sqlite(wake: Wake) -> None:
    """Watch the file's version on a connection that never writes and never opens a transaction.

    Such a connection sees every commit but its own, and would see none inside a read transaction.
    """
    path = str(connections["default"].settings_dict["NAME"])
    watcher = sqlite3.connect(path, isolation_level=None)
    try:
        watcher.execute("PRAGMA query_only = ON")
        seen = None
        while True:
            (version,) = watcher.execute("PRAGMA data_version").fetchone()
            if version != seen:
                seen = version
                wake(None)
            await asyncio.sleep(SQLITE_SECONDS)
    finally:
        watcher.close()
