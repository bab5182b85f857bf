"""Erasure of an update, as under a court order: `manage.py erase UPDATE --reason TEXT`."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveblog import publishing
from liveblog.models import Update
from newsroom.busy import again_while_busy


class Command(BaseCommand):
    help = "Erase an update's text, revisions and pictures for good. Its number and its place stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("update", type=int, help="the update's id, as in its address")
        parser.add_argument("--reason", required=True, help="kept in place of what was erased")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Update.objects.select_related("blog").filter(pk=options["update"])
        update = again_while_busy(rows.first)
        if update is None:
            raise CommandError(f"There is no update {options['update']}.", returncode=2)
        erase = partial(publishing.erase_update, update, by=publishing.SYSTEM, reason=options["reason"])
        try:
            again_while_busy(erase)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        self.stdout.write(f"Update {update.pk} of {update.blog.slug} is erased.")
