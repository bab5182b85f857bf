"""Restoring a backup: `manage.py restore DIR`, on either database."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.models import Max

from liveblog import publishing
from liveblog.management import backups, tables
from liveblog.management.backups import ROWS, BackupError
from liveblog.models import Image, LiveBlog, Partner


class Command(BaseCommand):
    help = (
        "Restore a backup, or the newest one in DIR, into this database, whichever kind that is. All "
        "sessions end, and all live blogs go on with numbers that were never given before."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="a backup, or the directory of backups")
        parser.add_argument(
            "--replace", action="store_true", help="delete all that this newsroom has, if it is not empty"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            backup = backups.find_backup(options["directory"])
            manifest = backups.verify(backup)
            call_command("migrate", verbosity=0)
            self._check(manifest, may_replace=options["replace"])
            backups.restore_files(backup, manifest)
            self._replace_rows(backup, manifest)
        except BackupError as error:
            raise CommandError(str(error)) from error
        call_command("createcachetable", verbosity=0)
        publishing.settle_everything()
        self.stdout.write(f"{backup} is restored: {sum(manifest['counts'].values())} rows.")

    def _check(self, manifest: dict[str, Any], *, may_replace: bool) -> None:
        if manifest["migrations"] != tables.applied_migrations():
            raise BackupError(
                f"Release {manifest['release']} made this backup with other migrations. Restore it with that "
                "release, and upgrade afterwards."
            )
        models = (get_user_model(), LiveBlog, Image, Partner)
        if not may_replace and any(model._base_manager.exists() for model in models):
            raise BackupError("This newsroom is not empty. With --replace, all that it has is deleted.")

    def _replace_rows(self, backup: Path, manifest: dict[str, Any]) -> None:
        """Replace all rows in one transaction, so that a failure leaves the newsroom as it was."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL statement_timeout = 0")
            highest = LiveBlog.objects.aggregate(number=Max("number", default=0))["number"]
            with gzip.open(backup / ROWS, "rt", encoding="utf-8") as file:
                if tables.replace_rows(file) != manifest["counts"]:
                    raise BackupError(f"{backup / ROWS} has other rows than its manifest says.")
            publishing.advance_numbers(by=publishing.SYSTEM, above=highest)
            publishing.owe_all()
