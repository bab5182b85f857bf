"""Verbs on what several blogs share: pictures, bylines, topics, and links between blogs."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog.models import Byline, Change, Image, LiveBlog, RelatedStory, Topic, Update
from liveblog.publishing import renditions
from liveblog.publishing.log import Actor, all_locked, append, person, require
from liveblog.publishing.stories import Story
from newsroom import html, pictures

Shared = TypeVar("Shared", Image, Byline, Topic)


def add_image(
    file: File,
    *,
    by: Actor,
    alt: str,
    caption: str = "",
    credit: str = "",
    focal_column: int = 2,
    focal_row: int = 2,
    is_sensitive: bool = False,
) -> Image:
    """Keep a picture and make its renditions. It stays private until a page shows it.

    Neither the file's name nor anything that it holds beside the picture is kept.
    """
    require(by, "add_image")
    extension, picture = pictures.taken(file)
    image = Image(
        file=ContentFile(picture, name=f"picture.{extension}"),
        alt=html.printable(alt).strip(),
        caption=html.printable(caption).strip(),
        credit=html.printable(credit).strip(),
        focal_column=focal_column,
        focal_row=focal_row,
        is_sensitive=is_sensitive,
        created_by=person(by),
    )
    image.full_clean()
    with transaction.atomic():
        image.save()
        renditions.make(image)
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
) -> Image:
    """Change what is said of a picture, wherever it is shown."""
    require(by, "change_image")
    image.alt, image.caption, image.credit = (html.printable(said).strip() for said in (alt, caption, credit))
    image.focal_column, image.focal_row = focal_column, focal_row
    image.is_sensitive = is_sensitive
    return _save_shared(image, updates=Q(images=image), blogs=Q(hero_image=image), by=by)


def edit_byline(byline: Byline, *, by: Actor, name: str, role: str = "") -> Byline:
    """Change a byline, wherever it is printed."""
    require(by, "change_byline")
    byline.name, byline.role = name.strip(), role.strip()
    return _save_shared(byline, updates=Q(bylines=byline), blogs=Q(bylines=byline), by=by)


def edit_topic(topic: Topic, *, by: Actor, name: str) -> Topic:
    """Rename a topic, wherever it is printed. Its address stays."""
    require(by, "change_topic")
    topic.name = name.strip()
    return _save_shared(topic, updates=Q(pk__in=[]), blogs=Q(topics=topic), by=by)


def edit_story(
    story: RelatedStory, *, by: Actor, title: str, url: str = "", live_blog: LiveBlog | None = None
) -> RelatedStory:
    """Change where a related story leads, in its place: how an unresolved one is linked."""
    require(by, "change_relatedstory", story.printed_in)
    checked = Story(title=title, url=url, live_blog=live_blog).checked()
    if (checked.title, checked.url, checked.live_blog) == (story.title, story.url, story.live_blog):
        return story
    with transaction.atomic():
        announce(updates=Q(related_stories=story), blogs=Q(related_stories=story), by=by)
        story.title, story.url, story.live_blog = checked.title, checked.url, checked.live_blog
        try:
            story.save()
        except RelatedStory.DoesNotExist as error:
            raise ValidationError(_("This related story is gone: its update was edited.")) from error
    return story


def _save_shared(row: Shared, *, updates: Q, blogs: Q, by: Actor) -> Shared:
    """Save what several blogs print, and number it in each; nothing happens when nothing changed."""
    row.full_clean()
    saved = type(row).objects.get(pk=row.pk)
    names = [field.attname for field in row._meta.concrete_fields]
    if all(getattr(row, name) == getattr(saved, name) for name in names):
        return row
    with transaction.atomic():
        announce(updates=updates, blogs=blogs, by=by)
        row.save()
    return row


def announce(*, updates: Q, blogs: Q, by: Actor) -> None:
    """Give every blog that shows something shared its numbers: one for each published update, one for itself.

    The blogs are locked in id order; call it in the transaction that writes the shared thing, before that.
    """
    shown = Update.objects.published().filter(updates).distinct()
    heads = set(LiveBlog.objects.filter(blogs).values_list("pk", flat=True))
    now = timezone.now()
    with all_locked(heads | set(shown.values_list("blog_id", flat=True))) as rows:
        for update in shown.order_by("blog_id", "pk"):
            append(rows[update.blog_id], Change.Kind.EDITED, now, update, by=by)
        for pk in sorted(heads):
            append(rows[pk], Change.Kind.BLOG_EDITED, now, by=by)
