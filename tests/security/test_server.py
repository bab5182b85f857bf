"""The server's own limits, tested over raw connections: sizes, timeouts and connection counts."""

from __future__ import annotations

import gzip
import json
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import repeat

import pytest
from django.conf import settings
from django.test import Client

from liveblog.models import LiveBlog, Partner, Scope
from tests.conftest import Server, serving
from tests.factories import make_blog, make_key, make_person, make_update
from tests.security.wire import MEGABYTE, Connection, memory_of
from tests.waiting import wait_for

pytestmark = pytest.mark.any_database

POST = b"POST /live/any/respond/ HTTP/1.1\r\nHost: a\r\n"
CHUNKED = {"Transfer_Encoding": "chunked"}
KILOBYTES = 64 * b"x" * 1024
CHUNK_OF_KILOBYTES = b"10000\r\n" + KILOBYTES + b"\r\n"


@pytest.fixture(scope="module")
def server(production_environment: dict[str, str]) -> Iterator[Server]:
    with serving(production_environment) as running:
        yield running


@pytest.fixture(scope="module")
def impatient_server(production_environment: dict[str, str]) -> Iterator[Server]:
    """Start a server whose timeouts are one second instead of fifteen."""
    with serving(production_environment | {"REQUEST_TIMEOUT": "1"}) as running:
        yield running


@pytest.fixture
def connect(server: Server) -> Iterator[Callable[..., Connection]]:
    with ExitStack() as connections:
        yield lambda url=server.url, **options: connections.enter_context(Connection(url, **options))


def is_served(server: Server) -> bool:
    with Connection(server.url) as connection:
        connection.send_head("GET /robots.txt")
        return connection.read_response().status == 200


def session_of(*roles: str) -> str:
    client = Client()
    client.force_login(make_person(*roles))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def key_for(blog: LiveBlog) -> str:
    partner = Partner.objects.create(name="通訊社", contact="desk@example.com")
    partner.granted_blogs.set([blog])
    return f"Bearer {make_key(*Scope, partner=partner)}"


