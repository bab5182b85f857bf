"""`/healthz` and `/readyz`: what they report, to whom, and how fast."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.monitoring import endpoints, health
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_user
from tests.waiting import wait_for

OK = {"status": "ok"}


def unavailable(*names: str) -> dict:
    return {"status": "unavailable", "failed": list(names)}


@pytest.fixture(autouse=True)
def _fresh_answers():
    endpoints.readiness.forget()
    yield
    endpoints.readiness.forget()


def ask(path: str = "/readyz", **headers: str) -> tuple[int, dict]:
    response = Client().get(path, headers=headers)
    return response.status_code, response.json()


def ask_server(url: str, host: str | None = None, method: str = "GET") -> tuple[int, dict, dict]:
    request = Request(url, headers={"Host": host} if host else {}, method=method)
    try:
        with urlopen(request, timeout=20) as response:
            return response.status, json.loads(response.read() or b"{}"), dict(response.headers)
    except HTTPError as error:
        return error.code, json.loads(error.read() or b"{}"), dict(error.headers)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_server_is_healthy_and_ready_under_any_host_and_without_tls(start_server, path):
    server = start_server()
    wait_for(lambda: ask_server(f"{server.url}/readyz")[0] == 200)
    for host in (None, "10.0.0.7", "10.0.0.7:8000", "anything.example"):
        status, body, headers = ask_server(server.url + path, host)
        assert (status, body) == (200, OK)
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'"
    assert ask_server(server.url + path, method="HEAD")[:2] == (200, {})
    status, _body, headers = ask_server(server.url + path, method="POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.django_db(transaction=True)
def test_wsgi_gives_the_same_answers_before_checking_the_host():
    assert ask("/healthz", host="10.0.0.7") == (200, OK)
    assert ask("/readyz", host="10.0.0.7") == (200, OK)


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_reported():
    MigrationRecorder(connection).record_unapplied("liveblog", "0003_roles")
    try:
        assert ask() == (503, unavailable("migrations"))
    finally:
        MigrationRecorder(connection).record_applied("liveblog", "0003_roles")


@pytest.mark.django_db(transaction=True)
def test_late_work_is_reported_but_due_work_is_not():
    blog, now = make_blog(), timezone.now()
    by = make_user("*")
    publishing.schedule_update(blog, Content("風球"), now + timedelta(hours=1), by=by)
    Update.objects.update(publish_at=now - timedelta(seconds=50))
    assert ask() == (200, OK)
    endpoints.readiness.forget()
    Update.objects.update(publish_at=now - timedelta(seconds=70))
    assert ask() == (503, unavailable("due_work"))
    publishing.publish_due(by=SYSTEM)
    endpoints.readiness.forget()
    assert ask() == (200, OK)


@pytest.mark.django_db(transaction=True)
def test_a_full_disk_is_reported(settings):
    settings.DISK_RESERVE_MEGABYTES = 10**9
    assert ask() == (503, unavailable("disk"))


@pytest.mark.django_db(transaction=True)
def test_a_clock_behind_the_last_change_is_reported():
    make_blog()
    LiveBlog.objects.update(modified_at=timezone.now() + timedelta(hours=1))
    assert ask() == (503, unavailable("clock"))


@pytest.mark.django_db(transaction=True)
def test_a_silent_listener_is_reported(monkeypatch):
    listener = health.Listener()
    monkeypatch.setattr(health, "listener", listener)
    listener.start()
    assert ask() == (503, unavailable("listener"))


def test_a_hanging_database_is_reported_in_bounded_time(monkeypatch):
    """Requests during a check that hangs share it; none of them starts a second one."""
    release, begun = threading.Event(), []

    def hang() -> list[str]:
        begun.append(1)
        release.wait(30)
        return []

    monkeypatch.setattr(endpoints, "readiness", endpoints.Asker(hang))
    monkeypatch.setattr(endpoints, "READY_TIMEOUT_SECONDS", 0.2)
    try:
        assert [ask() for _request in range(3)] == [(503, unavailable("database"))] * 3
        assert len(begun) == 1
    finally:
        release.set()


@pytest.mark.django_db(transaction=True)
def test_answers_are_shared_so_that_a_flood_costs_one_check(monkeypatch):
    checks = []
    asker = endpoints.Asker(lambda: checks.append(1) or [])
    monkeypatch.setattr(endpoints, "readiness", asker)
    monkeypatch.setattr(endpoints, "FRESH_SECONDS", 3_600)
    for _request in range(5):
        assert ask() == (200, OK)
    assert len(checks) == 1


@pytest.mark.slow
def test_a_server_without_its_database_is_healthy_but_not_ready(start_server, tmp_path):
    database = tmp_path / "gone.sqlite3"
    server = start_server(DATABASE_URL=f"sqlite:////{tmp_path}/missing/{database.name}")
    assert ask_server(f"{server.url}/healthz")[:2] == (200, OK)
    status, body, headers = ask_server(f"{server.url}/readyz")
    assert (status, headers["retry-after"]) == (503, "5")
    assert body["status"] == "unavailable"
    assert body["failed"][0] == "database"
