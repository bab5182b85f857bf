"""Related rows that are read in the query of the rows they belong to.

`prefetch_related` takes one query for each relation. Here the database returns the related rows of each row
as a JSON array in a column of the same query, and they become instances as if they had been prefetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, JSONField, Model, OuterRef, QuerySet, Subquery
from django.db.models.expressions import Expression
from django.db.models.functions import JSONArray
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

Rows = TypeVar("Rows", bound=QuerySet[Any])

_PREFIX: Final = "joined_"
_ARRAYS: Final = {
    "postgresql": '(SELECT JSONB_AGG("row") FROM ({}) AS "rows")',
    "sqlite": '(SELECT JSON_GROUP_ARRAY(JSON("row")) FROM ({}))',
}


class JoinedRows(Expression):
    """The rows of `queryset` whose foreign key or relation `owner` is the outer row, as a list of instances.

    They are the first `limit` rows, in the order of `queryset`. `related` names a foreign key whose
    rows are read with them, and `without` names fields that are deferred.
    """

    output_field: Any = models.TextField()

    def __init__(
        self,
        queryset: QuerySet[Any],
        owner: str,
        *,
        related: str = "",
        without: Collection[str] = (),
        limit: int | None = None,
    ) -> None:
        super().__init__()
        self._owner = owner
        owner_field = queryset.model._meta.get_field(owner)
        self._is_foreign_key = bool(owner_field.many_to_one or owner_field.one_to_one)
        self._outer_model = _target_of(queryset.model, owner)
        self._owner_key: Any = F("pk")
        self._rows = queryset.filter(**{owner: OuterRef("pk")})
        self._limit = limit
        self._model = queryset.model
        self._columns = _Columns(queryset.model, without)
        self._related = related
        self._related_columns = _Columns(_target_of(queryset.model, related)) if related else None
        # The SQL by database, with the column of the outer row's key. Compiling it takes milliseconds.
        self._compiled: dict[str, tuple[str, str, tuple[str | int, ...]]] = {}

    def get_source_expressions(self) -> list[Any]:
        return [self._owner_key]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        (self._owner_key,) = exprs

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        key, _params = compiler.compile(self._owner_key)
        if connection.vendor not in self._compiled:
            self._compiled[connection.vendor] = self._compile(connection)
        sql, usual_key, params = self._compiled[connection.vendor]
        return sql.replace(usual_key, key), params

    def _compile(self, connection: BaseDatabaseWrapper) -> tuple[str, str, tuple[str | int, ...]]:
        names = list(self._columns.names)
        if self._related_columns:
            names += [f"{self._related}__{name}" for name in self._related_columns.names]
        rows = self._rows.values(row=JSONArray(*names))[: self._limit]
        outer = self._outer_model._base_manager.annotate(
            key=F("pk"), rows=Subquery(rows, output_field=JSONField())
        )
        compiler = outer.query.get_compiler(connection=connection)
        key, _params = compiler.compile(outer.query.annotations["key"])
        sql, params = compiler.compile(outer.query.annotations["rows"])
        return _ARRAYS[connection.vendor].format(sql[1:-1]), key, tuple(params)

    def convert_value(
        self, value: str | None, _expression: Expression, connection: BaseDatabaseWrapper
    ) -> list[Model]:
        return [self._instance(row, connection.alias) for row in json.loads(value)] if value else []

    def attach(self, row: Model, relation: str, related_rows: list[Model]) -> None:
        """Make `related_rows` the prefetched rows of a relation of `row`."""
        if self._is_foreign_key:
            for related_row in related_rows:
                related_row._state.fields_cache[self._owner] = row
        # An empty queryset needs none of the manager's filters, which are slow to make.
        queryset = getattr(row, relation).get_queryset() if related_rows else self._model._base_manager.none()
        queryset._result_cache = related_rows
        queryset._prefetch_done = True
        row.__dict__.setdefault("_prefetched_objects_cache", {})[relation] = queryset

    def _instance(self, values: list[Any], using: str) -> Model:
        count = len(self._columns.names)
        row = self._columns.instance(values[:count], using)
        if self._related_columns:
            # Without a key, the foreign key is null.
            is_there = values[count] is not None
            related = self._related_columns.instance(values[count:], using) if is_there else None
            row._state.fields_cache[self._related] = related
        return row


class _Columns:
    """The columns of a model, the key first, and how to read their values from JSON."""

    def __init__(self, model: type[Model], without: Collection[str] = ()) -> None:
        fields = [field for field in model._meta.concrete_fields if field.name not in without]
        self._model = model
        self._decoders = [
            (place, decode) for place, field in enumerate(fields) if (decode := _decoder(field))
        ]
        self.names = [field.attname for field in fields]

    def instance(self, values: list[Any], using: str) -> Model:
        """Return an instance with `values`, which are decoded in place."""
        for place, decode in self._decoders:
            if values[place] is not None:
                values[place] = decode(values[place])
        return self._model.from_db(using, self.names, values)


def _target_of(model: type[Model], relation: str) -> type[Model]:
    target = model._meta.get_field(relation).related_model
    assert isinstance(target, type)
    return target


def _decoder(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return the function that decodes a column's value from JSON, or None if it needs none."""
    if isinstance(field, models.DateTimeField):
        return _moment
    if isinstance(field, models.BooleanField):
        return bool
    if isinstance(field, models.JSONField):
        raise TypeError(f"{field} has to be deferred.")
    return None


def _moment(text: str) -> datetime:
    """Parse a time from a database's JSON. SQLite's times are UTC without an offset."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class _JoinedIterable(ModelIterable):
    """Iterates over rows and attaches their related rows as if they had been prefetched."""

    def __iter__(self) -> Iterator[Any]:
        columns = self.queryset.query.annotation_select.items()
        joined = {name: rows for name, rows in columns if name.startswith(_PREFIX)}
        for row in super().__iter__():
            for name, rows in joined.items():
                rows.attach(row, name.removeprefix(_PREFIX), row.__dict__.pop(name))
            yield row


def join(queryset: Rows, relations: dict[str, JoinedRows]) -> Rows:
    """Read the rows of these relations in the same query, as `prefetch_related` would in others."""
    rows = queryset.annotate(**{f"{_PREFIX}{name}": joined for name, joined in relations.items()})
    rows._iterable_class = _JoinedIterable
    return rows
