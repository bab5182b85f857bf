"""Feeds: Atom (RFC 4287, tombstones by RFC 6721), RSS 2.0 and JSON Feed 1.1, of one blog or of the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation

from liveblog import visibility
from liveblog.models import Edition, LiveBlog, Topic, Update
from liveblog.models.blog import Language, LiveBlogQuerySet
from liveblog.presentation import reading
from liveblog.presentation.addresses import Withdrawn, find_blog, whole_blog
from liveblog.presentation.editions import edition_in
from liveblog.presentation.views import BlogTitle, BlogView, Head, UpdateView
from liveblog.reader.caching import answer, answer_by_state, is_conditional, public
from liveblog.reader.pages import find_topic
from liveblog.reader.scripts import site_language
from liveblog.visibility import PUBLIC
from newsroom import hongkong
from newsroom.http.caching import POLL
from newsroom.http.cors import read_anywhere
from newsroom.site import absolute, absolute_links, path_of, tag_uri
from newsroom.text import html

ENTRIES: Final = 50
TOMBSTONES: Final = 100
_TYPES: Final = {"atom": "application/atom+xml", "rss": "application/rss+xml"}


@dataclass(frozen=True)
class Removal:
    """A published update that was removed, by its path."""

    path: str
    removed_at: datetime

    @property
    def id(self) -> str:
        return tag_uri(self.path)


@dataclass(frozen=True)
class Feed:
    """The content of a feed, independent of its format.

    `updated_at` is the time of the last change of this content, including withdrawals. `blog` is the live
    blog of all entries; None if there are several blogs, in which case each entry names its own.
    """

    title: str
    description: str
    path: str
    self_url: str
    language: str
    updated_at: datetime
    published: list[UpdateView]
    removed: list[Removal]
    blog: BlogView | None = None

    @property
    def icon(self) -> str:
        """Return the URL of the site's square icon; RSS allows at most 144 pixels."""
        return absolute(static("icons/icon-144.png"))

    @property
    def large_icon(self) -> str:
        return absolute(static("icons/icon-512.png"))

    @property
    def url(self) -> str:
        return absolute(self.path)

    @property
    def hub(self) -> str:
        """Return the URL of the WebSub hub for subscriptions to the feed, or an empty string."""
        return settings.WEBSUB_HUB

    @property
    def id(self) -> str:
        return tag_uri(self.path)


@read_anywhere
@public
def of_blog(request: HttpRequest, slug: str, form: str, edition: str | None = None) -> HttpResponse:
    """Return the newest updates of one live blog, and tombstones of removed ones."""
    try:
        head = find_blog(PUBLIC, slug, edition, is_complete=not is_conditional(request))
    except Withdrawn:
        return HttpResponse(status=410, headers={"Cache-Control": POLL})

    def render() -> HttpResponse:
        blog = whole_blog(PUBLIC, head)
        rows = Update.objects.filter(blog=blog.pk)
        feed = Feed(
            title=blog.full_headline,
            description=blog.standfirst,
            path=blog.get_absolute_url(),
            self_url=absolute(path_of(request)),
            language=blog.lang,
            updated_at=blog.feed_updated_at or blog.published_at,
            published=reading.updates(blog, rows.published().newest_first().complete()[:ENTRIES]),
            removed=[_removal(blog, row) for row in rows.removed()[:TOMBSTONES]],
            blog=blog,
        )
        return _write(request, feed, form, blog.language)

    # A client's date may be the date of a change that was lost when a backup was restored.
    is_dated = edition is None and not head.row.log_start
    return answer(request, head.etag, render, POLL, head.modified_at, is_dated=is_dated)


@read_anywhere
@public
def of_site(request: HttpRequest, form: str, edition: str | None = None) -> HttpResponse:
    """Return the newest updates of all public live blogs."""
    return _over_several(request, None, form, reverse("reader:front"), edition)


@read_anywhere
@public
def of_topic(request: HttpRequest, slug: str, form: str, edition: str | None = None) -> HttpResponse:
    """Return the newest updates of the public live blogs under one topic."""
    topic = find_topic(slug)
    return _over_several(request, topic, form, topic.get_absolute_url(), edition)


def _over_several(
    request: HttpRequest,
    topic: Topic | None,
    form: str,
    path: str,
    edition: str | None,
) -> HttpResponse:
    language = site_language(edition)
    blogs = LiveBlog.objects.filter(topics=topic) if topic else None
    if edition == Language.EN:
        # Nothing is translated: an English feed has the live blogs in English.
        blogs = (LiveBlog.objects.all() if blogs is None else blogs).filter(language=edition)
    state = visibility.state_of(PUBLIC, blogs, edition=edition)
    modified_at = state.modified_at
    if modified_at is None:
        raise Http404

    def render() -> HttpResponse:
        target = edition_in(edition)
        name = settings.SITE_NAME
        if topic:
            name = f"{reading.topic_of(topic, target).name} - {name}"
        feed = Feed(
            title=name,
            description=name,
            path=f"/{edition}{path}" if edition else path,
            self_url=absolute(path_of(request)),
            language=Language(language).tag,
            updated_at=state.feed_updated_at or modified_at,
            published=_newest(blogs, target),
            removed=_removed(blogs, target),
        )
        return _write(request, feed, form, language)

    return answer_by_state(request, state, render, POLL, modified_at, is_dated=edition is None)


