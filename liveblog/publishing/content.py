"""The content of an update: the single declaration of its fields.

Each field is declared once, in `Content`. Reading it from the rows, saving it, writing and reading the JSON
of revisions (older ones included), the fingerprint and the labels of the history are derived from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any, Final, Protocol

from django.core.exceptions import ValidationError
from django.db.models import ForeignObjectRel, Model, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from liveblog.models import Byline, Image, LiveBlog, Update, UpdateByline, UpdateImage
from liveblog.publishing.encoding import encode
from liveblog.publishing.limits import LONGEST, refuse_far, refuse_long, refuse_many
from liveblog.publishing.stories import Story, write_stories
from newsroom.text import html, languages

MAX_BODY = LONGEST["body"]
# Far more tags than any real text has.
_MAX_TAGS = 10_000

# A revision's reference to a row, with the name that the row had at the time: `{"id": 7, "name": "陳大文"}`.
Reference = dict[str, Any]


class _Storage(Protocol):
    """The storage of an update's field: a column of its row, or related rows."""

    is_column: bool

    def read(self, update: Update, name: str) -> Any: ...

    def write(self, update: Update, name: str, value: Any, *, is_new: bool) -> None: ...

    def decode(self, data: Any, missing_names: list[str]) -> Any:
        """Return the value from a revision's JSON; add the names of deleted rows to `missing_names`."""


def _related_rows(update: Update, name: str, foreign_key: str) -> Iterable[Any]:
    """Return related rows of an update in order, without a query if they were prefetched."""
    rows: QuerySet[Any] = getattr(update, name).all()
    is_prefetched = name in getattr(update, "_prefetched_objects_cache", {})
    return rows if is_prefetched else rows.select_related(foreign_key)


class _Column:
    is_column = True

    def read(self, update: Update, name: str) -> Any:
        return getattr(update, name)

    def write(self, update: Update, name: str, value: Any, *, is_new: bool) -> None:
        setattr(update, name, value)

    def decode(self, data: Any, missing_names: list[str]) -> Any:
        return data


class _EventTime(_Column):
    """The time of the event: None until somebody enters it or the update goes live."""

    def read(self, update: Update, name: str) -> datetime | None:
        return update.given_time

    def decode(self, data: str | None, missing_names: list[str]) -> datetime | None:
        return datetime.fromisoformat(data) if data else None


class _Placed:
    """Rows in the editor's order, linked to the update by a `through` model."""

    is_column = False

    def __init__(self, through: type[Model], foreign_key: str) -> None:
        self.through, self.foreign_key = through, foreign_key
        relation = through._meta.get_field("update").remote_field
        assert isinstance(relation, ForeignObjectRel)
        self.related_name = str(relation.get_accessor_name())

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

    def decode(self, data: list[Reference], missing_names: list[str]) -> tuple[Any, ...]:
        model = self.through._meta.get_field(self.foreign_key).related_model
        assert model is not None
        rows = model._default_manager.in_bulk([reference["id"] for reference in data])
        missing_names += [
            reference["name"] or f"#{reference['id']}" for reference in data if reference["id"] not in rows
        ]
        return tuple(rows[reference["id"]] for reference in data if reference["id"] in rows)


class _Stories:
    is_column = False

    def read(self, update: Update, name: str) -> tuple[Story, ...]:
        return tuple(map(Story.of, _related_rows(update, "related_stories", "live_blog")))

    def write(self, update: Update, name: str, value: tuple[Story, ...], *, is_new: bool) -> None:
        write_stories(value, update=update)

    def decode(self, data: list[dict[str, Any]], missing_names: list[str]) -> tuple[Story, ...]:
        references = [story["live_blog"] for story in data if story["live_blog"]]
        blogs = LiveBlog.objects.in_bulk([reference["id"] for reference in references])
        missing_names += [reference["name"] for reference in references if reference["id"] not in blogs]
        return tuple(
            Story(
                **story | {"live_blog": blogs.get(story["live_blog"]["id"]) if story["live_blog"] else None}
            )
            for story in data
        )


_COLUMN: Final = _Column()
_EVENT_TIME: Final = _EventTime()


def _declare(default: Any, label: Promise, storage: _Storage = _COLUMN, **metadata: Any) -> Any:
    return field(default=default, metadata={"label": label, "storage": storage, **metadata})


