"""What an update consists of: the one description of its fields.

A field is declared in `Content` once. Reading it from the rows, saving it, the JSON of a revision, reading
older JSON, the fingerprint and the labels of the history follow from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, Protocol

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from liveblog.models import Byline, Image, LiveBlog, Update, UpdateByline, UpdateImage
from liveblog.publishing.encoding import encode
from liveblog.publishing.limits import LONGEST, refuse_far, refuse_long, refuse_many
from liveblog.publishing.stories import Story, write_stories
from newsroom import html, languages

MAX_BODY = LONGEST["body"]
# More than any text has.
_MAX_TAGS = 10_000

# A row that a revision refers to, by its id and the name that it had: `{"id": 7, "name": "陳大文"}`.
Reference = dict[str, Any]


class _Storage(Protocol):
    """How a field of an update is kept: by a column of its row, or by rows of its own."""

    is_column: bool

    def read(self, update: Update, name: str) -> Any: ...

    def write(self, update: Update, name: str, value: Any, *, is_new: bool) -> None: ...

    def decode(self, kept: Any, gone: list[str]) -> Any:
        """Return the value that a revision kept; append to `gone` the names of rows that no longer exist."""


def _related_rows(update: Update, name: str, foreign_key: str) -> Iterable[Any]:
    """Return rows of an update in order, without a query where they were prefetched."""
    rows = getattr(update, name).all()
    is_prefetched = name in getattr(update, "_prefetched_objects_cache", {})
    return rows if is_prefetched else rows.select_related(foreign_key)


class _Column:
    is_column = True

    def read(self, update: Update, name: str) -> Any:
        return getattr(update, name)

    def write(self, update: Update, name: str, value: Any, *, is_new: bool) -> None:
        setattr(update, name, value)

    def decode(self, kept: Any, gone: list[str]) -> Any:
        return kept


class _EventTime(_Column):
    """The time of the event: None until it is given, or until the update goes live."""

    def read(self, update: Update, name: str) -> datetime | None:
        return update.given_time

    def decode(self, kept: str | None, gone: list[str]) -> datetime | None:
        return datetime.fromisoformat(kept) if kept else None


class _Placed:
    """Rows in an order of the editor's, placed in the update by a `through` model."""

    is_column = False

    def __init__(self, through: type[Model], foreign_key: str) -> None:
        self.through, self.foreign_key = through, foreign_key
        self.related_name = through._meta.get_field("update").remote_field.get_accessor_name()

    def read(self, update: Update, name: str) -> tuple[Any, ...]:
        places = _related_rows(update, self.related_name, self.foreign_key)
        return tuple(getattr(place, self.foreign_key) for place in places)

    def write(self, update: Update, name: str, value: Sequence[Model], *, is_new: bool) -> None:
        manager = self.through._default_manager
        if not is_new:
            manager.filter(update=update).delete()
        manager.bulk_create(
            self.through(update=update, position=position, **{self.foreign_key: row})
            for position, row in enumerate(value)
        )

    def decode(self, kept: list[Reference], gone: list[str]) -> tuple[Any, ...]:
        model = self.through._meta.get_field(self.foreign_key).related_model
        rows = model._default_manager.in_bulk([reference["id"] for reference in kept])
        gone += [
            reference["name"] or f"#{reference['id']}" for reference in kept if reference["id"] not in rows
        ]
        return tuple(rows[reference["id"]] for reference in kept if reference["id"] in rows)


class _Stories:
    is_column = False

    def read(self, update: Update, name: str) -> tuple[Story, ...]:
        return tuple(map(Story.of, _related_rows(update, "related_stories", "live_blog")))

    def write(self, update: Update, name: str, value: tuple[Story, ...], *, is_new: bool) -> None:
        write_stories(value, update=update)

    def decode(self, kept: list[dict[str, Any]], gone: list[str]) -> tuple[Story, ...]:
        references = [story["live_blog"] for story in kept if story["live_blog"]]
        blogs = LiveBlog.objects.in_bulk([reference["id"] for reference in references])
        gone += [reference["name"] for reference in references if reference["id"] not in blogs]
        return tuple(
            Story(
                **story | {"live_blog": blogs.get(story["live_blog"]["id"]) if story["live_blog"] else None}
            )
            for story in kept
        )


_COLUMN: Final = _Column()
_EVENT_TIME: Final = _EventTime()