# Heads


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
def test_oversized_heads_are_refused_without_buffering(server, connect, start, flood, statuses):
    connection = connect()
    assert is_served(server)
    before = memory_of(server.process.pid)
    connection.send(start)
    total = connection.flood(repeat(flood, 200 * MEGABYTE // max(1, len(flood)))) if flood else 0
    assert total < 16 * MEGABYTE
    assert connection.read_statuses() in (statuses, [])
    if not flood:
        assert total == 0
    assert memory_of(server.process.pid) - before < 32 * MEGABYTE


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


def test_trailers_are_not_treated_as_headers(connect, transactional_db):
    blog = make_blog()
    body = json.dumps({"heading": "甲", "status": "published"}).encode()
    connection = connect()
    connection.send_head(
        f"POST /api/v1/blogs/{blog.slug}/updates/", Content_Type="application/json", **CHUNKED
    )
    trailer = f"Authorization: {key_for(blog)}\r\n".encode()
    connection.send(b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, trailer))
    assert connection.read_response().status == 401


@pytest.mark.parametrize(
    "flood",
    [b"5;" + b"x=y;" * 10_000 + b"\r\nabcde\r\n", b"0" * 10_000, b"0\r\n" + b"X: y\r\n" * 10_000],
    ids=["extensions", "zeros", "trailers"],
)
def test_chunk_extensions_and_trailers_are_bounded(server, connect, flood):
    connection = connect()
    before = memory_of(server.process.pid)
    connection.send_head("POST /live/any/respond/", **CHUNKED)
    assert connection.flood(repeat(flood, 2_000)) < 16 * MEGABYTE
    assert connection.read_statuses() in ([400], [413], [])
    assert memory_of(server.process.pid) - before < 32 * MEGABYTE


def test_pipelined_requests_are_answered_up_to_a_limit(server, connect):
    request = f"GET /robots.txt HTTP/1.1\r\nHost: {server.url[7:]}\r\n\r\n".encode()
    few = connect()
    few.send(request * 10)
    assert [few.read_response().status for _ in range(1)] == [200]
    many = connect()
    assert many.flood(repeat(request * 1_000, 5_000)) < 64 * MEGABYTE
    assert len(many.read_statuses()) <= 20
    assert is_served(server)


def test_upgrade_to_websocket_is_ignored(connect):
    connection = connect()
    connection.send_head("GET /robots.txt", Connection="Upgrade", Upgrade="websocket")
    connection.flood([KILOBYTES])
    assert connection.read_statuses() in ([200], [])


# Bodies


@pytest.mark.parametrize(
    ("request_line", "size"),
    [
        ("GET /", 1),
        ("HEAD /", 1),
        ("GET /live/any/stream", 1),
        ("POST /nothing/there", 200 * MEGABYTE),
        ("POST /live/any/respond/", 200 * MEGABYTE),
        ("PUT /live/any/", 200 * MEGABYTE),
        ("POST /live/any/stream", 200 * MEGABYTE),
        ("POST /media/x/1.jpg", 200 * MEGABYTE),
        ("POST /static/css/reader.css", 200 * MEGABYTE),
        ("POST /api/v1/updates/", 200 * MEGABYTE),
        ("POST /api/v1/updates/", MEGABYTE),
        ("POST /admin/login/", 200 * MEGABYTE),
        ("POST /admin/login/", 2 * MEGABYTE),
        ("POST /admin/liveblog/image/add/", 2 * MEGABYTE),
        ("POST /admin/liveblog/liveblog/1/desk/pictures/", 10 * MEGABYTE),
    ],
)
@pytest.mark.parametrize("framing", ["declared", "chunked", "expected"])
def test_disallowed_bodies_are_refused_unread(server, connect, request_line, size, framing):
    connection = connect()
    before = memory_of(server.process.pid)
    length = {"Content_Length": str(size)}
    headers = {"declared": length, "chunked": CHUNKED, "expected": length | {"Expect": "100-continue"}}[
        framing
    ]
    connection.send_head(request_line, **headers)
    if framing == "expected":
        assert connection.read_statuses() in ([413], [405])
        return
    total = connection.flood(
        repeat(CHUNK_OF_KILOBYTES if framing == "chunked" else KILOBYTES, max(1, size // 65536))
    )
    if size > 16 * MEGABYTE:
        assert total < 16 * MEGABYTE
    if framing == "chunked":
        connection.flood([b"0\r\n\r\n"])
    assert connection.read_statuses() in ([413], [405], [])
    assert memory_of(server.process.pid) - before < 48 * MEGABYTE


@pytest.mark.parametrize(
    ("path", "accept", "kind"),
    [
        ("/api/v1/blogs/any/updates/", "*/*", "application/problem+json"),
        ("/admin/liveblog/liveblog/1/desk/pictures/", "application/json", "application/json"),
        ("/live/any/respond/", "*/*", "text/html; charset=utf-8"),
    ],
)
def test_oversized_bodies_return_413_in_the_format_of_the_endpoint(connect, path, accept, kind):
    connection = connect()
    connection.send_head(f"POST {path}", Accept=accept, Content_Length=str(100 * MEGABYTE))
    response = connection.read_response()
    assert (response.status, response.headers["content-type"], response.headers["connection"]) == (
        413,
        kind,
        "close",
    )
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /api/v1/updates/1/withdrawal/",
        "HEAD /api/v1/updates/1/withdrawal/",
        "POST /api/v1/updates/",
        "PUT /api/v1/blogs/any/",
        "TRACE /api/v1/blogs/any/updates/",
    ],
)
@pytest.mark.parametrize(
    "body", [{}, {"Content_Length": str(100 * MEGABYTE)}], ids=["no body", "a large body"]
)
def test_unsupported_method_returns_405_even_with_an_oversized_body(connect, request_line, body):
    connection = connect()
    connection.send_head(request_line, **body)
    assert connection.read_statuses() == [405]


@pytest.mark.parametrize(("size", "status"), [(1_000_000, 400), (1_600_001, 413)])
def test_partner_bodies_are_read_up_to_the_limit_of_an_update(connect, size, status, transactional_db):
    connection = connect()
    blog = make_blog()
    body = b'{"nothing": "%b"}' % (b"x" * (size - 15))
    headers = {"Authorization": key_for(blog), "Content_Type": "application/json"}
    connection.send_head(f"POST /api/v1/blogs/{blog.slug}/updates/", Content_Length=str(len(body)), **headers)
    connection.flood([body])
    assert connection.read_response().status == status


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/admin/liveblog/liveblog/{}/desk/pictures/", 20 * MEGABYTE, 403),
        ("/admin/liveblog/liveblog/{}/desk/pictures/", 31 * MEGABYTE, 413),
        ("/admin/liveblog/liveblog/{}/desk/autosave/", 4 * MEGABYTE, 403),
        ("/admin/liveblog/liveblog/{}/desk/autosave/", 6 * MEGABYTE, 413),
    ],
)
def test_editor_bodies_are_read_up_to_the_limit_of_each_form(connect, path, size, status, transactional_db):
    path = path.format(make_blog().pk)
    connection = connect()
    # Without a CSRF token, Django returns 403 once it has read an accepted body.
    connection.send_head(f"POST {path}", Cookie=session_of("Editor"), Content_Length=str(size))
    connection.flood(repeat(KILOBYTES, size // 65536))
    assert connection.read_response().status == status


@pytest.mark.parametrize("key", ["x", "a" * 32, "\x00", "", "é"])
def test_forged_sessions_do_not_raise_the_body_limit(connect, key):
    cookie = f"{settings.SESSION_COOKIE_NAME}={key}"
    connection = connect()
    size = str(20 * MEGABYTE)
    connection.send_head("POST /admin/liveblog/image/add/", Cookie=cookie, Content_Length=size)
    assert connection.read_statuses() in ([413], [400])


def test_connection_is_kept_alive_after_an_accepted_body(connect):
    connection = connect()
    for _attempt in range(2):
        connection.send_head("POST /nothing/", Content_Length="10")
        connection.send(b"x" * 10)
        assert connection.read_response().status in (403, 404)


def send_body(connect: Callable[..., Connection], path: str, body: bytes, **headers: str) -> int:
    connection = connect()
    connection.send_head(f"POST {path}", Content_Length=str(len(body)), **headers)
    connection.flood([body])
    return connection.read_response().status


@pytest.mark.parametrize(
    "body",
    [b"a=1&" * 16_000, b"&" * 60_000, b"a" * 60_000, b"%" * 60_000, b"a[" * 30_000, b";" * 60_000],
    ids=["fields", "separators", "name", "escapes", "brackets", "semicolons"],
)
def test_malformed_forms_cause_no_server_error(connect, transactional_db, body):
    path = f"/live/{make_blog(has_responses=True).slug}/respond/"
    form = "application/x-www-form-urlencoded"
    assert send_body(connect, path, body, Content_Type=form) < 500


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"[" * 100_000, "identity"), (b'{"a":' * 100_000, "identity"), (gzip.compress(b"{}"), "gzip")],
    ids=["lists", "objects", "compressed"],
)
def test_malformed_json_returns_400(connect, transactional_db, body, encoding):
    blog = make_blog()
    headers = {
        "Authorization": key_for(blog),
        "Content_Type": "application/json",
        "Content_Encoding": encoding,
    }
    assert send_body(connect, f"/api/v1/blogs/{blog.slug}/updates/", body, **headers) == 400


