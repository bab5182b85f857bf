"""Cache poisoning: nothing in a request's headers or unknown parameters changes a shared response."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import resolve

from liveblog.models.partner import Scope
from newsroom.http import caching
from tests.factories import make_key
from tests.security.addresses import Newsroom, constant_headers, make_newsroom, public_addresses

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture(autouse=True)
def production(settings, monkeypatch) -> None:
    """Configure production: no demo mode, whose policy names the request's host, and settled dates."""
    settings.DEMO = False
    monkeypatch.setattr(caching, "is_settled", lambda modified_at: True)


PLAIN = {"host": "127.0.0.1:8000"}
EVIL = "evil.example"
# Allowed hosts in unusual spellings. Every path is requested with the first two, the live page with all.
ODD_HOSTS = ["127.0.0.1:6666", "LOCALHOST.:81", "127.0.0.1:65535", "localhost", "LOCALHOST:81", "localhost."]
LIVE_PAGE = "/live/storm/"
HOSTILE_HEADERS = [
    *({"host": host} for host in ODD_HOSTS),
    {"x-forwarded-host": EVIL},
    {"x-forwarded-proto": "https"},
    {"x-forwarded-port": "6666"},
    {"x-forwarded-prefix": "/evil"},
    {"x-forwarded-server": EVIL},
    {"x-forwarded-for": "198.51.100.66"},
    {"x-host": EVIL},
    {"x-real-ip": "198.51.100.66"},
    {"forwarded": f"for=198.51.100.66;host={EVIL};proto=https"},
    {"x-original-url": "/evil"},
    {"x-rewrite-url": "/evil"},
    {"x-http-method-override": "POST"},
    {"accept-language": "en"},
    {"accept-charset": "utf-7"},
    {"content-type": "application/x-www-form-urlencoded; charset=utf-7"},
    {"origin": f"https://{EVIL}"},
    {"referer": f"https://{EVIL}/"},
    {"user-agent": f"<script>{EVIL}"},
    {"cookie": f"sessionid={EVIL}; csrftoken={EVIL}; django_language=en"},
    {"x-requested-with": "XMLHttpRequest"},
    {"script-name": "/evil"},
]
UNKNOWN = [
    "utm_source=evil",
    "p0rt=6666",
    "callback=evil",
    "lang=en",
    "version=2",
    "%3Cscript%3E=1",
    "evil",
    "&&",
]


@pytest.fixture
def newsroom() -> Newsroom:
    return make_newsroom()


def with_queries(newsroom: Newsroom) -> list[str]:
    """Return every public path, with the parameters that make its response print more URLs."""
    site, pk = settings.SITE_URL, newsroom.update.pk
    term = quote("颱風")
    queries = {
        "changes": "?after=1",
        "blog_changes": "?after=1",
        "search": f"?q={term}",
        "oembed": f"?url={site}/live/storm/",
        "blog": f"?before={pk}&text=1",
        "updates": "?page_size=2",
        "blog_updates": "?page_size=2&edition=zh-hans",
        "blogs": "?page_size=1",
        "related_stories": "?page_size=1",
        "topics": "?page_size=1",
        "docs": "?script",
        "sitemap_section": "?p=1",
        "front": "?text=1",
    }
    paths = public_addresses(newsroom)
    more = [path + queries[name] for path in paths if (name := resolve(path).url_name) in queries]
    return [*paths, *more, f"/search/?q={term}&in=storm&text=1", "/zh-hant/live/storm/?text=1", "/live/storm"]


def answer(path: str, headers: dict[str, str], **extra: str) -> tuple[int, bytes, dict[str, str]]:
    response = Client().get(path, headers=PLAIN | headers, **extra)
    body = b"".join(response) if response.streaming else response.content
    # Drop the time when the form was opened; that page is not shared.
    body = re.sub(rb'name="opened" value="[^"]*"', b"", body)
    return response.status_code, body, constant_headers(response)


