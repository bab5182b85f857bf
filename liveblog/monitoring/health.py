"""Checks of whether this process can serve requests; `/readyz` names the ones that fail."""

from __future__ import annotations

import functools
import logging
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from liveblog.models import LiveBlog, Update

MEGABYTE: Final = 1024 * 1024
# The listener reports several times a second, and gives up a silent connection after three seconds.
LISTENER_SILENCE_SECONDS: Final = 6.0
# The due loop runs every second, and at most 30 seconds after a failure.
LATE_AFTER: Final = timedelta(seconds=60)
# Times are compared with times of another machine, over a network.
CLOCK_TOLERANCE: Final = timedelta(seconds=2)

logger = logging.getLogger(__name__)


class Listener:
    """The moment up to which this process has heard of every change. Under WSGI, nothing listens."""

    def __init__(self) -> None:
        self._started_at: float | None = None
        self._heard_at: float | None = None

    def start(self) -> None:
        self._started_at = time.monotonic()

    def hear(self, until: float) -> None:
        self._heard_at = until

    @property
    def is_alive(self) -> bool:
        """Return whether the listener has reported recently, or is not part of this process."""
        if self._started_at is None:
            return True
        return self._heard_at is not None and time.monotonic() - self._heard_at < LISTENER_SILENCE_SECONDS


listener: Final = Listener()


def failures() -> list[str]:
    """Return the names of the failing checks, in the order in which to fix them; empty if all is well."""
    names = [] if has_disk_space() else ["disk"]
    if not listener.is_alive:
        names.append("listener")
    try:
        return [*(name for name, check in _DATABASE_CHECKS.items() if not check()), *names]
    except DatabaseError as error:
        logger.warning("The database cannot be reached: %s", error)
        return ["database", *names]


def has_disk_space() -> bool:
    try:
        return shutil.disk_usage(settings.DATA_DIR).free >= settings.DISK_RESERVE_MEGABYTES * MEGABYTE
    except OSError:
        return False


def has_all_migrations() -> bool:
    return _migrations().issubset(MigrationRecorder(connection).applied_migrations())


@functools.cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of the code, which do not change while the process runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def has_right_clock() -> bool:
    """Return whether this machine's clock agrees with the database's, and is not behind the last change.

    SQLite has no clock of its own.
    """
    if connection.vendor == "postgresql":
        before = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            (database_time,) = cursor.fetchone()
        if not before - CLOCK_TOLERANCE <= database_time <= timezone.now() + CLOCK_TOLERANCE:
            return False
    newest = LiveBlog.objects.order_by("-modified_at").values_list("modified_at", flat=True)
    changed_at = newest.filter(modified_at__isnull=False).first()
    return changed_at is None or changed_at <= timezone.now() + LATE_AFTER


def is_due_work_on_time() -> bool:
    return due_since() is None


def due_since(at: datetime | None = None) -> datetime | None:
    """Return when the oldest overdue work fell due; None if nothing is late."""
    late_at = (at or timezone.now()) - LATE_AFTER
    moments = [
        Update.objects.due(late_at).values_list("publish_at", flat=True).first(),
        LiveBlog.objects.with_lapsed_embargo(late_at).values_list("embargo_until_at", flat=True).first(),
        LiveBlog.objects.past_planned_end(late_at).values_list("coverage_end_at", flat=True).first(),
    ]
    return min(filter(None, moments), default=None)


def count_late(at: datetime | None = None) -> int:
    late_at = (at or timezone.now()) - LATE_AFTER
    work = (
        Update.objects.due(late_at),
        LiveBlog.objects.with_lapsed_embargo(late_at),
        LiveBlog.objects.past_planned_end(late_at),
    )
    return sum(rows.count() for rows in work)


_DATABASE_CHECKS: Final[dict[str, Callable[[], bool]]] = {
    "migrations": has_all_migrations,
    "clock": has_right_clock,
    "due_work": is_due_work_on_time,
}
