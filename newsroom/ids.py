"""Ids of rows that the public sees in addresses, feeds and JSON: ordered by time, and not countable.

A sequence over all rows tells outsiders how many drafts and embargoed live blogs there are: whoever sees 41
and then 47 knows that five rows lie between them. These ids tell only when a row was made. They hold 53 bits,
so that JavaScript's numbers and JSON readers keep every digit: 41 bits of milliseconds since 2026 (enough
until 2095) above 12 random bits. Ids from before they were introduced are smaller than all of them, and stay.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from django.db import IntegrityError, models, transaction

# 1 January 2026, 00:00 UTC, in milliseconds since 1970.
EPOCH: Final = 1_767_225_600_000
RANDOM_BITS: Final = 12
# Another process would have to take the same 12 bits in the same millisecond each time.
ATTEMPTS: Final = 5

Result = TypeVar("Result")


class _Ids:
    """The maker of one process: each id is higher than the one before, even if the clock is set back.

    Pages break ties of time by the higher id, so two rows made in one millisecond must keep their order.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def make(self) -> int:
        with self._lock:
            milliseconds = time.time_ns() // 1_000_000 - EPOCH
            made = (milliseconds << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)
            if made <= self._last:
                made = self._last + 1 + secrets.randbelow(1 << RANDOM_BITS)
            self._last = made
            return made


_ids: Final = _Ids()


def new_id() -> int:
    """Return an id that is higher than all that this process has made before."""
    return _ids.make()


class PublicIdField(models.BigAutoField):
    """A primary key that is made when the row is saved, in place of the database's next number."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # With a default Django inserts a new row without trying to update one of that id first: an id that
        # is taken is an error then, and never another row's end.
        super().__init__(*arguments, **options | {"default": new_id})

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, arguments, options = super().deconstruct()
        del options["default"]
        return name, path, arguments, options

    def get_default(self) -> None:
        """Return None: forms and verbs tell new rows by their having no id yet."""
        return

    def get_pk_value_on_save(self, instance: models.Model) -> int:
        return new_id()


class PublicIdQuerySet(models.QuerySet):
    def bulk_create(self, objs: Iterable[models.Model], *arguments: Any, **options: Any) -> list:
        rows = list(objs)
        new = [row for row in rows if row.pk is None]
        return _insert(new, lambda: super(PublicIdQuerySet, self).bulk_create(rows, *arguments, **options))


class PublicIdModel(models.Model):
    id = PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")

    objects = PublicIdQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *arguments: Any, **options: Any) -> None:
        if self._state.adding and self.pk is None:
            _insert([self], lambda: super(PublicIdModel, self).save(*arguments, **options))
        else:
            super().save(*arguments, **options)


def _insert(rows: list[models.Model], insert: Callable[[], Result]) -> Result:
    """Insert new rows; under other ids where another process took one of theirs in the same millisecond."""
    for _attempt in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return insert()
        except IntegrityError:
            if not _is_any_taken(rows):
                raise
            for row in rows:
                row.pk = None
    return insert()


def _is_any_taken(rows: list[models.Model]) -> bool:
    """Whether the error was about an id, and not about another constraint of the row."""
    ids = [row.pk for row in rows if row.pk is not None]
    return bool(ids) and type(rows[0])._base_manager.filter(pk__in=ids).exists()
