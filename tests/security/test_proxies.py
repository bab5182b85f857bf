"""End-to-end tests of deploy/nginx.conf and deploy/Caddyfile in front of a production-like server."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from django.conf import settings
from django.test import Client

from newsroom.asgi import ALLOWANCES
from newsroom.http.bodies import DEFAULT_BYTES
from tests.conftest import Server, serving
from tests.environment import ROOT
from tests.factories import make_blog, make_person, make_update
from tests.security.wire import Connection, Response
from tests.waiting import find_free_port, wait_until_listening

NAME = "news.example"
# Share the tests' secret key, so that they can create sessions.
PRODUCTION = {"SITE_URL": f"https://{NAME}", "DEMO": "false", "SECRET_KEY": settings.SECRET_KEY}
KILOBYTES = b"x" * 65536


@dataclass(frozen=True)
class Proxy:
    """A running proxy; `tls` is an SSL context that trusts its certificate."""

    url: str
    plain_url: str
    tls: ssl.SSLContext

    def connect(self, **options: str) -> Connection:
        return Connection(self.url, tls=self.tls, host=NAME, **options)

    def get(self, path: str, **headers: str) -> Response:
        with self.connect() as connection:
            connection.send_head(f"GET {path}", **headers)
            return connection.read_response()


def find_binary(name: str) -> str:
    """Return the program's path; look in /usr/sbin too, where Debian installs servers."""
    binary = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if binary is None:
        pytest.skip(f"There is no {name} on this machine.")
    return binary


def put(text: str, replacements: dict[str, str]) -> str:
    """Replace every pattern; raise AssertionError for one that does not match."""
    for pattern, replacement in replacements.items():
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        assert count, pattern
    return text


@contextmanager
def running(command: list[str], port: int, log: Path) -> Iterator[None]:
    # Caddy saves a copy of its configuration under the user's configuration directory.
    environment = os.environ | {"XDG_CONFIG_HOME": str(log.parent), "XDG_DATA_HOME": str(log.parent)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until_listening(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)
        # Print the log, which pytest shows when the test fails.
        print(log.read_text())


@contextmanager
def nginx(place: Path, server: Server, edits: dict[str, str]) -> Iterator[tuple[int, int]]:
    binary, plain, port = find_binary("nginx"), find_free_port(), find_free_port()
    temporary = "".join(
        f"{kind}_temp_path {place}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = place / "nginx.conf"
    replacements = {
        r"listen 80\b": f"listen 127.0.0.1:{plain}",
        r"listen 443\b": f"listen 127.0.0.1:{port}",
        r"127\.0\.0\.1:8000": server.url.removeprefix("http://"),
        r"/etc/ssl/newsroom": str(place),
        r"/run/nginx\.pid": f"{place}/nginx.pid",
        r"/var/log/nginx": str(place),
        r"^http \{$": f"http {{\n{temporary}",
        r"^worker_rlimit_nofile .*;$": f"user {getpass.getuser()};",
        r"worker_connections 32768": "worker_connections 1024",
    }
    config.write_text(put((ROOT / "deploy/nginx.conf").read_text(), replacements | edits))
    with running([binary, "-c", str(config), "-g", "daemon off;"], port, place / "nginx.log"):
        yield port, plain


@contextmanager
def caddy(place: Path, server: Server, edits: dict[str, str]) -> Iterator[tuple[int, int]]:
    binary, plain, port = find_binary("caddy"), find_free_port(), find_free_port()
    config = place / "Caddyfile"
    globally = ["admin off", f"http_port {plain}", f"https_port {port}", "default_bind 127.0.0.1"]
    replacements = {
        r"^\{$": "\n".join(["{", *globally]),
        rf"^{re.escape(NAME)} \{{$": f"{NAME} {{\ntls {place}/fullchain.pem {place}/privkey.pem",
        r"127\.0\.0\.1:8000": server.url.removeprefix("http://"),
    }
    config.write_text(put((ROOT / "deploy/Caddyfile").read_text(), replacements | edits))
    command = [binary, "run", "--config", str(config), "--adapter", "caddyfile"]
    with running(command, port, place / "caddy.log"):
        yield port, plain


PROXIES = {"nginx": nginx, "caddy": caddy}


@pytest.fixture(scope="module")
def server(production_environment: dict[str, str]) -> Iterator[Server]:
    with serving(production_environment | PRODUCTION | {"STREAMS_PER_ADDRESS": "3"}) as running_server:
        yield running_server


@pytest.fixture(scope="module")
def start_proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Proxy]]:
    """Return a function that starts one of PROXIES in front of `server`, with extra edits to its file."""
    authority = trustme.CA()
    certificate = authority.issue_cert(NAME)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with ExitStack() as stack:

        def start(name: str, edits: dict[str, str] | None = None) -> Proxy:
            place = tmp_path_factory.mktemp(name)
            certificate.private_key_pem.write_to_path(place / "privkey.pem")
            for part in certificate.cert_chain_pems:
                part.write_to_path(place / "fullchain.pem", append=True)
            port, plain = stack.enter_context(PROXIES[name](place, server, edits or {}))
            return Proxy(f"https://127.0.0.1:{port}", f"http://127.0.0.1:{plain}", trusting)

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
    sizes = [next(one.size for one in ALLOWANCES if one.path.fullmatch(path)) for path in paths]
    return [*zip(paths, sizes, strict=True), ("/", DEFAULT_BYTES), ("/live/any/respond/", DEFAULT_BYTES)]


@pytest.mark.parametrize(("path", "size"), largest_bodies())
def test_bodies_at_the_limit_reach_django_and_larger_ones_return_413(proxy, transactional_db, path, size):
    client = Client()
    client.force_login(make_person("Editor"))
    cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
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
    ("sent", "statuses"),
    [
        (b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", (414, 431)),
        (b"GET / HTTP/1.1\r\nHost: news.example\r\nX: " + b"y" * 50_000 + b"\r\n\r\n", (400, 431)),
    ],
    ids=["line", "header"],
)
def test_oversized_heads_are_refused(proxy, sent, statuses):
    with proxy.connect() as connection:
        connection.flood([sent])
        assert connection.read_response().status in statuses


@pytest.mark.parametrize("name", PROXIES)
@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: news.exa",
        b"POST /live/any/respond/ HTTP/1.1\r\nHost: news.example\r\nContent-Length: 9\r\n\r\na",
    ],
    ids=["head", "body"],
)
def test_incomplete_requests_time_out(start_proxy, name, sent):
    impatient = start_proxy(name, {r"(?<=[ _])(15s|8m)\b": "1s"})
    with impatient.connect() as connection:
        connection.send(sent)
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
