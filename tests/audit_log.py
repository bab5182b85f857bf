"""Reading the audit log in tests."""

from __future__ import annotations

from typing import Any

from liveblog.models import AuditEntry


def entries(*, after: int = 0) -> list[tuple[Any, ...]]:
    """Return action, kind of actor, actor, door and object of the entries after an id, oldest first."""
    rows = AuditEntry.objects.filter(pk__gt=after).order_by("pk")
    return [(row.action, row.by_kind, row.by_name, row.door, row.subject_kind) for row in rows]


def last_id() -> int:
    last = AuditEntry.objects.order_by("pk").last()
    return last.pk if last else 0
