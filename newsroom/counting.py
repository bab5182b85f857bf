"""Rate limits: how often somebody did something, counted over all processes in the database cache's table.

One statement adds to a count and reads it, so that of many requests at the same instant exactly as many as
the limit allows are let through. A process takes the right to a request in small lots, so that most requests
cost the database nothing, and it remembers who has used up a window, so that refusals cost nothing either.
With several processes a lot that one of them holds may go unused.

A window begins with the first request in it: not everybody comes back at the same second. Counts of windows
that are over are removed once a minute.
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
from django.utils.dateparse import parse_datetime

SECONDS: Final = 60
# A lot is this part of a limit, so small limits are counted one by one.
LOTS: Final = 40
# What one process remembers; about 10 MB. Beyond it the table alone counts.
MAX_SHARES: Final = 50_000
_REMOVE_EVERY: Final = 60
_SALT: Final = "newsroom.counting"


@dataclass
class _Share:
    """What one process still holds of somebody's window, and whether that is all there is to be had."""

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
    """Count one request of `who`; return 0 if it is among the `limit` of its window, else when to come back.

    `who` says what is counted, too, as in `responses:192.0.2.0/32`: one name has one limit and one length of
    its window, `seconds`. Only a keyed hash of it is stored. A `limit` of 0 is no limit.
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
    """Take back one request that was counted, because it turned out to be one that does not count."""
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
    """Begin somebody's count anew."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_table()} WHERE cache_key = %s", [_key(who)])
    with _lock:
        _shares.by_name.pop(who, None)


def forget() -> None:
    """Drop what this process holds: for a database that was put back to an earlier state."""
    with _lock:
        _shares.by_name.clear()
        _shares.removed_at = 0.0


def _current_share(who: str, now: float) -> _Share | None:
    share = _shares.by_name.get(who)
    return share if share and share.ends_at > now else None


def _take_lot(who: str, limit: int, seconds: int, now: float) -> tuple[bool, float]:
    """Take a lot from the count that all processes share; keep what this request does not use."""
    if _is_time_to_remove(now):
        _remove_expired(now)
    lot = max(1, limit // LOTS)
    taken, ends_at = _add(_key(who), lot, now, now + seconds)
    granted = max(0, lot - max(0, taken - limit))
    with _lock:
        if len(_shares.by_name) >= MAX_SHARES:
            _shares.by_name.clear()
        share = _current_share(who, now)
        if share is None:
            share = _shares.by_name[who] = _Share(ends_at)
        share.left += max(0, granted - 1)
        share.is_last = taken >= limit
    return granted > 0, ends_at


def _add(key: str, amount: int, now: float, ends_at: float) -> tuple[int, float]:
    """Add to a count, or begin it anew when its window is over; return the count and the window's end."""
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
    return connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])


def _moment(seconds: float) -> object:
    return connection.ops.adapt_datetimefield_value(datetime.fromtimestamp(seconds, UTC))


def _timestamp(moment: datetime | str) -> float:
    """SQLite gives a moment without its zone, which is UTC, as text or parsed."""
    if isinstance(moment, str):
        moment = parse_datetime(moment)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
