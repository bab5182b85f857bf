"""Backups of the database and the pictures: `manage.py backup DIR`, `manage.py backup --verify DIR`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from liveblog.management import backups
from liveblog.management.backups import BackupError
from liveblog.monitoring import backup_record


class Command(BaseCommand):
    help = (
        "Back up the database and the pictures, consistently and while the server runs, into a new directory "
        "in DIR, and print its path. Pictures that an earlier backup in DIR has are linked to it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, help="the directory for backups")
        parser.add_argument(
            "--verify",
            action="store_true",
            help="make no backup, but check the SHA-256 of every file of one, or of the newest in DIR",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["verify"]:
                backup = backups.find_backup(options["directory"])
                manifest = backups.verify(backup)
                rows, files = sum(manifest["counts"].values()), len(manifest["files"])
                backup_record.note_verified(timezone.now())
                self.stdout.write(f"{backup} is complete: {rows} rows, {files} files.")
            else:
                backup = backups.make_backup(options["directory"])
                backup_record.note_made(timezone.now())
                self.stdout.write(str(backup))
        except BackupError as error:
            raise CommandError(str(error)) from error
