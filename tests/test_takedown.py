"""Takedowns: once an update is withdrawn, no surface serves any of its text or pictures.

The tests first check that each surface did serve them, so that no surface can pass vacuously.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

import pytest
from django.core.files.storage import storages
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from liveblog import publishing
from liveblog.models import Image, LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import pictures
from tests.factories import make_blog, make_image, make_update
from tests.streams.streaming import PATIENCE, open_stream

SECRET = "機密字句"
# Surfaces with the text of a published update of `storm`, which has an older and a newer neighbour.
SURFACES = [
    "/",
    "/topics/weather/",
    "/live/storm/",
    "/live/storm/?before={newer}",
    "/live/storm/{update}/",
    "/live/storm/{older}/",
    "/live/storm/{newer}/",
    "/live/storm/key-events/",
    "/live/storm/corrections/",
    "/live/storm/changes.json?after=0",
    "/embed/storm/",
    "/embed/storm/{update}/",
    "/live/storm/feed.atom",
    "/live/storm/feed.rss",
    "/live/storm/feed.json",
    "/search/?q=機密字句",
    "/search/?q=機密字句&in=storm",
    "/search/?q=機密字句&before={newer}",
    "/?text=1",
    "/live/storm/?text=1",
    "/live/storm/{update}/?text=1",
    "/zh-hans/",
    "/zh-hans/topics/weather/",
    "/zh-hans/live/storm/",
    "/zh-hans/live/storm/{update}/",
    "/zh-hans/live/storm/key-events/",
    "/zh-hans/live/storm/corrections/",
    "/zh-hans/live/storm/changes.json?after=0",
    "/zh-hans/embed/storm/",
    "/zh-hans/embed/storm/{update}/",
    "/zh-hans/live/storm/feed.atom",
    "/zh-hans/live/storm/feed.rss",
    "/zh-hans/live/storm/feed.json",
    "/zh-hans/topics/weather/feed.atom",
    "/zh-hans/topics/weather/feed.rss",
    "/zh-hans/topics/weather/feed.json",
    "/zh-hans/feed.atom",
    "/zh-hans/feed.rss",
    "/zh-hans/feed.json",
    "/zh-hans/search/?q=機密字句",
    "/topics/weather/feed.atom",
    "/topics/weather/feed.rss",
    "/topics/weather/feed.json",
    "/feed.atom",
    "/feed.rss",
    "/feed.json",
    "/api/v1/blogs/",
    "/api/v1/blogs/storm/",
    "/api/v1/blogs/storm/updates/",
    "/api/v1/blogs/storm/changes/?after=0",
    "/api/v1/updates/",
    "/api/v1/updates/{update}/",
    "/api/v1/related-stories/",
    "/api/v1/search/?q=機密字句",
    "/api/v1/blogs/storm/ninjs/",
    "/api/v1/updates/{update}/ninjs/",
]
# Surfaces with the address of the update.
INDEXES = ["/sitemap-updates.xml", "/news-sitemap.xml"]
# Surface with the text of the blog, which disappears when the blog is withdrawn.
OEMBED = "/oembed?url={site}/live/storm/"
# Surfaces without text of updates, such as forms, directories and descriptions. Pictures are checked one by
# one, and tests/reader/test_sharing.py tests the contents of the cards.
SILENT = [
    "/live/storm/respond/",
    "/zh-hans/live/storm/respond/",
    "/sitemap.xml",
    "/sitemap-listings.xml",
    "/manifest.webmanifest",
    "/zh-hans/manifest.webmanifest",
    "/robots.txt",
    "/.well-known/security.txt",
    "/0123456789abcdef.txt",
    "/media/key/320.jpg",
    *(
        f"{prefix}{place}card-0123456789abcdef.png"
        for prefix in ("", "/zh-hans")
        for place in ("/", "/topics/weather/", "/live/storm/", "/live/storm/1/")
    ),
    "/api/v1/",
    "/api/v1/topics/",
    "/api/v1/schema/",
    "/api/v1/docs/",
    "/api/v1/updates/1/withdrawal/",
    "/api/v1/nothing/",
]
# Editions of the stream, which replays updates to readers who return with an old number.
STREAMS = ["", "/zh-hans"]


@pytest.fixture
def image(transactional_db: None) -> Image:
    return make_image(alt=f"{SECRET}圖", caption=f"{SECRET}說明", credit=f"{SECRET}攝")


def publish_secret(blog: LiveBlog, image: Image) -> Update:
    """Publish a key event with the secret in its text, picture and story; pin it and correct it."""
    update = make_update(
        blog,
        f"{SECRET}標題",
        body=f"<p>{SECRET}內文</p>",
        source=f"{SECRET}來源",
        images=(image,),
        stories=(Story(f"{SECRET}相關", 1, "https://example.com/"),),
        is_key_event=True,
    )
    make_update(blog, "其後")
    publishing.pin_update(update, by=SYSTEM)
    return publishing.correct_update(update, Content.of(update), by=SYSTEM, note=f"{SECRET}更正")


@pytest.fixture
def update(image: Image) -> Update:
    """Return an update that is on every surface: a pinned, corrected key event with picture and story."""
    blog = make_blog(slug="storm", topics=(Topic.objects.create(slug="weather", name="天氣"),))
    make_update(blog, "先前")
    return publish_secret(blog, image)


def addresses_of(update: Update) -> dict[str, str]:
    """Return each surface with its path for this update."""
    older, newer = Update.objects.exclude(pk=update.pk).order_by("pk")
    pks = {"update": update.pk, "older": older.pk, "newer": newer.pk}
    return {surface: surface.format(**pks) for surface in SURFACES}


def renditions_of(image: Image) -> list[str]:
    return [
        image.rendition_path(width, extension) for width in image.widths for extension in pictures.EXTENSIONS
    ]


def has_secret(text: str) -> bool:
    """Return whether `text` has the secret in either script, ignoring echoes of the search term."""
    text = re.sub(r'<title>.*?</title>|value="[^"]*"|<mark>|</mark>|“[^”]*”|「[^」]*」', "", text)
    return SECRET in text or "机密字句" in text


def ask(url: str, **headers: str) -> tuple[int, Message, str]:
    """Return status, headers and text of the response."""
    try:
        response = urlopen(Request(quote(url, safe=":/?=&"), headers=headers), timeout=PATIENCE)
    except HTTPError as error:
        response = error
    with response:
        return response.status, response.headers, response.read().decode(errors="replace")


def replay(site: str) -> str:
    """Return all that the stream sends to a new reader."""
    number = LiveBlog.objects.get().number
    try:
        stream = open_stream(site, "storm", after=0)
    except HTTPError as error:
        return error.read().decode()
    try:
        return json.dumps([event.data for event in stream.until(number)], ensure_ascii=False)
    finally:
        stream.close()


def walk(site: str, update: Update) -> dict[str, bool]:
    """Return for each surface whether it serves any part of the update."""
    served = {}
    for surface, path in addresses_of(update).items():
        _status, _headers, text = ask(site + path)
        served[surface] = has_secret(text)
    for surface in INDEXES:
        served[surface] = f"/{update.pk}/" in ask(site + surface)[2]
    for edition in STREAMS:
        served[f"{edition} stream"] = has_secret(replay(site + edition))
    for path in renditions_of(Image.objects.get()):
        served[path] = ask(f"{site}/media/{path}")[0] == 200
        assert served[path] == storages["public"].exists(path)
    return served


def withdraw_update(update: Update) -> None:
    publishing.withdraw_update(update, by=SYSTEM, reason=f"{SECRET}原因")


def withdraw_blog(update: Update) -> None:
    publishing.withdraw_blog(LiveBlog.objects.get(), by=SYSTEM)


def erase_update(update: Update) -> None:
    publishing.erase_update(update, by=SYSTEM, reason=f"{SECRET}法庭命令")


def test_oembed_and_embed_return_410_until_their_blog_is_restored(server):
    blog = make_blog(slug="storm", headline=f"{SECRET}標題")
    addresses = [server.url + path for path in (OEMBED.format(site=server.url), "/embed/storm/")]
    before = [ask(address) for address in addresses]
    assert [(status, SECRET in text) for status, _headers, text in before] == [(200, True)] * 2
    publishing.withdraw_blog(blog, by=SYSTEM)
    for address, (_status, headers, _text) in zip(addresses, before, strict=True):
        status, _headers, text = ask(address, **{"If-None-Match": headers["ETag"]})
        assert (status, has_secret(text)) == (410, False)
    publishing.restore_blog(blog, by=SYSTEM)
    assert [ask(address)[0] for address in addresses] == [200, 200]


@pytest.mark.parametrize("take_down", [withdraw_update, withdraw_blog])
def test_takedown_clears_every_surface_and_restoring_refills_them(server, update, take_down):
    site = server.url
    before = walk(site, update)
    assert all(before.values()), [surface for surface, is_served in before.items() if not is_served]
    etags = {path: ask(site + path)[1]["ETag"] for path in addresses_of(update).values()}
    take_down(update)
    after = walk(site, update)
    assert not any(after.values()), [surface for surface, is_served in after.items() if is_served]
    for path, etag in etags.items():
        assert ask(site + path, **{"If-None-Match": etag or '"none"'})[0] != 304, path
    if take_down is withdraw_blog:
        publishing.restore_blog(LiveBlog.objects.get(), by=SYSTEM)
    else:
        publishing.restore_update(update, by=SYSTEM)
        publishing.pin_update(update, by=SYSTEM)
    assert walk(site, update) == before


def test_erased_update_is_removed_from_every_surface_and_from_storage(server, update):
    paths, original = renditions_of(Image.objects.get()), Image.objects.get().file.name
    erase_update(update)
    for path in [*addresses_of(update).values(), *SILENT]:
        assert not has_secret(ask(server.url + path)[2]), path
    for edition in STREAMS:
        assert not has_secret(replay(server.url + edition)), edition
    for path in paths:
        assert not storages["public"].exists(path)
        assert not storages["default"].exists(f"renditions/{path}")
    assert not storages["default"].exists(original)


def routes_of(patterns: Iterable[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^" if prefix else "")
        if isinstance(pattern, URLResolver):
            yield from routes_of(pattern.url_patterns, route)
        else:
            yield route


def test_every_public_route_is_covered():
    public = {route for route in routes_of(get_resolver().url_patterns) if not route.startswith("admin/")}
    covered = [*SURFACES, *INDEXES, *SILENT, OEMBED]
    paths = [urlsplit(path.format(update=1, older=2, newer=3, site="")).path for path in covered]
    assert {resolve(path).route for path in paths} == public
