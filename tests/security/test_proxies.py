"""End-to-end tests of deploy/nginx.conf and deploy/Caddyfile in front of a production-like server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.conf import settings

from newsroom.asgi import ALLOWANCES
from newsroom.http.bodies import DEFAULT_BYTES
from tests.conftest import Server, serving
from tests.factories import make_blog, make_person, make_update, signed_in
from tests.security.proxies import NAME, PRODUCTION, Authority, Proxy, caddy, nginx
from tests.security.wire import Connection
from tests.waiting import find_free_port

pytestmark = pytest.mark.any_database

KILOBYTES = b"x" * 65536
PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module")
def server(production_environment: dict[str, str]) -> Iterator[Server]:
    with serving(production_environment | PRODUCTION | {"STREAMS_PER_ADDRESS": "3"}) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def start_proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Proxy]]:
    """Return a function that starts one of PROXIES in front of `server`, with extra edits to its file."""
    authority = Authority()
    with ExitStack() as stack:

        def start(name: str, edits: dict[str, str] | None = None) -> Proxy:
            place = tmp_path_factory.mktemp(name)
            authority.issue(place)
            port, plain = stack.enter_context(PROXIES[name](place, server.url, edits or {}))
            return Proxy(f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain}", authority.context)

        yield start


@pytest.fixture(scope="module", params=PROXIES)
def proxy(start_proxy: Callable[..., Proxy], request: pytest.FixtureRequest) -> Proxy:
    return start_proxy(request.param)


def test_pages_static_files_and_pictures_are_proxied(proxy, transactional_db):
    blog = make_blog()
    page = proxy.get(f"/live/{blog.slug}/")
    assert page.status == 200
    styles = re.search(r'href="(/static/css/reader\.[^"]+)"', page.body.decode())[1]
    static = proxy.get(styles)
    assert (static.status, static.headers["cache-control"]) == (200, "max-age=315360000, public, immutable")
    assert proxy.get("/media/none/1.jpg").status == 404
    assert proxy.get("/api/v1/").headers["content-type"] == "application/json"


def test_plain_http_redirects_to_https(proxy):
    with Connection(proxy.plain_url, host=NAME) as connection:
        connection.send_head("GET /live/any/?a=b")
        response = connection.read_response()
    location = response.headers["location"]
    assert response.status in (301, 308)
    assert re.fullmatch(rf"https://{re.escape(NAME)}(:\d+)?/live/any/\?a=b", location)


def test_unknown_host_names_get_no_content(proxy, transactional_db):
    with proxy.connect() as connection:
        connection.host = "evil.example"
        connection.send_head("GET /", Connection="close")
        received = connection.read_to_end()
    assert not received or b"content-length: 0\r\n" in received.lower()


def test_events_arrive_while_the_stream_is_open(proxy, transactional_db):
    blog = make_blog()
    with proxy.connect() as stream:
        stream.send_head(f"GET /live/{blog.slug}/stream?after=1", Accept_Encoding="gzip")
        received = b""
        for number in (2, 3):
            make_update(blog, "消息")
            while f"id: {number}\n".encode() not in received:
                data = stream.socket.recv(65536)
                assert data
                received += data
    assert b"content-encoding" not in received.lower()


def test_forwarded_for_header_does_not_override_the_client_address(proxy, transactional_db):
    slug = make_blog().slug
    with ExitStack() as stack:

        def open_stream(source: str, claimed: str) -> int:
            connection = stack.enter_context(proxy.connect(source=source))
            connection.send_head(f"GET /live/{slug}/stream?after=1", X_Forwarded_For=claimed)
            return int(connection.socket.recv(4096).split()[1])

        # X-Forwarded-For from the client is ignored.
        claims = ["203.0.113.1", "203.0.113.2", "203.0.113.3, 127.0.0.1", "203.0.113.4"]
        assert [open_stream("127.0.0.5", claim) for claim in claims] == [200, 200, 200, 429]
        assert open_stream("127.0.0.6", "203.0.113.5") == 200


def largest_bodies() -> list[tuple[str, int]]:
    """Return paths, each with the largest body it accepts, in bytes."""
    paths = ["/admin/liveblog/liveblog/7/desk/pictures/", "/admin/liveblog/liveblog/7/desk/autosave/"]
    paths += ["/admin/liveblog/liveblog/7/desk/", "/admin/liveblog/liveblog/7/desk/preview/"]
    paths += ["/admin/liveblog/image/add/", "/admin/login/", "/api/v1/blogs/any/updates/"]
    sizes = [
        next(allowance.size for allowance in ALLOWANCES if allowance.path.fullmatch(path)) for path in paths
    ]
    return [*zip(paths, sizes, strict=True), ("/", DEFAULT_BYTES), ("/live/any/respond/", DEFAULT_BYTES)]


@pytest.mark.parametrize(("path", "size"), largest_bodies())
def test_bodies_at_the_limit_reach_django_and_larger_ones_return_413(proxy, transactional_db, path, size):
    client = signed_in(make_person("Editor"))
    # The server behind the proxy is a production one, with https.
    cookie = f"__Host-{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
    statuses = []
    for length in (size, size + 1):
        with proxy.connect() as connection:
            connection.send_head(
                f"POST {path}", Cookie=cookie, Content_Length=str(length), Connection="close"
            )
            connection.flood(KILOBYTES[: min(65536, length - at)] for at in range(0, length, 65536))
            statuses.append(connection.read_response().status)
    # Django reads the accepted body, then refuses it because it has no CSRF token or API key.
    assert statuses[0] in (403, 404, 405, 401) or path.startswith("/api/")
    assert statuses[1] == 413


@pytest.mark.parametrize(
    ("data", "statuses"),
    [
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", (414, 431)),
        (b"GET / HTTP/1.1\r\nHost: news.example\r\nX: " + b"y" * 50_000 + b"\r\n\r\n", (400, 431)),
    ],
    ids=["line", "header"],
)
def test_oversized_heads_are_refused(proxy, data, statuses):
    with proxy.connect() as connection:
        connection.flood([data])
        assert connection.read_response().status in statuses


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: news.exa",
        b"POST /live/any/respond/ HTTP/1.1\r\nHost: news.example\r\nContent-Length: 9\r\n\r\na",
    ],
    ids=["head", "body"],
)
def test_incomplete_requests_time_out(start_proxy, name, data):
    impatient = start_proxy(name, {r"(?<=[ _])(15s|8m)\b": "1s"})
    with impatient.connect() as connection:
        connection.send(data)
        # Proxies may respond or not; only the end of the connection matters.
        assert b"newsroom" not in connection.read_to_end()


@pytest.mark.parametrize("name", PROXIES)
def test_stopped_upstream_returns_502(start_proxy, name):
    upstream = {r"(server|reverse_proxy) 127\.0\.0\.1:\d+": "\\1 127.0.0.1:" + str(find_free_port())}
    proxy = start_proxy(name, upstream)
    assert proxy.get("/").status == 502


def test_nginx_limits_streams_by_address_too(start_proxy, transactional_db):
    proxy = start_proxy("nginx", {"limit_conn streams 200": "limit_conn streams 1"})
    slug = make_blog().slug
    with proxy.connect(source="127.0.0.7") as first, proxy.connect(source="127.0.0.7") as second:
        first.send_head(f"GET /live/{slug}/stream?after=1")
        assert first.socket.recv(4096).split()[1] == b"200"
        second.send_head(f"GET /live/{slug}/stream?after=1")
        assert second.read_response().status == 429
        assert proxy.get(f"/live/{slug}/").status == 200
