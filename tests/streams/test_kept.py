"""Kept answers: never older than the log, rendered once, the same for every reader, bounded in memory."""

from __future__ import annotations

import asyncio
import json

import pytest
from django.core.handlers.asgi import ASGIHandler

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM
from liveblog.streams import kept as kept_answers
from liveblog.streams import positions
from liveblog.streams.keepable import may_be_kept
from tests.factories import make_blog, make_update
from tests.streams.asking import ask
from tests.streams.kept_site import MEGABYTE, Site, call


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    blog = make_blog(slug="storm")
    make_update(blog)
    blog.refresh_from_db()
    return blog


def test_if_none_match_is_compared_weakly(site, blog):
    statuses = {
        "{etag}": 304,
        "*": 304,
        '"other", {etag}': 304,
        "{strong}": 304,
        '"other"': 200,
        "W/other": 200,
    }

    async def scenario() -> None:
        etag = (await site.get("/live/storm/")).headers["etag"]
        for known, status in statuses.items():
            etags = known.format(etag=etag, strong=etag.removeprefix("W/"))
            for method in ("GET", "HEAD"):
                reply = await site.get("/live/storm/", method=method, if_none_match=etags)
                assert (reply.status, reply.headers["etag"]) == (status, etag), known
                assert bool(reply.body) == (status == 200 and method == "GET")

    asyncio.run(scenario())
    assert site.counts == (1, 0)


def test_each_change_is_rendered_once(site, blog):
    async def scenario() -> None:
        for serial in range(3):
            for _ in range(5):
                assert (
                    f"第{serial}則" in (await site.get("/live/storm/", accept_encoding="br")).text
                    or not serial
                )
                assert (await site.get("/live/storm/", accept_encoding="gzip")).status == 200
            await call(make_update, blog, f"第{serial + 1}則")
            site.positions.wake(blog.pk)

    asyncio.run(scenario())
    assert site.counts == (3, 0)


def test_change_of_another_blog_leaves_answers_kept(site, blog):
    async def scenario() -> None:
        other = await call(make_blog, slug="other")
        for _ in range(3):
            assert (await site.get("/live/storm/")).status == 200
            assert "標題" in (await site.get("/")).text
            await call(make_update, other)
            site.positions.wake(other.pk)

    asyncio.run(scenario())
    assert sorted(site.rendering.paths) == ["/", "/", "/", "/live/storm/"]


def test_idle_polls_reach_django_only_once(site, blog):
    async def scenario() -> None:
        for _ in range(20):
            reply = await site.get(f"/live/storm/changes.json?after={blog.number}")
            assert json.loads(reply.text)["number"] == blog.number

    asyncio.run(scenario())
    assert site.counts == (1, 0)


def test_stampede_on_a_missing_answer_renders_it_once(site, blog):
    async def scenario() -> None:
        site.rendering.gate = asyncio.Event()
        codings = ["", "gzip", "br"] * 20
        tasks = [asyncio.create_task(site.get("/live/storm/", accept_encoding=coding)) for coding in codings]
        # The client that asked first disconnects; the others still get the answer rendered for it.
        while not site.rendering.paths:
            await asyncio.sleep(0)
        tasks.pop(0).cancel()
        site.rendering.gate.set()
        replies = await asyncio.gather(*tasks)
        assert len({reply.text for reply in replies}) == 1

    asyncio.run(scenario())
    assert site.counts == (1, 0)


def test_failure_is_sent_to_all_waiting_requests_and_not_kept(site, blog):
    async def scenario() -> None:
        site.rendering.gate, site.rendering.fails = asyncio.Event(), True
        tasks = [asyncio.create_task(site.get("/live/storm/")) for _ in range(20)]
        while not site.rendering.paths:
            await asyncio.sleep(0)
        site.rendering.gate.set()
        assert {reply.status for reply in await asyncio.gather(*tasks)} == {503}
        assert site.counts == (1, 0)
        site.rendering.fails = False
        assert (await site.get("/live/storm/")).status == 200

    asyncio.run(scenario())


def test_requests_that_wait_too_long_go_to_django(site, blog, monkeypatch):
    monkeypatch.setattr(kept_answers, "WAIT_SECONDS", 0.01)

    async def scenario() -> None:
        site.rendering.gate = asyncio.Event()
        assert [(await site.get("/live/storm/")).status for _ in range(2)] == [200, 200]
        assert site.counts == (1, 2)
        monkeypatch.undo()
        site.rendering.gate.set()
        assert (await site.get("/live/storm/")).status == 200
        assert site.counts == (1, 2)

    asyncio.run(scenario())


def test_request_after_a_change_does_not_get_an_older_answer(site, blog):
    """Commit a change while its page is being rendered; requests after it get the new state."""

    async def scenario() -> None:
        first = asyncio.Event()
        site.rendering.gate = first
        early = asyncio.create_task(site.get("/live/storm/"))
        while not site.rendering.paths:
            await asyncio.sleep(0)
        await call(make_update, blog, "號外")
        site.positions.wake(blog.pk)
        site.rendering.gate = None
        assert "號外" in (await site.get("/live/storm/")).text
        first.set()
        await early
        assert "號外" in (await site.get("/live/storm/")).text

    asyncio.run(scenario())


PASS_BY = [
    {"authorization": "Bearer x"},
    {"cookie": "a=1; sessionid=abc"},
    {"range": "bytes=0-9"},
    {"if_range": '"x"'},
    {"if_match": "*"},
    {"if_modified_since": "Thu, 01 Jan 2026 00:00:00 GMT"},
    {"content_length": "0"},
    {"accept_encoding": "gzip, identity;q=0"},
    {"method": "POST"},
]


