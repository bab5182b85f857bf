"""For a court order: `manage.py erase UPDATE --reason TEXT`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveblog import publishing
from liveblog.models import Update


class Command(BaseCommand):
    help = "Erase an update's text, revisions and pictures for good. Its number and its place stay."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("update", type=int, help="the update's id, as in its address")
        parser.add_argument("--reason", required=True, help="kept in place of what was erased")

    def handle(self, *args: Any, **options: Any) -> None:
        update = Update.objects.select_related("blog").filter(pk=options["update"]).first()
        if update is None:
            raise CommandError(f"There is no update {options['update']}.", returncode=2)
        try:
            publishing.erase_update(update, by=publishing.SYSTEM, reason=options["reason"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        self.stdout.write(f"Update {update.pk} of {update.blog.slug} is erased.")
