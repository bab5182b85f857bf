"""Real nginx and Varnish in front of a real server, with their own defaults and with the files of deploy/.

A withdrawn update, text and pictures, is gone from every public surface within five seconds, and what was
missing is there within five seconds of going live. In between nobody asks: then a cache that serves a stale
answer first and looks for a new one afterwards is found out.
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
from liveblog.publishing import SYSTEM, Story
from tests.conftest import Server, serving
from tests.factories import make_blog, make_image, make_update
from tests.security.proxies import PRODUCTION, Authority, Proxy, nginx, plain_nginx, varnish
from tests.security.wire import Response
from tests.test_takedown import INDEXES, SECRET, addresses_of, renditions_of, says_secret
from tests.waiting import wait_for

# The bound that readers and courts are promised.
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
    # Plain proxies name the server's own address, or theirs.
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
    update = make_update(
        blog,
        f"{SECRET}標題",
        body=f"<p>{SECRET}內文</p>",
        images=(make_image(alt=f"{SECRET}圖"),),
        stories=(Story(f"{SECRET}相關", 1, "https://example.com/"),),
        is_key_event=True,
    )
    make_update(blog, "其後")
    publishing.pin_update(update, by=SYSTEM)
    return update


def wait_in_silence(since: float) -> None:
    """Ask nothing until the bound is reached: what is tested is the first answer after it."""
    time.sleep(max(0.0, since + SECONDS - time.monotonic()))


def is_shown(surface: str, response: Response, update: Update) -> bool:
    if surface.startswith("/media/"):
        return response.status == 200
    text = response.body.decode()
    return f"/{update.pk}/" in text if surface in INDEXES else says_secret(text)


def test_withdrawn_text_and_pictures_are_gone_within_5_seconds_of_silence(cache, update):
    paths = addresses_of(update) | {path: path for path in INDEXES}
    paths |= {f"/media/{path}": f"/media/{path}" for path in renditions_of(Image.objects.get())}
    before = {surface: is_shown(surface, cache.get(path), update) for surface, path in paths.items()}
    assert all(before.values()), [surface for surface, shown in before.items() if not shown]
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    wait_in_silence(time.monotonic())
    after = {surface: is_shown(surface, cache.get(path), update) for surface, path in paths.items()}
    assert not any(after.values()), [surface for surface, shown in after.items() if shown]


def test_withdrawn_text_is_gone_within_5_seconds_while_readers_keep_asking(cache, update):
    paths = ["/live/storm/", "/live/storm/changes.json?after=0", "/feed.atom", "/api/v1/updates/"]
    for path in paths:
        assert says_secret(cache.get(path).body.decode())
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    withdrawn_at = time.monotonic()
    while time.monotonic() < withdrawn_at + SECONDS:
        for path in paths:
            cache.get(path)
    for path in paths:
        assert not says_secret(cache.get(path).body.decode()), path


def test_a_missing_live_blog_is_there_within_5_seconds_of_its_embargo(cache, transactional_db):
    until = timezone.now() + timedelta(seconds=3)
    blog = make_blog(slug="early", embargo_until_at=until)
    update = make_update(blog)
    paths = ["/live/early/", "/live/early", f"/live/early/{update.pk}/", "/live/early/feed.atom"]
    paths += ["/live/early/changes.json?after=0", "/embed/early/", "/api/v1/blogs/early/"]

    def is_lifted() -> bool:
        statuses = [cache.get(path).status for path in paths]
        return LiveBlog.objects.filter(pk=blog.pk, embargo_until_at=None).exists() or 200 in statuses

    # An address without its slash redirects, whatever it leads to.
    missing = dict.fromkeys(paths, 404) | {"/live/early": 301}
    assert {path: cache.get(path).status for path in paths} == missing
    wait_for(is_lifted)
    wait_in_silence(time.monotonic())
    statuses = {path: cache.get(path).status for path in paths}
    assert statuses == dict.fromkeys(paths, 200) | {"/live/early": 301}


def test_a_restored_picture_is_there_within_5_seconds(cache, update):
    path = f"/media/{renditions_of(Image.objects.get())[0]}"
    assert cache.get(path).status == 200
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    wait_in_silence(time.monotonic())
    assert cache.get(path).status == 404
    publishing.restore_update(update, by=SYSTEM)
    wait_in_silence(time.monotonic())
    assert cache.get(path).status == 200


def test_events_pass_while_the_stream_is_open(cache, transactional_db):
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


def test_codings_that_the_client_refuses_are_not_sent(cache, update):
    page = cache.get("/live/storm/").body.decode()
    style = re.search(r'href="(/static/css/[^"]+)"', page)[1]
    for path in ("/live/storm/", style):
        assert "content-encoding" not in cache.get(path, Accept_Encoding="gzip;q=0").headers, path
        assert cache.get(path, Accept_Encoding="gzip").headers["content-encoding"] == "gzip", path


def test_browsers_get_brotli_of_pages_and_static_files(server, update):
    direct = Proxy(server.url, server.url)
    page = direct.get("/live/storm/")
    style = re.search(r'href="(/static/css/[^"]+)"', page.body.decode())[1]
    for path in ("/live/storm/", style, "/live/storm/changes.json?after=0", "/feed.atom", "/api/v1/updates/"):
        answer = direct.get(path, Accept_Encoding="gzip, deflate, br, zstd")
        assert (answer.headers["content-encoding"], answer.headers["vary"][-15:]) == ("br", "Accept-Encoding")
        assert brotli.decompress(answer.body) == direct.get(path).body, path


def test_an_address_that_is_not_utf_8_is_refused_with_a_lifetime(server):
    with Proxy(server.url, server.url).connect() as connection:
        connection.send(b"GET /?q=\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        response = connection.read_response()
    assert response.status == 400
    assert "cache-control" in response.headers


def test_unchanged_answers_have_no_content_length(server, update):
    for path in ("/live/storm/", "/api/v1/updates/"):
        direct = Proxy(server.url, server.url)
        etag = direct.get(path).headers["etag"]
        unchanged = direct.get(path, If_None_Match=etag)
        assert (unchanged.status, unchanged.headers.get("content-length")) == (304, None), path
