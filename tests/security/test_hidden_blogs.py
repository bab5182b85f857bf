"""Hidden live blogs do not leak: not in content, status, headers, ids or SQL.

Responses for a draft or embargoed live blog must be the same as for a URL that does not exist.
"""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver
from django.utils import timezone

from liveblog import publishing
from liveblog.models import LiveBlog, Topic, Update
from liveblog.presentation import addresses
from liveblog.publishing import SYSTEM, Content
from liveblog.streams.sse import Streams
from liveblog.visibility import PUBLIC
from tests.factories import make_blog, make_key, make_update
from tests.security.addresses import constant_headers

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

# These slugs have the same length, as the ids do, so that responses to them have the same length too.
UNKNOWN = "unknown-blog"
HIDDEN = ["drafted-blog", "embargo-blog", "embargo-gone"]
# Queries for usable keys contain the current time; normalize it before comparing.
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+(\+\d\d:\d\d)?")
METHODS = ["get", "head", "post", "options"]
# Public URLs that contain a slug; `{pk}` is an update's id.
BY_SLUG = [
    "/live/{slug}/",
    "/live/{slug}/?before={pk}",
    "/live/{slug}/?text=1",
    "/live/{slug}/{pk}/",
    "/live/{slug}/changes.json?after=0",
    "/live/{slug}/changes.json",
    "/live/{slug}/key-events/",
    "/live/{slug}/key-events/?before={pk}",
    "/live/{slug}/corrections/",
    "/live/{slug}/corrections/?before={pk}",
    "/live/{slug}/respond/",
    "/live/{slug}/respond/?sent",
    "/live/{slug}/feed.atom",
    "/live/{slug}/feed.rss",
    "/live/{slug}/feed.json",
    "/embed/{slug}/",
    "/embed/{slug}/{pk}/",
    "/live/{slug}/card-0123456789abcdef.png",
    "/live/{slug}/{pk}/card-0123456789abcdef.png",
    "/topics/{slug}/",
    "/topics/{slug}/card-0123456789abcdef.png",
    "/topics/{slug}/feed.atom",
    "/search/?q=機密&in={slug}",
    "/search/?q=機密&before={pk}",
    "/?before={slug}",
    "/oembed?url=http://127.0.0.1:8000/live/{slug}/",
    "/oembed?url=http://127.0.0.1:8000/live/{slug}/{pk}/",
    "/oembed?url=http://127.0.0.1:8000/zh-hans/live/{slug}/",
    "/api/v1/blogs/{slug}/",
    "/api/v1/blogs/{slug}/updates/",
    "/api/v1/blogs/{slug}/changes/?after=0",
    "/api/v1/blogs/{slug}/ninjs/",
    "/api/v1/updates/{pk}/",
    "/api/v1/updates/{pk}/ninjs/",
    "/api/v1/updates/?blog={slug}",
    "/api/v1/updates/?topic={slug}",
    "/api/v1/blogs/?topic={slug}",
    "/api/v1/related-stories/?blog={slug}",
    "/api/v1/search/?q=機密&blog={slug}",
]
WITH_EDITION = [path for path in BY_SLUG if path.startswith(("/live", "/embed", "/topics", "/search", "/?"))]


@pytest.fixture
def hidden() -> dict[str, tuple[LiveBlog, Update]]:
    """Return a hidden live blog of each kind by slug, with a published update and a topic of that slug."""
    blogs = {}
    for slug in HIDDEN:
        topic = Topic.objects.create(slug=slug, name="機密題目")
        blog = make_blog(
            slug=slug,
            headline="機密標題",
            is_live=slug != "drafted-blog",
            embargo_until_at=None if slug == "drafted-blog" else timezone.now() + timedelta(hours=1),
            topics=(topic,),
            has_responses=True,
        )
        update = make_update(blog, "機密消息")
        if slug == "embargo-gone":
            publishing.withdraw_blog(blog, by=SYSTEM)
        blogs[slug] = (blog, update)
    # One public blog, so that lists and feeds are not empty.
    make_update(make_blog(slug="public"), "公開")
    return blogs


def answer_to(
    client: Client, method: str, path: str, slug: str, pk: int
) -> tuple[int, dict[str, str], str, list[str]]:
    """Return status, headers, body and executed SQL, with slug and id replaced by placeholders."""

    def nameless(text: str) -> str:
        return TIME.sub("TIME", text.replace(slug, "SLUG").replace(str(pk), "ID"))

    with CaptureQueriesContext(connection) as queries:
        response: HttpResponse = getattr(client, method)(path.format(slug=slug, pk=pk))
    headers = {name: nameless(value) for name, value in constant_headers(response).items()}
    sql = [nameless(query["sql"]) for query in queries]
    return response.status_code, headers, nameless(response.content.decode()), sql


def unknown_ids(hidden: dict[str, tuple[LiveBlog, Update]]) -> list[int]:
    newest = max(update.pk for _blog, update in hidden.values())
    return [newest + 2**30, newest + 2**31]


