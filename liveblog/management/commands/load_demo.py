"""Loading of the demo: the fictional stories of `liveblog/demo`, dated up to now, with filled queues."""

from __future__ import annotations

import tomllib
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, User
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from liveblog import publishing
from liveblog.articles.article import Article
from liveblog.articles.load import load
from liveblog.articles.parse import parse
from liveblog.models import Byline, Image, LiveBlog, Topic, Update
from liveblog.publishing import BlogDetails, Content, Story, Upload
from newsroom import hongkong

DEMO: Final = Path(__file__).resolve().parents[2] / "demo"
EDITOR: Final = "editor"


@dataclass(frozen=True)
class DemoStory:
    """Running copy; `extras` has what it cannot express: pictures, key events, corrections, the queues."""

    slug: str
    article: Article
    extras: dict[str, Any]

    @property
    def newest_at(self) -> datetime:
        return max(hongkong.at(entry.day, entry.clock) for entry in self.article.entries if entry.clock)


class Command(BaseCommand):
    help = "Fill a newsroom that is for trying out with fictional live blogs. Does nothing where they exist."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This fills a newsroom for trying out, with DEMO=true; it never touches a real one."
            )
        stories = up_to_date(read_stories(), hongkong.now())
        editor = _editor()
        if LiveBlog.objects.filter(slug__in=[story.slug for story in stories]).exists():
            self.stdout.write("The demo is there already: nothing was changed.")
            return
        self.stdout.write("Loading the demo, with renditions of its pictures: about ten seconds …")
        self.stdout.flush()
        with ExitStack() as pictures:
            prepared = _prepare_pictures(pictures, editor)
            with transaction.atomic():
                _fill(stories, prepared, editor)
        self.stdout.write(f"Loaded {len(stories)} fictional live blogs.")


def read_stories() -> list[DemoStory]:
    """Return the demo's stories with the dates in their files, which share one calendar."""
    stories = [
        DemoStory(
            path.stem,
            parse(path.read_text(encoding="utf-8")),
            tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8")),
        )
        for path in DEMO.glob("*.txt")
    ]
    # Load the newest story last, so that the front page leads with it.
    return sorted(stories, key=lambda story: story.newest_at)


def up_to_date(stories: list[DemoStory], now: datetime) -> list[DemoStory]:
    """Move the stories by whole days, keeping clock times, as late as possible with no update after `now`."""
    shift = timedelta(days=(now - max(story.newest_at for story in stories)).days)
    return [replace(story, article=_moved(story.article, shift)) for story in stories]


def _moved(article: Article, by: timedelta) -> Article:
    return replace(
        article,
        published_at=article.published_at + by,
        entries=tuple(replace(entry, day=entry.day + by) for entry in article.entries),
    )


def _editor() -> User:
    """Return the user for trying the demo, created without a password: `serve` sets one."""
    users = get_user_model().objects
    editor = users.filter(username=EDITOR).first() or users.create_user(EDITOR, is_staff=True)
    editor.groups.set(Group.objects.filter(name__in=["Chief editor", "Syndication manager"]))
    return editor


def _prepare_pictures(pictures: ExitStack, editor: User) -> dict[str, Upload]:
    """Return each picture's decoded files by picture name; closing `pictures` deletes them."""
    prepared = {}
    for path in sorted((DEMO / "pictures").glob("*.jpg")):
        with path.open("rb") as file:
            prepared[path.stem] = pictures.enter_context(publishing.prepare_image(file, by=editor))
    return prepared


def _fill(stories: list[DemoStory], prepared: dict[str, Upload], editor: User) -> None:
    for story in stories:
        load(story.article, by=editor, slug=story.slug)
    blogs = LiveBlog.objects.in_bulk([story.slug for story in stories], field_name="slug")
    pictures = _pictures(prepared, editor)
    for story in stories:
        _Desk(story, blogs, pictures, editor).run()


def _pictures(prepared: dict[str, Upload], editor: User) -> dict[str, Image]:
    pictures = {}
    details_by_name = tomllib.loads((DEMO / "pictures.toml").read_text(encoding="utf-8"))
    for name, details in details_by_name.items():
        column, row = details.pop("focal")
        pictures[name] = publishing.add_image(
            prepared[name], by=editor, focal_column=column, focal_row=row, **details
        )
    return pictures


