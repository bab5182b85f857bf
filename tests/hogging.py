"""Write locks that another connection holds on the database, as a backup or a stuck command would."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from django.db import connection

from tests.environment import TEST_DATABASE_URL


@contextmanager
def hogged() -> Iterator[None]:
    """Block all writes to the test database within the context; reads still work."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as hog:
            hog.execute("PRAGMA busy_timeout = 20000")
            hog.execute("BEGIN IMMEDIATE")
            yield
            hog.execute("ROLLBACK")
        return
    with psycopg.connect(TEST_DATABASE_URL, dbname=connection.settings_dict["NAME"]) as hog:
        tables = hog.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = ", ".join(f'"{table}"' for (table,) in tables)
        # EXCLUSIVE mode allows reads, but blocks SELECT FOR UPDATE and writes.
        while not _locks(hog, f"LOCK TABLE {names} IN EXCLUSIVE MODE"):
            pass
        yield
        hog.rollback()


def _locks(hog: psycopg.Connection, statement: str) -> bool:
    """Return whether all tables were locked; return False on a deadlock with writers that locked some."""
    try:
        hog.execute(statement)
    except psycopg.errors.DeadlockDetected:
        hog.rollback()
        return False
    return True


def be_impatient() -> None:
    """Limit the lock wait of this thread's connection to 20 ms."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 20")
        else:
            cursor.execute("SET lock_timeout = '20ms'")


def be_patient() -> None:
    """Undo `be_impatient`, before the pool lends this thread's connection to another test."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    connection.close()
