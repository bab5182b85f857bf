"""A live blog's editable details as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from liveblog.models import Byline, Image, LiveBlog, Topic
from liveblog.models.blog import Language
from liveblog.publishing.encoding import encode, fingerprint
from liveblog.publishing.limits import refuse_far, refuse_long, refuse_many
from liveblog.publishing.saving import save_checked
from liveblog.publishing.stories import Story, write_stories
from newsroom.text import html, languages


def _sorted(rows: Iterable[Any]) -> tuple[Any, ...]:
    """Return rows sorted by name in Python, so that the order does not depend on a database's collation."""
    return tuple(sorted(rows, key=lambda row: (row.name, row.pk)))


# A row in JSON: its id and its name.
Reference = dict[str, Any] | None


def _pk_of(reference: Reference) -> int:
    """Return the id of a row in JSON, or 0, which no row has."""
    return reference["id"] if reference else 0


def _pks_of(references: Iterable[Reference]) -> set[int]:
    return set(map(_pk_of, references))


_COLLECTIONS = ("bylines", "topics", "stories")


@dataclass(frozen=True)
class BlogDetails:
    """A live blog's editable details, except its team. `standfirst` is plain text, `summary` rich text."""

    slug: str
    language: str
    headline: str
    kicker: str = ""
    standfirst: str = ""
    summary: str = field(default="", metadata={"identity": languages.untagged})
    coverage_start_at: datetime | None = None
    coverage_end_at: datetime | None = None
    embargo_until_at: datetime | None = None
    hero_image: Image | None = None
    bylines: tuple[Byline, ...] = ()
    topics: tuple[Topic, ...] = ()
    front_position: int | None = None
    has_responses: bool = False
    successor: LiveBlog | None = None
    stories: tuple[Story, ...] = ()

    @classmethod
    def of(cls, blog: LiveBlog) -> BlogDetails:
        """Return the saved details of a blog."""
        rows = {part.name: getattr(blog, part.name) for part in fields(cls) if part.name not in _COLLECTIONS}
        return cls(
            **rows,
            bylines=_sorted(blog.bylines.all()),
            topics=_sorted(blog.topics.all()),
            stories=tuple(Story.of(row) for row in blog.related_stories.select_related("live_blog").all()),
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> BlogDetails:
        """Rebuild details from the data of `as_json`, without rows that have been deleted since."""
        values = dict(data)
        for name in ("coverage_start_at", "coverage_end_at", "embargo_until_at"):
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        images = Image.objects.in_bulk(_pks_of([values["hero_image"]]))
        blogs = LiveBlog.objects.in_bulk(
            _pks_of([values["successor"], *(story["live_blog"] for story in values["stories"])])
        )
        values["hero_image"] = images.get(_pk_of(values["hero_image"]))
        values["successor"] = blogs.get(_pk_of(values["successor"]))
        values["bylines"] = _sorted(Byline.objects.filter(pk__in=_pks_of(values["bylines"])))
        values["topics"] = _sorted(Topic.objects.filter(pk__in=_pks_of(values["topics"])))
        values["stories"] = tuple(
            Story(**story | {"live_blog": blogs.get(_pk_of(story["live_blog"]))})
            for story in values["stories"]
        )
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """Return JSON data: times in UTC, rows as their ids and current names."""
        data: dict[str, Any] = encode(self, with_names=True)
        return data

    def checked(self) -> BlogDetails:
        """Return a cleaned copy. Raise ValidationError for details that must not be saved."""
        headline = html.one_line(self.headline)
        if not headline:
            raise ValidationError({"headline": _("A live blog needs a headline.")})
        lines = [line for line in map(html.stripped, self.standfirst.splitlines()) if line]
        standfirst = "\n".join(lines)
        refuse_long(standfirst=standfirst, summary=self.summary)
        if self.language not in Language.values:
            raise ValidationError({"language": _("Choose one of the available values.")})
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
            kicker=html.one_line(self.kicker),
            standfirst=standfirst,
            summary=summary,
            bylines=_sorted(self.bylines),
            topics=_sorted(self.topics),
            stories=tuple(
                replace(story, after_block=max(0, min(story.after_block, len(lines))))
                for story in (story.checked() for story in self.stories)
            ),
        )

    def changed_from(self, before: BlogDetails) -> list[str]:
        """Return the names of the fields in which these details differ from `before`."""
        return [part.name for part in fields(self) if getattr(self, part.name) != getattr(before, part.name)]

    def in_feeds(self) -> tuple[Any, ...]:
        """Return the values that feeds print, to compare them."""
        return self.language, self.kicker, self.headline, self.standfirst, self.topics

    def set_on(self, blog: LiveBlog) -> None:
        """Set the fields of the row without saving it. Raise ValidationError if it does not validate."""
        for part in fields(self):
            if part.name not in _COLLECTIONS:
                setattr(blog, part.name, getattr(self, part.name))
        blog.full_clean()

    def write_to(self, blog: LiveBlog) -> None:
        """Save these details, related rows included. Raise ValidationError if the row does not validate."""
        self.set_on(blog)
        save_checked(blog)
        blog.bylines.set(self.bylines)
        blog.topics.set(self.topics)
        if tuple(Story.of(row) for row in blog.related_stories.select_related("live_blog")) != self.stories:
            write_stories(self.stories, blog=blog)


def edit_fingerprint(blog: LiveBlog) -> str:
    """Return the fingerprint of everything that a live blog's form edits, including its team."""
    return fingerprint((BlogDetails.of(blog), tuple(sorted(blog.team.values_list("pk", flat=True)))))
