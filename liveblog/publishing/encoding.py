"""Canonical JSON of content, for revisions and fingerprints."""

from __future__ import annotations

import hashlib
import json
from dataclasses import Field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model


def encode(value: Any, *, with_names: bool) -> Any:
    """Return `value` as JSON data: times in UTC, rows as their ids, or as id and name if `with_names`.

    `value` is a content dataclass, or a part of one.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Model):
        return {"id": value.pk, "name": str(value)} if with_names else value.pk
    if isinstance(value, tuple | list):
        return [encode(item, with_names=with_names) for item in value]
    if is_dataclass(value):
        return {
            part.name: encode(_value_of(part, value, is_identity=not with_names), with_names=with_names)
            for part in fields(value)
        }
    return value


def _value_of(part: Field[Any], content: Any, *, is_identity: bool) -> Any:
    """Return a field's value; for fingerprints, without what saving adds (`identity` in its metadata)."""
    value = getattr(content, part.name)
    return part.metadata["identity"](value) if is_identity and "identity" in part.metadata else value


def fingerprint(content: Any) -> str:
    """Return the SHA-256 of the canonical JSON of `content`, for optimistic locking.

    A form carries the fingerprint of the content that it was opened with; the verb compares it under the
    lock.
    """
    canonical = json.dumps(encode(content, with_names=False), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
