"""Cache-Control headers and allowed methods of every public URL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import resolve, reverse

from liveblog import publishing
from tests.security.addresses import NO_EXAMPLE, Newsroom, make_newsroom, names, public_addresses

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SHORT = "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"
# Routes that scripts of other sites may read, and that answer CORS preflight requests.
CROSS_ORIGIN = {"blog_feed", "topic_feed", "site_feed", "changes", "oembed"}
PAGE = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
UNSHARED = "max-age=0, no-cache, no-store, must-revalidate, private"
MISSING = {"slug": "never-was", "pk": 2**31, "key": "none-such", "section": "none"}


@pytest.fixture
def newsroom() -> Newsroom:
    return make_newsroom()


def refused_urls(newsroom: Newsroom) -> Iterator[str]:
    """Yield malformed, redirecting and unknown URLs of every public route."""
    for name, parameters in names():
        if name in NO_EXAMPLE or name == "labels":
            continue
        kwargs = newsroom.kwargs(name, parameters)
        path = reverse(name, kwargs=kwargs)
        if path.startswith("/admin/"):
            continue
        yield from (path.removesuffix("/"), f"{path}?before=x&after=x&p=x&url=x")
        yield reverse(name, kwargs=kwargs | {key: MISSING[key] for key in parameters & MISSING.keys()})
        if "edition" in parameters:
            yield reverse(name, kwargs=kwargs | {"edition": "zh-hant"})
    yield from (
        "/nothing/",
        "/zh-hans/nothing/",
        "/static/none.css",
        "/media/none/1.jpg",
        "/admin",
        "//evil/",
    )
    yield from (f"/live/storm/?before={2**31}", "/topics/weather/?before=none", "/live/old/respond/")


def test_public_redirects_and_refusals_are_cached_for_2_seconds(newsroom):
    statuses = set()
    for path in refused_urls(newsroom):
        response = Client().get(path)
        statuses.add(response.status_code)
        if response.status_code >= 300:
            assert response.headers["Cache-Control"] == SHORT, (path, response.status_code)
        else:
            assert "Cache-Control" in response.headers, path
    assert statuses >= {301, 400, 404}


def test_public_responses_are_stale_no_longer_than_a_takedown_takes(newsroom):
    pages = {
        "front",
        "blog",
        "key_events",
        "corrections",
        "update",
        "topic",
        "search",
        "embed",
        "embed_update",
    }
    pages |= {"robots"}
    for path in public_addresses(newsroom):
        response, name = Client().get(path), resolve(path).url_name
        if response.status_code == 200:
            is_page = name in pages and not path.startswith("/api/")
            expected = PAGE if is_page else UNSHARED if name == "respond" else SHORT
            assert response.headers["Cache-Control"] == expected, path


def test_withdrawn_blogs_and_updates_return_410_cached_for_2_seconds(newsroom):
    publishing.withdraw_update(newsroom.update, by=publishing.SYSTEM, reason="錯誤")
    paths = [f"/live/storm/{newsroom.update.pk}/", f"/api/v1/updates/{newsroom.update.pk}/"]
    publishing.withdraw_blog(newsroom.blog, by=publishing.SYSTEM)
    paths += ["/live/storm/", "/live/storm/feed.atom", "/live/storm/changes.json?after=0", "/embed/storm/"]
    paths += ["/api/v1/blogs/storm/", "/oembed?url=http://127.0.0.1:8000/live/storm/"]
    for path in paths:
        response = Client().get(path)
        assert (response.status_code, response.headers["Cache-Control"]) == (410, SHORT), path


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"host": "evil.example"}, 400),
        ("/api/v1/", {"host": "evil.example"}, 400),
        ("/api/v1/blogs/storm/", {"if-match": '"other"'}, 412),
        ("/api/v1/blogs/", {"accept": "application/xml"}, 406),
        ("/api/v1/blogs/", {"authorization": "Bearer wrong"}, 401),
    ],
)
def test_refusals_that_depend_on_headers_are_not_stored(newsroom, path, headers, status):
    response = Client().get(path, headers=headers)
    assert response.status_code == status
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/nothing/", "/admin/liveblog/liveblog/", "/admin/labels.js"]
)
def test_admin_responses_are_not_stored(path):
    assert "no-store" in Client().get(path).headers["Cache-Control"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_methods_other_than_get_and_head_return_405(newsroom, method):
    client = Client(enforce_csrf_checks=True)
    for path in public_addresses(newsroom):
        name = resolve(path).url_name
        if path.startswith("/api/") or (name == "respond" and method == "POST"):
            continue
        response = client.generic(method, path)
        if method == "OPTIONS" and name in CROSS_ORIGIN:
            assert response.status_code == 204, path
            continue
        assert response.status_code == 405, (path, response.status_code)
        assert {"GET", "HEAD"} <= set(response.headers["Allow"].split(", ")), path
        assert b"CSRF" not in response.content


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_api_returns_405_for_other_methods(newsroom, method):
    for path in public_addresses(newsroom):
        if path.startswith("/api/") and resolve(path).url_name not in ("update", None):
            response = Client(enforce_csrf_checks=True).generic(method, path)
            assert (response.status_code, "Allow" in response.headers) == (405, True), path


def test_head_returns_the_status_of_get_without_a_body(newsroom):
    for path in public_addresses(newsroom):
        get, head = Client().get(path), Client().head(path)
        assert head.status_code == get.status_code, path
        assert head.content == b"" or head.streaming, path


def test_reader_responses_from_another_origin_return_403(newsroom):
    client = Client(enforce_csrf_checks=True)
    foreign = client.post("/live/storm/respond/", {"text": "x"}, headers={"origin": "https://evil.example"})
    same_origin = client.post(
        "/live/storm/respond/", {"text": "x"}, headers={"origin": "http://127.0.0.1:8000"}
    )
    # The form is incomplete, so a post that passes the origin check returns 400.
    assert (foreign.status_code, same_origin.status_code) == (403, 400)
    assert "no-store" in foreign.headers["Cache-Control"]


def test_empty_responses_have_no_content_length_or_type(newsroom):
    for path in (
        "/live/storm/",
        "/live/storm/feed.atom",
        "/live/storm/changes.json?after=1",
        "/api/v1/blogs/",
    ):
        first = Client().get(path)
        unchanged = Client().get(path, headers={"if-none-match": first.headers["ETag"]})
        assert unchanged.status_code == 304
        assert not {"Content-Length", "Content-Type"} & set(unchanged.headers), path
        assert unchanged.headers["Cache-Control"] == first.headers["Cache-Control"]
    preflight = Client().options("/live/storm/feed.atom", headers={"access-control-request-method": "GET"})
    assert preflight.status_code == 204
    assert not {"Content-Length", "Content-Type"} & set(preflight.headers)
