"""Problem details (RFC 9457) for every error under /api/, whatever the client accepts."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client
from psycopg_pool import PoolTimeout

from liveblog.api import views
from liveblog.models import Scope
from tests.factories import make_blog, make_key

pytestmark = pytest.mark.django_db


def problem_of(response) -> tuple[str, int, str, str, str]:
    body = response.json()
    assert body.keys() == {"type", "title", "status", "detail", "instance"}
    assert (body["type"], body["status"]) == ("about:blank", response.status_code)
    return (
        response.headers["Content-Type"],
        response.status_code,
        body["title"],
        body["detail"],
        body["instance"],
    )


TYPE = "application/problem+json"
NOTHING = "There is nothing at this address."


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "application/xml"])
def test_an_unknown_path_returns_a_problem_for_any_accept_header(client, accept):
    for path in ("/api/v1/nothing/", "/api/v1/blogs/a/b/c/", "/api/v1/updates/ten/"):
        response = client.get(path, headers={"accept": accept})
        assert problem_of(response) == (TYPE, 404, "Not Found", NOTHING, path)


def test_a_path_without_its_trailing_slash_redirects(client):
    response = client.get("/api/v1/blogs?status=live")

    assert (response.status_code, response.headers["Location"]) == (301, "/api/v1/blogs/?status=live")


def test_an_unknown_blog_returns_a_problem_to_browsers_too(client):
    response = client.get("/api/v1/blogs/never-was/", headers={"accept": "text/html"})

    assert problem_of(response) == (TYPE, 404, "Not Found", NOTHING, "/api/v1/blogs/never-was/")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_unsafe_methods_on_a_list_return_405(method):
    client = Client(enforce_csrf_checks=True)

    response = getattr(client, method)("/api/v1/updates/", "{}", content_type="application/json")

    detail = f'Method "{method.upper()}" not allowed.'
    assert problem_of(response) == (TYPE, 405, "Method Not Allowed", detail, "/api/v1/updates/")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_get_on_a_write_only_endpoint_returns_405(client):
    response = client.get("/api/v1/updates/7/withdrawal/")

    detail = 'Method "GET" not allowed.'
    path = "/api/v1/updates/7/withdrawal/"
    assert problem_of(response) == (TYPE, 405, "Method Not Allowed", detail, path)
    assert response.headers["Allow"] == "POST, OPTIONS"


def test_an_unsupported_accept_header_returns_406(client):
    response = client.get("/api/v1/updates/", headers={"accept": "application/xml"})

    detail = "Could not satisfy the request Accept header."
    assert problem_of(response) == (TYPE, 406, "Not Acceptable", detail, "/api/v1/updates/")


def test_a_failed_if_match_returns_412(client):
    make_blog(slug="summit")

    for path in ("/api/v1/blogs/summit/", "/api/v1/blogs/"):
        response = client.get(path, headers={"if-match": '"never"'})
        detail = "The condition of this request is not met."
        assert problem_of(response) == (TYPE, 412, "Precondition Failed", detail, path)
        keyed = {"if-match": '"never"', "authorization": f"Bearer {make_key(Scope.READ)}"}
        assert client.get(path, headers=keyed).headers["Cache-Control"] == "private, no-store"


def test_an_exhausted_connection_pool_returns_503_with_retry_after(client, monkeypatch):
    def raise_pool_timeout(*args: object):
        raise OperationalError("no room") from PoolTimeout("no room")

    monkeypatch.setattr(views, "find_blog", raise_pool_timeout)

    response = client.get("/api/v1/blogs/summit/")

    detail = "The server is busy. Ask again in a moment."
    assert problem_of(response) == (TYPE, 503, "Service Unavailable", detail, "/api/v1/blogs/summit/")
    assert (response.headers["Retry-After"], response.headers["Cache-Control"]) == ("2", "no-store")


@pytest.mark.postgres
def test_a_terminated_connection_returns_503(client, transactional_db, monkeypatch):
    def terminate_connection(*_args: object):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(views, "find_blog", terminate_connection)
    try:
        response = client.get("/api/v1/blogs/summit/")
        assert (response.status_code, response.headers["Content-Type"]) == (503, TYPE)
    finally:
        connection.close()


@pytest.mark.urls("tests.api.mounted")
def test_a_crash_returns_a_problem_under_the_api_and_a_page_elsewhere(client):
    client.raise_request_exception = False

    response, page = client.get("/api/v1/failure/"), client.get("/failure/")

    detail = "The server failed to answer. The failure was recorded."
    assert problem_of(response) == (TYPE, 500, "Internal Server Error", detail, "/api/v1/failure/")
    assert (page.status_code, page.headers["Content-Type"]) == (500, "text/html; charset=utf-8")


@pytest.mark.urls("tests.api.mounted")
def test_an_unknown_api_version_returns_a_problem(client):
    assert problem_of(client.get("/api/v2/")) == (TYPE, 404, "Not Found", NOTHING, "/api/v2/")