def test_requests_for_one_client_go_to_django(site, blog):
    async def scenario() -> None:
        await site.get("/live/storm/")
        for headers in PASS_BY:
            await site.get("/live/storm/", **headers)

    asyncio.run(scenario())
    assert site.counts == (1, len(PASS_BY))


def test_cookies_of_other_programs_do_not_matter(site, blog):
    async def scenario() -> None:
        for _ in range(2):
            assert (await site.get("/live/storm/", cookie="_ga=GA1.1.1; consent=yes")).status == 200

    asyncio.run(scenario())
    assert site.counts == (1, 0)


def test_unknown_hosts_neither_get_nor_cause_a_kept_answer(site, blog):
    hosts = ["evil.example", "", "127.0.0.1:99999", "127.0.0.1@evil.example"]

    async def scenario() -> None:
        for is_kept in (False, True):
            for host in hosts:
                assert (await site.get("/live/storm/", host=host)).status == 400, host
            assert site.counts == (is_kept, len(hosts) * (is_kept + 1))
            await site.get("/live/storm/")

    asyncio.run(scenario())


def test_queries_in_other_spellings_are_not_kept(site, blog):
    queries = [
        "utm_source=x", "text=2", "text=1&before=1", "before=01", "before=1&text=1&text=1", "before=x",
        "before=1&before=2", "text=1&", "&text=1", "Text=1", "before=1%20", "before=-1", "after=1",
        "before=1text=1", f"before={'1' * 30}",
    ]  # fmt: skip
    numbers = ["", "00", "01", "-1", "99", "1&after=1", "1&x", "1234567890", "x"]
    urls = [f"/live/storm/?{query}" for query in queries]
    urls += [f"/live/storm/changes.json?after={number}" for number in numbers]

    async def scenario() -> None:
        for url in urls:
            await site.get(url)

    asyncio.run(scenario())
    assert site.counts == (0, len(urls))
    assert len(site.answers.store) == 0


def test_unknown_addresses_take_no_memory(site, blog):
    async def scenario() -> None:
        for serial in range(30):
            assert (await site.get(f"/live/none-{serial}/")).status == 404
            assert (await site.get(f"/live/storm/{serial + 1}/")).status == 404
            assert (await site.get(f"/topics/none-{serial}/")).status == 404

    asyncio.run(scenario())
    assert len(site.answers.store) == 0


@pytest.mark.any_database
def test_memory_is_bounded_and_hot_pages_stay(blog):
    # There is room for a few pages at a time.
    site = Site(max_bytes=2 * MEGABYTE)

    async def scenario() -> None:
        pks = [
            (await call(make_update, blog, f"第{serial}則", body="<p>" + "文" * 20_000)).pk
            for serial in range(60)
        ]
        assert (await site.get("/live/storm/feed.atom")).status == 200
        for pk in pks:
            assert (await site.get(f"/live/storm/{pk}/")).status == 200
            assert (await site.get("/live/storm/feed.json")).status == 200
            assert site.answers.store.size <= 2 * MEGABYTE

    asyncio.run(scenario())
    site.positions.close()


def test_revised_glossary_applies_to_editions_at_once(site, blog):
    async def scenario() -> None:
        assert "消息" in (await site.get("/zh-hans/live/storm/")).text
        await call(publishing.add_term, by=SYSTEM, traditional="消息", simplified="快讯")
        # PostgreSQL notifies about any blog; on SQLite, the file shows that it has changed.
        site.positions.wake(None)
        assert "快讯" in (await site.get("/zh-hans/live/storm/")).text

    asyncio.run(scenario())


def test_https_and_http_answers_are_kept_apart(settings, blog):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_HSTS_SECONDS = 1_000
    site = Site()

    async def scenario() -> None:
        for proto, has_hsts in [("https", True), ("http", False), ("https,http", True), ("x", False)] * 2:
            for application in (site.answers, ASGIHandler()):
                reply = await ask(application, "/live/storm/", x_forwarded_proto=proto)
                assert ("strict-transport-security" in reply.headers) == has_hsts, proto

    asyncio.run(scenario())
    site.positions.close()
    assert site.counts == (2, 0)


@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        ({}, True),
        ({b"vary": b"Accept-Encoding"}, True),
        ({b"vary": b"Cookie"}, False),
        ({b"vary": b"Accept-Encoding, Accept-Language"}, False),
        ({b"set-cookie": b"a=b"}, False),
        ({b"cache-control": b"private"}, False),
    ],
)
def test_only_answers_that_are_the_same_for_every_reader_are_kept(headers, is_kept):
    assert may_be_kept(200, headers.items()) == is_kept


def test_positions_are_read_again_unless_the_listener_confirms_them(site, blog, monkeypatch):
    """Without wake-ups, an answer is checked against the log after less than a second."""
    monkeypatch.setattr(site.positions, "_is_on_sqlite", False)
    now = 1_000.0
    monkeypatch.setattr(positions.time, "monotonic", lambda: now)

    async def scenario() -> None:
        nonlocal now
        await site.get("/live/storm/")
        await call(publishing.end_coverage, blog, by=SYSTEM)
        now += positions.FRESH_SECONDS + 0.01
        # The listener was last heard from before the change.
        site.positions.vouch(1_000.0)
        assert 'class="ended"' in (await site.get("/live/storm/")).text

    asyncio.run(scenario())
