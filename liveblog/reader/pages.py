"""Public pages: the front page, a live blog, one update, a topic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import translation

from liveblog import visibility
from liveblog.models import LiveBlog, Topic, Update
from liveblog.presentation import reading
from liveblog.presentation.addresses import (
    UpdateMissing,
    Withdrawn,
    find_blog,
    find_update_at,
    whole_blog,
)
from liveblog.presentation.delta import pinned_of
from liveblog.presentation.editions import edition_in, is_script
from liveblog.presentation.sharing import (
    Share,
    share_of_blog,
    share_of_site,
    share_of_topic,
    share_of_update,
)
from liveblog.presentation.timeline import PAGE_SIZE, days
from liveblog.presentation.views import BlogTitle, Head, UpdateTitle, UpdateView
from liveblog.reader import jsonld
from liveblog.reader.caching import answer, answer_by_state, is_conditional, public
from liveblog.reader.listing import read_listing
from liveblog.reader.scripts import canonical_path, scripts_of, site_language
from liveblog.visibility import PUBLIC
from newsroom.http import parameters
from newsroom.http.doors import set_language
from newsroom.site import path_of, root_in


def gone_if_withdrawn(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make `view` respond 410 with the page of a withdrawn live blog when it raises Withdrawn."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Withdrawn as withdrawn:
            return blog_page(request, "reader/gone.html", withdrawn.blog, {}, status=410)

    return wrapped


@public
def front(request: HttpRequest, edition: str | None = None) -> HttpResponse:
    """Show running live blogs in the editor's order, and then ended ones, newest first."""
    return _listing(request, "reader/front.html", edition)


