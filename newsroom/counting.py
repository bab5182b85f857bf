"""Counting who asks how often, over all processes together, in the table of the database cache.

One statement adds to a count and reads it, so that no two processes are ever told the same. A process takes
the right to ask in small lots, so that most requests cost the database nothing; who has used up a minute
costs it nothing either. Never more than the limit is let through; with several processes a lot that one of
them holds may go unused.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils.crypto import salted_hmac

SECONDS: Final = 60
LOTS: Final = 20
# A home or office is given a whole network of IPv6: its addresses count as one.
_IPV6_NETWORK: Final = 64
_SALT: Final = "newsroom.counting"


@dataclass
class _Share:
    """What one process still holds of somebody's minute, and whether there is any more to be had."""

    left: int = 0
    is_last: bool = False


@dataclass
class _Minute:
    """The minute that is being counted."""

    number: int = -1
    shares: dict[str, _Share] = field(default_factory=dict)


_lock: Final = threading.Lock()
_minute = _Minute()


def seconds_to_wait(who: str, limit: int) -> int:
    """Count one request of `who`: 0 when it is among the `limit` of this minute, else when to come back."""
    now = time.time()
    number = int(now // SECONDS)
    if not limit or _take_held(who, number):
        return 0
    if not _is_used_up(who, number) and _take_lot(who, limit, number):
        return 0
    return math.ceil((number + 1) * SECONDS - now)


def name_of_address(address: str) -> str:
    """What an address is counted under: the address itself is not kept."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        # A server on a Unix socket whose proxy names nobody.
        network = address
    else:
        if found.version == 6 and found.ipv4_mapped:
            found = found.ipv4_mapped
        length = _IPV6_NETWORK if found.version == 6 else found.max_prefixlen
        network = str(ipaddress.ip_network((found.packed, length), strict=False))
    return salted_hmac(_SALT, network).hexdigest()


def forget() -> None:
    """Drop what this process holds: for a database that was put back to an earlier state."""
    with _lock:
        _minute.number = -1
        _minute.shares.clear()


def _take_held(who: str, number: int) -> bool:
    with _lock:
        share = _minute.shares.get(who) if _minute.number == number else None
        if share is None or not share.left:
            return False
        share.left -= 1
        return True


def _is_used_up(who: str, number: int) -> bool:
    with _lock:
        share = _minute.shares.get(who) if _minute.number == number else None
        return share is not None and share.is_last


def _take_lot(who: str, limit: int, number: int) -> bool:
    """Take a lot from the count that all processes share; keep what this request does not use."""
    if _begin_minute(number):
        _remove_expired()
    lot = max(1, limit // LOTS)
    taken = _add(f"count:{number}:{who}", lot, expires=(number + 2) * SECONDS)
    granted = max(0, lot - max(0, taken - limit))
    with _lock:
        if _minute.number == number:
            share = _minute.shares.setdefault(who, _Share())
            share.left += max(0, granted - 1)
            share.is_last = taken >= limit
    return granted > 0


def _begin_minute(number: int) -> bool:
    """Whether this minute is new to the process."""
    with _lock:
        if number <= _minute.number:
            return False
        _minute.number = number
        _minute.shares.clear()
        return True


def _add(key: str, amount: int, expires: int) -> int:
    table = _table()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)"
            " ON CONFLICT (cache_key) DO UPDATE"
            f" SET value = CAST(CAST({table}.value AS integer) + %s AS text) RETURNING value",
            [key, str(amount), _moment(expires), amount],
        )
        return int(cursor.fetchone()[0])


def _remove_expired() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table()} WHERE expires < %s", [_moment(int(time.time()))])


def _table() -> str:
    return connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])


def _moment(seconds: int) -> object:
    return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(seconds, UTC))
