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
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Least
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from liveblog import visibility
from liveblog.models import LiveBlog, Topic, Update
from liveblog.models.blog import Language
from liveblog.reader.caching import answer_by_body, public
from liveblog.visibility import PUBLIC
from newsroom.http import parameters
from newsroom.http.caching import POLL
from newsroom.site import absolute
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
        """Add the editions of each page: the original, then any in the other script of Chinese."""
        urls = super().get_urls(*args, **kwargs)
        return [url | {"editions": self._editions(url["item"])} for url in urls]

    def _editions(self, row: Any) -> list[dict[str, str]]:
        path, written_in = self.location(row), Language(self.language_of(row))
        editions = [{"tag": written_in.tag, "address": absolute(path)}]
        if other := written_in.other_script:
            editions.append({"tag": other.tag, "address": absolute(f"/{other}{path}")})
        return editions


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
        front = _Listing(reverse("reader:front"), visibility.last_change_at())
        return [front, *(_Listing(topic.get_absolute_url(), topic.modified_at) for topic in dated_topics)]

    def language_of(self, row: _Listing) -> str:
        return settings.SITE_LANGUAGE


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
    maps = []
    for section, kind in SECTIONS.items():
        address = absolute(reverse("reader:sitemap_section", args=[section]))
        pages = kind().paginator.page_range
        maps += [address if page == 1 else f"{address}?p={page}" for page in pages]
    modified_at = visibility.last_change_at()
    context = {"maps": maps, "modified_at": modified_at}
    return _answer(request, "reader/sitemap_index.xml", context, modified_at)


@public
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    # Validate the page first: Django's view parses it with int(), which accepts spaces and non-ASCII digits.
    parameters.number(request.GET, "p", digits=6)
    response = sitemap(request, {**SECTIONS}, section, template_name="reader/sitemap.xml")
    return answer_by_body(request, response.render(), POLL, visibility.last_change_at())


@public
def news_sitemap(request: HttpRequest) -> HttpResponse:
    """List the live blogs and updates of the last two days, newest first."""
    oldest = timezone.now() - NEWS_FOR
    blogs = visibility.readable(PUBLIC)
    updates = Update.objects.published_after(oldest).filter(blog__in=blogs).select_related("blog")
    entries: Iterator[tuple[LiveBlog | Update, str, str]] = chain(
        ((blog, blog.full_headline, blog.language) for blog in blogs.published_after(oldest)),
        (
            (update, update.title, update.blog.language)
            for update in updates.order_by("-first_published_at", "-pk")[:NEWS_MOST]
        ),
    )
    newest = sorted(entries, key=lambda item: item[0].published_at, reverse=True)[:NEWS_MOST]
    news = [(row, title, _NEWS_LANGUAGE[language]) for row, title, language in newest]
    context = {"news": news, "site_name": settings.SITE_NAME}
    return _answer(request, "reader/news_sitemap.xml", context, _news_changed_at())


def _news_changed_at() -> datetime | None:
    """Return when the news sitemap last changed: with the log, or when its oldest entry grew too old."""
    until = timezone.now() - NEWS_FOR
    blogs = visibility.readable(PUBLIC)
    updates = Update.objects.published().filter(blog__in=blogs)
    dated: list[QuerySet[Any]] = [
        blogs.annotate(published=Least("first_published_at", "coverage_start_at")),
        updates.annotate(published=F("first_published_at")),
    ]
    dropped = [rows.filter(published__lte=until).aggregate(at=Max("published"))["at"] for rows in dated]
    dropped_at = [published_at + NEWS_FOR for published_at in dropped if published_at]
    return max([*filter(None, [visibility.last_change_at()]), *dropped_at], default=None)


def _answer(
    request: HttpRequest, template: str, context: Mapping[str, object], modified_at: datetime | None
) -> HttpResponse:
    body = NOT_XML.sub("", render_to_string(template, context))
    response = HttpResponse(body, content_type="application/xml; charset=utf-8")
    return answer_by_body(request, response, POLL, modified_at)


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