@public
def topic(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show the live blogs filed under one topic."""
    return _listing(request, "reader/topic.html", edition, find_topic(slug))


@public
@gone_if_withdrawn
def blog(request: HttpRequest, slug: str, edition: str | None = None) -> HttpResponse:
    """Show a live blog's newest updates, or those older than the update `?before=<id>`."""
    head = find_blog(PUBLIC, slug, edition, is_complete=not is_conditional(request))
    set_language(request, head.language)
    before = update_named_in_query(request, head)

    def render() -> HttpResponse:
        blog = whole_blog(PUBLIC, head)
        rows = Update.objects.filter(blog=blog.pk).visible().newest_first().complete()
        if before:
            rows = rows.older_than(before)
        updates = reading.updates(blog, rows[: PAGE_SIZE + 1])
        has_older = len(updates) > PAGE_SIZE
        updates = updates[:PAGE_SIZE]
        pinned = None if before else pinned_of(blog, updates)
        printed_updates = updates if pinned is None or pinned in updates else [pinned, *updates]
        path = canonical_path(request)
        linked_data = jsonld.live_blog_posting(
            blog, path, printed_updates, has_lead=not before, has_pictures=not is_text_only(request)
        )
        context = {
            "days": days(blog, updates),
            "size": PAGE_SIZE,
            "older": updates[-1] if has_older else None,
            "before": before,
            "pinned": pinned,
            "linked_data": linked_data,
            "share": lambda: share_of_blog(blog, path),
        }
        return blog_page(request, "reader/blog.html", blog, context)

    return answer(request, head.etag, render)


@public
@gone_if_withdrawn
def update(request: HttpRequest, slug: str, pk: int, edition: str | None = None) -> HttpResponse:
    """Show one update; respond 410 with its tombstone once it is withdrawn."""
    try:
        address = find_update_at(slug, pk, edition)
    except UpdateMissing as missing:
        set_language(request, missing.blog.language)
        raise
    row, head = address.row, address.blog
    set_language(request, head.language)

    def render() -> HttpResponse:
        blog = reading.titled_with_topics(head)
        update = read_update(blog, pk)
        linked_data = jsonld.blog_posting(update, has_pictures=not is_text_only(request))
        context = {
            "update": update,
            **_neighbours(blog, row),
            "share": lambda: share_of_update(update),
            "linked_data": None if update.is_withdrawn else linked_data,
        }
        status = 410 if update.is_withdrawn else 200
        return blog_page(request, "reader/update.html", blog, context, status)

    return answer(request, head.etag, render) if row.is_published else render()


def read_update(blog: BlogTitle, pk: int) -> UpdateView:
    """Return everything that a page prints of an update of `blog`, or raise Http404."""
    rows = Update.objects.filter(blog=blog.pk).visible().complete()
    (update,) = reading.updates(blog, [get_object_or_404(rows, pk=pk)])
    return update


def find_topic(slug: str) -> Topic:
    """Return the topic. Raises Http404 unless at least one visible live blog is filed under it."""
    return get_object_or_404(visibility.readable_topics(PUBLIC), slug=slug)


def is_text_only(request: HttpRequest) -> bool:
    """Return whether the reader requested a page without pictures."""
    return parameters.parameter(request.GET, "text") == "1"


def blog_page(
    request: HttpRequest, template: str, blog: Head, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Render a page of one blog, in its edition."""
    edition = blog.edition.language if blog.edition else None
    return page(request, template, {"blog": blog} | context, blog.written_in, edition, status)


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    written_in: str,
    edition: str | None,
    status: int = 200,
) -> HttpResponse:
    """Render a page in its own language, or in `edition` if that is not None.

    `share` in `context` is called in the page's language and returns the page's metadata for previews.
    """
    with translation.override(edition or written_in):
        path = canonical_path(request)
        share = context.get("share") or partial(share_of_site, path, edition, is_listed=False)
        context |= {
            "share": share() if status == 200 else None,
            "root": root_in(edition or written_in),
            "path": path_of(request),
            "scripts": scripts_of(request, written_in, edition),
            "is_converted": is_script(edition),
            "is_text_only": is_text_only(request),
        }
        return HttpResponse(render_to_string(template, context, request), status=status)


def _listing(
    request: HttpRequest, template: str, edition: str | None, topic: Topic | None = None
) -> HttpResponse:
    """Render a page that lists all live blogs, or only the ones under `topic`."""
    site_language(edition)
    blogs = LiveBlog.objects.filter(topics=topic) if topic else None
    state = visibility.state_of(PUBLIC, blogs, edition=edition)
    last = _blog_named_in_query(request)

    def render() -> HttpResponse:
        readable = visibility.readable(PUBLIC) if blogs is None else visibility.readable(PUBLIC) & blogs
        listing = read_listing(readable, last, edition)
        topic_view = reading.topic_of(topic, edition_in(edition)) if topic else None

        def share() -> Share:
            path = canonical_path(request)
            if topic_view is None:
                return share_of_site(path, edition, is_listed=True)
            headlines = (blog.full_headline for blog in listing.blogs)
            return share_of_topic(topic_view, path, edition, headlines)

        context = {
            "topic": topic_view,
            "listing": listing,
            "share": share,
            "is_first_page": last is None,
        }
        return page(request, template, context, settings.SITE_LANGUAGE, edition)

    return answer_by_state(request, state, render)


def update_named_in_query(request: HttpRequest, blog: Head) -> Update | None:
    """Return the update after which a page of older ones begins; None if `?before=` is missing."""
    pk = parameters.number(request.GET, "before")
    if pk is None:
        return None
    return get_object_or_404(Update.objects.filter(blog=blog.pk).visible(), pk=pk)


def _neighbours(blog: BlogTitle, update: Update) -> dict[str, UpdateTitle]:
    published = Update.objects.filter(blog=blog.pk).published()
    rows = {
        "newer": published.newer_than(update).order_by("happened_at", "pk").first(),
        "older": published.older_than(update).newest_first().first(),
        "latest": published.newest_first().first(),
    }
    neighbours = {name: row for name, row in rows.items() if row}
    return dict(zip(neighbours, reading.titles(blog, neighbours.values()), strict=True))


def _blog_named_in_query(request: HttpRequest) -> LiveBlog | None:
    slug = parameters.slug(request.GET, "before")
    return get_object_or_404(visibility.readable(PUBLIC), slug=slug) if slug else None
