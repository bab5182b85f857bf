"""Scripts of other sites may read what is public, and nothing else."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.views.decorators.http import require_safe

from newsroom.http.cors import read_anywhere
from tests.factories import make_blog

pytestmark = pytest.mark.django_db

ELSEWHERE = {"origin": "https://elsewhere.example"}


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v1/blogs/", "/api/v1/blogs/summit/", "/api/v1/blogs/never/", "/api/v1/none/"]
)
def test_any_site_reads_answers_and_problems_without_credentials(client, path):
    make_blog(slug="summit")

    response = client.get(path, headers=ELSEWHERE)

    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Expose-Headers"] == "ETag, Link, Retry-After"
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_who_is_told_304_reads_it_too(client):
    make_blog(slug="summit")
    etag = client.get("/api/v1/blogs/summit/").headers["ETag"]

    response = client.get("/api/v1/blogs/summit/", headers=ELSEWHERE | {"if-none-match": etag})

    assert (response.status_code, response.headers["Access-Control-Allow-Origin"]) == (304, "*")


@pytest.mark.parametrize("path", ["/api/v1/updates/", "/api/v1/blogs/summit/updates/", "/api/v1/none/"])
def test_a_preflight_allows_reading_with_a_key_or_an_etag(client, path):
    asked = {
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization, if-none-match",
    }

    response = client.options(path, headers=ELSEWHERE | asked)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert (
        response.headers["Access-Control-Allow-Headers"]
        == "Accept, Authorization, If-Modified-Since, If-None-Match"
    )
    assert response.headers["Access-Control-Max-Age"] == "86400"


def test_writing_is_not_allowed_to_other_sites_scripts(client):
    make_blog(slug="summit")

    asked = client.options(
        "/api/v1/blogs/summit/updates/", headers=ELSEWHERE | {"access-control-request-method": "POST"}
    )
    answered = client.post(
        "/api/v1/blogs/summit/updates/", "{}", content_type="application/json", headers=ELSEWHERE
    )

    assert "POST" not in asked.headers["Access-Control-Allow-Methods"]
    assert answered.status_code == 401


def test_what_may_be_asked_is_said_to_who_asks_without_a_preflight(client):
    response = client.options("/api/v1/updates/7/")

    assert (response.status_code, response.headers["Allow"]) == (204, "GET, PATCH, HEAD, OPTIONS")


def test_any_view_can_be_opened_to_reading():
    view = read_anywhere(require_safe(lambda request: HttpResponse("ok")))
    ask = RequestFactory().generic

    read = view(ask("GET", "/"))
    preflight = view(ask("OPTIONS", "/", headers={"access-control-request-method": "GET"}))

    assert (read.content, read.headers["Access-Control-Allow-Origin"]) == (b"ok", "*")
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert view(ask("POST", "/")).status_code == 405
