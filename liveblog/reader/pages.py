"""Public pages: the front page, a live blog, one update, a topic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import translation

from liveblog.models import LiveBlog, Topic, Update
from liveblog.models.blog import LiveBlogQuerySet
from liveblog.reader import jsonld
from liveblog.reader.caching import answer, answer_by_body, public
from liveblog.reader.timeline import PAGE_SIZE, days

ENDED_PER_PAGE = 20
LATEST_ON_FRONT = 3


@public
def front(request: HttpRequest) -> HttpResponse:
    """What is live now, then what has ended, newest first."""
    return _listing(request, "reader/front.html", LiveBlog.objects.public())


@public
def topic(request: HttpRequest, slug: str) -> HttpResponse:
    """The live blogs filed under one topic."""
    topic = get_object_or_404(Topic, slug=slug)
    return _listing(request, "reader/topic.html", topic.blogs.public(), topic=topic)


@public
def blog(request: HttpRequest, slug: str) -> HttpResponse:
    """A live blog's newest updates; `?before=<update id>` gives the ones that are older than it."""
    blog = find_blog(slug)
    if blog.status == LiveBlog.Status.WITHDRAWN:
        return _gone(request, blog)
    before = _update_named_in_query(request, blog)

    def render() -> HttpResponse:
        rows = Update.objects.filter(blog=blog).visible().newest_first().complete()
        if before:
            rows = rows.older_than(before)
        updates = list(rows[: PAGE_SIZE + 1])
        has_older = len(updates) > PAGE_SIZE
        updates = updates[:PAGE_SIZE]
        for update in updates:
            update.blog = blog
        context = {
            "blog": blog,
            "days": days(blog, updates),
            "older": updates[-1] if has_older else None,
            "before": before,
            "pinned": None if before else _pinned(blog, updates),
            "linked_data": jsonld.live_blog_posting(blog, updates),
        }
        return _page(request, "reader/blog.html", context, blog.language)

    return answer(request, blog.etag, render)


@public
def update(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One update on a page of its own; 410 with its tombstone once it is withdrawn."""
    blog = find_blog(slug)
    if blog.status == LiveBlog.Status.WITHDRAWN:
        return _gone(request, blog)
    rows = Update.objects.filter(blog=blog).visible()
    update = get_object_or_404(rows.complete(), pk=pk)
    update.blog = blog

    def render() -> HttpResponse:
        published = rows.published()
        context = {
            "blog": blog,
            "update": update,
            "newer": published.newer_than(update).order_by("happened_at", "pk").first(),
            "older": published.older_than(update).newest_first().first(),
            "latest": published.newest_first().first(),
            "linked_data": None if update.is_withdrawn else jsonld.blog_posting(update),
        }
        for neighbour in (context["newer"], context["older"], context["latest"]):
            if neighbour:
                neighbour.blog = blog
        status = 410 if update.is_withdrawn else 200
        return _page(request, "reader/update.html", context, blog.language, status=status)

    return answer(request, blog.etag, render) if update.is_published else render()


def find_blog(slug: str) -> LiveBlog:
    """The blog that readers may know of: public, or withdrawn. Raises Http404 for any other."""
    blog = LiveBlog.objects.complete().filter(slug=slug).first()
    if blog is None or not (blog.is_public or blog.status == LiveBlog.Status.WITHDRAWN):
        raise Http404
    return blog


def _listing(request: HttpRequest, template: str, blogs: LiveBlogQuerySet, **context: object) -> HttpResponse:
    blogs = blogs.select_related("hero_image").newest_first()
    ended, has_older = _ended_page(request, blogs.ended())
    context |= {
        "live": _with_latest(blogs.live()),
        "ended": ended,
        "older": ended[-1] if has_older else None,
        "is_first_page": "before" not in request.GET,
    }
    return answer_by_body(request, _page(request, template, context, settings.SITE_LANGUAGE))


def _gone(request: HttpRequest, blog: LiveBlog) -> HttpResponse:
    return _page(request, "reader/gone.html", {"blog_language": blog.lang}, blog.language, status=410)


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], language: str, status: int = 200
) -> HttpResponse:
    with translation.override(language):
        return HttpResponse(render_to_string(template, context, request), status=status)


def _update_named_in_query(request: HttpRequest, blog: LiveBlog) -> Update | None:
    named = request.GET.get("before")
    if named is None:
        return None
    if not (named.isascii() and named.isdigit() and len(named) < 19):
        raise Http404
    return get_object_or_404(Update.objects.filter(blog=blog).visible(), pk=int(named))


def _pinned(blog: LiveBlog, updates: list[Update]) -> Update | None:
    """The pinned update; the row that the timeline prints too, where it does."""
    if blog.pinned_update_id is None:
        return None
    for update in updates:
        if update.pk == blog.pinned_update_id:
            return update
    update = Update.objects.complete().get(pk=blog.pinned_update_id)
    update.blog = blog
    return update


def _ended_page(request: HttpRequest, ended: LiveBlogQuerySet) -> tuple[list[LiveBlog], bool]:
    """A page of ended blogs by the end of their coverage, and whether there are older ones."""
    ended = ended.order_by("-coverage_end_at", "-pk")
    named = request.GET.get("before")
    if named is not None:
        last = get_object_or_404(LiveBlog.objects.public().ended(), slug=named)
        ended = ended.ended_before(last)
    found = list(ended[: ENDED_PER_PAGE + 1])
    return found[:ENDED_PER_PAGE], len(found) > ENDED_PER_PAGE


def _with_latest(blogs: Iterable[LiveBlog]) -> list[tuple[LiveBlog, list[Update]]]:
    """Each blog with its newest published updates, all of them in one query."""
    blogs = list(blogs)
    ranked = (
        Update.objects.published()
        .filter(blog__in=blogs)
        .annotate(
            rank=Window(
                RowNumber(),
                partition_by=F("blog_id"),
                order_by=[F("happened_at").desc(), F("pk").desc()],
            )
        )
        .filter(rank__lte=LATEST_ON_FRONT)
        .order_by("rank")
    )
    latest: dict[int, list[Update]] = {blog.pk: [] for blog in blogs}
    by_id = {blog.pk: blog for blog in blogs}
    for update in ranked:
        update.blog = by_id[update.blog_id]
        latest[update.blog_id].append(update)
    return [(blog, latest[blog.pk]) for blog in blogs]