@pytest.mark.parametrize("path", ["/search/", "/live/{}/", "/live/{}/stream", "/api/v1/blogs/"])
def test_queries_with_many_parameters_are_refused_or_ignored(connect, transactional_db, path):
    connection = connect()
    connection.send_head(f"GET {path.format(make_blog().slug)}?" + "&".join(["a"] * 3_000))
    assert int(connection.socket.recv(4096).split()[1]) in (200, 400)


# Time


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"", []),
        (b"\r\n", []),
        (b"GET / HTTP/1.1\r\nHost: a", [408]),
        (POST + b"Content-Length: 5\r\n\r\nab", [408]),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", [408]),
        (
            POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            [100, 408],
        ),
    ],
    ids=["nothing", "blank lines", "half a head", "half a body", "half a chunk", "continue"],
)
def test_incomplete_requests_time_out(impatient_server, data, statuses):
    with Connection(impatient_server.url) as connection:
        connection.send(data)
        assert connection.read_statuses() == statuses


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nX: ",
        POST + b"Content-Length: 60000\r\n\r\n",
    ],
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


# Numbers


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
        assert is_served(server)


def test_soft_descriptor_limit_is_raised_to_the_hard_limit(server):
    soft, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    assert soft == hard


def test_incomplete_connections_are_evicted_for_new_ones(start_server):
    server = start_server()
    # The server reserves a quarter of these for files.
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (200, 200))
    with ExitStack() as stack:
        for _number in range(250):
            stack.enter_context(Connection(server.url)).send(b"GET / HTTP/1.1\r\n")
        assert is_served(server)


def test_connection_beyond_the_limit_gets_503_when_all_are_busy(start_server):
    server = start_server()
    slug = make_blog().slug
    with ExitStack() as stack:
        assert set(open_streams(server, slug, ["198.51.100.1"] * 100, stack)) == {200}
        # The server reserves a quarter of its descriptors.
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (133, 133))
        with Connection(server.url) as connection:
            assert connection.read_statuses() == [503]


def test_idle_connections_of_one_client_are_bounded(server):
    with ExitStack() as stack:
        connections = [stack.enter_context(Connection(server.url, source="127.0.0.2")) for _ in range(110)]
        assert [connection.read_to_end() for connection in connections[:10]] == [b""] * 10
        # The client's newest connections and other clients are still served.
        connections[-1].send_head("GET /robots.txt")
        assert connections[-1].read_response().status == 200
        assert is_served(server)
