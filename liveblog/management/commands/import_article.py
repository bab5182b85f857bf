"""`manage.py import_article FILE`: running copy into a live blog, and what was understood of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser, no_translations

from liveblog.articles.article import (
    Article,
    ArticleError,
    Block,
    Bullets,
    Caption,
    Entry,
    Paragraph,
    Related,
)
from liveblog.articles.characters import MAX_BYTES
from liveblog.articles.load import load
from liveblog.articles.parse import parse, read
from liveblog.articles.report import Action, Report
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from newsroom.busy import again_while_busy


class Command(BaseCommand):
    help = "Load a rolling article into a live blog, and print what was understood of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the article; - reads standard input")
        parser.add_argument(
            "--blog",
            metavar="SLUG",
            default="",
            help="the live blog to bring up to date, or a new one's slug",
        )
        parser.add_argument("--publish", action="store_true", help="publish new updates and start coverage")
        parser.add_argument("--dry-run", action="store_true", help="print what would happen, save nothing")
        parser.add_argument(
            "--note", metavar="TEXT", default="", help="make changed updates corrections with this note"
        )
        parser.add_argument(
            "--withdraw-missing",
            action="store_true",
            help="withdraw imported updates that the article no longer has",
        )

    @no_translations
    def handle(self, *args: object, file: str, **options: object) -> None:
        try:
            article = parse(read(_bytes_of(file)))
            self._print("", _understood(article))
            report = again_while_busy(
                partial(
                    load,
                    article,
                    by=SYSTEM,
                    slug=options["blog"],
                    publish=options["publish"],
                    note=options["note"],
                    withdraw_missing=options["withdraw_missing"],
                    dry_run=options["dry_run"],
                )
            )
        except ArticleError as error:
            raise CommandError(f"{file}, line {error.line}: {error.reason}", returncode=2) from error
        except ValidationError as error:
            raise CommandError(f"{file}: {' '.join(error.messages)}", returncode=2) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}", returncode=2) from error
        self._print("Not sure of:", (f"line {doubt.line}: {doubt.reason}" for doubt in article.doubts))
        self._print("", _done(report))

    def _print(self, title: str, lines: Iterator[str]) -> None:
        for number, line in enumerate(lines):
            if number == 0 and title:
                self.stdout.write(title)
            self.stdout.write(f"  {line}" if title else line)


def _bytes_of(file: str) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _understood(article: Article) -> Iterator[str]:
    yield f"Title: {article.kicker + ' ︱ ' if article.kicker else ''}{article.headline}"
    yield f"Published: {article.published_at:%Y-%m-%d %H:%M} Hong Kong time"
    yield f"Language: {article.language}; coverage {'runs' if article.is_running else 'has ended'}"
    yield f"Standfirst: {_counted(article.standfirst)}"
    day = None
    for entry in article.entries:
        if entry.day != day:
            day = entry.day
            yield f"{hongkong.day_label(day, article.language, with_year=True)}"
        yield f"  {_entry(entry)}"
        yield from (f"          Related: {story.title} {story.url}".rstrip() for story in entry.stories)


def _entry(entry: Entry) -> str:
    clock = f"{entry.clock:%H:%M}" if entry.clock else "--:--"
    return f"{clock} {entry.heading or '(no heading)'}: {_counted(entry.blocks)}"


def _counted(blocks: tuple[Block, ...]) -> str:
    """`2 paragraphs, a list of 3, 1 related story`."""
    counts = [
        _plural(sum(isinstance(block, Paragraph) for block in blocks), "paragraph", "paragraphs"),
        *(f"a list of {len(block.items)}" for block in blocks if isinstance(block, Bullets)),
        _plural(sum(isinstance(block, Caption) for block in blocks), "caption", "captions"),
        _plural(sum(isinstance(block, Related) for block in blocks), "related story", "related stories"),
    ]
    return ", ".join(count for count in counts if count) or "no text"


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


_SAID = {
    Action.CHANGED: "Changed:",
    Action.PUBLISHED: "Published, which were drafts:",
    Action.CONFLICT: "Changed both in the article and on the desk; the desk's is kept:",
    Action.STAYS_WITHDRAWN: "Withdrawn, and stays so:",
    Action.AMBIGUOUS: "Ambiguous, left alone:",
    Action.VANISHED: "No longer in the article:",
    Action.WITHDRAWN: "No longer in the article, withdrawn:",
}


def _done(report: Report) -> Iterator[str]:
    for change in report.head_changes:
        said = "Kept the desk's" if change.is_conflict else "Changed"
        yield f"{said} {change.what}: {change.before!r} -> {change.after!r}"
    for action, said in _SAID.items():
        if outcomes := report.of(action):
            yield said
            for outcome in outcomes:
                yield f"  {f'line {outcome.line}: ' if outcome.line else ''}{outcome.about}"
    if report.unresolved:
        yield "Related stories that lead nowhere yet:"
        for story in report.unresolved:
            yield f"  {story.title} ({story.about})"
    yield from report.notes
    counts = ", ".join(f"{len(report.of(action))} {action.value}" for action in Action if report.of(action))
    what = "New live blog" if report.is_new else "Live blog"
    yield f"{what} {report.slug} ({report.status}): {counts or 'no updates'}."
    if report.is_dry_run:
        yield "Dry run: nothing was saved."
