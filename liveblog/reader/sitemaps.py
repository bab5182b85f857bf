"""Sitemaps (sitemaps.org) of public pages, the news sitemap, and robots.txt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.db.models import Count, Max, Q, Subquery
from django.db.models.functions import Least
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from liveblog import visibility
from liveblog.models import LiveBlog, Topic, Update
from liveblog.models.blog import Language
from liveblog.reader.caching import answer_by_state, public
from liveblog.visibility import PUBLIC
from newsroom.http import parameters
from newsroom.http.caching import POLL
from newsroom.site import absolute, languages
from newsroom.text.html import NOT_XML

# https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap
NEWS_FOR: Final = timedelta(days=2)
NEWS_MOST: Final = 1_000
# ISO 639 codes, except for the two scripts of Chinese, for which Google's page gives these.
_NEWS_LANGUAGE: Final[dict[str, str]] = {
    Language.ZH_HANT: "zh-tw",
    Language.ZH_HANS: "zh-cn",
    Language.EN: "en",
}


class _OfSite(Sitemap):
    """A sitemap whose URLs are under SITE_URL, regardless of the request's host."""

    limit = 10_000
    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc

    def lastmod(self, row: Any) -> datetime | None:
        modified_at: datetime | None = row.modified_at
        return modified_at

    def language_of(self, row: Any) -> str:
        """Return the language that the row's page is written in."""
        raise NotImplementedError

    def get_urls(self, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        """Add the editions of each page, the original first."""
        urls = super().get_urls(*args, **kwargs)
        return [url | {"editions": self._editions(url["item"])} for url in urls]

    def _editions(self, row: Any) -> list[dict[str, str]]:
        path, written_in = self.location(row), Language(self.language_of(row))
        editions = [{"tag": written_in.tag, "address": absolute(path)}]
        for other in self.translations_of(written_in):
            editions.append({"tag": other.tag, "address": absolute(f"/{other}{path}")})
        return editions

    def translations_of(self, written_in: Language) -> list[Language]:
        """Return the other languages of a page, whose addresses begin with the language."""
        return [written_in.other_script] if written_in.other_script else []


@dataclass(frozen=True)
class _Listing:
    """A page that lists live blogs. The front page changes with any of them."""

    path: str
    modified_at: datetime | None

    def get_absolute_url(self) -> str:
        return self.path


class ListingSitemap(_OfSite):
    """The front page and the topics."""

    def items(self) -> list[_Listing]:
        topics = Topic.objects.filter(blogs__in=visibility.readable(PUBLIC))
        dated_topics = topics.annotate(modified_at=Max("blogs__modified_at")).order_by("slug")
        front = _Listing(reverse("reader:front"), visibility.state_of(PUBLIC).modified_at)
        return [front, *(_Listing(topic.get_absolute_url(), topic.modified_at) for topic in dated_topics)]

    def language_of(self, row: _Listing) -> str:
        return settings.SITE_LANGUAGE

    def translations_of(self, written_in: Language) -> list[Language]:
        return [language for language in Language if language in languages() and language != written_in]


class BlogSitemap(_OfSite):
    def language_of(self, row: LiveBlog) -> str:
        return row.language

    def items(self) -> Any:
        return visibility.readable(PUBLIC).order_by("-pk")


class UpdateSitemap(_OfSite):
    def language_of(self, row: Update) -> str:
        return row.blog.language

    def items(self) -> Any:
        updates = Update.objects.published().filter(blog__in=visibility.readable(PUBLIC))
        return updates.select_related("blog").order_by("-pk")


SECTIONS = {"listings": ListingSitemap, "live": BlogSitemap, "updates": UpdateSitemap}


@public
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """List the sitemap pages of all sections, by URLs under SITE_URL."""
    state = visibility.state_of(PUBLIC)

    def render() -> HttpResponse:
        maps = []
        for section, kind in SECTIONS.items():
            address = absolute(reverse("reader:sitemap_section", args=[section]))
            pages = kind().paginator.page_range
            maps += [address if page == 1 else f"{address}?p={page}" for page in pages]
        return _xml("reader/sitemap_index.xml", {"maps": maps, "modified_at": state.modified_at})

    return answer_by_state(request, state, render, POLL, state.modified_at)


@public
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    # Validate the page first: Django's view parses it with int(), which accepts spaces and non-ASCII digits.
    parameters.number(request.GET, "p", digits=6)
    state = visibility.state_of(PUBLIC)

    def render() -> HttpResponse:
        return sitemap(request, {**SECTIONS}, section, template_name="reader/sitemap.xml").render()

    return answer_by_state(request, state, render, POLL, state.modified_at)


@public
def news_sitemap(request: HttpRequest) -> HttpResponse:
    """List the live blogs and updates of the last two days, newest first."""
    oldest = timezone.now() - NEWS_FOR
    state = visibility.state_of(PUBLIC)
    count, dropped_at = _news_window(oldest)

    def render() -> HttpResponse:
        news = [(row, title, _NEWS_LANGUAGE[language]) for row, title, language in _news_since(oldest)]
        return _xml("reader/news_sitemap.xml", {"news": news, "site_name": settings.SITE_NAME})

    modified_at = max(filter(None, (state.modified_at, dropped_at)), default=None)
    return answer_by_state(request, state, render, POLL, modified_at, extra=str(count))


def _news_since(oldest: datetime) -> list[tuple[LiveBlog | Update, str, str]]:
    """Return what was published after `oldest`, newest first, with its title and language."""
    blogs = visibility.readable(PUBLIC)
    updates = Update.objects.published_after(oldest).filter(blog__in=blogs).select_related("blog")
    entries: Iterator[tuple[LiveBlog | Update, str, str]] = chain(
        (
            (blog, blog.full_headline, blog.language)
            for blog in blogs.published_after(oldest).order_by("-first_published_at", "-pk")[:NEWS_MOST]
        ),
        (
            (update, update.title, update.blog.language)
            for update in updates.order_by("-first_published_at", "-pk")[:NEWS_MOST]
        ),
    )
    return sorted(entries, key=lambda item: item[0].published_at, reverse=True)[:NEWS_MOST]


def _news_window(oldest: datetime) -> tuple[int, datetime | None]:
    """Return how many entries there are since `oldest`, and when the last one grew too old for the sitemap.

    Without a change in the log, the sitemap changes only when an entry grows too old.
    """
    blogs = visibility.readable(PUBLIC).annotate(published=Least("first_published_at", "coverage_start_at"))
    updates = Update.objects.filter(blog__in=blogs.values("pk")).order_by()
    dropped_updates = updates.published().filter(first_published_at__lte=oldest)
    newest_dropped = dropped_updates.order_by("-first_published_at", "-pk").values("first_published_at")[:1]
    counted = updates.published_after(oldest).values("status").annotate(count=Count("pk")).values("count")
    row = blogs.aggregate(
        blogs=Count("pk", filter=Q(published__gt=oldest)),
        updates=Max(Subquery(counted)),
        dropped_blog=Max("published", filter=Q(published__lte=oldest)),
        dropped_update=Max(Subquery(newest_dropped)),
    )
    dropped = max(filter(None, (row["dropped_blog"], row["dropped_update"])), default=None)
    return row["blogs"] + (row["updates"] or 0), dropped + NEWS_FOR if dropped else None


def _xml(template: str, context: Mapping[str, object]) -> HttpResponse:
    body = NOT_XML.sub("", render_to_string(template, context))
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


@public
def index_key(request: HttpRequest, key: str) -> HttpResponse:
    """Serve the key file with which IndexNow verifies pings (https://www.indexnow.org/documentation)."""
    if key != settings.INDEXNOW_KEY:
        raise Http404
    return HttpResponse(key, content_type="text/plain; charset=utf-8")


@public
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        f"Sitemap: {absolute(reverse('reader:sitemap'))}",
        f"Sitemap: {absolute(reverse('reader:news_sitemap'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
