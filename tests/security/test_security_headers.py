"""Headers that limit what browsers do with responses, on pages, polls, streams and files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from liveblog.streams.sse import Streams
from newsroom.http.security_headers import PERMISSIONS_POLICY
from newsroom.security_txt import VALID_FOR
from tests.factories import make_blog, make_person, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

HSTS = "max-age=31536000; includeSubDomains; preload"


@pytest.fixture
def https(settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True


def test_pages_deny_features_that_they_do_not_use(client):
    update = make_update(make_blog(slug="storm"))
    client.force_login(make_person("Chief editor"))
    for path in ("/", "/live/storm/", f"/live/storm/{update.pk}/", "/embed/storm/", "/none/", "/admin/"):
        assert client.get(path).headers["Permissions-Policy"] == PERMISSIONS_POLICY, path
    assert "camera=()" in PERMISSIONS_POLICY
    assert "fullscreen" not in PERMISSIONS_POLICY
    assert "Permissions-Policy" not in client.get("/live/storm/feed.atom").headers


def test_only_responses_for_partners_may_be_loaded_by_other_sites(client):
    update = make_update(make_blog(slug="storm"))
    client.force_login(make_person("Chief editor"))
    policies = {
        path: client.get(path).headers["Cross-Origin-Resource-Policy"]
        for path in (
            *("/", "/live/storm/", f"/live/storm/{update.pk}/", "/search/", "/none/", "/admin/"),
            *("/admin/labels.js", "/live/storm/respond/"),
            *("/embed/storm/", f"/embed/storm/{update.pk}/", "/live/storm/feed.json", "/feed.atom"),
            *("/api/v1/blogs/", "/oembed?url=x", "/manifest.webmanifest", "/live/storm/changes.json?after=0"),
        )
    }
    shared = {path for path, policy in policies.items() if policy == "cross-origin"}
    assert set(policies.values()) == {"cross-origin", "same-origin"}
    assert shared == {path for path in policies if path.startswith(("/embed", "/api", "/oembed"))} | {
        *("/live/storm/feed.json", "/feed.atom", "/manifest.webmanifest", "/live/storm/changes.json?after=0")
    }


def test_not_modified_response_does_not_change_the_policies_of_a_stored_page(client):
    make_update(make_blog(slug="storm"))
    etag = client.get("/live/storm/").headers["ETag"]
    again = client.get("/live/storm/", headers={"If-None-Match": etag})
    assert again.status_code == 304
    headers = {"Permissions-Policy", "Cross-Origin-Resource-Policy", "X-Content-Type-Options"}
    assert not headers & set(again.headers)


def test_poll_with_content_keeps_the_headers_that_protect_content(client, https):
    blog = make_blog(slug="storm")
    make_update(blog)
    poll = client.get("/live/storm/changes.json?after=0", secure=True)
    assert poll.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in poll.headers["Content-Security-Policy"].split("; ")
    assert not {"X-Frame-Options", "Strict-Transport-Security"} & set(poll.headers)


def test_idle_poll_takes_at_most_300_bytes_over_https_too(client, https):
    blog = make_blog(slug="storm")
    make_update(blog)
    blog.refresh_from_db()
    idle = client.get(f"/live/storm/changes.json?after={blog.number}", secure=True)
    assert idle.json() == {"number": blog.number, "has_more": False}
    fixed = len("HTTP/1.1 200 OK\r\n") + len("date: Sun, 22 Nov 2026 23:10:27 GMT\r\n\r\n")
    assert fixed + len(idle.content) + sum(len(f"{k}: {v}\r\n") for k, v in idle.headers.items()) <= 300


@pytest.mark.anyio
@pytest.mark.parametrize("forwarded", [b"https", b"http"])
async def test_refused_stream_has_the_headers_that_protect_content(https, settings, forwarded):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    sent: list = []

    async def send(message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "scheme": "http",
        "method": "POST",
        "path": "/live/storm/stream",
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"x-forwarded-proto", forwarded)],
    }
    await Streams(None)(scope, None, send)
    headers = dict(sent[0]["headers"])
    assert sent[0]["status"] == 405
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-security-policy"] == b"default-src 'none'"
    assert headers[b"cross-origin-resource-policy"] == b"cross-origin"
    assert headers.get(b"strict-transport-security") == (HSTS.encode() if forwarded == b"https" else None)


def test_pages_report_violations_where_the_setting_says(client, settings):
    make_blog(slug="storm")
    assert "report" not in client.get("/live/storm/").headers["Content-Security-Policy"]
    settings.CSP_REPORT_URL = "https://reports.example/csp"
    page = client.get("/search/")
    parts = page.headers["Content-Security-Policy"].split("; ")
    assert {"report-uri https://reports.example/csp", "report-to csp"} <= set(parts)
    assert page.headers["Reporting-Endpoints"] == 'csp="https://reports.example/csp"'
    feed = client.get("/live/storm/feed.atom")
    assert "report" not in feed.headers["Content-Security-Policy"]
    assert "Reporting-Endpoints" not in feed.headers


def test_security_txt_names_the_contact_and_expires_within_a_year(client, settings):
    path = "/.well-known/security.txt"
    assert client.get(path).status_code == 404
    settings.SECURITY_CONTACT = "mailto:security@news.example"
    settings.SECURITY_POLICY_URL = "https://news.example/security-policy"
    response = client.get(path)
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in response.text.splitlines())
    expires = datetime.fromisoformat(fields.pop("Expires"))
    assert fields == {
        "Contact": "mailto:security@news.example",
        "Preferred-Languages": "zh-Hant, zh-Hans, en",
        "Canonical": "http://127.0.0.1:8000/.well-known/security.txt",
        "Policy": "https://news.example/security-policy",
    }
    assert expires.tzinfo == UTC
    assert VALID_FOR - timedelta(days=1) < expires - timezone.now() <= VALID_FOR
