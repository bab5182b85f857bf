"""Rate limits, counted across all processes in the database cache's table.

One statement increments and reads a count, so exactly as many concurrent requests pass as the limit allows.
Each process reserves requests in small lots, so most requests need no query, and it remembers which windows
are exhausted, so refusals need no query either. With several processes, part of a lot may go unused.

A window starts with its first request, so that clients do not all retry in the same second. Expired windows
are removed once a minute.
"""

from __future__ import annotations

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
# A lot is 1/LOTS of a limit, but at least one request: small limits are counted one by one.
LOTS: Final = 40
# Shares that one process remembers, about 10 MB; when the number is reached, all are dropped.
MAX_SHARES: Final = 50_000
_REMOVE_EVERY: Final = 60
_SALT: Final = "newsroom.http.rate_limits"


@dataclass
class _Share:
    """The requests of one window that this process has reserved; `is_last` if no more can be reserved."""

    ends_at: float
    left: int = 0
    is_last: bool = False


@dataclass
class _Shares:
    by_name: dict[str, _Share] = field(default_factory=dict)
    removed_at: float = 0.0


_lock: Final = threading.Lock()
_shares: Final = _Shares()


def seconds_to_wait(who: str, limit: int, seconds: int = SECONDS) -> int:
    """Count one request of `who`; return 0 if it is within `limit`, else the seconds until it may be retried.

    `who` also names what is counted, as in `responses:192.0.2.0/32`; always use the same `limit` and window
    length (`seconds`) with one name. Only a keyed hash of it is stored. A `limit` of 0 means no limit.
    """
    if not limit:
        return 0
    now = time.time()
    with _lock:
        share = _current_share(who, now)
        if share and share.left:
            share.left -= 1
            return 0
        if share and share.is_last:
            return _whole_seconds(share.ends_at - now)
    is_granted, ends_at = _take_lot(who, limit, seconds, now)
    return 0 if is_granted else _whole_seconds(ends_at - now)


def give_back(who: str) -> None:
    """Decrement the count by one request that turned out not to count."""
    table = _table()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET value = CAST(CAST(value AS integer) - 1 AS text)"
            " WHERE cache_key = %s AND CAST(value AS integer) > 0",
            [_key(who)],
        )
    with _lock:
        _shares.by_name.pop(who, None)


def reset(who: str) -> None:
    """Reset the count of `who`."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table()} WHERE cache_key = %s", [_key(who)])
    with _lock:
        _shares.by_name.pop(who, None)


def forget() -> None:
    """Drop this process's shares, for when the database was restored to an earlier state."""
    with _lock:
        _shares.by_name.clear()
        _shares.removed_at = 0.0


def _current_share(who: str, now: float) -> _Share | None:
    share = _shares.by_name.get(who)
    return share if share and share.ends_at > now else None


def _take_lot(who: str, limit: int, seconds: int, now: float) -> tuple[bool, float]:
    """Reserve a lot from the shared count; keep what this request does not use as this process's share."""
    if _is_time_to_remove(now):
        _remove_expired(now)
    lot = max(1, limit // LOTS)
    total, ends_at = _add(_key(who), lot, now, now + seconds)
    granted = max(0, lot - max(0, total - limit))
    with _lock:
        if len(_shares.by_name) >= MAX_SHARES:
            _shares.by_name.clear()
        share = _current_share(who, now)
        if share is None:
            share = _shares.by_name[who] = _Share(ends_at)
        share.left += max(0, granted - 1)
        share.is_last = total >= limit
    return granted > 0, ends_at


def _add(key: str, amount: int, now: float, ends_at: float) -> tuple[int, float]:
    """Add to a count, or restart it if its window is over; return the count and the end of the window."""
    table = _table()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s)"
            " ON CONFLICT (cache_key) DO UPDATE SET"
            f" value = CASE WHEN {table}.expires <= %s THEN excluded.value"
            f" ELSE CAST(CAST({table}.value AS integer) + %s AS text) END,"
            f" expires = CASE WHEN {table}.expires <= %s THEN excluded.expires ELSE {table}.expires END"
            " RETURNING value, expires",
            [key, str(amount), _moment(ends_at), _moment(now), amount, _moment(now)],
        )
        value, expires = cursor.fetchone()
        return int(value), _timestamp(expires)


def _is_time_to_remove(now: float) -> bool:
    with _lock:
        if now - _shares.removed_at < _REMOVE_EVERY:
            return False
        _shares.removed_at = now
        _shares.by_name = {who: share for who, share in _shares.by_name.items() if share.ends_at > now}
        return True


def _remove_expired(now: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table()} WHERE expires < %s", [_moment(now)])


def _key(who: str) -> str:
    return f"count:{salted_hmac(_SALT, who, algorithm='sha256').hexdigest()}"


def _table() -> str:
    return connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))


def _moment(seconds: float) -> str | datetime | None:
    """Return a time as the database takes it: SQLite as text, PostgreSQL as it is."""
    return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(seconds, UTC))


def _timestamp(moment: datetime | str) -> float:
    """Return a stored time as a timestamp. SQLite returns naive UTC times, as text or as datetimes."""
    time = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
