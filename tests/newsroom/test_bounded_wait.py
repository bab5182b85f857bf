"""Writes to a database that stays locked get one 503 with Retry-After, within the configured time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from itertools import count
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from liveblog.models.partner import Scope
from tests.conftest import Server
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_key, make_person
from tests.hogging import hogged

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]

WAIT = 2
# Seconds for everything but waiting: with the default wait of 8 s, an answer must come within 10.
REST = 2
FORM = "application/x-www-form-urlencoded"

Send = Callable[[], HTTPResponse]


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server(DATABASE_WAIT_SECONDS=str(WAIT))


@pytest.fixture(params=["api", "desk", "sign-in"])
def send(request: pytest.FixtureRequest, server: Server) -> Iterator[Send]:
    """Yield a function that sends the same write again."""
    blog = make_blog(slug="storm")
    headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin", "Content-Type": FORM}
    if request.param == "api":
        key = make_key(Scope.WRITE_PUBLISH, blogs=[blog])
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        path, body = "/api/v1/blogs/storm/updates/", json.dumps({"status": "published", "heading": "號外"})
    elif request.param == "desk":
        path, fields = desk_path(blog), {"token": "TOKEN", "heading": "號外", "action": "publish"}
        cookies, token = session_cookies()
        headers |= {"Accept": "application/json", "Cookie": cookies, "X-CSRFToken": token}
        body = urlencode(fields)
    else:
        # Every attempt is counted.
        path, body = "/admin/login/", urlencode({"username": "nobody", "password": "wrong"})
        cookies, token = session_cookies()
        headers |= {"Cookie": cookies, "X-CSRFToken": token}
    connection = HTTPConnection(urlsplit(server.url).netloc, timeout=60)

    keys = count()

    def send() -> HTTPResponse:
        # Sent again, the same submission or key would only be looked up.
        key = str(next(keys))
        connection.request("POST", path, body.replace("TOKEN", key), headers | {"Idempotency-Key": key})
        response = connection.getresponse()
        response.read()
        return response

    yield send
    connection.close()


def session_cookies() -> tuple[str, str]:
    """Return the cookies of a signed-in editor, and the CSRF token among them."""
    client = Client()
    client.get("/admin/login/")
    client.force_login(make_person("Chief editor"))
    names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
    cookies = {name: client.cookies[name].value for name in names}
    return "; ".join(f"{name}={value}" for name, value in cookies.items()), cookies[settings.CSRF_COOKIE_NAME]


def test_write_on_a_locked_database_gets_503_once_the_wait_is_over(send):
    # A new server imports and compiles at its first request.
    assert send().status not in (403, 503)

    with hogged():
        started = time.monotonic()
        response = send()
        seconds = time.monotonic() - started

    assert (response.status, response.headers["Retry-After"]) == (503, "2")
    assert seconds < WAIT + REST
    assert send().status not in (403, 503)
