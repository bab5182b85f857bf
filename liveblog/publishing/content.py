"""What verbs are given: the whole content of an update or of a blog, as values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from liveblog.models import Byline, Image, LiveBlog, RelatedStory, Topic, Update, UpdateImage
from liveblog.models.blog import Language
from liveblog.publishing.limits import LONGEST, refuse_far, refuse_long, refuse_many
from newsroom import hongkong, html, languages

MAX_BODY = LONGEST["body"]
# More than any text has.
_MAX_TAGS = 10_000
_is_url = URLValidator(schemes=["http", "https"])


def _line(text: str) -> str:
    """Text on one line, with single spaces."""
    return " ".join(html.printable(text).split())


def refuse_too_long(body: str) -> None:
    """What would keep the cleaner busy for long is refused, with ValidationError, before it is looked at."""
    if len(body) > MAX_BODY or body.count("<") > _MAX_TAGS:
        raise ValidationError(_("The text is too long for one update."))


def fingerprint(content: object) -> str:
    """What tells one saved content from another: a form carries it, to see that nobody saved in between.

    Which language a passage is tagged with depends on the blog, so it is no part of what somebody wrote.
    """
    if isinstance(content, Content | BlogDetails):
        content = content.untagged()
    return hashlib.sha256(repr(content).encode()).hexdigest()


def refuse_future(happened_at: datetime | None) -> None:
    """What is published now has happened. Raises ValidationError otherwise."""
    if happened_at and happened_at > timezone.now():
        raise ValidationError(
            {"happened_at": _("This time lies ahead. Schedule the update, or correct the time.")}
        )


@dataclass(frozen=True)
class Story:
    """A related story after `after_block` blocks of the text; with neither address it is unresolved."""

    title: str
    after_block: int = 0
    url: str = ""
    live_blog: LiveBlog | None = None

    @classmethod
    def of(cls, row: RelatedStory) -> Story:
        return cls(row.title, row.after_block, row.url, row.live_blog)

    def checked(self) -> Story:
        story = replace(self, title=_line(self.title), url=self.url.strip())
        if not story.title:
            raise ValidationError({"stories": _("A related story needs a title.")})
        try:
            refuse_long(title=story.title, url=story.url)
        except ValidationError as error:
            raise ValidationError({"stories": error.messages}) from error
        if story.url and story.live_blog:
            raise ValidationError(
                {
                    "stories": _("“%(title)s”: give an address or a live blog, not both.")
                    % {"title": self.title}
                }
            )
        if story.url:
            try:
                _is_url(story.url)
            except ValidationError as error:
                raise ValidationError(
                    {"stories": _("“%(title)s”: this is no web address.") % {"title": story.title}}
                ) from error
        return story

    def as_json(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "after_block": self.after_block,
            "url": self.url,
            "live_blog": self.live_blog.slug if self.live_blog else None,
        }


@dataclass(frozen=True)
class Content:
    """All that an update says. `happened_at` None means now; `body` is rich text."""

    heading: str = ""
    body: str = ""
    happened_at: datetime | None = None
    has_clock_time: bool = True
    is_key_event: bool = False
    byline: Byline | None = None
    source: str = ""
    verification: str = ""
    edition_wording: str = ""
    stories: tuple[Story, ...] = ()
    images: tuple[Image, ...] = ()

    @classmethod
    def of(cls, update: Update) -> Content:
        """What is saved of an update now."""
        stories = update.related_stories.select_related("live_blog")
        return cls._of(update, stories, update.update_images.select_related("image"))

    @classmethod
    def of_complete(cls, update: Update) -> Content:
        """Return what was saved of an update when it was read by `complete()`, without another query."""
        return cls._of(update, update.related_stories.all(), update.update_images.all())

    @classmethod
    def _of(cls, update: Update, stories: Iterable[RelatedStory], placed: Iterable[UpdateImage]) -> Content:
        return cls(
            heading=update.heading,
            body=update.body,
            happened_at=update.happened_at,
            has_clock_time=update.has_clock_time,
            is_key_event=update.is_key_event,
            byline=update.byline,
            source=update.source,
            verification=update.verification,
            edition_wording=update.edition_wording,
            stories=tuple(Story.of(row) for row in stories),
            images=tuple(row.image for row in placed),
        )

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> Content:
        """What a Revision kept. A byline, live blog or picture that is gone since is left out."""
        blogs = LiveBlog.objects.in_bulk(
            [story["live_blog"] for story in said["stories"] if story["live_blog"]], field_name="slug"
        )
        images = Image.objects.in_bulk(said["images"])
        return cls(
            heading=said["heading"],
            body=said["body"],
            happened_at=datetime.fromisoformat(said["happened_at"]),
            has_clock_time=said["has_clock_time"],
            is_key_event=said["is_key_event"],
            byline=Byline.objects.filter(name=said["byline"]).first(),
            source=said["source"],
            verification=said["verification"],
            edition_wording=said["edition_wording"],
            stories=tuple(
                Story(story["title"], story["after_block"], story["url"], blogs.get(story["live_blog"]))
                for story in said["stories"]
            ),
            images=tuple(images[pk] for pk in said["images"] if pk in images),
        )

    def checked(self, language: str, *, may_be_empty: bool = False) -> Content:
        """Return the same with its text cleaned, for a blog in `language`: other passages get their tags.

        Raises ValidationError for what must not be saved.
        """
        heading, source = _line(self.heading), html.printable(self.source).strip()
        refuse_long(heading=heading, source=source)
        refuse_many(stories=self.stories, images=self.images)
        refuse_far(happened_at=self.happened_at)
        if self.verification not in Update.Verification.values:
            raise ValidationError({"verification": _("Choose one of the values that are offered.")})
        body = _cleaned(self.body, language)
        if not may_be_empty and not heading and html.is_empty(body) and not self.images:
            raise ValidationError(_("Write a heading or a text first."))
        if self.happened_at is not None and self.happened_at.tzinfo is None:
            raise ValueError("happened_at must be aware")
        blocks = len(html.blocks(body))
        stories = [story.checked() for story in self.stories]
        stories = [replace(story, after_block=max(0, min(story.after_block, blocks))) for story in stories]
        return replace(
            self,
            heading=heading,
            body=body,
            source=source,
            edition_wording=_checked_wording(self.edition_wording),
            stories=tuple(sorted(stories, key=lambda story: story.after_block)),
            images=tuple(dict.fromkeys(self.images)),
        )

    def untagged(self) -> Content:
        """Return the same as its writers know it: without the tags that saving puts on foreign passages."""
        return replace(self, body=languages.untagged(self.body))

    def set_on(self, update: Update) -> None:
        """Let the row say this, without saving it; related stories and pictures are rows of their own."""
        update.heading, update.body = self.heading, self.body
        update.happened_at, update.has_clock_time = self.happened_at, self.has_clock_time
        update.is_key_event, update.byline = self.is_key_event, self.byline
        update.source, update.verification = self.source, self.verification
        update.edition_wording = self.edition_wording

    def write_to(self, update: Update) -> None:
        """Save this as the update's content: row, related stories and pictures."""
        self.set_on(update)
        is_new = update.pk is None
        update.save()
        saved = Content() if is_new else Content.of(update)
        if saved.stories != self.stories:
            write_stories(self.stories, update=update)
        if saved.images != self.images:
            update.update_images.all().delete()
            UpdateImage.objects.bulk_create(
                UpdateImage(update=update, image=image, position=position)
                for position, image in enumerate(self.images)
            )

    def as_json(self) -> dict[str, Any]:
        """What a Revision keeps."""
        return {
            "heading": self.heading,
            "body": self.body,
            "happened_at": self.happened_at.astimezone(hongkong.ZONE).isoformat(),
            "has_clock_time": self.has_clock_time,
            "is_key_event": self.is_key_event,
            "byline": self.byline.name if self.byline else "",
            "source": self.source,
            "verification": self.verification,
            "edition_wording": self.edition_wording,
            "stories": [story.as_json() for story in self.stories],
            "images": [image.pk for image in self.images],
        }


