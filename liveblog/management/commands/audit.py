"""The audit log on the command line: check it, write down its heads, export it."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from liveblog.audit import chain, export
from liveblog.models import AuditEntry
from newsroom import hongkong


class Command(BaseCommand):
    help = "Check, write down or export the audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="task", required=True)
        verify = commands.add_parser("verify", help="check that no entry was changed; status 1 if one was")
        verify.add_argument(
            "--heads", metavar="FILE", type=Path, help="what `audit heads` printed: those entries must stand"
        )
        commands.add_parser("heads", help="print each chain's last entry, to be kept outside of the database")
        exported = commands.add_parser("export", help="print the log, oldest first")
        exported.add_argument("--format", choices=sorted(export.FORMATS), default="jsonl")
        exported.add_argument("--since", metavar="DAY", type=_day, help="the first Hong Kong day: 2026-11-01")
        exported.add_argument("--until", metavar="DAY", type=_day, help="the last Hong Kong day")

    @no_translations
    def handle(self, *args: Any, task: str, **options: Any) -> None:
        if task == "verify":
            self._verify(options["heads"])
        elif task == "heads":
            for head in chain.heads():
                self.stdout.write(json.dumps(head))
        else:
            self._export(options["format"], options["since"], options["until"])

    def _verify(self, file: Path | None) -> None:
        count, breaks = chain.verify(_heads_in(file) if file else ())
        for broken in breaks:
            self.stderr.write(f"Broken: {broken}")
        if breaks:
            raise CommandError(f"The first broken entry: {breaks[0]}", returncode=1)
        self.stdout.write(f"{count} entries, none changed.")

    def _export(self, name: str, since: date | None, until: date | None) -> None:
        entries = AuditEntry.objects.order_by("pk")
        if since:
            entries = entries.filter(at__gte=hongkong.at(since))
        if until:
            entries = entries.filter(at__date__lte=until)
        _content_type, lines = export.FORMATS[name]
        for line in lines(export.all_of(entries)):
            self.stdout.write(line, ending="")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a day: write it as 2026-11-01") from error


def _heads_in(file: Path) -> list[tuple[str, int, str]]:
    try:
        heads = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        return [(str(name), int(position), str(digest)) for name, position, digest in heads]
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}", returncode=2) from error
    except (ValueError, TypeError) as error:
        raise CommandError(f"{file} is not what `audit heads` prints: {error}", returncode=2) from error
