"""Kept answers: equal to Django's own, never older than the log, rendered once, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.urls import resolve

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM
from liveblog.streams.kept import KeptAnswers
from liveblog.streams.positions import Positions
from newsroom.http import caching
from tests.factories import make_blog, make_update
from tests.security.addresses import Newsroom, make_newsroom, public_addresses
from tests.streams.asking import Reply, ask

MEGABYTE = 1024 * 1024
# The routes whose answers are kept.
KEPT = {
    "front", "blog", "update", "changes", "topic", "site_feed", "blog_feed", "topic_feed", "sitemap",
    "sitemap_section",
}  # fmt: skip
CODINGS = {"": "", "gzip": "gzip", "br": "gzip, deflate, br, zstd"}


class Rendering:
    """Django's handler, which counts the requests that reach it."""

    def __init__(self) -> None:
        self._django = ASGIHandler()
        self.paths: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        self.paths.append(scope["path"])
        await self._django(scope, receive, send)


class Site:
    """Kept answers in front of Django, and the ways to Django: to render, and past the kept answers."""

    def __init__(self, megabytes: int = 64) -> None:
        self.rendering, self.passing = Rendering(), Rendering()
        self.positions = Positions()
        self.kept = KeptAnswers(self.rendering, self.passing, self.positions, megabytes * MEGABYTE)

    async def get(self, url: str, **headers: str) -> Reply:
        return await ask(self.kept, url, **headers)

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many requests were rendered to be kept, and how many passed by."""
        return len(self.rendering.paths), len(self.passing.paths)


def play(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(scenario())


@pytest.fixture
def site(transactional_db: None) -> Site:
    return Site()


@pytest.fixture
def newsroom(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    # Dates that settle between two requests would differ.
    monkeypatch.setattr(caching, "is_settled", lambda modified_at: True)
    return make_newsroom()


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    blog = make_blog(slug="storm")
    make_update(blog)
    blog.refresh_from_db()
    return blog


def surfaces(newsroom: Newsroom, withdrawn: Update) -> list[str]:
    """Return a URL of every public route, and those with the queries that pages, scripts and sitemaps use."""
    pk, number = newsroom.update.pk, LiveBlog.objects.get(slug="storm").number
    queries = [f"/live/storm/?before={pk}", f"/live/storm/?before={pk}&text=1", "/live/storm/?text=1"]
    queries += [f"/live/storm/{pk}/?text=1", "/?text=1", "/?before=old", "/zh-hans/?text=1"]
    polls = [f"/live/storm/changes.json?after={after}" for after in (0, 1, number - 1, number, number + 1)]
    others = ["/sitemap-updates.xml?p=1", f"/search/?q={quote('颱風')}", "/zh-hant/live/storm/", "/zh-hant/"]
    gone = [f"/live/storm/{withdrawn.pk}/", "/live/gone/", "/live/gone/feed.atom", "/live/gone/changes.json?after=0"]
    missing = ["/live/none/", "/live/storm/999999/", "/topics/none/", "/live/storm/?before=999999"]
    return [*public_addresses(newsroom), *queries, *polls, *others, *gone, *missing]


def withdraw_some(newsroom: Newsroom) -> Update:
    """Withdraw a live blog and an update, and return the update."""
    publishing.withdraw_blog(make_blog(slug="gone"), by=SYSTEM)
    withdrawn = newsroom.blog.updates.exclude(pk=newsroom.update.pk).first()
    return publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯誤")


def without_chance(reply: Reply) -> tuple[int, dict[str, str]]:
    """Return status and headers, without those of the body's size and of uncacheable pages' dates."""
    return reply.status, {
        name: value for name, value in reply.headers.items() if name not in ("content-length", "expires")
    }


def test_kept_answers_equal_djangos_own_on_every_public_surface(site, newsroom):
    urls = surfaces(newsroom, withdraw_some(newsroom))

    async def scenario() -> None:
        for url in urls:
            for coding, accepted in CODINGS.items():
                own = await ask(ASGIHandler(), url, accept_encoding=accepted)
                for method in ("GET", "GET", "HEAD"):
                    kept = await site.get(url, method=method, accept_encoding=accepted)
                    assert without_chance(kept) == without_chance(own), (url, coding, method)
                    if method == "GET" and "/respond/" not in url:
                        assert kept.content == own.content, (url, coding)
                etag = own.headers.get("etag", '"none"')
                own = await ask(ASGIHandler(), url, accept_encoding=accepted, if_none_match=etag)
                for _ in range(2):
                    kept = await site.get(url, accept_encoding=accepted, if_none_match=etag)
                    assert without_chance(kept) == without_chance(own), (url, coding)
                    assert kept.status != 304 or kept.body == b"", url

    play(scenario)