def _cleaned(body: str, language: str) -> str:
    """Return rich text as it is kept. Raise ValidationError for more than one update takes.

    Cleaning escapes and closes, and tags are added, so that a text can become longer: what is kept must
    itself be fit to be saved again.
    """
    try:
        refuse_too_long(body)
        body = languages.tag_passages(html.clean(body), language)
        refuse_too_long(body)
    except ValidationError as error:
        raise ValidationError({"body": error}) from error
    return body


def _checked_wording(text: str) -> str:
    """One wording a line, `as written=as it should read`, without blank lines and spaces around."""
    lines = []
    wordings = [line for line in map(_line, text.splitlines()) if line]
    refuse_many(edition_wording=wordings)
    for line in wordings:
        written, equals, read = (part.strip() for part in line.replace("＝", "=").partition("="))
        if not (written and equals and read) or "=" in read:
            raise ValidationError(
                {
                    "edition_wording": _(
                        "“%(line)s”: write it as written=as it should read, one wording a line."
                    )
                    % {"line": line}
                }
            )
        try:
            refuse_long(wording=max(written, read, key=len))
        except ValidationError as error:
            raise ValidationError({"edition_wording": error.messages}) from error
        lines.append(f"{written}={read}")
    return "\n".join(lines)


def story_rows(
    stories: tuple[Story, ...], *, update: Update | None = None, blog: LiveBlog | None = None
) -> list[RelatedStory]:
    """The related stories of an update, or those beside a blog, in their order and not yet saved."""
    return [
        RelatedStory(
            update=update,
            blog=blog,
            position=position,
            title=story.title,
            after_block=story.after_block,
            url=story.url,
            live_blog=story.live_blog,
        )
        for position, story in enumerate(stories)
    ]