@pytest.mark.parametrize("path", [*BY_SLUG, *(f"/zh-hans{path}" for path in WITH_EDITION)])
def test_hidden_blogs_get_the_same_response_and_queries_as_unknown_ones(client, hidden, path):
    first, second = unknown_ids(hidden)
    for method in METHODS:
        # Warm up, so that once-per-process queries are not counted below.
        answer_to(client, method, path, UNKNOWN, first)
        unknown = answer_to(client, method, path, UNKNOWN, second)
        for slug, (_blog, update) in hidden.items():
            assert answer_to(client, method, path, slug, update.pk) == unknown, (method, slug)


@pytest.mark.parametrize("scope", ["read", "read:embargoed"])
def test_read_keys_cannot_tell_ungranted_blogs_from_unknown_ones(hidden, scope):
    client = Client(headers={"authorization": f"Bearer {make_key(scope)}"})
    first, second = unknown_ids(hidden)
    for path in BY_SLUG:
        if path.startswith("/api/"):
            answer_to(client, "get", path, UNKNOWN, first)
            unknown = answer_to(client, "get", path, UNKNOWN, second)
            for slug, (_blog, update) in hidden.items():
                assert answer_to(client, "get", path, slug, update.pk) == unknown, (path, slug)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/v1/blogs/{slug}/updates/", {"heading": "x", "status": "draft"}),
        ("patch", "/api/v1/updates/{pk}/", {"heading": "x"}),
        ("post", "/api/v1/updates/{pk}/withdrawal/", {"reason": "x"}),
    ],
)
def test_write_keys_cannot_tell_ungranted_blogs_from_unknown_ones(hidden, method, path, body):
    client = Client(headers={"authorization": f"Bearer {make_key('write:publish', 'read:embargoed')}"})

    def ask(slug: str, pk: int) -> tuple[int, str, int]:
        with CaptureQueriesContext(connection) as queries:
            response = getattr(client, method)(
                path.format(slug=slug, pk=pk),
                body,
                content_type="application/json",
                headers={"idempotency-key": "one"},
            )
        return (
            response.status_code,
            response.content.decode().replace(slug, "").replace(str(pk), ""),
            len(queries),
        )

    first, second = unknown_ids(hidden)
    ask(UNKNOWN, first)
    unknown = ask(UNKNOWN, second)
    assert unknown[0] == 404
    for slug, (_blog, update) in hidden.items():
        assert ask(slug, update.pk) == unknown, slug


def test_every_reader_route_with_a_slug_is_covered():
    """Fail when a new reader route with a slug is missing from BY_SLUG."""
    covered = {
        get_resolver().resolve(path.partition("?")[0].format(slug="a", pk=1)).view_name for path in BY_SLUG
    }
    reader = get_resolver("liveblog.reader.urls").url_patterns
    by_slug = {
        f"reader:{pattern.name}"
        for pattern in reader
        if "slug" in getattr(pattern.pattern, "converters", {}) or "P<slug>" in str(pattern.pattern)
    }
    assert by_slug - covered == set()


@pytest.mark.parametrize("name", ["blog", "update"])
def test_hidden_rows_return_404_after_one_query(hidden, name):
    find = {
        "blog": lambda slug, pk: addresses.find_blog(PUBLIC, slug),
        "update": lambda slug, pk: addresses.find_update(PUBLIC, pk, None),
    }[name]
    for slug, (_blog, update) in hidden.items():
        with CaptureQueriesContext(connection) as queries, pytest.raises(addresses.Http404):
            find(slug, update.pk)
        assert len(queries) == 1


@pytest.mark.parametrize(
    "path", ["/live/public/", "/live/public/changes.json?after=0", "/live/public/feed.atom"]
)
def test_conditional_requests_return_304_after_one_query(client, hidden, path):
    etag = client.get(path).headers["ETag"]
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers={"if-none-match": etag})
    assert (response.status_code, len(queries)) == (304, 1)


@pytest.mark.django_db(transaction=True)
def test_streams_return_the_same_404_for_hidden_and_unknown_blogs(hidden):
    def ask(slug: str) -> list[dict[str, object]]:
        messages = []

        async def send(message: dict[str, object]) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/live/{slug}/stream",
            "query_string": b"after=0",
            "headers": [(b"host", b"127.0.0.1:8000")],
        }
        asyncio.run(Streams(SimpleNamespace(is_running=True))(scope, None, send))
        return messages

    unknown = ask(UNKNOWN)
    assert unknown[0]["status"] == 404
    assert [ask(slug) for slug in hidden] == [unknown] * len(hidden)


def test_public_ids_do_not_reveal_the_number_of_drafts(client):
    blog = make_blog(slug="public", has_responses=True)
    first = make_update(blog)
    for _each in range(20):
        publishing.draft_update(blog, Content("稿"), by=SYSTEM)
    second = make_update(blog)
    assert second.pk - first.pk != 21
    assert second.pk > first.pk > 2**40
