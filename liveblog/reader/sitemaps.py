"""Sitemaps (sitemaps.org) of what readers may see, and robots.txt."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from liveblog.models import LiveBlog, Update
from liveblog.reader.caching import answer_by_body, public
from newsroom.caching import POLL
from newsroom.site import absolute


class _OfSite(Sitemap):
    """Addresses stand under SITE_URL, whatever host the request named."""

    limit = 10_000
    protocol = urlsplit(settings.SITE_URL).scheme

    def get_domain(self, site: Any = None) -> str:
        return urlsplit(settings.SITE_URL).netloc

    def lastmod(self, row: LiveBlog | Update) -> datetime:
        return row.modified_at


class BlogSitemap(_OfSite):
    def items(self) -> Any:
        return LiveBlog.objects.public().order_by("-pk")


class UpdateSitemap(_OfSite):
    def items(self) -> Any:
        updates = Update.objects.published().filter(blog__in=LiveBlog.objects.public())
        return updates.select_related("blog").order_by("-pk")


SECTIONS = {"live": BlogSitemap, "updates": UpdateSitemap}


@public
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """Every section's pages, each at the site's own address."""
    maps = []
    for section, kind in SECTIONS.items():
        address = absolute(reverse("reader:sitemap_section", args=[section]))
        pages = kind().paginator.page_range
        maps += [address if page == 1 else f"{address}?p={page}" for page in pages]
    body = render_to_string("reader/sitemap_index.xml", {"maps": maps})
    return answer_by_body(request, HttpResponse(body, content_type="application/xml; charset=utf-8"), POLL)


@public
def sitemap_section(request: HttpRequest, section: str) -> HttpResponse:
    response = sitemap(request, SECTIONS, section, template_name="reader/sitemap.xml")
    return answer_by_body(request, response.render(), POLL)


@public
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        f"Sitemap: {absolute(reverse('reader:sitemap'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
