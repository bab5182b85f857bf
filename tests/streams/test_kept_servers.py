"""Kept answers of real servers: over the wire, and on two web nodes whose listeners are cut off."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection

from liveblog import publishing
from liveblog.models import LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM
from liveblog.streams.positions import FRESH_SECONDS
from tests.conftest import Server
from tests.factories import make_blog, make_image, make_update
from tests.security.wire import Connection
from tests.test_takedown import SECRET, addresses_of, ask, has_secret, publish_secret
from tests.waiting import wait_for


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    blog = make_blog(slug="storm", topics=(Topic.objects.create(slug="weather", name="天氣"),))
    make_update(blog, "先前")
    return blog


def test_kept_answers_over_the_wire_equal_the_first_one(server: Server, blog: LiveBlog):
    with Connection(server.url) as connection:
        # The first reply is rendered, the next two are kept; then a 304, two pipelined requests and a HEAD.
        replies = []
        for _ in range(3):
            connection.send_head("GET /live/storm/", Accept_Encoding="gzip")
            replies.append(connection.read_response())
        headers = [{**reply.headers, "date": "", "x-request-id": ""} for reply in replies]
        assert headers[0] == headers[1] == headers[2]
        assert replies[0].body == replies[1].body == replies[2].body
        etag = replies[0].headers["etag"]
        connection.send_head("GET /live/storm/", Accept_Encoding="gzip", If_None_Match=etag)
        unchanged = connection.read_response()
        assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
        request = f"GET /live/storm/ HTTP/1.1\r\nHost: {connection.host}\r\nAccept-Encoding: gzip\r\n\r\n"
        connection.send(request.encode() * 2)
        assert [connection.read_response().body for _ in range(2)] == [replies[0].body] * 2
        connection.send_head("HEAD /live/storm/", Accept_Encoding="gzip", Connection="close")
        head = connection.read_to_end()
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert head.endswith(b"connection: close\r\n\r\n")
    assert f"content-length: {len(replies[0].body)}\r\n".encode() in head


def test_old_clients_and_unknown_hosts_get_the_same_as_from_django(server: Server, blog: LiveBlog):
    with Connection(server.url) as connection:
        connection.send_head("GET /live/storm/")
        page = connection.read_response().body
    with Connection(server.url) as connection:
        connection.send(f"GET /live/storm/ HTTP/1.0\r\nHost: {connection.host}\r\n\r\n".encode())
        assert connection.read_to_end().endswith(page)
    with Connection(server.url, host="evil.example") as connection:
        connection.send_head("GET /live/storm/")
        assert connection.read_response().status == 400


@pytest.fixture
def update(blog: LiveBlog) -> Update:
    return publish_secret(blog, make_image(alt=f"{SECRET}圖"))


def listeners() -> list[int]:
    """Return the process ids of the database backends that the servers listen on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND query LIKE 'SELECT pg_notify(%' AND query NOT LIKE '%pg_stat_activity%'"
            " AND pid <> pg_backend_pid() AND state = 'idle'"
        )
        return [pid for (pid,) in cursor.fetchall()]


@contextmanager
def silence(pids: list[int]) -> Iterator[None]:
    """Stop these processes without closing their connections, like a network that drops packets."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def is_stale(url: str, withdrawn_at: float) -> bool:
    """Return whether the text is still served; fail if it is, more than FRESH_SECONDS after the withdrawal.

    A server reads the clock after its client did, so this holds however busy the machine is.
    """
    asked_at = time.monotonic()
    is_there = has_secret(ask(url)[2])
    assert not is_there or asked_at < withdrawn_at + FRESH_SECONDS, url
    return is_there


@pytest.mark.postgres
@pytest.mark.parametrize("fault", ["none", "silent", "closed"])
def test_takedown_reaches_kept_answers_of_two_nodes(start_server: Callable, update: Update, fault: str):
    start = partial(start_server, SITE_URL="http://127.0.0.1", ALLOWED_HOSTS="127.0.0.1")
    sites = [start().url, start().url]
    paths = [path for path in addresses_of(update).values() if not path.startswith("/api/")]
    urls = [site + path for site in sites for path in paths]
    # Request each URL twice, so that the second response is a kept answer.
    for _ in range(2):
        assert [url for url in urls if not has_secret(ask(url)[2])] == []
    pids = wait_for(lambda: len(rows := listeners()) >= len(sites) and rows)
    with silence(pids if fault == "silent" else []):
        if fault == "closed":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", [pids])
        publishing.withdraw_update(update, by=SYSTEM, reason=f"{SECRET}原因")
        withdrawn_at = time.monotonic()
        waiting = urls
        while waiting:
            waiting = [url for url in waiting if is_stale(url, withdrawn_at)]
    assert [url for url in urls if has_secret(ask(url)[2])] == []
