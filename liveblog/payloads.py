"""An update, a change and a live blog as the one JSON shape that page, polls, API and partners share.

Times are RFC 3339 in Hong Kong time (`+08:00`), days are `YYYY-MM-DD` Hong Kong days, addresses are whole.
Give them rows read through `LiveBlog.objects.complete()` and `Update.objects.complete()`: then the number of
queries does not grow with what they print.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import iri_to_uri
from django.utils.translation import gettext as _

from liveblog import editions, visibility
from liveblog.models import Byline, Change, Image, LiveBlog, ReaderResponse, RelatedStory, Topic, Update
from liveblog.models.blog import Language
from liveblog.presentation.sharing import share_of_blog
from liveblog.visibility import PUBLIC
from newsroom import hongkong
from newsroom.site import absolute, identity

# What can take an update out of the pinned place, or put one there.
_UNPINNING: Final = {
    Change.Kind.PINNED,
    Change.Kind.UNPINNED,
    Change.Kind.WITHDRAWN,
    Change.Kind.UNPUBLISHED,
    Change.Kind.ERASED,
}
# How many numbers of the log one delta covers.
BATCH: Final = 100
# Further behind, a page is better loaded again.
TOO_FAR_BEHIND: Final = 2_000


def blog(row: LiveBlog) -> dict[str, Any]:
    """Return a blog's whole visible state."""
    return {
        "slug": row.slug,
        "url": absolute(row.get_absolute_url()),
        "number": row.number,
        "status": row.status,
        "language": row.lang,
        "converted_from": Language(row.written_in).tag if row.edition else None,
        "kicker": row.kicker,
        "headline": row.headline,
        "standfirst": row.standfirst,
        "summary": row.summary,
        "coverage_start_at": _moment(row.coverage_start_at),
        "coverage_end_at": _moment(row.coverage_end_at),
        "first_published_at": _moment(row.first_published_at),
        "modified_at": _moment(row.modified_at),
        "pinned": row.pinned_update_id,
        "key_events": [key_event(event) for event in row.key_events],
        "bylines": [byline(item) for item in row.bylines.all()],
        "topics": [topic(item) for item in row.topics.all()],
        "hero_image": image(row.hero_image) if row.hero_image else None,
        "related_stories": _stories(row.related_stories.all()),
        "responses": [response(item) for item in row.shown_responses] if row.has_responses else None,
        "continued_in": _neighbour(row.successor),
        "continued_from": _neighbour(getattr(row, "predecessor", None)),
    }


def update(row: Update) -> dict[str, Any]:
    """A published update in full; of a withdrawn one only the tombstone.

    Of one whose publication was undone it says that it is gone: `status` is `unpublished`.
    """
    known = {
        "id": row.pk,
        "url": absolute(row.get_absolute_url()),
        "blog": row.blog.slug,
        "number": row.number,
    }
    if row.is_unpublished:
        return known | {"status": "unpublished"}
    place = known | {"status": row.status} | _place(row)
    if row.is_withdrawn:
        return place | {"withdrawn_at": _moment(row.withdrawn_at)}
    return (
        place
        | _said(row)
        | {
            "is_pinned": row.is_pinned,
            "first_published_at": _moment(row.first_published_at),
            "corrections": [{"at": _moment(found.at), "note": found.note} for found in row.corrections],
        }
    )


def draft(row: Update) -> dict[str, Any]:
    """An update that readers do not see, for who writes it."""
    return {"id": row.pk, "blog": row.blog.slug, "status": row.status} | _place(row) | _said(row)


def _place(row: Update) -> dict[str, Any]:
    return {
        "happened_at": _moment(row.happened_at) if row.has_clock_time else None,
        "happened_on": row.happened_on.isoformat(),
        "order": row.order,
    }


def _said(row: Update) -> dict[str, Any]:
    return {
        "heading": row.heading,
        "body": row.body,
        "is_key_event": row.is_key_event,
        "bylines": [byline(item) for item in row.ordered_bylines],
        "source": row.source,
        "verification": row.verification,
        "modified_at": _moment(row.modified_at),
        "related_stories": _stories(row.related_stories.all()),
        "images": [image(place.image) for place in row.update_images.all()],
    }


