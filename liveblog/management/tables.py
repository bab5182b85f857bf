"""All rows of the database as lines of JSON, which both databases write and read.

The first element of a line is a model's label; the others are its fields, by column, of one row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, islice
from typing import IO, Any, Final

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models
from django.db.migrations.recorder import MigrationRecorder

from liveblog.models import AuditEntry, AuditHead, OwedFiles, Presence
from newsroom.access.models import StaffSession

# Restored sessions would sign in people who have been signed out since, presences expire within a minute, and
# `restore` creates OwedFiles for all files.
_LEFT_OUT: Final = {StaffSession, Presence, OwedFiles}
# On PostgreSQL, triggers keep these from being emptied.
_APPEND_ONLY: Final = (AuditEntry, AuditHead)
_BEGIN: Final = {
    "sqlite": "BEGIN DEFERRED",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}
_BATCH: Final = 500


def every_model() -> list[type[models.Model]]:
    """Return all models, including those of many-to-many tables."""
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def applied_migrations() -> list[str]:
    """Return the names of all migrations applied to the database."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


@contextmanager
def snapshot() -> Iterator[None]:
    """Let all queries read the same state of the database, without holding up writers.

    Django's `atomic` would queue for SQLite's write lock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN[connection.vendor])
        try:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL statement_timeout = 0")
            yield
        finally:
            cursor.execute("ROLLBACK")


def write_rows(file: IO[str]) -> dict[str, int]:
    """Write all rows; return the number of rows by model."""
    counts: Counter[str] = Counter()
    for model in every_model():
        if model in _LEFT_OUT:
            continue
        label, fields = model._meta.label, model._meta.concrete_fields
        for row in model._base_manager.order_by("pk").iterator(chunk_size=_BATCH):
            values = {field.attname: _plain(field.value_from_object(row)) for field in fields}
            file.write(json.dumps([label, values], ensure_ascii=False, separators=(",", ":")) + "\n")
            counts[label] += 1
    return dict(counts)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, models.fields.files.FieldFile) else value


def replace_rows(file: IO[str]) -> dict[str, int]:
    """Delete all rows and insert those in `file`, in the caller's transaction; return their number by model.

    Foreign keys are checked at the end of the transaction, so the order of the tables does not matter.
    """
    every_table = [model._meta.db_table for model in every_model()]
    _set_triggers("DISABLE")
    connection.ops.execute_sql_flush(connection.ops.sql_flush(no_style(), every_table))
    _set_triggers("ENABLE")
    counts: Counter[str] = Counter()
    lines = (json.loads(line) for line in file)
    for label, rows in groupby(lines, key=lambda line: line[0]):
        model = apps.get_model(label)
        for batch in _in_batches(model, (values for _label, values in rows)):
            # Neither `auto_now` nor `save` may change anything.
            model._base_manager._insert(batch, fields=model._meta.concrete_fields, raw=True)
            counts[label] += len(batch)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), every_model()):
            cursor.execute(statement)
    return dict(counts)


def _set_triggers(action: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for model in _APPEND_ONLY:
                cursor.execute(f"ALTER TABLE {model._meta.db_table} {action} TRIGGER USER")


def _in_batches(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> Iterator[list[models.Model]]:
    fields = model._meta.concrete_fields
    size = min(_BATCH, connection.ops.bulk_batch_size(fields, [None] * _BATCH))
    built = (
        model(**{field.attname: field.to_python(row[field.attname]) for field in fields}) for row in rows
    )
    while batch := list(islice(built, size)):
        yield batch