@dataclass
class _Desk:
    """The desk's work on one story: completing the imported updates, publishing them, and further edits."""

    story: DemoStory
    blogs: dict[str, LiveBlog]
    pictures: dict[str, Image]
    by: User

    @property
    def extras(self) -> dict[str, Any]:
        return self.story.extras

    @property
    def blog(self) -> LiveBlog:
        return self.blogs[self.story.slug]

    def run(self) -> None:
        publishing.edit_blog(self.blog, self._details(), by=self.by)
        for update in self.blog.updates.order_by("happened_at", "pk"):
            content = self._dressed(Content.of(update))
            publishing.publish_update(
                self.blog, content, by=self.by, update=update, first_published_at=content.happened_at
            )
        publishing.start_coverage(self.blog, by=self.by, at=self.story.article.published_at)
        if "pinned" in self.extras:
            publishing.pin_update(self._update(self.extras["pinned"]), by=self.by)
        self._correct_and_withdraw()
        if not self.story.article.is_running:
            publishing.end_coverage(self.blog, by=self.by, at=self.blog.coverage_end_at)
        for queued_update in self.extras.get("queue", []):
            self._queue(**queued_update)
        for response in self.extras.get("responses", []):
            self._respond(**response)

    def _details(self) -> BlogDetails:
        topics = self.extras["topics"].items()
        return replace(
            BlogDetails.of(self.blog),
            summary=self.extras["summary"],
            hero_image=self.pictures[self.extras["hero"]],
            bylines=tuple(map(_byline, self.extras["bylines"])),
            topics=tuple(
                Topic.objects.get_or_create(slug=slug, defaults={"name": name})[0] for slug, name in topics
            ),
            successor=self.blogs.get(self.extras.get("successor", "")),
        )

    def _dressed(self, content: Content) -> Content:
        details = dict(self.extras["updates"].get(content.heading, {}))
        picture, byline = details.pop("picture", None), details.pop("byline", None)
        return replace(
            content,
            stories=tuple(map(self._linked, content.stories)),
            images=(self.pictures[picture],) if picture else (),
            bylines=(_byline(byline),) if byline else (),
            **details,
        )

    def _linked(self, story: Story) -> Story:
        """Return the story with its link in the demo; one stays unresolved for the desk to find."""
        address = self.extras["stories"].get(story.title, "")
        if address in self.blogs:
            return replace(story, live_blog=self.blogs[address])
        return replace(story, url=address)

    def _update(self, heading: str) -> Update:
        return self.blog.updates.get(heading=heading)

    def _correct_and_withdraw(self) -> None:
        if correction := self.extras.get("correction"):
            update = self._update(correction["heading"])
            wrong, right = correction["wrong"], correction["right"]
            content = Content.of(update)
            content = replace(
                content,
                heading=content.heading.replace(wrong, right),
                body=content.body.replace(wrong, right),
            )
            publishing.correct_update(update, content, by=self.by, note=correction["note"])
        if withdrawal := self.extras.get("withdrawal"):
            publishing.withdraw_update(
                self._update(withdrawal["heading"]), by=self.by, reason=withdrawal["reason"]
            )

    def _queue(self, *, status: str, heading: str, body: str, byline: str = "", hours_ahead: int = 0) -> None:
        """Save an update as a draft, submit it to an editor, or schedule it."""
        content = Content(heading, body, bylines=(_byline(byline),) if byline else ())
        if status == Update.Status.SCHEDULED:
            ahead = (hongkong.now() + timedelta(hours=hours_ahead)).replace(minute=0, second=0, microsecond=0)
            publishing.schedule_update(self.blog, content, ahead, by=self.by)
            return
        verb = publishing.submit_update if status == Update.Status.SUBMITTED else publishing.draft_update
        verb(self.blog, content, by=self.by)

    def _respond(self, *, name: str, text: str, is_approved: bool) -> None:
        """Submit a reader's response; approve it, or leave it to be moderated."""
        response = publishing.submit_response(LiveBlog.objects.get(pk=self.blog.pk), name=name, text=text)
        if is_approved:
            publishing.approve_response(response, by=self.by)


def _byline(name: str) -> Byline:
    return Byline.objects.get_or_create(name=name)[0]
