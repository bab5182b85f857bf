"""The server's limits on the request line and the headers, tested over raw connections."""

from __future__ import annotations

from itertools import repeat

import pytest

from tests.factories import make_blog
from tests.security.wire import KILOBYTES, MEGABYTE, is_served, memory_of

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("start", "flood", "statuses"),
    [
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"", [414]),
        (b"GET /?" + b"a=1&" * 3_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", b"", [414]),
        (b"GET /", KILOBYTES, [414]),
        (b"GET / HTTP/1.1\r\nX: ", KILOBYTES, [431]),
        (b"GET / HTTP/1.1\r\n", b"X: y\r\n" * 1_000, [431]),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"", [431]),
        (b"GET / HTTP/1.1\r\nCookie: " + b"y" * 40_000 + b"\r\n\r\n", b"", [431]),
        (b"GET / HTTP/1.1\r\n", KILOBYTES, [431]),
        (b"nonsense\r\n\r\n", KILOBYTES, [400]),
        (b"CONNECT example.com:443 HTTP/1.1\r\nHost: a\r\n\r\n", KILOBYTES, [400]),
    ],
    ids=[
        "line",
        "query",
        "endless-line",
        "endless-header",
        "endless-headers",
        "many-headers",
        "long-header",
        "endless-name",
        "nonsense",
        "CONNECT",
    ],
)
def test_oversized_heads_are_refused_without_buffering(shared_server, connect, start, flood, statuses):
    connection = connect()
    assert is_served(shared_server.url)
    before = memory_of(shared_server.process.pid)
    connection.send(start)
    total = connection.flood(repeat(flood, 200 * MEGABYTE // max(1, len(flood)))) if flood else 0
    assert total < 16 * MEGABYTE
    assert connection.read_statuses() in (statuses, [])
    if not flood:
        assert total == 0
    assert memory_of(shared_server.process.pid) - before < 32 * MEGABYTE


def test_oversized_head_gets_431_before_the_connection_closes(connect):
    connection = connect()
    connection.send(b"GET / HTTP/1.1\r\nX: " + b"y" * 200_000)
    response = connection.read_response()
    assert (response.status, response.headers["connection"]) == (431, "close")
    assert connection.read_to_end() == b""


def test_heads_of_usual_size_are_answered(connect):
    connection = connect()
    headers = {f"X-{number}": "y" * 200 for number in range(60)}
    connection.send_head("GET /robots.txt?" + "a" * 4_000, Cookie="z" * 4_000, **headers)
    assert connection.read_response().status == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /robots.txt HTTP/1.1", 400),
        ("GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1", 400),
        ("OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1", 400),
        ("GET * HTTP/1.1\r\nHost: 127.0.0.1", 400),
        ("GET /robots.txt HTTP/1.0", 200),
    ],
)
def test_requests_without_one_host_or_a_path_are_refused(connect, head, status):
    connection = connect()
    connection.send(f"{head}\r\n\r\n".encode())
    assert connection.read_response().status == status


def test_pipelined_requests_are_answered_up_to_a_limit(shared_server, connect):
    request = f"GET /robots.txt HTTP/1.1\r\nHost: {shared_server.url[7:]}\r\n\r\n".encode()
    few = connect()
    few.send(request * 10)
    assert [few.read_response().status for _ in range(10)] == [200] * 10
    many = connect()
    assert many.flood(repeat(request * 1_000, 5_000)) < 64 * MEGABYTE
    assert len(many.read_statuses()) <= 20
    assert is_served(shared_server.url)


def test_upgrade_to_websocket_is_ignored(connect):
    connection = connect()
    connection.send_head("GET /robots.txt", Connection="Upgrade", Upgrade="websocket")
    connection.flood([KILOBYTES])
    assert connection.read_statuses() in ([200], [])


@pytest.mark.parametrize("path", ["/search/", "/live/{}/", "/live/{}/stream", "/api/v1/blogs/"])
def test_queries_with_many_parameters_are_refused_or_ignored(connect, transactional_db, path):
    connection = connect()
    connection.send_head(f"GET {path.format(make_blog().slug)}?" + "&".join(["a"] * 3_000))
    assert int(connection.socket.recv(4096).split()[1]) in (200, 400)
