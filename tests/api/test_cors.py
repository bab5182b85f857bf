"""CORS: scripts on other sites may read public resources and do nothing else."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.decorators.http import require_safe

from newsroom.http.cors import read_anywhere
from tests.factories import make_blog

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

ELSEWHERE = {"origin": "https://elsewhere.example"}


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v1/blogs/", "/api/v1/blogs/summit/", "/api/v1/blogs/never/", "/api/v1/none/"]
)
def test_any_origin_reads_responses_and_problems_without_credentials(client, path):
    make_blog(slug="summit")

    response = client.get(path, headers=ELSEWHERE)

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Expose-Headers"] == "ETag, Link, Retry-After"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_a_304_carries_the_cors_headers(client):
    make_blog(slug="summit")
    etag = client.get("/api/v1/blogs/summit/").headers["ETag"]

    response = client.get("/api/v1/blogs/summit/", headers=ELSEWHERE | {"if-none-match": etag})

    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (304, "*")


@pytest.mark.parametrize("path", ["/api/v1/updates/", "/api/v1/blogs/summit/updates/", "/api/v1/none/"])
def test_a_preflight_allows_reading_with_a_key_or_an_etag(client, path):
    headers = {
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization, if-none-match",
    }

    response = client.options(path, headers=ELSEWHERE | headers)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert (
        response.headers["Access-Control-Allow-Headers"]
        == "Accept, Authorization, If-Modified-Since, If-None-Match"
    )
    assert response.headers["Access-Control-Max-Age"] == "86400"


def test_scripts_of_other_origins_may_not_write(client):
    make_blog(slug="summit")

    preflight = client.options(
        "/api/v1/blogs/summit/updates/", headers=ELSEWHERE | {"access-control-request-method": "POST"}
    )
    response = client.post(
        "/api/v1/blogs/summit/updates/", "{}", content_type="application/json", headers=ELSEWHERE
    )

    assert "POST" not in preflight.headers["Access-Control-Allow-Methods"]
    assert response.status_code == 401


def test_plain_options_returns_the_allowed_methods(client):
    response = client.options("/api/v1/updates/7/")

    assert (response.status_code, response.headers["Allow"]) == (204, "GET, PATCH, HEAD, OPTIONS")


def test_read_anywhere_allows_cross_origin_reads_only():
    view = read_anywhere(require_safe(lambda request: HttpResponse("ok")))
    make_request = RequestFactory().generic

    read = view(make_request("GET", "/"))
    preflight = view(make_request("OPTIONS", "/", headers={"access-control-request-method": "GET"}))

    assert (read.content, read.headers["Access-Control-Allow-Origin"]) == (b"ok", "*")
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert view(make_request("POST", "/")).status_code == 405
