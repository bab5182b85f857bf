"""Search for published updates and live blogs, in one blog or in all, in either script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from liveblog import visibility
from liveblog.models import LiveBlog, Update
from liveblog.models.blog import LiveBlogQuerySet
from liveblog.presentation import reading
from liveblog.presentation.addresses import Withdrawn, find_blog
from liveblog.presentation.editions import edition_in
from liveblog.presentation.views import Head, UpdateView
from liveblog.reader.caching import answer, answer_by_state, public
from liveblog.reader.pages import page
from liveblog.reader.scripts import site_language
from liveblog.visibility import PUBLIC
from newsroom.http import parameters
from newsroom.http.doors import set_language
from newsroom.http.parameters import canonical_query
from newsroom.text.marking import Run, mark, snippet

LONGEST_QUERY: Final = 100
RESULTS_PER_PAGE: Final = 20
BLOGS_SHOWN: Final = 5
# Counting every match of a common word would read the whole index.
COUNTED_MOST: Final = 1_000
STATES: Final = ("live", "ended")


@dataclass(frozen=True)
class Result:
    update: UpdateView
    title: list[Run]
    snippet: list[Run]


@public
def search(request: HttpRequest, edition: str | None = None) -> HttpResponse:
    """Show the newest updates that match `?q=`, optionally in the blog `?in=<slug>`.

    `?state=live` or `?state=ended` shows only matches in live blogs that are running or have ended, and
    `?before=<update id>` continues with older matches.
    """
    query = parameters.words(request.GET, "q", LONGEST_QUERY)
    head = _searched_blog(request, edition)
    if head is None:
        site_language(edition)
    last = _update_named_in_query(request)
    state = parameters.choice(request.GET, "state", STATES)

    def render() -> HttpResponse:
        blog = reading.title_of(head) if head else None
        blogs = LiveBlog.objects.filter(pk=blog.pk) if blog else _in_state(state)
        rows = _matching_updates(blogs, query, last)
        has_older = len(rows) > RESULTS_PER_PAGE
        target = edition_in(edition)
        updates = reading.mixed_updates(rows[:RESULTS_PER_PAGE], target)
        matches = _matching_blogs(blogs, query) if blog is None and last is None else []
        titles_of_blogs = [reading.title_of(reading.head_of(row, target)) for row in matches]
        titles = (query, gettext("Search"), blog and blog.full_headline)
        context = {
            "title": "｜".join(title for title in titles if title),
            "blog": blog,
            "query": query,
            "blogs": [(match, mark(match.full_headline, query)) for match in titles_of_blogs],
            "results": [_result(update, query) for update in updates],
            "older": updates[-1] if has_older else None,
            "is_first_page": last is None,
            "state": state,
            "first_page": canonical_query(request.GET, ("q", "in", "state")),
            "count": _count(blogs, query) if last is None else None,
            "most": COUNTED_MOST,
        }
        written_in = blog.written_in if blog else settings.SITE_LANGUAGE
        return page(request, "reader/search.html", context, written_in, edition)

    if head:
        return answer(request, head.etag, render)
    return answer_by_state(request, visibility.state_of(PUBLIC, edition=edition), render)


def _searched_blog(request: HttpRequest, edition: str | None) -> Head | None:
    slug = parameters.slug(request.GET, "in")
    if not slug:
        return None
    try:
        blog = find_blog(PUBLIC, slug, edition)
    except Withdrawn as withdrawn:
        set_language(request, withdrawn.blog.language)
        raise Http404 from withdrawn
    set_language(request, blog.language)
    return blog


def _update_named_in_query(request: HttpRequest) -> Update | None:
    pk = parameters.number(request.GET, "before")
    return None if pk is None else get_object_or_404(visibility.readable_updates(PUBLIC), pk=pk)


def _in_state(state: str) -> LiveBlogQuerySet:
    readable = visibility.readable(PUBLIC)
    return {"live": readable.live, "ended": readable.ended}.get(state, readable.all)()


def _count(blogs: LiveBlogQuerySet, query: str) -> int:
    """Return the number of matching updates, at most one more than `COUNTED_MOST`."""
    return Update.objects.saying(query).filter(blog__in=blogs)[: COUNTED_MOST + 1].count()


def _matching_updates(blogs: LiveBlogQuerySet, query: str, last: Update | None) -> list[Update]:
    """Return a page of matches, newest first, plus one more to show that there are older ones.

    The page begins after `last`, or with the newest if it is None.
    """
    matches = Update.objects.saying(query).filter(blog__in=blogs)
    if last:
        matches = matches.older_than(last)
    return list(matches.newest_first().complete()[: RESULTS_PER_PAGE + 1])


def _matching_blogs(blogs: LiveBlogQuerySet, query: str) -> list[LiveBlog]:
    return list(blogs.saying(query).newest_first()[:BLOGS_SHOWN])


def _result(update: UpdateView, query: str) -> Result:
    return Result(update, mark(update.title, query), snippet(update.body, query))
