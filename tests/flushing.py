"""A faster way than Django's `flush` command to empty the test database after tests that commit.

The command empties every table and then creates all content types and permissions again, which takes longer
than most of these tests. This empties only tables that have rows. Content types, permissions and roles stay,
because no test that commits changes them, and tests that run later in the process expect the roles that the
migrations made. The audit log refuses deletions, so its tables are truncated.
"""

from __future__ import annotations

from functools import cache

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import TransactionTestCase

from liveblog.models import AuditEntry, AuditHead

KEPT = {model._meta.db_table for model in (ContentType, Permission, Group, Group.permissions.through)}
APPEND_ONLY = {AuditEntry._meta.db_table, AuditHead._meta.db_table}


def flush_faster() -> None:
    """Make Django's transactional test cases, and with them pytest-django's fixtures, use `flush`."""
    TransactionTestCase._fixture_teardown = lambda self: flush()


def flush() -> None:
    # Django's foreign keys are checked at the end of the transaction, so tables can go in any order.
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(sorted(APPEND_ONLY))}")
        cursor.execute(_tables_with_rows())
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@cache
def _tables_with_rows() -> str:
    """Return the query for the names of all tables that have rows."""
    models = apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models if model._meta.managed} - KEPT
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in sorted(tables)
    )
