"""Trying something out in a test: what it wrote is undone, and the next try starts alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo what happens within. Not an atomic block: code that refuses to run in a transaction runs in it."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)
