"""HTTP caching of public pages: ETags, 304 responses and headers that are the same for every reader."""

from __future__ import annotations

import pytest

from liveblog import publishing
from liveblog.publishing import SYSTEM
from newsroom import release
from tests.factories import make_blog, make_image, make_update

pytestmark = pytest.mark.django_db

PAGE = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
POLL = "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"


@pytest.mark.parametrize(
    ("path", "cache_control"),
    [
        ("/", PAGE),
        ("/live/storm/", PAGE),
        ("/live/storm/{update}/", PAGE),
        ("/live/storm/changes.json?after=0", POLL),
        ("/live/storm/feed.atom", POLL),
        ("/live/storm/feed.rss", POLL),
        ("/live/storm/feed.json", POLL),
        ("/feed.atom", POLL),
        ("/sitemap.xml", POLL),
        ("/news-sitemap.xml", POLL),
        ("/sitemap-live.xml", POLL),
        ("/sitemap-updates.xml", POLL),
    ],
)
def test_public_responses_are_cacheable_and_return_304_until_a_change(client, path, cache_control):
    blog = make_blog(slug="storm")
    update = make_update(blog)
    path = path.format(update=update.pk)
    first = client.get(path, headers={"Cookie": "sessionid=somebody", "Accept-Language": "en"})
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == cache_control
    assert first.headers["Vary"] == "Accept-Encoding"
    assert not first.cookies
    etag = first.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    publishing.edit_update(update, publishing.Content(heading="改"), by=SYSTEM)
    if "sitemap" in path:
        publishing.withdraw_blog(blog, by=SYSTEM)
    after = client.get(path, headers={"If-None-Match": etag})
    # The sitemap index contains only times to the second, so its ETag may be unchanged.
    assert after.status_code == 200 or path == "/sitemap.xml"


def test_blog_etag_contains_number_edition_and_release(client):
    blog = make_blog()
    make_update(blog)
    etag = client.get(f"/live/{blog.slug}/").headers["ETag"]
    assert etag == f'W/"2-zh-hant-g0-{release.digest()}"'


def test_idle_poll_takes_at_most_300_bytes(client):
    blog = make_blog()
    make_update(blog)
    idle = client.get(f"/live/{blog.slug}/changes.json?after=2")
    assert idle.json() == {"number": 2, "has_more": False}
    # The server adds a status line and a Date header to the headers that Django writes.
    fixed = len("HTTP/1.1 200 OK\r\n") + len("date: Sun, 22 Nov 2026 23:10:27 GMT\r\n\r\n")
    size = fixed + len(idle.content) + sum(len(f"{k}: {v}\r\n") for k, v in idle.headers.items())
    assert size <= 300, idle.headers
    unchanged = client.get(
        f"/live/{blog.slug}/changes.json?after=2", headers={"If-None-Match": idle.headers["ETag"]}
    )
    assert unchanged.status_code == 304


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_public_urls_return_405_for_write_methods(client, method):
    blog = make_blog()
    for path in ("", "changes.json?after=0", "feed.atom"):
        assert getattr(client, method)(f"/live/{blog.slug}/{path}").status_code == 405


def test_pages_send_a_strict_content_security_policy(client):
    policy = client.get(f"/live/{make_blog().slug}/").headers["Content-Security-Policy"]
    assert "script-src http://127.0.0.1:8000/static/js/page.js " in policy
    assert "style-src 'self';" in policy + ";"
    assert "unsafe" not in policy


def test_picture_can_be_revalidated_and_returns_404_after_takedown(
    client, django_capture_on_commit_callbacks
):
    image = make_image()
    address = image.rendition_url(320, "webp")
    assert client.get(address).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        update = make_update(make_blog(), images=(image,))
    response = client.get(address)
    assert (response.status_code, response.headers["Content-Type"], response.headers["Cache-Control"]) == (
        200,
        "image/webp",
        POLL,
    )
    assert response.content[8:12] == b"WEBP"
    etag = response.headers["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    with django_capture_on_commit_callbacks(execute=True):
        publishing.withdraw_update(update, by=SYSTEM, reason="版權")
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 404


@pytest.mark.parametrize("address", ["/media/../../etc/passwd", "/media/x/320.svg", "/media/x/320.jpg"])
def test_other_media_paths_return_404(client, address):
    assert client.get(address).status_code == 404
