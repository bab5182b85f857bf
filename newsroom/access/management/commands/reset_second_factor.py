"""Remove the second factors of an account, for a superuser whom no colleague can help."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from newsroom.access import recovery


class Command(BaseCommand):
    help = "Remove all second factors and recovery codes of an account, and end its sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        person = User.objects.filter(username=username).first()
        if person is None:
            raise CommandError(f"There is no account “{username}”.")
        recovery.reset(person, by=None)
        self.stdout.write(f"{username} signs in with the password alone and can set up a second factor anew.")
