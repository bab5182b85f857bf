"""Archive of a live blog in one file: `manage.py archive SLUG`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from liveblog import visibility
from liveblog.management.archives import write_archive
from liveblog.models import LiveBlog
from liveblog.visibility import PUBLIC


class Command(BaseCommand):
    help = (
        "Write a public live blog into a zip file that needs neither this program nor a network: the page "
        "with every correction, JSON, running copy and pictures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the live blog's slug")
        parser.add_argument("--output", type=Path, help="the file to write; SLUG.zip by default")

    def handle(self, *args: Any, slug: str, output: Path | None, **options: Any) -> None:
        blog = LiveBlog.objects.filter(slug=slug).first()
        if blog is None:
            raise CommandError(f"There is no live blog with the slug {slug}.", returncode=2)
        if not visibility.can_read(PUBLIC, blog):
            raise CommandError(f"{slug} is not public. Only what readers may see is archived.")
        path = output or Path(f"{slug}.zip")
        try:
            count = write_archive(blog, path)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error}") from error
        self.stdout.write(f"{path}: {count} updates.")
