"""Connections that PostgreSQL ends in the middle of a write, and a SQLite file that cannot grow: 503."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

from liveblog.models import Change, Update
from liveblog.models.partner import Scope
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_key, make_person, signed_in
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

Request = Callable[[], Any]


class Cut:
    """A fault: end the connection's server process before statement number `at`, or before that commit."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.count = 0

    @property
    def has_happened(self) -> bool:
        return self.count > self.at

    def step(self) -> None:
        if self.count == self.at:
            terminate(connection.connection.info.backend_pid)
        self.count += 1

    def __call__(self, execute: Callable, *arguments: Any) -> Any:
        self.step()
        return execute(*arguments)


def terminate(pid: int) -> None:
    """End a server process as an administrator or a failover does, and wait until it is gone."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold", "pool"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        wait_for(lambda: not other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone())


@pytest.fixture(params=["api", "desk", "admin"])
def write(request: pytest.FixtureRequest) -> Request:
    """Return a function that publishes an update through one of the entry points."""
    blog = make_blog(slug="storm")
    if request.param == "api":
        key = make_key(Scope.WRITE_PUBLISH, blogs=[blog])
        headers = {"authorization": f"Bearer {key}", "idempotency-key": "one"}
        body = json.dumps({"status": "published", "heading": "號外"})
        path, options = "/api/v1/blogs/storm/updates/", {"content_type": "application/json"}
        return lambda: Client(headers=headers, raise_request_exception=False).post(path, body, **options)
    client = signed_in(make_person("Chief editor"), raise_request_exception=False)
    if request.param == "desk":
        form = {"token": "a", "heading": "號外", "action": "publish"}
        return lambda: client.post(desk_path(blog), form, headers={"accept": "application/json"})
    return lambda: client.post("/admin/liveblog/topic/add/", {"name": "天氣", "slug": "weather"})


def answers(write: Request, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Any]]:
    """Yield the response of a write whose connection is cut before each of its statements and commits."""
    commit = BaseDatabaseWrapper._commit
    at = 0
    while True:
        connection.close()
        cut = Cut(at)
        with monkeypatch.context() as patches, connection.execute_wrapper(cut):
            patches.setattr(
                BaseDatabaseWrapper, "_commit", lambda self, cut=cut: (cut.step(), commit(self))[1]
            )
            response = write()
        connection.close()
        if not cut.has_happened:
            return
        yield at, response
        at += 1


@pytest.mark.postgres
def test_write_whose_connection_is_cut_at_any_statement_gets_503_or_succeeds(write, monkeypatch):
    statuses = []
    for at, response in answers(write, monkeypatch):
        assert response.status_code != 500, (at, response.content.decode())
        if response.status_code == 503:
            assert response.headers["Retry-After"] == "2"
        statuses.append(response.status_code)
    assert statuses.count(503) > 5, statuses
    assert Update.objects.count() <= 1
    assert Change.objects.filter(kind="published").count() == Update.objects.count()


@pytest.mark.any_database
def test_sqlite_file_that_is_full_gets_503_and_nothing_is_saved():
    key = make_key(Scope.WRITE_PUBLISH, blogs=[make_blog(slug="storm")])
    body = json.dumps({"status": "published", "heading": "號外", "body": f"<p>{'字' * 20_000}</p>"})
    client = Client(headers={"authorization": f"Bearer {key}", "idempotency-key": "one"})

    def write() -> Any:
        return client.post("/api/v1/blogs/storm/updates/", body, content_type="application/json")

    with connection.cursor() as cursor:
        # Earlier tests left free pages.
        free = cursor.execute("PRAGMA freelist_count").fetchone()[0]
        size = cursor.execute("PRAGMA page_size").fetchone()[0]
        cursor.execute("CREATE TABLE filling (bytes BLOB)")
        cursor.execute("INSERT INTO filling VALUES (zeroblob(%s))", [free * size])
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        response = write()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
            cursor.execute("DROP TABLE filling")
    assert response.status_code == 503, response.content.decode()
    assert response.headers["Retry-After"] == "2"
    assert not Update.objects.exists()
    assert write().status_code == 201
