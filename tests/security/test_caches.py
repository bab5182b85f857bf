"""Shared caches: nginx and Varnish in front of a real server, with their defaults and the files of deploy/.

Withdrawn text and pictures disappear from every public surface within five seconds, and new content appears
within five seconds of going live. The tests send no requests in between, to catch caches that serve a stale
response first and revalidate it afterwards.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import brotli
import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Image, LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM
from tests.conftest import Server, serving
from tests.factories import make_blog, make_image, make_update
from tests.security.proxies import PRODUCTION, Authority, Proxy, nginx, plain_nginx, varnish
from tests.security.wire import Response
from tests.test_takedown import INDEXES, SECRET, addresses_of, has_secret, publish_secret, renditions_of
from tests.waiting import wait_for

pytestmark = pytest.mark.any_database

# Readers and courts are promised this bound.
SECONDS = 5


def start_plain_nginx(stack: ExitStack, place: Path, upstream: str) -> Proxy:
    url = stack.enter_context(plain_nginx(place, upstream))
    return Proxy(url, url)


def start_shipped_nginx(stack: ExitStack, place: Path, upstream: str) -> Proxy:
    authority = Authority()
    authority.issue(place)
    port, plain = stack.enter_context(nginx(place, upstream, {}))
    return Proxy(f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain}", authority.context)


def start_plain_varnish(stack: ExitStack, place: Path, upstream: str) -> Proxy:
    url = stack.enter_context(varnish(place, upstream))
    return Proxy(url, url)


def start_shipped_varnish(stack: ExitStack, place: Path, upstream: str) -> Proxy:
    url = stack.enter_context(varnish(place, upstream, {}))
    return Proxy(url, url)


CACHES: dict[str, Callable[[ExitStack, Path, str], Proxy]] = {
    "nginx": start_plain_nginx,
    "nginx of deploy": start_shipped_nginx,
    "varnish": start_plain_varnish,
    "varnish of deploy": start_shipped_varnish,
}


@pytest.fixture(scope="module")
def server(production_environment: dict[str, str]) -> Iterator[Server]:
    # Proxies without our configuration send the server's own address or theirs as the Host.
    with serving(production_environment | PRODUCTION | {"ALLOWED_HOSTS": "127.0.0.1"}) as running_server:
        yield running_server


@pytest.fixture(params=CACHES)
def cache(
    server: Server, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxy]:
    with ExitStack() as stack:
        yield CACHES[request.param](stack, tmp_path_factory.mktemp("cache"), server.url)


@pytest.fixture
def update(transactional_db: None) -> Update:
    topics = Topic.objects.filter(slug="weather") or [Topic.objects.create(slug="weather", name="天氣")]
    blog = make_blog(slug="storm", topics=tuple(topics))
    make_update(blog, "先前")
    return publish_secret(blog, make_image(alt=f"{SECRET}圖"))


def wait_without_requests(since: float) -> None:
    """Send no request until the bound is reached, so that the next response is the first one after it."""
    time.sleep(max(0.0, since + SECONDS - time.monotonic()))


def is_visible(surface: str, response: Response, update: Update) -> bool:
    if surface.startswith("/media/"):
        return response.status == 200
    text = response.body.decode()
    return f"/{update.pk}/" in text if surface in INDEXES else has_secret(text)


def test_withdrawn_text_and_pictures_are_gone_after_5_seconds_without_requests(cache, update):
    paths = addresses_of(update) | {path: path for path in INDEXES}
    paths |= {f"/media/{path}": f"/media/{path}" for path in renditions_of(Image.objects.get())}
    before = {surface: is_visible(surface, cache.get(path), update) for surface, path in paths.items()}
    assert all(before.values()), [surface for surface, visible in before.items() if not visible]
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    wait_without_requests(time.monotonic())
    after = {surface: is_visible(surface, cache.get(path), update) for surface, path in paths.items()}
    assert not any(after.values()), [surface for surface, visible in after.items() if visible]


def test_withdrawn_text_is_gone_within_5_seconds_under_constant_requests(cache, update):
    paths = ["/live/storm/", "/live/storm/changes.json?after=0", "/feed.atom", "/api/v1/updates/"]
    for path in paths:
        assert has_secret(cache.get(path).body.decode())
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    withdrawn_at = time.monotonic()
    while time.monotonic() < withdrawn_at + SECONDS:
        for path in paths:
            cache.get(path)
    for path in paths:
        assert not has_secret(cache.get(path).body.decode()), path


def test_live_blog_is_available_within_5_seconds_of_the_end_of_its_embargo(cache, transactional_db):
    until = timezone.now() + timedelta(seconds=3)
    blog = make_blog(slug="early", embargo_until_at=until)
    update = make_update(blog)
    paths = ["/live/early/", "/live/early", f"/live/early/{update.pk}/", "/live/early/feed.atom"]
    paths += ["/live/early/changes.json?after=0", "/embed/early/", "/api/v1/blogs/early/"]

    def is_lifted() -> bool:
        statuses = [cache.get(path).status for path in paths]
        return LiveBlog.objects.filter(pk=blog.pk, embargo_until_at=None).exists() or 200 in statuses

    # A URL without its trailing slash redirects, even if the target is missing.
    expected = dict.fromkeys(paths, 404) | {"/live/early": 301}
    assert {path: cache.get(path).status for path in paths} == expected
    wait_for(is_lifted)
    wait_without_requests(time.monotonic())
    statuses = {path: cache.get(path).status for path in paths}
    assert statuses == dict.fromkeys(paths, 200) | {"/live/early": 301}


def test_restored_picture_is_available_within_5_seconds(cache, update):
    path = f"/media/{renditions_of(Image.objects.get())[0]}"
    assert cache.get(path).status == 200
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    wait_without_requests(time.monotonic())
    assert cache.get(path).status == 404
    publishing.restore_update(update, by=SYSTEM)
    wait_without_requests(time.monotonic())
    assert cache.get(path).status == 200


def test_events_arrive_while_the_stream_is_open(cache, transactional_db):
    blog = make_blog(slug="storm")
    with cache.connect() as stream:
        stream.send_head("GET /live/storm/stream?after=1")
        received = b""
        for number in (2, 3):
            make_update(blog, "消息")
            while f"id: {number}\n".encode() not in received:
                data = stream.socket.recv(65536)
                assert data
                received += data


def test_content_codings_refused_by_the_client_are_not_sent(cache, update):
    page = cache.get("/live/storm/").body.decode()
    style = re.search(r'href="(/static/css/[^"]+)"', page)[1]
    for path in ("/live/storm/", style):
        assert "content-encoding" not in cache.get(path, Accept_Encoding="gzip;q=0").headers, path
        assert cache.get(path, Accept_Encoding="gzip").headers["content-encoding"] == "gzip", path


def test_pages_and_static_files_are_compressed_with_brotli(server, update):
    direct = Proxy(server.url, server.url)
    page = direct.get("/live/storm/")
    style = re.search(r'href="(/static/css/[^"]+)"', page.body.decode())[1]
    for path in ("/live/storm/", style, "/live/storm/changes.json?after=0", "/feed.atom", "/api/v1/updates/"):
        answer = direct.get(path, Accept_Encoding="gzip, deflate, br, zstd")
        assert (answer.headers["content-encoding"], answer.headers["vary"][-15:]) == ("br", "Accept-Encoding")
        assert brotli.decompress(answer.body) == direct.get(path).body, path


def test_url_that_is_not_utf_8_returns_400_with_cache_control(server):
    with Proxy(server.url, server.url).connect() as connection:
        connection.send(b"GET /?q=\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        response = connection.read_response()
    assert response.status == 400
    assert "cache-control" in response.headers


def test_304_responses_have_no_content_length(server, update):
    for path in ("/live/storm/", "/api/v1/updates/"):
        direct = Proxy(server.url, server.url)
        etag = direct.get(path).headers["etag"]
        unchanged = direct.get(path, If_None_Match=etag)
        assert (unchanged.status, unchanged.headers.get("content-length")) == (304, None), path