def _declare(default: Any, label: Promise, storage: _Storage = _COLUMN, **metadata: Any) -> Any:
    return field(default=default, metadata={"label": label, "storage": storage, **metadata})


@dataclass(frozen=True)
class Content:
    """All that an update says. `happened_at` None means the moment of going live; `body` is rich text."""

    heading: str = _declare("", _("Heading"))
    # Which language a passage is tagged with depends on the blog, so it is no part of what somebody wrote.
    body: str = _declare("", _("Text"), identity=languages.untagged)
    happened_at: datetime | None = _declare(None, _("Time"), _EVENT_TIME)
    has_clock_time: bool = _declare(True, _("Clock time is known"))
    is_key_event: bool = _declare(False, _("Key event"))
    bylines: tuple[Byline, ...] = _declare((), _("Bylines"), _Placed(UpdateByline, "byline"))
    source: str = _declare("", _("Source"))
    verification: str = _declare("", _("Verification"))
    edition_wording: str = _declare("", _("Wording in the other script"))
    stories: tuple[Story, ...] = _declare((), _("Related stories"), _Stories())
    images: tuple[Image, ...] = _declare((), _("Pictures"), _Placed(UpdateImage, "image"))

    @classmethod
    def of(cls, update: Update) -> Content:
        """Return what is saved of an update now."""
        return cls(**{name: storage.read(update, name) for name, storage in _STORAGE.items()})

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> tuple[Content, list[str]]:
        """Return what a revision of any age kept, and the names of the rows that no longer exist."""
        gone: list[str] = []
        kept = current_json(kept)
        return cls(**{name: storage.decode(kept[name], gone) for name, storage in _STORAGE.items()}), gone

    def as_json(self) -> dict[str, Any]:
        """Return what a revision keeps: moments in UTC; rows by id, with the name that they have now."""
        return encode(self, with_names=True)

    def checked(self, language: str, *, may_be_empty: bool = False) -> Content:
        """Return the same with its text cleaned, for a blog in `language`: other passages get their tags.

        Raises ValidationError for what must not be saved.
        """
        heading, source = html.one_line(self.heading), html.printable(self.source).strip()
        refuse_long(heading=heading, source=source)
        refuse_many(bylines=self.bylines, stories=self.stories, images=self.images)
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
            bylines=tuple(dict.fromkeys(self.bylines)),
            source=source,
            edition_wording=_checked_wording(self.edition_wording),
            stories=tuple(sorted(stories, key=lambda story: story.after_block)),
            images=tuple(dict.fromkeys(self.images)),
        )

    def untagged(self) -> Content:
        """Return the same as its writers know it: without the tags that saving puts on foreign passages."""
        return replace(self, body=languages.untagged(self.body))

    def set_on(self, update: Update) -> None:
        """Set the columns of the row, without saving it; other fields are rows of their own."""
        for name, storage in _STORAGE.items():
            if storage.is_column:
                storage.write(update, name, getattr(self, name), is_new=update._state.adding)

    def write_to(self, update: Update, *, at: datetime) -> None:
        """Save this as the update's content. Without a time of the event, the update stands at `at`."""
        if self.happened_at is None or self.happened_at != update.happened_at:
            update.has_given_time = self.happened_at is not None
        replace(self, happened_at=self.happened_at or at).set_on(update)
        rows = {name: storage for name, storage in _STORAGE.items() if not storage.is_column}
        is_new = update._state.adding
        update.save()
        for name, storage in rows.items():
            saved = () if is_new else storage.read(update, name)
            if saved != getattr(self, name):
                storage.write(update, name, getattr(self, name), is_new=is_new)


_STORAGE: Final[dict[str, _Storage]] = {part.name: part.metadata["storage"] for part in fields(Content)}
LABELS: Final[dict[str, Promise]] = {part.name: part.metadata["label"] for part in fields(Content)}
COLUMNS: Final = tuple(name for name, storage in _STORAGE.items() if storage.is_column)


def current_json(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON of a revision in today's shape: fields added since have their defaults."""
    defaults = Content().as_json()
    return defaults | {name: value for name, value in kept.items() if name in defaults}


def refuse_too_long(body: str) -> None:
    """Raise ValidationError for a body that would keep the cleaner busy, before it is cleaned."""
    if len(body) > MAX_BODY or body.count("<") > _MAX_TAGS:
        raise ValidationError(_("The text is too long for one update."))


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
    wordings = [line for line in map(html.one_line, text.splitlines()) if line]
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
