"""Import of running copy into a live blog, with a report: `manage.py import_article FILE`."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

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
from liveblog.articles.choices import Choices
from liveblog.articles.earlier import earlier_blog
from liveblog.articles.load import load
from liveblog.articles.notation import Heading, Order, Profile
from liveblog.articles.parse import Given, parse, read
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
        parser.add_argument("--title", metavar="TEXT", default="", help="the title, if the article has none")
        parser.add_argument(
            "--published-at",
            metavar="TIME",
            type=_moment,
            help="the publication time in Hong Kong, as 2025-03-18T17:14, if the article has none",
        )
        parser.add_argument(
            "--time-zone",
            metavar="ZONE",
            default="",
            help="the zone of the times, as Europe/London, BST or GMT+8, if the article does not say",
        )
        parser.add_argument(
            "--order", choices=[order.value for order in Order], help="the order of the updates, if misread"
        )
        parser.add_argument(
            "--heading",
            choices=[heading.value for heading in Heading],
            help="where headings stand, seen from the times, if misread",
        )
        parser.add_argument(
            "--new", action="store_true", help="make a new live blog even if the article was loaded before"
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
    def handle(self, *args: object, file: str, **options: Any) -> None:
        try:
            given = Given(options["title"].strip(), options["published_at"])
            choices = Choices(
                Heading(options["heading"]) if options["heading"] else None,
                Order(options["order"]) if options["order"] else None,
                options["time_zone"],
            )
            article = parse(read(_bytes_of(file)), given=given, choices=choices, now=hongkong.now())
            self._print("", _summary(article))
            if not options["blog"] and not options["new"]:
                _ask_if_loaded_before(file, article)
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
        self._print("Left out:", (f"line {line.number}: {line.text}" for line in article.left_out))
        self._print("", _result(report))

    def _print(self, title: str, lines: Iterator[str]) -> None:
        for number, line in enumerate(lines):
            if number == 0 and title:
                self.stdout.write(title)
            self.stdout.write(f"  {line}" if title else line)


def _moment(text: str) -> datetime:
    """Parse an ISO 8601 time, which is in Hong Kong unless it has an offset."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a time: write it as 2025-03-18T17:14") from error
    moment = moment.replace(tzinfo=hongkong.ZONE) if moment.tzinfo is None else hongkong.to_hong_kong(moment)
    if moment.year not in hongkong.YEARS:
        raise ArgumentTypeError(f"{text!r} lies outside of the supported years")
    return moment.replace(second=0, microsecond=0)


def _ask_if_loaded_before(file: str, article: Article) -> None:
    """Raise CommandError if the article was already loaded into a live blog."""
    blog = earlier_blog(article)
    if blog is not None:
        raise CommandError(
            f"{file}: the live blog {blog.slug} already has this article. Bring it up to date with "
            f"--blog {blog.slug}, or make another live blog with --new.",
            returncode=2,
        )


def _bytes_of(file: str) -> bytes:
    """Return the bytes of the file, or enough of them to show that it is too large."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    with Path(file).open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def _summary(article: Article) -> Iterator[str]:
    yield f"Title: {article.kicker + ' ︱ ' if article.kicker else ''}{article.headline}"
    yield f"Published: {article.published_at:%Y-%m-%d %H:%M} Hong Kong time"
    yield f"Language: {article.language}; coverage {'runs' if article.is_running else 'has ended'}"
    yield f"Standfirst: {_counted(article.standfirst)}"
    yield f"Notation: {_notation(article.profile)}"
    day = None
    for entry in article.entries:
        if entry.day != day:
            day = entry.day
            yield f"{hongkong.day_label(day, article.language, with_year=True)}"
        yield f"  {_entry(entry)}"
        yield from (f"          Related: {story.title} {story.url}".rstrip() for story in entry.stories)


def _notation(profile: Profile) -> str:
    """Describe a notation: `times as 【12:05】, headings above them, newest first, in BST`."""
    if profile.is_own_form:
        return "this product's own"
    parts = [f"times as {profile.time}" if profile.time else "no times"]
    places = {
        Heading.ABOVE: "headings above them",
        Heading.BELOW: "headings below them",
        Heading.BESIDE: "headings on their lines",
    }
    if profile.time and profile.heading in places:
        parts.append(places[profile.heading])
    if profile.is_numbered:
        parts.append("numbered headings")
    parts.append(profile.order.value.replace("-", " "))
    return ", ".join([*parts, *([f"in {profile.zone}"] if profile.zone else [])])


def _entry(entry: Entry) -> str:
    clock = f"{entry.clock:%H:%M}" if entry.clock else "--:--"
    return f"{clock} {entry.heading or '(no heading)'}: {_counted(entry.blocks)}"


def _counted(blocks: tuple[Block, ...]) -> str:
    """Count blocks in words: `2 paragraphs, a list of 3, 1 related story`."""
    counts = [
        _plural(sum(isinstance(block, Paragraph) for block in blocks), "paragraph", "paragraphs"),
        *(f"a list of {len(block.items)}" for block in blocks if isinstance(block, Bullets)),
        _plural(sum(isinstance(block, Caption) for block in blocks), "caption", "captions"),
        _plural(sum(isinstance(block, Related) for block in blocks), "related story", "related stories"),
    ]
    return ", ".join(count for count in counts if count) or "no text"


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}" if count else ""


_TITLES = {
    Action.CHANGED: "Changed:",
    Action.PUBLISHED: "Published, which were drafts:",
    Action.CONFLICT: "Changed both in the article and on the desk; the desk's is kept:",
    Action.STAYS_WITHDRAWN: "Withdrawn, and stays so:",
    Action.AMBIGUOUS: "Ambiguous, left alone:",
    Action.VANISHED: "No longer in the article:",
    Action.WITHDRAWN: "No longer in the article, withdrawn:",
}


def _result(report: Report) -> Iterator[str]:
    for change in report.head_changes:
        verb = "Kept the desk's" if change.is_conflict else "Changed"
        yield f"{verb} {change.what}: {change.before!r} -> {change.after!r}"
    for action, title in _TITLES.items():
        if outcomes := report.of(action):
            yield title
            for outcome in outcomes:
                yield f"  {f'line {outcome.line}: ' if outcome.line else ''}{outcome.about}"
    if report.unresolved:
        yield "Related stories that lead nowhere yet:"
        for story in report.unresolved:
            yield f"  {story.title} ({story.about})"
    if report.is_of_another_story:
        yield "Hardly any of its updates match those of the live blog: is it the right one?"
    yield from report.notes
    counts = ", ".join(f"{len(report.of(action))} {action.value}" for action in Action if report.of(action))
    what = "New live blog" if report.is_new else "Live blog"
    yield f"{what} {report.slug} ({report.status}): {counts or 'no updates'}."
    if report.is_dry_run:
        yield "Dry run: nothing was saved."
