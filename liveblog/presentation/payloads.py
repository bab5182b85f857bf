"""JSON payloads of live blogs, updates and changes, shared by pages, polls, the API and webhooks.

Times are RFC 3339 in Hong Kong time (`+08:00`), days are `YYYY-MM-DD` in Hong Kong, URLs are absolute.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.encoding import iri_to_uri

from liveblog.models import Change
from liveblog.models.blog import Language
from liveblog.presentation.views import (
    BlogTitle,
    BlogView,
    BylineView,
    ImageView,
    ResponseView,
    StoryView,
    TopicView,
    UpdateTitle,
    UpdateView,
)
from newsroom import hongkong
from newsroom.site import absolute


def blog(view: BlogView) -> dict[str, Any]:
    """Return a blog's whole visible state."""
    return {
        "slug": view.slug,
        "url": absolute(view.get_absolute_url()),
        "number": view.number,
        "status": view.status,
        "language": view.lang,
        "converted_from": Language(view.written_in).tag if view.edition else None,
        "kicker": view.kicker,
        "headline": view.headline,
        "standfirst": view.standfirst,
        "summary": view.summary,
        "coverage_start_at": _moment(view.coverage_start_at),
        "coverage_end_at": _moment(view.coverage_end_at),
        "first_published_at": _moment(view.first_published_at),
        "modified_at": _moment(view.modified_at),
        "pinned": view.pinned_update_id,
        "key_events": [key_event(event) for event in view.key_events],
        "has_more_key_events": view.has_more_key_events,
        "bylines": [byline(item) for item in view.bylines],
        "topics": [topic(item) for item in view.topics],
        "hero_image": image(view.hero_image) if view.hero_image else None,
        "related_stories": [story(item) for item in view.related_stories],
        "responses": [response(item) for item in view.shown_responses] if view.has_responses else None,
        "continued_in": _neighbour(view.successor),
        "continued_from": _neighbour(view.predecessor),
    }


def update(view: UpdateView) -> dict[str, Any]:
    """Return a published update in full, or only the tombstone of a withdrawn one.

    If publication was undone, the payload only says so: its `status` is `unpublished`.
    """
    known = {
        "id": view.pk,
        "url": absolute(view.get_absolute_url()),
        "blog": view.blog.slug,
        "number": view.number,
    }
    if view.is_unpublished:
        return known | {"status": "unpublished"}
    place = known | {"status": view.status} | _place(view)
    if view.is_withdrawn:
        return place | {"withdrawn_at": _moment(view.withdrawn_at)}
    return (
        place
        | _content(view)
        | {
            "is_pinned": view.is_pinned,
            "first_published_at": _moment(view.first_published_at),
            "corrections": [{"at": _moment(item.at), "note": item.note} for item in view.corrections],
        }
    )


def draft(view: UpdateView) -> dict[str, Any]:
    """Return an unpublished update, for the partner that wrote it."""
    return {"id": view.pk, "blog": view.blog.slug, "status": view.status} | _place(view) | _content(view)


def _place(view: UpdateView) -> dict[str, Any]:
    return {
        "happened_at": _moment(view.happened_at) if view.has_clock_time else None,
        "happened_on": view.happened_on.isoformat(),
        "order": view.order,
    }


def _content(view: UpdateView) -> dict[str, Any]:
    return {
        "heading": view.heading,
        "body": view.body,
        "is_key_event": view.is_key_event,
        "bylines": [byline(item) for item in view.bylines],
        "source": view.source,
        "verification": view.verification,
        "modified_at": _moment(view.modified_at),
        "related_stories": [story(item) for item in view.related_stories],
        "images": [image(item) for item in view.images],
    }


def change(row: Change) -> dict[str, Any]:
    """Return an entry of the log, without the content of its update."""
    return {"number": row.number, "kind": row.kind, "update": row.update_id, "at": _moment(row.at)}


def key_event(view: UpdateTitle) -> dict[str, Any]:
    return {
        "id": view.pk,
        "url": absolute(view.get_absolute_url()),
        "heading": view.title,
        "happened_at": _moment(view.happened_at) if view.has_clock_time else None,
        "happened_on": view.happened_on.isoformat(),
    }


def story(view: StoryView) -> dict[str, Any]:
    return {
        "title": view.title,
        "url": iri_to_uri(absolute(view.href)) if view.href else None,
        "after_block": view.after_block,
    }


def response(view: ResponseView) -> dict[str, Any]:
    return {"id": view.pk, "name": view.name, "text": view.text, "at": _moment(view.approved_at)}


def image(view: ImageView) -> dict[str, Any]:
    return {
        "alt": view.alt,
        "caption": view.caption,
        "credit": view.credit,
        "is_sensitive": view.is_sensitive,
        "width": view.width,
        "height": view.height,
        "renditions": [
            {"width": width, "url": absolute(view.rendition_url(width, "jpg"))} for width in view.widths
        ],
    }


def byline(view: BylineView) -> dict[str, str]:
    return {"name": view.name, "role": view.role}


def topic(view: TopicView) -> dict[str, str]:
    return {"slug": view.slug, "name": view.name, "url": absolute(view.get_absolute_url())}


def _neighbour(view: BlogTitle | None) -> dict[str, str] | None:
    return {"headline": view.full_headline, "url": absolute(view.get_absolute_url())} if view else None


def _moment(moment: datetime | None) -> str | None:
    return hongkong.isoformat(moment) if moment else None
