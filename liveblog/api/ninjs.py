"""A live blog and its updates as ninjs 3.1, IPTC's News in JSON (https://iptc.org/standards/ninjs/).

Items have their own URLs instead of content negotiation: shared caches store each format under its own key,
editors can paste the URL into a browser, and ninjs has no registered media type to negotiate. Withdrawn items
are served as `canceled`, which tells receivers to take them down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.http import HttpResponse
from django.utils.encoding import iri_to_uri
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from liveblog.api.answers import PublicView
from liveblog.api.describing import ID, SLUG, described
from liveblog.api.finding import find_blog, find_update, whole_update
from liveblog.api.keys import viewer_of
from liveblog.models import LiveBlog, Update
from liveblog.presentation import reading
from liveblog.presentation.addresses import whole_blog
from liveblog.presentation.views import BlogView, BylineView, Head, ImageView, StoryView, UpdateView
from newsroom.hongkong import isoformat
from newsroom.http.parameters import whole_number
from newsroom.site import absolute, tag_uri

PAGE_SIZE: Final = 100
STANDARD: Final = {
    "name": "ninjs",
    "version": "3.1",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.1.json#",
}
_HTML: Final = "text/html"
# ninjs has no field for this: `edNote` is for editors at the partner, the subject for software. The subject
# is a literal, because IPTC's content warnings have no general term, and editors choose no specific one.
_WARNING: Final = {
    "edNote": "Sensitive picture: warn readers, and show it only when they ask to see it.",
    "subjects": [{"name": "Sensitive content", "rel": "contentWarning", "literal": "sensitive"}],
}

Ninjs = dict[str, Any]


class OfBlog(PublicView):
    """A live blog as a `composite`, with its pictures, updates and related stories as associations.

    Updates are in the order of the page, newest first, a hundred at a time; the `Link` header leads to older
    ones. A withdrawn update is `canceled`, and so is a withdrawn live blog.
    """

    query_names = frozenset({"before"})
    has_editions = True

    @described(
        "Get a live blog as ninjs",
        OpenApiTypes.OBJECT,
        404,
        operation_id="blogs_ninjs",
        parameters=[
            SLUG,
            OpenApiParameter(
                "before",
                {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
                description="Updates older than this one; take the value from `Link`.",
            ),
        ],
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        head = find_blog(request, slug, self.edition, may_be_withdrawn=True)
        before = _named_update(request, head)
        known = self.is_known(head)
        if known:
            return known
        if head.status == LiveBlog.Status.WITHDRAWN:
            return Response(_canceled_blog(head))
        blog = whole_blog(viewer_of(request), head)
        rows = Update.objects.filter(blog=blog.pk).visible().newest_first().complete()
        rows = rows.older_than(before) if before else rows
        updates = reading.updates(blog, rows[: PAGE_SIZE + 1])
        response = Response(
            of_blog(blog, updates[:PAGE_SIZE], is_whole=not before and len(updates) <= PAGE_SIZE)
        )
        if len(updates) > PAGE_SIZE:
            query = request.query_params.copy()
            query["before"] = str(updates[PAGE_SIZE - 1].pk)
            address = self.address(query)
            response.headers["Link"] = f'<{address}>; rel="next"'
        return response


class OfUpdate(PublicView):
    """One update as a `text`, `canceled` once it is withdrawn."""

    has_editions = True

    @described(
        "Get an update as ninjs", OpenApiTypes.OBJECT, 404, operation_id="updates_ninjs", parameters=[ID]
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        head = find_update(request, pk, self.edition, may_be_withdrawn=True)
        known = self.is_known(head.blog)
        return known or Response(of_update(whole_update(head)) | {"standard": STANDARD})


def of_blog(blog: BlogView, updates: Iterable[UpdateView], *, is_whole: bool) -> Ninjs:
    item = _about_blog(blog) | {
        "representationType": "full" if is_whole else "partial",
        "pubStatus": "usable",
        "firstCreated": isoformat(blog.published_at),
        "title": blog.full_headline,
        "headlines": [{"value": blog.headline}],
        "by": _names(blog.bylines),
        "subjects": [
            {"name": topic.name, "uri": absolute(topic.get_absolute_url())} for topic in blog.topics
        ],
        "associations": [
            *([_picture(blog.hero_image, "hero")] if blog.hero_image else []),
            *(of_update(update) | {"name": _name(update), "rel": "update"} for update in updates),
            *map(_story, blog.related_stories),
        ],
    }
    if blog.kicker:
        item["headlines"].append({"role": "kicker", "value": blog.kicker})
    if blog.standfirst:
        item["descriptions"] = [{"role": "standfirst", "contentType": "text/plain", "value": blog.standfirst}]
    if blog.summary:
        item["bodies"] = [{"role": "summary", "contentType": _HTML, "value": blog.summary}]
    return item


def of_update(update: UpdateView) -> Ninjs:
    """Return an update as an item, `canceled` if it or its live blog was withdrawn."""
    blog = update.blog
    is_gone = update.is_withdrawn or blog.status == LiveBlog.Status.WITHDRAWN
    item = {
        "uri": tag_uri(update.get_absolute_url()),
        "type": "text",
        "version": str(update.number),
        "versionCreated": isoformat(update.modified_at),
        "firstCreated": isoformat(update.published_at),
        "pubStatus": "canceled" if is_gone else "usable",
        "language": blog.lang,
        "altIds": [
            {"role": "id", "value": str(update.pk)},
            {"role": "url", "value": absolute(update.get_absolute_url())},
        ],
        **_rights(blog),
    }
    return item if is_gone else item | _text_of(update)


def _text_of(update: UpdateView) -> Ninjs:
    item = {
        "representationType": "full",
        "title": update.title,
        "headlines": [{"value": update.heading}] if update.heading else [],
        "bodies": [{"contentType": _HTML, "value": update.body}],
        "associations": [
            *(_picture(image, "picture") for image in update.images),
            *map(_story, update.related_stories),
        ],
    }
    if update.has_clock_time:
        item["contentCreated"] = isoformat(update.happened_at)
    if bylines := update.bylines:
        item["by"] = _names(bylines)
    if update.source:
        item["infoSources"] = [{"name": update.source}]
    if update.corrections:
        item["edNote"] = "\n".join(correction.note for correction in update.corrections)
    return item


def _canceled_blog(blog: Head) -> Ninjs:
    return _about_blog(blog) | {"pubStatus": "canceled"}


def _about_blog(blog: Head) -> Ninjs:
    """Return the properties of a live blog that are public even after its withdrawal."""
    return {
        "uri": tag_uri(blog.get_absolute_url()),
        "standard": STANDARD,
        "type": "composite",
        "version": str(blog.number),
        "versionCreated": isoformat(blog.modified_at or blog.published_at),
        "language": blog.lang,
        "altIds": [
            {"role": "slug", "value": blog.slug},
            {"role": "url", "value": absolute(blog.get_absolute_url())},
        ],
        **_rights(blog),
    }


def _rights(blog: Head) -> Ninjs:
    year = isoformat(blog.published_at)[:4]
    rights = {
        "copyrightHolder": settings.SITE_NAME,
        "copyrightNotice": f"© {year} {settings.SITE_NAME}",
    }
    if blog.embargo_until_at:
        until = isoformat(blog.embargo_until_at)
        rights |= {"embargoedUntil": until, "usageTerms": f"Not to be published before {until}."}
    return rights


def _picture(image: ImageView, rel: str) -> Ninjs:
    picture: Ninjs = {
        "uri": tag_uri(f"/media/{image.key}/"),
        "name": image.alt,
        "rel": rel,
        "type": "picture",
        "descriptions": [{"role": "alt", "value": image.alt}],
        "renditions": [
            {
                "name": str(width),
                "href": absolute(image.rendition_url(width, "jpg")),
                "contentType": "image/jpeg",
                "width": width,
            }
            for width in image.widths
        ],
    }
    if image.caption:
        picture["descriptions"].append({"role": "caption", "value": image.caption})
    if image.credit:
        picture["by"] = image.credit
    return picture | _WARNING if image.is_sensitive else picture


def _story(story: StoryView) -> Ninjs:
    """Return a related story as a link. One without an address is identified by a tag URI."""
    return {
        "uri": iri_to_uri(absolute(story.href)) if story.href else tag_uri(f"/related-stories/{story.pk}/"),
        "name": story.title,
        "rel": "related",
        "type": "text",
        "representationType": "partial",
        "headlines": [{"value": story.title}],
    }


def _name(update: UpdateView) -> str:
    return f"#{update.pk}" if update.is_withdrawn else update.title or f"#{update.pk}"


def _names(bylines: Iterable[BylineView]) -> str:
    return "、".join(byline.name for byline in bylines)


def _named_update(request: Request, blog: Head) -> Update | None:
    value = request.query_params.get("before")
    if value is None:
        return None
    pk = whole_number(value, digits=19)
    if pk is None:
        raise ValidationError({"before": ["Follow `Link`: give the id of an update."]})
    update = Update.objects.filter(blog=blog.pk).visible().filter(pk=pk).first()
    if update is None:
        raise ValidationError({"before": ["This live blog has no such update."]}, code="unknown")
    return update
