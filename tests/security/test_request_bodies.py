"""The server's limits on request bodies and how it reads them, tested over raw connections."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from itertools import repeat

import pytest
from django.conf import settings

from liveblog.models import LiveBlog, Scope
from tests.factories import make_blog, make_key, make_person, signed_in
from tests.security.wire import KILOBYTES, MEGABYTE, Connection, memory_of

pytestmark = pytest.mark.any_database

CHUNKED = {"Transfer_Encoding": "chunked"}
CHUNK_OF_KILOBYTES = b"10000\r\n" + KILOBYTES + b"\r\n"


def session_of(*roles: str) -> str:
    client = signed_in(make_person(*roles))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def key_for(blog: LiveBlog) -> str:
    return f"Bearer {make_key(*Scope, blogs=[blog])}"


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
def test_chunk_extensions_and_trailers_are_bounded(shared_server, connect, flood):
    connection = connect()
    before = memory_of(shared_server.process.pid)
    connection.send_head("POST /live/any/respond/", **CHUNKED)
    assert connection.flood(repeat(flood, 2_000)) < 16 * MEGABYTE
    assert connection.read_statuses() in ([400], [413], [])
    assert memory_of(shared_server.process.pid) - before < 32 * MEGABYTE


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
def test_disallowed_bodies_are_refused_unread(shared_server, connect, request_line, size, framing):
    connection = connect()
    before = memory_of(shared_server.process.pid)
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
    assert memory_of(shared_server.process.pid) - before < 48 * MEGABYTE


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


def send_body(connect: Callable[[], Connection], path: str, body: bytes, **headers: str) -> int:
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
