"""Middleware responses to failures of the database."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from psycopg_pool import PoolTimeout

from liveblog.reader import pages
from newsroom import middleware
from newsroom.http import caching
from newsroom.http.compression import compress

LISTING = "_listing"


def test_page_without_a_connection_returns_503_with_retry_after(client, db, monkeypatch):
    def refuse_a_connection(*_arguments):
        raise OperationalError("no room") from PoolTimeout("no room")

    monkeypatch.setattr(pages, LISTING, refuse_a_connection)
    response = client.get("/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert "讀者眾多" in response.content.decode()


def test_other_database_error_returns_500(client, db, monkeypatch):
    def run_an_invalid_query(*_arguments):
        raise OperationalError("no such table")

    monkeypatch.setattr(pages, LISTING, run_an_invalid_query)
    client.raise_request_exception = False
    assert client.get("/").status_code == 500


@pytest.mark.postgres
def test_page_whose_connection_is_cut_returns_503_and_the_next_returns_200(
    client, transactional_db, monkeypatch
):
    def lose_the_connection(*_arguments):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    try:
        with monkeypatch.context() as patched:
            patched.setattr(pages, LISTING, lose_the_connection)
            assert client.get("/").status_code == 503
    finally:
        connection.close()
    assert client.get("/").status_code == 200


def test_compressed_polls_vary_on_accept_encoding_however_small(rf):
    def poll(request: HttpRequest) -> HttpResponse:
        response = compress(request, HttpResponse(b"a" * 300))
        caching.mark_poll(response)
        return response

    compressed = middleware.lean_polls(poll)(rf.get("/", headers={"accept-encoding": "gzip"}))
    assert len(compressed.content) < 200
    assert (compressed.headers["Content-Encoding"], compressed.headers["Vary"]) == ("gzip", "Accept-Encoding")
