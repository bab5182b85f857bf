"""`manage.py migrate`, for as long as it takes."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections


class Command(migrate.Command):
    help = migrate.Command.help

    def handle(self, *args: Any, **options: Any) -> None:
        """Lift the limit that requests have: filling a column of many rows is one statement.

        The limit on waiting for locks stays. A migration that queues for a table holds up all that come after
        it, readers included, so it had better fail, and be started again.
        """
        connection = connections[options["database"]]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")
        super().handle(*args, **options)
