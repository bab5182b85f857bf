"""New numbers after a failover that may have lost changes: `manage.py advance_numbers`."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand

from liveblog import publishing
from newsroom.busy import again_while_busy


class Command(BaseCommand):
    help = (
        "Add at least 1,000,000 to every live blog's number, after a failover that may have lost changes. "
        "Readers and partners with lower numbers start again. `restore` does this by itself."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = again_while_busy(partial(publishing.advance_numbers, by=publishing.SYSTEM))
        self.stdout.write(f"{count} live blogs go on with new numbers.")
