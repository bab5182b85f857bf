"""Cursor pagination by id, so that rows published meanwhile neither repeat nor hide others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from newsroom.http.parameters import whole_number

MAX_PAGE_SIZE: Final = 100
_LINK: Final = {"type": ["string", "null"], "format": "uri"}


class ByIdPagination(CursorPagination):
    """Pagination with the newest row first. The cursor is opaque; clients follow `next` and `previous`."""

    ordering = "-pk"
    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Decode the cursor, rejecting a position that is not an id: the database query would fail."""
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            cursor = Cursor(offset=0, reverse=False, position=None)
        if cursor is None:
            return None
        if whole_number(str(cursor.position)) is None or cursor.offset:
            reason = "Follow `next` and `previous`: this cursor is not one of theirs."
            raise ValidationError({"cursor": [ErrorDetail(reason, code="unknown")]})
        return cursor

    def paginate_queryset(
        self, queryset: QuerySet[Any, Any] | Sequence[Any], request: Request, view: Any = None
    ) -> list[Any] | None:
        """Paginate, with `next` and `previous` built from SITE_URL rather than the Host header."""
        page = super().paginate_queryset(queryset, request, view)
        if view is not None:
            self.base_url = view.address(request.query_params)
        return page

    def get_page_size(self, request: Request) -> int:
        value = request.query_params.get(self.page_size_query_param)
        if value is None:
            return self.page_size
        size = whole_number(value, digits=3)
        if not size or size > MAX_PAGE_SIZE:
            raise ValidationError({"page_size": [f"Give a whole number from 1 to {MAX_PAGE_SIZE}."]})
        return size

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return a schema for OpenAPI 3.1; the base class uses `nullable`, which 3.1 does not have."""
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": _LINK, "previous": _LINK, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            _parameter(
                "cursor", "Which page: taken from `next` or `previous`.", {"type": "string", "minLength": 1}
            ),
            _parameter(
                "page_size",
                "How many rows a page has.",
                {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": self.page_size},
            ),
        ]


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
