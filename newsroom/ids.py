"""Public row ids for addresses, feeds and JSON: ordered by time, without revealing how many rows there are.

Sequential ids would reveal the number of drafts and embargoed live blogs: after 41 and 47, five rows must be
hidden between them. These ids reveal only when a row was created. They have 53 bits, which JavaScript numbers
represent exactly: 41 bits of milliseconds since 2026 (enough until 2095), then 12 random bits. Older,
sequential ids are smaller than all of these and remain valid.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from django.db import IntegrityError, models, transaction

# 1 January 2026, 00:00 UTC, in milliseconds since 1970.
EPOCH: Final = 1_767_225_600_000
RANDOM_BITS: Final = 12
# Each retry fails only if another process has drawn the same 12 bits in the same millisecond again.
ATTEMPTS: Final = 5

Row = TypeVar("Row", bound=models.Model)
Result = TypeVar("Result")


class _Ids:
    """The id generator of a process. Its ids always increase, even if the clock is set back.

    Pages order rows of the same time by id, so rows created in one millisecond must keep their order.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def make(self) -> int:
        with self._lock:
            milliseconds = time.time_ns() // 1_000_000 - EPOCH
            new = (milliseconds << RANDOM_BITS) | secrets.randbits(RANDOM_BITS)
            if new <= self._last:
                new = self._last + 1 + secrets.randbelow(1 << RANDOM_BITS)
            self._last = new
            return new


_ids: Final = _Ids()


def new_id() -> int:
    """Return an id higher than all earlier ones of this process."""
    return _ids.make()


class PublicIdField(models.BigAutoField):
    """A primary key that is generated on save instead of by the database."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # With a default, Django inserts new rows without trying an UPDATE first: a duplicate id then raises
        # an IntegrityError instead of overwriting another row.
        super().__init__(*arguments, **options | {"default": new_id})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, arguments, options = super().deconstruct()
        del options["default"]
        return name, path, arguments, options

    def get_default(self) -> None:
        """Return None: forms and verbs recognize new rows by their missing id."""
        return

    def get_pk_value_on_save(self, instance: models.Model) -> int:
        return new_id()


class PublicIdQuerySet(models.QuerySet[Row]):
    def bulk_create(self, objs: Iterable[Row], *arguments: Any, **options: Any) -> list[Row]:
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


def _insert(rows: Sequence[models.Model], insert: Callable[[], Result]) -> Result:
    """Insert new rows; retry with new ids if another process took one of them in the same millisecond."""
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


def _is_any_taken(rows: Sequence[models.Model]) -> bool:
    """Return whether an id is taken, as opposed to the error being about another constraint."""
    ids = [row.pk for row in rows if row.pk is not None]
    return bool(ids) and type(rows[0])._base_manager.filter(pk__in=ids).exists()