def write_stories(
    stories: tuple[Story, ...], *, update: Update | None = None, blog: LiveBlog | None = None
) -> None:
    """Replace the related stories of an update, or those beside a blog."""
    RelatedStory.objects.filter(update=update, blog=blog).delete()
    RelatedStory.objects.bulk_create(story_rows(stories, update=update, blog=blog))


def _sorted(rows: Iterable[Any]) -> tuple[Any, ...]:
    """By name as Python compares, so that no database's collation makes a difference."""
    return tuple(sorted(rows, key=lambda row: (row.name, row.pk)))


_COLLECTIONS = ("bylines", "topics", "stories")


@dataclass(frozen=True)
class BlogDetails:
    """All that an editor says of a blog. `standfirst` is plain text, `summary` rich text."""

    slug: str
    language: str
    headline: str
    kicker: str = ""
    standfirst: str = ""
    summary: str = ""
    coverage_start_at: datetime | None = None
    coverage_end_at: datetime | None = None
    embargo_until_at: datetime | None = None
    hero_image: Image | None = None
    bylines: tuple[Byline, ...] = ()
    topics: tuple[Topic, ...] = ()
    has_responses: bool = False
    successor: LiveBlog | None = None
    stories: tuple[Story, ...] = ()

    @classmethod
    def of(cls, blog: LiveBlog) -> BlogDetails:
        """What is saved of a blog now."""
        rows = {
            field.name: getattr(blog, field.name) for field in fields(cls) if field.name not in _COLLECTIONS
        }
        return cls(
            **rows,
            bylines=_sorted(blog.bylines.all()),
            topics=_sorted(blog.topics.all()),
            stories=tuple(Story.of(row) for row in blog.related_stories.select_related("live_blog").all()),
        )

    def checked(self) -> BlogDetails:
        """The same with its text cleaned. Raises ValidationError for what must not be saved."""
        headline = _line(self.headline)
        if not headline:
            raise ValidationError({"headline": _("A live blog needs a headline.")})
        lines = [line.strip() for line in html.printable(self.standfirst).splitlines() if line.strip()]
        standfirst = "\n".join(lines)
        refuse_long(standfirst=standfirst, summary=self.summary)
        if self.language not in Language.values:
            raise ValidationError({"language": _("Choose one of the values that are offered.")})
        refuse_many(bylines=self.bylines, topics=self.topics, stories=self.stories)
        refuse_far(
            coverage_start_at=self.coverage_start_at,
            coverage_end_at=self.coverage_end_at,
            embargo_until_at=self.embargo_until_at,
        )
        summary = languages.tag_passages(html.clean(self.summary), self.language)
        refuse_long(summary=summary)
        return replace(
            self,
            headline=headline,
            kicker=_line(self.kicker),
            standfirst=standfirst,
            summary=summary,
            bylines=_sorted(self.bylines),
            topics=_sorted(self.topics),
            stories=tuple(
                replace(story, after_block=max(0, min(story.after_block, len(lines))))
                for story in (story.checked() for story in self.stories)
            ),
        )

    def untagged(self) -> BlogDetails:
        """Return the same as its writers know it: without the tags that saving puts on foreign passages."""
        return replace(self, summary=languages.untagged(self.summary))

    def set_on(self, blog: LiveBlog) -> None:
        """Let the row say this, without saving it. Raises ValidationError where its own rules refuse it."""
        for field in fields(self):
            if field.name not in _COLLECTIONS:
                setattr(blog, field.name, getattr(self, field.name))
        blog.full_clean()

    def write_to(self, blog: LiveBlog) -> None:
        """Save this as the blog's details. Raises ValidationError where the row's own rules refuse it."""
        self.set_on(blog)
        blog.save()
        blog.bylines.set(self.bylines)
        blog.topics.set(self.topics)
        if tuple(Story.of(row) for row in blog.related_stories.select_related("live_blog")) != self.stories:
            write_stories(self.stories, blog=blog)
