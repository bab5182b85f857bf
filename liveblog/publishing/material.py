"""Verbs on rows that several blogs share: pictures, bylines, topics, and links between blogs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TypeVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit, visibility
from liveblog.models import Byline, Change, Image, LiveBlog, RelatedStory, Topic, Update
from liveblog.publishing import renditions, safeguards
from liveblog.publishing.blog_safeguards import BlogNeedsSecondPerson
from liveblog.publishing.limits import refuse_long
from liveblog.publishing.log import all_locked, append_unaudited
from liveblog.publishing.permissions import Actor, person, require
from liveblog.publishing.renditions import Upload
from liveblog.publishing.saving import refuse_stale, save_checked
from liveblog.publishing.stories import Story
from newsroom import pictures
from newsroom.text import html

Shared = TypeVar("Shared", Image, Byline, Topic)


@contextmanager
def prepare_image(file: IO[bytes], *, by: Actor) -> Iterator[Upload]:
    """Check and decode an upload for `add_image`, and store its files privately.

    They are deleted when the context exits if no picture has been added and committed by then.

    Raises ValidationError for an unusable upload, and RuntimeError inside a transaction: decoding takes
    seconds, and an open transaction would block all other writers for that long.
    """
    require(by, "add_image")
    blocks = connection.atomic_blocks
    # Ignore the transaction that TestCase wraps around each test, as `atomic(durable=True)` does.
    if blocks and not blocks[-1]._from_testcase:  # type: ignore[attr-defined]
        raise RuntimeError("Prepare pictures before the transaction that adds them.")
    with pictures.prepare(file) as prepared, renditions.stored(prepared) as upload:
        yield upload


def add_image(
    upload: Upload,
    *,
    by: Actor,
    alt: str,
    caption: str = "",
    credit: str = "",
    focal_column: int = 2,
    focal_row: int = 2,
    is_sensitive: bool = False,
    uploaded_for: LiveBlog | None = None,
) -> Image:
    """Save a picture. It stays private until a page shows it.

    The name and the metadata of the upload are dropped. `uploaded_for` is the live blog that the picture is
    meant for; until something shows it, only the uploader and users who may read that live blog see it.
    """
    require(by, "add_image")
    alt, caption, credit = _checked_words(alt, caption, credit)
    image = Image(
        key=upload.key,
        file=upload.file_name,
        width=upload.width,
        height=upload.height,
        alt=alt,
        caption=caption,
        credit=credit,
        focal_column=focal_column,
        focal_row=focal_row,
        is_sensitive=is_sensitive,
        created_by=person(by),
        uploaded_for=uploaded_for,
    )
    image.full_clean()
    with transaction.atomic():
        image.save()
        renditions.take_over(upload)
        audit.record("image_added", by=by, subject=image)
    return image


def edit_image(
    image: Image,
    *,
    by: Actor,
    alt: str,
    caption: str = "",
    credit: str = "",
    focal_column: int = 2,
    focal_row: int = 2,
    is_sensitive: bool = False,
    seen: str = "",
) -> Image:
    """Change a picture's texts, focal point and sensitivity wherever it is shown.

    `seen` is the `row_fingerprint` of the picture that was opened. Raise Stale if somebody has saved since.
    """
    require(by, "change_image")
    editor = person(by)
    if editor and not visibility.can_read_row(editor, image):
        raise PermissionDenied(_("You are not in the team of this live blog."))
    image.alt, image.caption, image.credit = _checked_words(alt, caption, credit)
    image.focal_column, image.focal_row = focal_column, focal_row
    image.is_sensitive = is_sensitive
    return _save_shared(image, updates=Q(images=image), blogs=Q(hero_image=image), by=by, seen=seen)


def _checked_words(alt: str, caption: str, credit: str) -> tuple[str, str, str]:
    """Return the texts of a picture, cleaned. Raise ValidationError if one is too long."""
    alt, caption, credit = map(html.stripped, (alt, caption, credit))
    refuse_long(alt=alt, caption=caption, credit=credit)
    return alt, caption, credit


def add_byline(*, by: Actor, name: str, role: str = "") -> Byline:
    """Add a byline, which no page shows yet."""
    require(by, "add_byline")
    return _add_shared(Byline(name=html.one_line(name), role=html.one_line(role)), by)


def edit_byline(byline: Byline, *, by: Actor, name: str, role: str = "", seen: str = "") -> Byline:
    """Change a byline wherever it is printed."""
    require(by, "change_byline")
    byline.name, byline.role = html.one_line(name), html.one_line(role)
    return _save_shared(byline, updates=Q(bylines=byline), blogs=Q(bylines=byline), by=by, seen=seen)


def add_topic(*, by: Actor, name: str, slug: str) -> Topic:
    """Add a topic, under which no live blog is filed yet."""
    require(by, "add_topic")
    return _add_shared(Topic(name=html.one_line(name), slug=slug), by)


def edit_topic(topic: Topic, *, by: Actor, name: str, seen: str = "") -> Topic:
    """Rename a topic wherever it is printed. Its address stays the same."""
    require(by, "change_topic")
    topic.name = html.one_line(name)
    return _save_shared(topic, updates=Q(pk__in=[]), blogs=Q(topics=topic), by=by, seen=seen)


def edit_story(
    story: RelatedStory,
    *,
    by: Actor,
    title: str,
    url: str = "",
    live_blog: LiveBlog | None = None,
    seen: str = "",
) -> RelatedStory:
    """Change a related story in place, for example to link an unresolved one."""
    require(by, "change_relatedstory", story.printed_in)
    target = Story(title=title, url=url, live_blog=live_blog).checked()
    if (target.title, target.url, target.live_blog) == (story.title, story.url, story.live_blog):
        return story
    with transaction.atomic():
        _announce_unless_guarded(updates=Q(related_stories=story), blogs=Q(related_stories=story), by=by)
        refuse_stale(story, seen)
        story.title, story.url, story.live_blog = target.title, target.url, target.live_blog
        try:
            story.save()
        except RelatedStory.DoesNotExist as error:
            raise ValidationError(
                _("This related story no longer exists: its update has been edited.")
            ) from error
        audit.record("relatedstory_changed", by=by, subject=story)
    return story


def _add_shared(row: Shared, by: Actor) -> Shared:
    with transaction.atomic():
        save_checked(row)
        audit.record(f"{row._meta.model_name}_added", by=by, subject=row)
    return row


def _save_shared(row: Shared, *, updates: Q, blogs: Q, by: Actor, seen: str) -> Shared:
    """Save a row that several blogs show, and take a number in each. Do nothing if it is unchanged."""
    row.full_clean()
    saved_row = type(row).objects.get(pk=row.pk)
    names = [field.attname for field in row._meta.concrete_fields]
    changed = [name for name in names if getattr(row, name) != getattr(saved_row, name)]
    if not changed:
        return row
    with transaction.atomic():
        _announce_unless_guarded(updates=updates, blogs=blogs, by=by)
        refuse_stale(row, seen)
        save_checked(row)
        audit.record(f"{row._meta.model_name}_changed", by=by, subject=row, fields=changed)
    return row


def _announce_unless_guarded(*, updates: Q, blogs: Q, by: Actor) -> None:
    """Announce the change of a shared row.

    Raise ValidationError if a legal hold or the two-person rule protects something that prints the row. Lock
    the live blogs that print it, so that none becomes protected before the row is saved.
    """
    printing_updates = Update.objects.filter(updates).select_related("blog").distinct()
    heads = set(LiveBlog.objects.filter(blogs).values_list("pk", flat=True))
    with all_locked(heads | set(printing_updates.values_list("blog_id", flat=True))) as rows:
        for pk in heads:
            safeguards.refuse_on_hold(rows[pk])
            if rows[pk].needs_second_person and rows[pk].status != LiveBlog.Status.DRAFT:
                raise BlogNeedsSecondPerson
        for update in printing_updates:
            safeguards.refuse_on_hold(update.blog)
            if update.is_published and safeguards.is_needed(update):
                raise safeguards.NeedsSecondPerson(update)
        announce(updates=updates, blogs=blogs, by=by)


def announce(*, updates: Q, blogs: Q, by: Actor) -> None:
    """Append a change for each published update in `updates`, and one for each blog in `blogs`.

    Call this in the transaction that saves the shared row, before saving it: the blogs are locked first, in
    id order, so that verbs cannot deadlock.
    """
    published_updates = Update.objects.published().filter(updates).distinct()
    heads = set(LiveBlog.objects.filter(blogs).values_list("pk", flat=True))
    now = timezone.now()
    with all_locked(heads | set(published_updates.values_list("blog_id", flat=True))) as rows:
        for update in published_updates.order_by("blog_id", "pk"):
            append_unaudited(rows[update.blog_id], Change.Kind.EDITED, now, update, by=by)
        for pk in sorted(heads):
            # Feeds print neither a live blog's pictures, bylines and stories nor the names of topics.
            append_unaudited(rows[pk], Change.Kind.BLOG_EDITED, now, by=by, is_in_feeds=False)