def test_request_headers_do_not_change_shared_responses(newsroom):
    """Send all headers together with each host; on the live page each by itself."""
    headers_of_all = {name: value for headers in HOSTILE_HEADERS for name, value in headers.items()}
    together = [headers_of_all | {"host": host} for host in ODD_HOSTS[:2]]
    for path in with_queries(newsroom):
        plain = answer(path, {})
        assert plain[0] < 500
        for headers in HOSTILE_HEADERS if path == LIVE_PAGE else together:
            if "/respond/" in path:
                # The form is for the site's own origin.
                headers = {name: value for name, value in headers.items() if name != "origin"}
            extra = {"CONTENT_TYPE": headers["content-type"]} if "content-type" in headers else {}
            assert answer(path, headers, **extra) == plain, (path, headers)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_api_responses_print_the_site_url_for_any_host(newsroom, accept):
    for path in with_queries(newsroom):
        if path.startswith("/api/"):
            plain = answer(path, {"accept": accept})
            for host in ODD_HOSTS[:2]:
                assert answer(path, {"accept": accept, "host": host}) == plain, (path, host)


def test_unknown_parameters_do_not_change_pages(newsroom):
    """Send all parameters together; on the live page each by itself."""
    for path in with_queries(newsroom):
        if path.startswith("/api/"):
            continue
        plain = answer(path, {})
        for query in UNKNOWN if path == LIVE_PAGE else ["&".join(UNKNOWN)]:
            status, body, headers = answer(f"{path}{'&' if '?' in path else '?'}{query}", {})
            if path == "/live/storm":
                # Django's redirect that appends a slash; its Location is a path, so it names no host.
                assert (status, urlsplit(headers["Location"]).netloc) == (301, "")
            else:
                assert (status, body, headers) == plain, (path, query)


def test_location_of_a_new_update_starts_with_the_site_url(newsroom):
    key = make_key(Scope.WRITE_PUBLISH, blogs=[newsroom.blog])
    response = Client().post(
        "/api/v1/blogs/storm/updates/",
        {"status": "published", "heading": "號外"},
        content_type="application/json",
        headers={"host": "127.0.0.1:6666", "authorization": f"Bearer {key}", "idempotency-key": "one"},
    )
    assert response.headers["Location"] == f"{settings.SITE_URL}/api/v1/updates/{response.json()['id']}/"


def test_pagination_links_do_not_depend_on_parameter_order(client, newsroom):
    first = client.get("/api/v1/updates/?page_size=2&language=zh-Hant-HK&is_key_event=false").json()["next"]
    other = client.get("/api/v1/updates/?is_key_event=false&language=zh-Hant-HK&page_size=2").json()["next"]
    assert first == other
    assert first.startswith(f"{settings.SITE_URL}/api/v1/updates/?cursor=")


def test_leading_zeros_in_a_url_do_not_change_the_page(newsroom):
    """Accept leading zeros in `<int:pk>` without repeating them in the response."""
    plain = answer(f"/live/storm/{newsroom.update.pk}/", {})
    assert answer(f"/live/storm/000{newsroom.update.pk}/", {}) == plain


def test_edition_redirect_keeps_only_known_parameters(client, newsroom):
    response = client.get("/zh-hant/live/storm/?evil=1&text=1&before=3&next=//evil.example")
    assert (response.status_code, response.headers["Location"]) == (301, "/live/storm/?before=3&text=1")


@pytest.mark.parametrize(
    "host",
    [
        EVIL,
        f"127.0.0.1.{EVIL}",
        f"127.0.0.1:8000@{EVIL}",
        f"127.0.0.1, {EVIL}",
        "127.0.0.1:99999",
        "127.0.0.1:0",
        "127.0.0.1:８０",
        "127.0.0.1:80:80",
        "127.0.0.1:-1",
        "127.0.0.1/evil",
        "127.0.0.1 evil",
        "..127.0.0.1",
        "",
    ],
)
def test_foreign_and_malformed_hosts_return_400(client, newsroom, host):
    for path in (
        "/",
        "/live/storm/",
        "/live/storm/changes.json?after=0",
        "/api/v1/",
        "/admin/",
        "/sitemap.xml",
    ):
        response = client.get(path, headers={"host": host})
        assert response.status_code == 400
        assert EVIL not in response.content.decode()
