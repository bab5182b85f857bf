"""Wake-ups: signals that some log has advanced. They carry no changes; those always come from the log."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable
from typing import Any, Final

import psycopg
from django.db import connections

from liveblog.publishing.log import CHANNEL

SQLITE_SECONDS: Final = 0.1
ECHO_SECONDS: Final = 1.0
SILENCE_SECONDS: Final = 3.0
LONGEST_WAIT: Final = 5.0

# Called with a blog's id, or with None if the log of any blog may have advanced.
Wake = Callable[[int | None], None]

logger = logging.getLogger(__name__)


async def listen(wake: Wake) -> None:
    """Call `wake` whenever a log has advanced, until cancelled; reconnect with backoff after an outage."""
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
    """LISTEN on a dedicated connection. Raise TimeoutError if it no longer receives its own NOTIFY."""
    echo = f"echo {secrets.token_hex(8)}"
    async with await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True) as listener:
        await listener.execute(f"LISTEN {CHANNEL}")
        # Changes may have been missed while nothing was listening.
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


def _parameters() -> dict[str, Any]:
    """Return the connection parameters of the site's database, without those for Django itself."""
    parameters = connections["default"].get_connection_params()
    django_only = {"cursor_factory", "context", "prepare_threshold", "pool"}
    return {name: value for name, value in parameters.items() if name not in django_only}


async def _on_sqlite(wake: Wake) -> None:
    """Poll the database's version on a connection that never writes and never opens a transaction.

    Such a connection sees every commit but its own, and would see none inside a read transaction.
    """
    path = str(connections["default"].settings_dict["NAME"])
    watcher = sqlite3.connect(path, isolation_level=None)
    try:
        watcher.execute("PRAGMA query_only = ON")
        last_version = None
        while True:
            (version,) = watcher.execute("PRAGMA data_version").fetchone()
            if version != last_version:
                last_version = version
                wake(None)
            await asyncio.sleep(SQLITE_SECONDS)
    finally:
        watcher.close()
