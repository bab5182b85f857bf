"""The report on whether the newsroom is ready for a big night: `manage.py ready`."""

from __future__ import annotations

import sys
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from liveblog.monitoring import readiness
from liveblog.monitoring.readiness import State

_MARKS: Final = {State.GOOD: "✓", State.LOOK: "?", State.MEND: "✗"}


class Command(BaseCommand):
    help = "Print a page on whether the newsroom is ready; end with status 1 if something must be mended."
    # The report itself says what is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="", help="check this host's certificate, not that of SITE_URL")
        parser.add_argument("--language", choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(options["language"] or settings.LANGUAGE_CODE):
            states = self._print_page(options["host"])
        if State.MEND in states:
            sys.exit(1)

    def _print_page(self, host: str) -> set[State]:
        moment = timezone.localtime().strftime("%Y-%m-%d %H:%M")
        self.stdout.write(f"{settings.SITE_NAME} · {moment}\n\n")
        states = set()
        for line in readiness.page(host):
            states.add(line.state)
            self.stdout.write(f" {_MARKS[line.state]} {line.subject}: {line.text}")
        if State.MEND in states:
            verdict = _("Not ready: put right what is marked ✗.")
        elif State.LOOK in states:
            verdict = _("Ready. Look at what is marked ?.")
        else:
            verdict = _("Ready.")
        self.stdout.write(f"\n{verdict}")
        return states
