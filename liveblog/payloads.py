"""JSON payloads of live blogs, updates and changes, shared by pages, polls, the API and webhooks.

Times are RFC 3339 in Hong Kong time (`+08:00`), days are `YYYY-MM-DD` in Hong Kong, URLs are absolute. Rows
must come from `LiveBlog.objects.complete()` and `Update.objects.complete()`, so that the number of queries
does not grow with the content.
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

# Kinds of changes that can change which update is pinned.
_UNPINNING: Final = {
    Change.Kind.PINNED,
    Change.Kind.UNPINNED,
    Change.Kind.WITHDRAWN,
    Change.Kind.UNPUBLISHED,
    Change.Kind.ERASED,
}
# The maximum number of changes in one delta.
BATCH: Final = 100
# Pages that are further behind should be reloaded instead.
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
        "has_more_key_events": row.has_more_key_events,
        "bylines": [byline(item) for item in row.bylines.all()],
        "topics": [topic(item) for item in row.topics.all()],
        "hero_image": image(row.hero_image) if row.hero_image else None,
        "related_stories": _stories(row.related_stories.all()),
        "responses": [response(item) for item in row.shown_responses] if row.has_responses else None,
        "continued_in": _neighbour(row.successor),
        "continued_from": _neighbour(getattr(row, "predecessor", None)),
    }


def update(row: Update) -> dict[str, Any]:
    """Return a published update in full, or only the tombstone of a withdrawn one.

    If publication was undone, the payload only says so: its `status` is `unpublished`.
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
        | _content(row)
        | {
            "is_pinned": row.is_pinned,
            "first_published_at": _moment(row.first_published_at),
            "corrections": [{"at": _moment(item.at), "note": item.note} for item in row.corrections],
        }
    )


def draft(row: Update) -> dict[str, Any]:
    """Return an unpublished update, for the partner that wrote it."""
    return {"id": row.pk, "blog": row.blog.slug, "status": row.status} | _place(row) | _content(row)


def _place(row: Update) -> dict[str, Any]:
    return {
        "happened_at": _moment(row.happened_at) if row.has_clock_time else None,
        "happened_on": row.happened_on.isoformat(),
        "order": row.order,
    }


def _content(row: Update) -> dict[str, Any]:
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
    """Return the changes that bring a page at number `after` up to date: one batch, in the blog's edition.

    Each update comes in its latest state, with the markup (`html`) of a freshly loaded page and its day
    heading. `regions` has the markup of other parts of the page that may have changed. `blog_row.number` must
    have been read before any other row.
    """
    if after == blog_row.number:
        return {"number": after, "has_more": False}
    last = Change.objects.last_of_batch(blog_row, after, BATCH)
    changed = Update.objects.filter(blog=blog_row).changed_within(after, last).complete()
    rows = editions.read_updates(blog_row, changed)
    with translation.override(blog_row.language):
        return {
            "number": last,
            "has_more": last < blog_row.number,
            "blog": blog(blog_row),
            "updates": [_with_html(blog_row, row) for row in rows],
            "regions": _regions(blog_row, rows, after, last),
        }


def _regions(blog_row: LiveBlog, updates: list[Update], after: int, last: int) -> dict[str, str]:
    """Return the markup of the page's other parts that the changes may have affected, by name.

    `document` belongs in the page's `<head>`. `updates` are those that changed.
    """
    changes = Change.objects.filter(blog=blog_row, number__gt=after, number__lte=last)
    rows = changes.values_list("update_id", "kind")
    touched, kinds = {update for update, _kind in rows}, {kind for _update, kind in rows}
    names = ["document", "head", "key_events"]
    # A change without an update is a change of the blog itself.
    if None in touched:
        names += ["lead", "pinned", "after", "responses"]
    elif _UNPINNING & kinds or blog_row.pinned_update_id in touched:
        names.append("pinned")
    pinned = _pinned(blog_row, updates) if "pinned" in names else None
    share = share_of_blog(blog_row, blog_row.get_absolute_url())
    context = {"blog": blog_row, "pinned": pinned, "site": identity(), "share": share}
    return {name: render_to_string(f"reader/_{name}.html", context) for name in names}


def _pinned(blog_row: LiveBlog, updates: list[Update]) -> Update | None:
    """Return the pinned update or None. Reuse the instance in `updates` if it has changed, too."""
    if blog_row.pinned_update_id is None:
        return None
    for row in updates:
        if row.pk == blog_row.pinned_update_id:
            return row
    matches = Update.objects.filter(pk=blog_row.pinned_update_id).complete()
    return next(iter(editions.read_updates(blog_row, matches)), None)


def _with_html(blog_row: LiveBlog, row: Update) -> dict[str, Any]:
    if row.is_unpublished:
        return update(row)
    return update(row) | {
        "day_heading": day_heading(blog_row, row.happened_on),
        "html": render_to_string("reader/_update.html", {"blog": blog_row, "update": row}),
    }


def day_heading(blog_row: LiveBlog, day: date) -> str:
    """Return a heading such as `19日最新消息`, with the month if it is not the one in which coverage began.

    It depends only on the blog's start and the day, so that headings never change on an open page.
    """
    start = hongkong.day_of(blog_row.coverage_start_at or blog_row.created_at)
    with_month = (day.year, day.month) != (start.year, start.month)
    label = hongkong.day_label(
        day, blog_row.language, with_month=with_month, with_year=day.year != start.year
    )
    with translation.override(blog_row.language):
        return _("Updates: %(day)s") % {"day": label}


def change(row: Change) -> dict[str, Any]:
    """Return an entry of the log, without the content of its update."""
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
