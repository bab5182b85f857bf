"""Kept answers equal Django's own on every public surface."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.urls import resolve

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM
from liveblog.streams.keepable import address_of
from newsroom.http import caching
from tests.factories import make_blog
from tests.security.addresses import Newsroom, make_newsroom, public_addresses
from tests.streams.asking import Reply, ask

# The routes whose answers are kept.
KEPT = {
    "front", "blog", "update", "key_events", "corrections", "changes", "topic",
    "site_feed", "blog_feed", "topic_feed", "sitemap", "sitemap_section",
}  # fmt: skip
CODINGS = {"": "", "gzip": "gzip", "br": "gzip, deflate, br, zstd"}


@pytest.fixture
def newsroom(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    # A date that becomes settled between two requests would make them differ.
    monkeypatch.setattr(caching, "is_settled", lambda modified_at: True)
    return make_newsroom()


def surfaces(newsroom: Newsroom, withdrawn: Update) -> list[str]:
    """Return a URL of every public route, and URLs with the queries that pages, scripts and sitemaps use."""
    pk, number = newsroom.update.pk, LiveBlog.objects.get(slug="storm").number
    queries = [f"/live/storm/?before={pk}", f"/live/storm/?before={pk}&text=1", "/live/storm/?text=1"]
    queries += [f"/live/storm/{pk}/?text=1", "/?text=1", "/?before=old", "/zh-hans/?text=1"]
    polls = [f"/live/storm/changes.json?after={after}" for after in (0, 1, number - 1, number, number + 1)]
    others = ["/sitemap-updates.xml?p=1", f"/search/?q={quote('颱風')}", "/zh-hant/live/storm/", "/zh-hant/"]
    gone = [
        f"/live/storm/{withdrawn.pk}/",
        "/live/gone/",
        "/live/gone/feed.atom",
        "/live/gone/changes.json?after=0",
    ]
    missing = ["/live/none/", "/live/storm/999999/", "/topics/none/", "/live/storm/?before=999999"]
    return [*public_addresses(newsroom), *queries, *polls, *others, *gone, *missing]


def withdraw_some(newsroom: Newsroom) -> Update:
    """Withdraw a live blog and an update, and return the update."""
    publishing.withdraw_blog(make_blog(slug="gone"), by=SYSTEM)
    withdrawn = newsroom.blog.updates.exclude(pk=newsroom.update.pk).first()
    return publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯誤")


def without_varying_headers(reply: Reply) -> tuple[int, dict[str, str]]:
    """Return status and headers, without the body's size, uncacheable pages' dates and the request's id."""
    varying = ("content-length", "expires", "x-request-id")
    return reply.status, {name: value for name, value in reply.headers.items() if name not in varying}


@pytest.mark.any_database
def test_kept_answers_equal_djangos_own_on_every_public_surface(site, newsroom):
    urls = surfaces(newsroom, withdraw_some(newsroom))

    async def scenario() -> None:
        for url in urls:
            # Django compresses answers that are not kept, as it does without the store.
            path, _mark, query = url.partition("?")
            is_keepable = address_of(path, query.encode()) is not None
            for coding, accepted in (CODINGS if is_keepable else {"": ""}).items():
                own = await ask(ASGIHandler(), url, accept_encoding=accepted)
                for method in ("GET", "GET", "HEAD"):
                    reply = await site.get(url, method=method, accept_encoding=accepted)
                    assert without_varying_headers(reply) == without_varying_headers(own), (
                        url,
                        coding,
                        method,
                    )
                    if method == "GET" and "/respond/" not in url:
                        assert reply.content == own.content, (url, coding)
                etag = own.headers.get("etag", '"none"')
                own = await ask(ASGIHandler(), url, accept_encoding=accepted, if_none_match=etag)
                for _ in range(2):
                    reply = await site.get(url, accept_encoding=accepted, if_none_match=etag)
                    assert without_varying_headers(reply) == without_varying_headers(own), (url, coding)
                    assert reply.status != 304 or reply.body == b"", url

    asyncio.run(scenario())
    routes = {resolve(path).url_name for path in site.rendering.paths}
    assert routes == KEPT