def _newest(blogs: LiveBlogQuerySet | None, edition: Edition | None) -> list[UpdateView]:
    rows = visibility.readable_updates(PUBLIC).published()
    if blogs is not None:
        rows = rows.filter(blog__in=blogs)
    rows = rows.order_by("-first_published_at", "-pk").complete().prefetch_related("blog__topics")
    return reading.mixed_updates(rows[:ENTRIES], edition, has_topics=True)


def _removed(blogs: LiveBlogQuerySet | None, edition: Edition | None) -> list[Removal]:
    """Return the latest removals, whether of single updates or together with a whole live blog.

    The two kinds are read separately, because a condition for both would have to look at every update.
    """
    known = visibility.known(PUBLIC)
    rows = Update.objects.filter(blog__in=known if blogs is None else known & blogs)
    rows = rows.select_related("blog")
    either = [*rows.removed()[:TOMBSTONES], *rows.removed_with_their_blogs()[:TOMBSTONES]]
    latest = sorted(either, key=_order_of_removal, reverse=True)[:TOMBSTONES]
    return [_removal(reading.head_of(row.blog, edition), row) for row in latest]


def _removal(blog: Head, row: Update) -> Removal:
    removed_at: datetime = row.removed_at  # type: ignore[attr-defined]
    return Removal(blog.address("update", row.pk), removed_at)


def _order_of_removal(update: Update) -> tuple[datetime, datetime, int]:
    removed_at: datetime = update.removed_at  # type: ignore[attr-defined]
    return removed_at, update.first_published_at or datetime.min.replace(tzinfo=UTC), update.pk


def _write(request: HttpRequest, feed: Feed, form: str, language: str) -> HttpResponse:
    response = _formatted(request, feed, form, language)
    if feed.hub:
        # https://www.w3.org/TR/websub/#discovery
        response.headers["Link"] = f'<{feed.hub}>; rel="hub", <{feed.self_url}>; rel="self"'
    return response


def _formatted(request: HttpRequest, feed: Feed, form: str, language: str) -> HttpResponse:
    with translation.override(language):
        if form == "json":
            return JsonResponse(
                _as_json(feed),
                content_type="application/feed+json",
                json_dumps_params={"ensure_ascii": False},
            )
        body = render_to_string(f"reader/feed.{form}", {"feed": feed}, request)
    return HttpResponse(html.NOT_XML.sub("", body), content_type=f"{_TYPES[form]}; charset=utf-8")


def _as_json(feed: Feed) -> dict[str, Any]:
    hubs = {"hubs": [{"type": "WebSub", "url": feed.hub}]} if feed.hub else {}
    return hubs | {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.description,
        "home_page_url": feed.url,
        "feed_url": feed.self_url,
        "language": feed.language,
        "icon": feed.large_icon,
        "favicon": feed.icon,
        "authors": [{"name": settings.SITE_NAME, "url": settings.SITE_URL}],
        **({"expired": True} if feed.blog and feed.blog.has_ended else {}),
        "items": [_item(update, is_of_several=feed.blog is None) for update in feed.published],
    }


def _item(update: UpdateView, *, is_of_several: bool) -> dict[str, Any]:
    url = absolute(update.get_absolute_url())
    item: dict[str, Any] = {
        "id": tag_uri(update.get_absolute_url()),
        "url": url,
        "title": update.title,
        "content_html": absolute_links(render_to_string("reader/_feed_content.html", {"update": update})),
        "summary": html.excerpt(update.body),
        "date_published": hongkong.isoformat(update.published_at),
        "date_modified": hongkong.isoformat(update.feed_updated_at or update.published_at),
        "language": update.blog.lang,
    }
    if is_of_several:
        item["_live_blog"] = _live_blog(update.blog)
    if tags := [topic.name for topic in update.blog.topics]:
        item["tags"] = tags
    if bylines := update.bylines:
        item["authors"] = [{"name": byline.name} for byline in bylines]
    for image in update.images:
        if not image.is_sensitive:
            return item | {"image": absolute(image.rendition_url(image.widths[-1], "jpg"))}
    return item


def _live_blog(blog: BlogTitle) -> dict[str, str]:
    """Return the `_live_blog` extension of an item; JSON Feed 1.1 has no field for an item's source."""
    return {
        "title": blog.full_headline,
        "url": absolute(blog.get_absolute_url()),
        "feed_url": absolute(blog.address("blog_feed", "json")),
    }