@dataclass(frozen=True)
class Content:
    """An update's editable content. `happened_at` None means when it goes live; `body` is rich text."""

    heading: str = _declare("", _("Heading"))
    # Language tags depend on the blog, not on what was written, so the fingerprint leaves them out.
    body: str = _declare("", _("Text"), identity=languages.untagged)
    happened_at: datetime | None = _declare(None, _("Time"), _EVENT_TIME, is_in_feeds=False)
    has_clock_time: bool = _declare(True, _("Clock time is known"), is_in_feeds=False)
    is_key_event: bool = _declare(False, _("Key event"), is_in_feeds=False)
    bylines: tuple[Byline, ...] = _declare((), _("Bylines"), _Placed(UpdateByline, "byline"))
    source: str = _declare("", _("Source"))
    verification: str = _declare("", _("Verification"), is_in_feeds=False)
    edition_wording: str = _declare("", _("Wording in the other script"))
    stories: tuple[Story, ...] = _declare((), _("Related stories"), _Stories())
    images: tuple[Image, ...] = _declare((), _("Pictures"), _Placed(UpdateImage, "image"))

    @classmethod
    def of(cls, update: Update) -> Content:
        """Return the saved content of an update."""
        return cls(**{name: storage.read(update, name) for name, storage in _STORAGE.items()})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> tuple[Content, list[str]]:
        """Return the content from a revision's JSON of any age, and the names of rows deleted since."""
        missing_names: list[str] = []
        data = current_json(data)
        return (
            cls(**{name: storage.decode(data[name], missing_names) for name, storage in _STORAGE.items()}),
            missing_names,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON for a revision: times in UTC, rows as their ids and current names."""
        data: dict[str, Any] = encode(self, with_names=True)
        return data

    def checked(self, language: str, *, may_be_empty: bool = False) -> Content:
        """Return a cleaned copy for a blog in `language`, with passages in other languages tagged.

        Raises ValidationError for content that must not be saved.
        """
        heading, source = html.one_line(self.heading), html.stripped(self.source)
        refuse_long(heading=heading, source=source)
        refuse_many(bylines=self.bylines, stories=self.stories, images=self.images)
        refuse_far(happened_at=self.happened_at)
        if self.verification not in Update.Verification.values:
            raise ValidationError({"verification": _("Choose one of the available values.")})
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

    def in_feeds(self) -> tuple[Any, ...]:
        """Return the values that an update's entry in a feed prints, to compare them."""
        return tuple(
            getattr(self, part.name) for part in fields(self) if part.metadata.get("is_in_feeds", True)
        )

    def changed_from(self, before: Content) -> list[str]:
        """Return the names of the fields in which this content differs from `before`."""
        return [name for name in _STORAGE if getattr(self, name) != getattr(before, name)]

    def untagged(self) -> Content:
        """Return a copy without the language tags that saving adds, as its authors wrote it."""
        return replace(self, body=languages.untagged(self.body))

    def set_on(self, update: Update) -> None:
        """Set the columns of the row without saving it. Fields stored in related rows are left alone."""
        for name, storage in _STORAGE.items():
            if storage.is_column:
                storage.write(update, name, getattr(self, name), is_new=update._state.adding)

    def write_to(self, update: Update, *, at: datetime) -> None:
        """Save this as the update's content, with related rows; `at` stands in for a missing event time."""
        if self.happened_at is None or self.happened_at != update.happened_at:
            update.has_given_time = self.happened_at is not None
        replace(self, happened_at=self.happened_at or at).set_on(update)
        rows = {name: storage for name, storage in _STORAGE.items() if not storage.is_column}
        is_new = update._state.adding
        update.save()
        for name, storage in rows.items():
            saved_rows = () if is_new else storage.read(update, name)
            if saved_rows != getattr(self, name):
                storage.write(update, name, getattr(self, name), is_new=is_new)


_STORAGE: Final[dict[str, _Storage]] = {part.name: part.metadata["storage"] for part in fields(Content)}
LABELS: Final[dict[str, Promise]] = {part.name: part.metadata["label"] for part in fields(Content)}
COLUMNS: Final = tuple(name for name, storage in _STORAGE.items() if storage.is_column)


def current_json(data: dict[str, Any]) -> dict[str, Any]:
    """Return a revision's JSON in the current format: new fields get defaults, unknown ones are dropped."""
    defaults = Content().as_json()
    return defaults | {name: value for name, value in data.items() if name in defaults}


def refuse_too_long(body: str) -> None:
    """Raise ValidationError for a body that would take too long to sanitize; call this before sanitizing."""
    if len(body) > MAX_BODY or body.count("<") > _MAX_TAGS:
        raise ValidationError(_("The text is too long for one update."))


def _cleaned(body: str, language: str) -> str:
    """Return sanitized rich text with language tags. Raise ValidationError if it is too long for one update.

    Sanitizing escapes characters and closes elements, and tagging adds attributes, so the result can be
    longer than the input. Check it as well, so that stored text can always be saved again.
    """
    try:
        refuse_too_long(body)
        body = languages.tag_passages(html.clean(body), language)
        refuse_too_long(body)
    except ValidationError as error:
        raise ValidationError({"body": error}) from error
    return body


def _checked_wording(text: str) -> str:
    """Return one wording a line, `as written=as it should read`, without blank lines or extra spaces."""
    lines = []
    wordings = [line for line in map(html.one_line, text.splitlines()) if line]
    refuse_many(edition_wording=wordings)
    for line in wordings:
        original, equals, replacement = (part.strip() for part in line.replace("＝", "=").partition("="))
        if not (original and equals and replacement) or "=" in replacement:
            raise ValidationError(
                {
                    "edition_wording": _("“%(line)s”: write one wording per line, as original=replacement.")
                    % {"line": line}
                }
            )
        try:
            refuse_long(wording=max(original, replacement, key=len))
        except ValidationError as error:
            raise ValidationError({"edition_wording": error.messages}) from error
        lines.append(f"{original}={replacement}")
    return "\n".join(lines)
