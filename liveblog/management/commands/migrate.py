"""`manage.py migrate` without the statement timeout."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    help = migrate.Command.help

    def handle(self, *args: Any, **options: Any) -> None:
        """Lift the statement timeout on PostgreSQL: backfilling a column of a large table is one statement.

        The lock timeout stays. A migration that waits for a table lock blocks every later query on that
        table, readers' included, so it is better for it to fail and be run again.
        """
        connection = connections[options["database"]]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
        super().handle(*args, **options)