def delta(blog_row: LiveBlog, after: int) -> dict[str, Any]:
    """What a replica of a page at number `after` needs to move on: one batch, in the language it is read in.

    Each update comes in its latest state, with the markup (`html`) that a fresh page prints and the heading
    of the day it stands under; `regions` are the parts of the page around them that may have changed, as
    markup. `blog_row.number` must have been read before any other row.
    """
    if after == blog_row.number:
        return {"number": after, "has_more": False}
    last = min(after + BATCH, blog_row.number)
    changed = Update.objects.filter(blog=blog_row).changed_within(after, last).complete()
    rows = editions.read_updates(blog_row, changed)
    with translation.override(blog_row.language):
        return {
            "number": last,
            "has_more": last < blog_row.number,
            "blog": blog(blog_row),
            "updates": [_with_html(blog_row, row) for row in rows],
            "regions": _regions(blog_row, after, last),
        }


def _regions(blog_row: LiveBlog, after: int, last: int) -> dict[str, str]:
    """Return the markup around the updates, by name, of what a change after `after` can have touched.

    `document` belongs into the page's `<head>`.
    """
    changes = Change.objects.filter(blog=blog_row, number__gt=after, number__lte=last)
    said = changes.values_list("update_id", "kind")
    touched, kinds = {update for update, _kind in said}, {kind for _update, kind in said}
    found = Update.objects.filter(pk=blog_row.pinned_update_id).complete()
    pinned = next(iter(editions.read_updates(blog_row, found)), None)
    names = ["document", "head", "key_events"]
    # A change that names no update is one of the blog itself.
    if None in touched:
        names += ["lead", "pinned", "after", "responses"]
    elif _UNPINNING & kinds or (pinned and pinned.pk in touched):
        names.append("pinned")
    share = share_of_blog(blog_row, blog_row.get_absolute_url())
    context = {"blog": blog_row, "pinned": pinned, "site": identity(), "share": share}
    return {name: render_to_string(f"reader/_{name}.html", context) for name in names}


def _with_html(blog_row: LiveBlog, row: Update) -> dict[str, Any]:
    if row.is_unpublished:
        return update(row)
    return update(row) | {
        "day_heading": day_heading(blog_row, row.happened_on),
        "html": render_to_string("reader/_update.html", {"blog": blog_row, "update": row}),
    }


def day_heading(blog_row: LiveBlog, day: date) -> str:
    """`19日最新消息`; the month is named from the month on in which coverage no longer began.

    It depends on the blog's start and the day alone, so that a heading never changes while a page is open.
    """
    start = hongkong.day_of(blog_row.coverage_start_at or blog_row.created_at)
    with_month = (day.year, day.month) != (start.year, start.month)
    label = hongkong.day_label(
        day, blog_row.language, with_month=with_month, with_year=day.year != start.year
    )
    with translation.override(blog_row.language):
        return _("Updates: %(day)s") % {"day": label}


def change(row: Change) -> dict[str, Any]:
    """An entry of the log: what happened, not what was said."""
    return {"number": row.number, "kind": row.kind, "update": row.update_id, "at": _moment(row.at)}


def key_event(row: Update) -> dict[str, Any]:
    return {
        "id": row.pk,
        "url": absolute(row.get_absolute_url()),
        "heading": row.title,
        "happened_at": _moment(row.happened_at) if row.has_clock_time else None,
        "happened_on": row.happened_on.isoformat(),
    }


def story(row: RelatedStory) -> dict[str, Any]:
    """Return a related story; `url` is null if it is unresolved or its live blog is not public."""
    href = visibility.href_of(row)
    return {
        "title": row.title,
        "url": iri_to_uri(absolute(href)) if href else None,
        "after_block": row.after_block,
    }


def _stories(rows: Iterable[RelatedStory]) -> list[dict[str, Any]]:
    return [story(row) for row in visibility.shown_stories(rows)]


def response(row: ReaderResponse) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name, "text": row.text, "at": _moment(row.approved_at)}


def image(row: Image) -> dict[str, Any]:
    return {
        "alt": row.alt,
        "caption": row.caption,
        "credit": row.credit,
        "is_sensitive": row.is_sensitive,
        "width": row.width,
        "height": row.height,
        "renditions": [
            {"width": width, "url": absolute(row.rendition_url(width, "jpg"))} for width in row.widths
        ],
    }


def byline(row: Byline) -> dict[str, str]:
    return {"name": row.name, "role": row.role}


def topic(row: Topic) -> dict[str, str]:
    return {"slug": row.slug, "name": row.name, "url": absolute(row.get_absolute_url())}


def _neighbour(row: LiveBlog | None) -> dict[str, str] | None:
    if row is None or not visibility.can_read(PUBLIC, row):
        return None
    return {"headline": row.full_headline, "url": absolute(row.get_absolute_url())}


def _moment(moment: Any) -> str | None:
    return hongkong.isoformat(moment) if moment else None
