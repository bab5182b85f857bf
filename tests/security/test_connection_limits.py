"""The server's timeouts and its limits on connections and streams, tested over raw connections."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conftest import Server, serving
from tests.factories import make_blog, make_update
from tests.security.wire import Connection, is_served
from tests.waiting import wait_for

pytestmark = pytest.mark.any_database

POST = b"POST /live/any/respond/ HTTP/1.1\r\nHost: a\r\n"


@pytest.fixture(scope="module")
def impatient_server(production_environment: dict[str, str]) -> Iterator[Server]:
    """Start a server whose timeouts are one second instead of fifteen."""
    with serving(production_environment | {"REQUEST_TIMEOUT": "1"}) as running:
        yield running


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"", []),
        (b"\r\n", []),
        (b"GET / HTTP/1.1\r\nHost: a", [408]),
        (POST + b"Content-Length: 5\r\n\r\nab", [408]),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", [408]),
        (POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", [100, 408]),
    ],
    ids=["nothing", "blank lines", "half a head", "half a body", "half a chunk", "continue"],
)
def test_incomplete_requests_time_out(impatient_server, data, statuses):
    with Connection(impatient_server.url) as connection:
        connection.send(data)
        assert connection.read_statuses() == statuses


@pytest.mark.parametrize(
    "start",
    [b"GET / HTTP/1.1\r\nX: ", POST + b"Content-Length: 60000\r\n\r\n"],
    ids=["head", "body"],
)
def test_slowly_sent_requests_time_out(impatient_server, start):
    with Connection(impatient_server.url) as connection:
        connection.send(start)
        connection.socket.settimeout(0.05)
        received = bytearray()

        def is_closed() -> bool:
            try:
                connection.socket.sendall(b"x")
                data = connection.socket.recv(4096)
            except TimeoutError:
                return False
            except (BrokenPipeError, ConnectionResetError):
                return True
            received.extend(data)
            return not data

        wait_for(is_closed)
        assert received.startswith(b"HTTP/1.1 408 ")


def test_idle_connections_are_closed(impatient_server):
    with Connection(impatient_server.url) as connection:
        connection.send_head("GET /robots.txt")
        assert connection.read_statuses() == [200]


def test_unread_responses_are_dropped(impatient_server, transactional_db):
    blog = make_blog()
    for number in range(60):
        make_update(blog, f"第{number}則", body="<p>" + "長" * 30_000 + "</p>")
    with Connection(impatient_server.url, receive_buffer=4096) as connection:
        connection.send_head("GET /api/v1/updates/?page_size=100")
        wait_for(connection.is_held)
        # The client neither reads nor closes.
        wait_for(lambda: not connection.is_held(), seconds=60)


def test_streams_outlive_the_idle_timeout(impatient_server, transactional_db):
    blog = make_blog()
    with Connection(impatient_server.url) as stream, Connection(impatient_server.url) as idle:
        stream.send_head(f"GET /live/{blog.slug}/stream?after=1")
        # Wait four times the idle limit; an update must still arrive.
        assert idle.read_to_end() == b""
        for _more in range(3):
            with Connection(impatient_server.url) as idle:
                assert idle.read_to_end() == b""
        make_update(blog, "甲")
        received = b""
        while b"id: 2\n" not in received:
            data = stream.socket.recv(65536)
            assert data
            received += data


def test_unread_streams_are_closed(impatient_server, transactional_db):
    blog = make_blog()
    with Connection(impatient_server.url, receive_buffer=4096) as stream:
        stream.send_head(f"GET /live/{blog.slug}/stream?after=1")
        # Read only the head of the response.
        assert stream.socket.recv(100)
        for number in range(60):
            make_update(blog, f"第{number}則", body="<p>" + "長" * 30_000 + "</p>")
        wait_for(lambda: not stream.is_held(), seconds=60)


def open_streams(server: Server, slug: str, addresses: list[str], stack: ExitStack) -> list[int]:
    statuses = []
    for address in addresses:
        connection = stack.enter_context(Connection(server.url))
        connection.send_head(f"GET /live/{slug}/stream?after=1", X_Forwarded_For=address)
        head = connection.socket.recv(4096).decode()
        statuses.append(int(head.split()[1]))
        assert statuses[-1] == 200 or "retry-after: 30\r\n" in head
    return statuses


def test_streams_per_address_are_limited_with_429(start_server):
    server = start_server(STREAMS_PER_ADDRESS="3")
    slug = make_blog().slug
    with ExitStack() as stack:
        one = ["203.0.113.1", "203.0.113.1, 127.0.0.1", "::ffff:203.0.113.1", "203.0.113.1"]
        assert open_streams(server, slug, one, stack) == [200, 200, 200, 429]
        network = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8:0:1::1"]
        assert open_streams(server, slug, network, stack) == [200, 200, 200, 429, 200]
        nonsense = ["a", "b", "c", "d"]
        assert open_streams(server, slug, nonsense, stack) == [200, 200, 200, 429]
    # Closed streams free their places.
    with ExitStack() as stack:
        wait_for(lambda: open_streams(server, slug, ["203.0.113.1"], stack) == [200])


def test_streams_are_refused_with_503_to_leave_descriptors_for_pages(start_server):
    server = start_server()
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (200, 200))
    slug = make_blog().slug
    with ExitStack() as stack:
        addresses = [f"198.51.100.{number}" for number in range(140)]
        statuses = open_streams(server, slug, addresses, stack)
        assert set(statuses) == {200, 503}
        assert statuses.count(200) == 112
        assert is_served(server.url)


def test_soft_descriptor_limit_is_raised_to_the_hard_limit(shared_server):
    soft, hard = resource.prlimit(shared_server.process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard


def test_incomplete_connections_are_evicted_for_new_ones(start_server):
    server = start_server()
    # The server reserves a quarter of these for files.
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (200, 200))
    with ExitStack() as stack:
        for _number in range(250):
            stack.enter_context(Connection(server.url)).send(b"GET / HTTP/1.1\r\n")
        assert is_served(server.url)


def test_connection_beyond_the_limit_gets_503_when_all_are_busy(start_server):
    server = start_server()
    slug = make_blog().slug
    with ExitStack() as stack:
        assert set(open_streams(server, slug, ["198.51.100.1"] * 100, stack)) == {200}
        # The server reserves a quarter of its descriptors.
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (133, 133))
        with Connection(server.url) as connection:
            assert connection.read_statuses() == [503]


def test_idle_connections_of_one_client_are_bounded(shared_server):
    with ExitStack() as stack:
        url = shared_server.url
        connections = [stack.enter_context(Connection(url, source="127.0.0.2")) for _ in range(110)]
        assert [connection.read_to_end() for connection in connections[:10]] == [b""] * 10
        # The client's newest connections and other clients are still served.
        connections[-1].send_head("GET /robots.txt")
        assert connections[-1].read_response().status == 200
        assert is_served(url)
