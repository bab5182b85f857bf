"""Streams on a running server: each change is sent at once, without gaps or repeats."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.publishing import SYSTEM, Content
from liveblog.streams import hub
from tests.factories import NOON, embargo, make_blog, make_update
from tests.streams.streaming import PATIENCE, open_stream


def get_status(url: str, **headers: str) -> tuple[int, dict[str, str]]:
    try:
        with urlopen(Request(url, headers=headers), timeout=PATIENCE) as response:
            return response.status, dict(response.headers)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, dict(refusal.headers)


def test_reader_gets_each_change_when_it_is_made(server):
    blog = make_blog()
    stream = open_stream(server.url, blog.slug, after=1)
    update = make_update(blog, "甲")
    published = stream.next()
    publishing.edit_update(update, Content(heading="乙", happened_at=NOON), by=SYSTEM)
    edited = stream.next()
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    withdrawn = stream.next()
    assert [(event.name, event.id) for event in (published, edited, withdrawn)] == [
        ("message", 2),
        ("message", 3),
        ("message", 4),
    ]
    polled = urlopen(f"{server.url}/live/{blog.slug}/changes.json?after=3", timeout=PATIENCE)
    with polled:
        assert json.load(polled) == withdrawn.data
    assert [event.data["updates"][0].get("heading") for event in (published, edited, withdrawn)] == [
        "甲",
        "乙",
        None,
    ]


def test_editions_share_one_log_and_convert_its_text(server):
    blog = make_blog(headline="後續")
    plain = open_stream(server.url, blog.slug, after=1)
    converted = open_stream(f"{server.url}/zh-hans", blog.slug, after=1)
    make_update(blog, "頭髮")
    events = plain.next(), converted.next()
    assert [event.id for event in events] == [2, 2]
    assert [event.data["updates"][0]["heading"] for event in events] == ["頭髮", "头发"]
    assert [event.data["blog"]["headline"] for event in events] == ["後續", "后续"]
    with urlopen(f"{server.url}/zh-hans/live/{blog.slug}/changes.json?after=1", timeout=PATIENCE) as polled:
        assert json.load(polled) == events[1].data
    # The edition in the blog's own script redirects to the plain URL; English blogs have no editions.
    own_script = open_stream(f"{server.url}/zh-hant", blog.slug, after=1)
    assert own_script.response.url == f"{server.url}/live/{blog.slug}/stream?after=1"
    english = make_blog(language="en")
    assert get_status(f"{server.url}/zh-hans/live/{english.slug}/stream?after=1")[0] == 404


def test_response_headers_prevent_caching_and_buffering(server):
    stream = open_stream(server.url, make_blog().slug, after=1)
    headers = stream.response.headers
    assert (headers["Content-Type"], headers["Cache-Control"], headers["X-Accel-Buffering"]) == (
        "text/event-stream; charset=utf-8",
        "no-store",
        "no",
    )
    assert headers["Set-Cookie"] is None
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Content-Encoding"] is None
    assert stream.response.readline() == b"retry: 3000\n"


def test_reader_resumes_by_number_and_last_event_id_takes_precedence(server):
    blog = make_blog()
    for i in range(5):
        make_update(blog, f"第{i}則")
    stream = open_stream(server.url, blog.slug, after=1, last_event_id=4)
    (event,) = stream.until(6)
    assert sorted(update["heading"] for update in event.data["updates"]) == ["第3則", "第4則"]
    make_update(blog, "第5則")
    assert [update["heading"] for update in stream.next().data["updates"]] == ["第5則"]


def test_replay_omits_withdrawn_content(server):
    blog = make_blog()
    update = make_update(blog, "秘密", body="<p>秘密</p>", is_key_event=True)
    publishing.withdraw_update(update, by=SYSTEM, reason="秘密")
    (event,) = open_stream(server.url, blog.slug, after=0).until(3)
    assert event.data["updates"][0]["status"] == "withdrawn"
    assert "秘密" not in json.dumps(event.data, ensure_ascii=False)


def test_readers_joining_during_publication_miss_nothing(server):
    blog = make_blog()

    def follow(_turn: int) -> tuple[list[int], set[str]]:
        stream = open_stream(server.url, blog.slug, after=1)
        events = stream.until(31)
        stream.close()
        return [event.id for event in events], {
            update["heading"] for event in events for update in event.data["updates"]
        }

    with ThreadPoolExecutor(20) as threads:
        readers = [threads.submit(follow, turn) for turn in range(20)]
        for i in range(30):
            make_update(blog, f"第{i}則")
        for reader in readers:
            numbers, headings = reader.result()
            assert numbers == sorted(set(numbers))
            assert headings == {f"第{i}則" for i in range(30)}


def test_end_of_coverage_is_sent_and_ends_the_stream(server):
    blog = make_blog()
    stream = open_stream(server.url, blog.slug, after=1)
    publishing.end_coverage(blog, by=SYSTEM)
    event = stream.next()
    assert (event.id, event.data["blog"]["status"]) == (2, "ended")
    assert stream.next() is None
    status, _headers = get_status(f"{server.url}/live/{blog.slug}/stream?after=2")
    assert status == 204


@pytest.mark.parametrize("action", ["withdrawn", "embargoed"])
def test_withdrawn_or_embargoed_blog_closes_its_streams(server, action):
    blog = make_blog()
    stream = open_stream(server.url, blog.slug, after=1)
    if action == "withdrawn":
        publishing.withdraw_blog(blog, by=SYSTEM)
    else:
        embargo(blog)
    assert stream.next().name == "gone"
    assert stream.next() is None


def test_reader_too_far_behind_or_ahead_gets_a_reload_event(server):
    blog = make_blog()
    type(blog).objects.filter(pk=blog.pk).update(number=2002)
    assert open_stream(server.url, blog.slug, after=1).next().name == "reload"
    assert open_stream(server.url, blog.slug, after=2003).next().name == "reload"


def test_stalled_reader_is_dropped_without_delaying_others(server):
    blog = make_blog()
    host, port = server.url.removeprefix("http://").split(":")
    stalled = socket.create_connection((host, int(port)), timeout=PATIENCE)
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    stalled.sendall(f"GET /live/{blog.slug}/stream?after=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    body = "<p>" + "長" * 15_000 + "</p>"
    with ThreadPoolExecutor(1) as thread:
        reader = thread.submit(open_stream(server.url, blog.slug, after=1).until, 101)
        for i in range(100):
            make_update(blog, f"第{i}則", body=body)
        assert reader.result()[-1].id == 101
    # Buffered data still arrives, but the connection ends before the last update: the reader was dropped.
    received = bytearray()
    while chunk := stalled.recv(65536):
        received += chunk
    assert b"id: 101\n" not in received
    stalled.close()


def test_readers_on_two_servers_get_the_same_update(start_server):
    first, second = start_server(), start_server()
    blog = make_blog()
    streams = [open_stream(server.url, blog.slug, after=1) for server in (first, second)]
    make_update(blog, "甲")
    assert [stream.next().id for stream in streams] == [2, 2]


def test_scheduled_update_reaches_the_stream_when_due(server):
    blog = make_blog()
    stream = open_stream(server.url, blog.slug, after=1)
    publishing.schedule_update(
        blog, Content(heading="排定"), timezone.now() + timedelta(seconds=1.5), by=SYSTEM
    )
    assert [update["heading"] for update in stream.next().data["updates"]] == ["排定"]


@pytest.mark.parametrize(
    ("state", "path", "status"),
    [
        ("draft", "", 404),
        ("withdrawn", "", 410),
        ("live", "?after=x", 400),
        ("live", "?after=-1", 400),
        ("live", "?after=9999999999", 400),
    ],
)
def test_unavailable_blogs_and_malformed_numbers_are_refused(server, state, path, status):
    blog = make_blog(is_live=state != "draft")
    if state == "withdrawn":
        publishing.withdraw_blog(blog, by=SYSTEM)
    assert get_status(f"{server.url}/live/{blog.slug}/stream{path}")[0] == status
    assert get_status(f"{server.url}/live/nothing/stream")[0] == 404


def test_foreign_hosts_and_other_methods_are_refused(server):
    url = f"{server.url}/live/{make_blog().slug}/stream"
    assert get_status(url, Host="evil.example")[0] == 400
    with pytest.raises(HTTPError) as refusal:
        urlopen(Request(url, method="POST", data=b"x"), timeout=PATIENCE)
    with refusal.value:
        assert refusal.value.code == 405


def test_sigint_stops_the_server_promptly_despite_an_open_stream(server):
    stream = open_stream(server.url, make_blog().slug, after=1)
    assert stream.response.readline().startswith(b"retry")
    started = time.monotonic()
    server.process.send_signal(signal.SIGINT)
    server.process.wait(timeout=PATIENCE)
    assert time.monotonic() - started < 8


def test_shutdown_ends_streams_with_random_retry_times(server):
    blog = make_blog()
    streams = [open_stream(server.url, blog.slug, after=1) for _ in range(20)]
    for stream in streams:
        assert stream.response.readline() == b"retry: 3000\n"
    server.process.send_signal(signal.SIGTERM)
    # Reading to the end checks that each chunked body is complete.
    texts = [stream.response.read().decode() for stream in streams]
    times = {int(re.fullmatch(r"\nretry: (\d+)\n\n", text)[1]) for text in texts}
    assert len(times) > 10
    assert hub.RETRY_SPREAD[0] <= min(times) <= max(times) <= hub.RETRY_SPREAD[1]
    server.process.wait(timeout=PATIENCE)
