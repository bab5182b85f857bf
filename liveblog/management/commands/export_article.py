"""Export of a live blog as running copy in the canonical form: `manage.py export_article SLUG`."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from liveblog.articles.saved import write_blog
from liveblog.models import LiveBlog


class Command(BaseCommand):
    help = "Print a live blog as running copy; what the copy cannot say goes to standard error."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the live blog's slug")

    @no_translations
    def handle(self, *args: object, slug: str, **options: object) -> None:
        blog = LiveBlog.objects.filter(slug=slug).first()
        if blog is None:
            raise CommandError(f"There is no live blog with the slug {slug}.", returncode=2)
        written = write_blog(blog)
        self.stdout.write(written.text, ending="")
        for warning in written.warnings:
            self.stderr.write(str(warning))
