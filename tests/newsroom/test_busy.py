"""Busy databases, which are distinguished from our own errors by the exception raised."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import DataError, Error, InternalError, OperationalError
from django.db.transaction import TransactionManagementError
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from psycopg import errors
from psycopg_pool import PoolTimeout

from liveblog.models import Byline, Submission, Update
from liveblog.models.partner import Scope
from liveblog.wakeups.due import DueLoop
from newsroom.access.models import StaffSession as Session
from newsroom.busy import again_while_busy, is_busy
from newsroom.middleware import SessionMiddleware
from tests.desk.conftest import desk_path
from tests.factories import PASSWORD, make_blog, make_key, make_person, make_update, signed_in
from tests.hogging import be_impatient, be_patient, hogged

BUSY = 503


def sqlite_error(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = code
    return error


def wrap(cause: Exception, kind: type[Error] = OperationalError) -> Error:
    error = kind(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "cause",
    [
        sqlite_error(sqlite3.SQLITE_BUSY),
        sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT),
        sqlite_error(sqlite3.SQLITE_LOCKED),
        sqlite_error(sqlite3.SQLITE_FULL),
        sqlite_error(sqlite3.SQLITE_IOERR_WRITE),
        sqlite_error(sqlite3.SQLITE_CANTOPEN),
        PoolTimeout("no room"),
        psycopg.OperationalError("server closed the connection unexpectedly"),
        errors.ConnectionFailure(),
        errors.TooManyConnections(),
        errors.DiskFull(),
        errors.IoError(),
        errors.LockNotAvailable(),
        errors.DeadlockDetected(),
        errors.SerializationFailure(),
        errors.QueryCanceled(),
        errors.AdminShutdown(),
        errors.CrashShutdown(),
        errors.CannotConnectNow(),
        errors.ReadOnlySqlTransaction(),
        errors.IdleInTransactionSessionTimeout(),
    ],
    ids=lambda cause: getattr(cause, "sqlstate", None) or str(getattr(cause, "sqlite_errorcode", cause)),
)
def test_locked_full_or_lost_database_is_busy(cause):
    assert is_busy(cause)
    assert is_busy(wrap(cause))
    assert is_busy(wrap(wrap(cause), TransactionManagementError))


@pytest.mark.parametrize(
    "error",
    [
        None,
        KeyError("busy"),
        OperationalError("database is locked"),
        wrap(sqlite3.OperationalError("no such table")),
        wrap(sqlite_error(sqlite3.SQLITE_ERROR)),
        wrap(sqlite_error(sqlite3.SQLITE_CORRUPT)),
        wrap(sqlite_error(sqlite3.SQLITE_READONLY)),
        wrap(errors.UndefinedTable()),
        wrap(errors.NumericValueOutOfRange(), DataError),
        wrap(errors.InFailedSqlTransaction(), InternalError),
        wrap(psycopg.InterfaceError("the cursor is closed")),
    ],
    ids=repr,
)
def test_other_errors_are_not_busy(error):
    assert not is_busy(error)


def test_work_is_retried_with_backoff_until_the_database_is_free():
    answers = iter([wrap(PoolTimeout("no room")), wrap(errors.DeadlockDetected()), "done"])
    pauses = []

    def work() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert again_while_busy(work, pauses.append) == "done"
    assert pauses == [1, 2]


def test_retries_end_after_six_pauses_or_with_another_error():
    pauses = []

    def stay_busy() -> None:
        raise wrap(PoolTimeout("no room"))

    def fail() -> None:
        raise wrap(errors.UndefinedTable())

    with pytest.raises(OperationalError):
        again_while_busy(stay_busy, pauses.append)
    assert pauses == [1, 2, 4, 8, 8, 8]
    with pytest.raises(OperationalError):
        again_while_busy(fail, pauses.append)
    assert len(pauses) == 6


@pytest.fixture
def short_lock_timeout(transactional_db: None) -> Iterator[None]:
    """Limit the lock wait of the test's connection to a moment."""
    be_impatient()
    yield
    be_patient()


@pytest.fixture
def editor_client(short_lock_timeout: None) -> Client:
    return signed_in(make_person("Editor"), {"sec-fetch-site": "same-origin"})


JSON = {"accept": "application/json"}
SUBMISSION = {"token": "a", "heading": "號外", "body": "<b>內文</b>", "action": "publish"}


def assert_busy(response) -> None:
    assert response.status_code == BUSY, response.content.decode()
    assert response.headers["Retry-After"] == "2"
    assert "no-store" in response.headers["Cache-Control"]


def test_desk_script_gets_json_and_the_resent_submission_is_applied_once(editor_client):
    path = desk_path(make_blog())
    with hogged():
        for address in (path, f"{path}autosave/", f"{path}state/"):
            response = editor_client.post(address, SUBMISSION | {"after": "2"}, headers=JSON)
            assert_busy(response)
            assert list(response.json()) == ["errors"]
    assert editor_client.post(path, SUBMISSION, headers=JSON).json()["is_new"]
    assert not editor_client.post(path, SUBMISSION, headers=JSON).json()["is_new"]
    assert [update.heading for update in Update.objects.all()] == ["號外"]
    assert Submission.objects.count() == 1


def test_desk_form_without_javascript_gets_its_text_back(editor_client):
    path = desk_path(make_blog())
    with hogged():
        response = editor_client.post(path, SUBMISSION)
    assert_busy(response)
    page = response.content.decode()
    assert "The newsroom is busy" in page
    assert "&lt;b&gt;內文&lt;/b&gt;" in page
    for name in SUBMISSION:
        assert f'name="{name}"' in page


def test_cross_site_form_does_not_get_its_text_back(editor_client):
    path = desk_path(make_blog())
    with hogged():
        response = editor_client.post(path, SUBMISSION, headers={"sec-fetch-site": "cross-site"})
    assert_busy(response)
    assert "內文" not in response.content.decode()


def test_admin_form_gets_its_text_back(editor_client):
    blog, byline = make_blog(), Byline.objects.create(name="記者")
    editor_client.force_login(make_person("Chief editor"))
    with hogged():
        response = editor_client.post(f"/admin/liveblog/byline/{byline.pk}/change/", {"name": "新名字"})
        assert_busy(response)
        assert "新名字" in response.content.decode()
        chosen = {"action": "end", "_selected_action": [blog.pk], "confirm": "yes"}
        assert_busy(editor_client.post("/admin/liveblog/liveblog/", chosen))


def test_sign_in_returns_503_without_the_password(short_lock_timeout):
    person, client = make_person("Editor"), Client(headers={"sec-fetch-site": "same-origin"})
    with hogged():
        response = client.post("/admin/login/", {"username": person.username, "password": PASSWORD})
    assert_busy(response)
    assert PASSWORD not in response.content.decode()


def test_session_that_cannot_be_saved_is_busy_and_not_deleted(editor_client):
    """Return 503, while Django's own middleware returns 400 as if the editor had signed out."""

    def view(request: HttpRequest) -> HttpResponse:
        request.session["visits"] = 1
        return HttpResponse("done")

    request = RequestFactory().get("/admin/")
    request.COOKIES = {settings.SESSION_COOKIE_NAME: editor_client.session.session_key}
    with hogged():
        assert_busy(SessionMiddleware(view)(request))
    assert SessionMiddleware(view)(request).content == b"done"

    def view_of_a_leaver(request: HttpRequest) -> HttpResponse:
        request.session["visits"] = 2
        Session.objects.all().delete()
        return HttpResponse("done")

    with pytest.raises(SessionInterrupted):
        SessionMiddleware(view_of_a_leaver)(request)


def test_partner_gets_a_problem_and_the_resent_request_is_applied_once(short_lock_timeout):
    blog = make_blog(slug="storm")
    key = make_key(Scope.WRITE_PUBLISH, blogs=[blog])
    headers = {"authorization": f"Bearer {key}", "idempotency-key": "one"}
    body = json.dumps({"status": "published", "heading": "號外"})

    def post():
        return Client().post(
            "/api/v1/blogs/storm/updates/", body, content_type="application/json", headers=headers
        )

    with hogged():
        response = post()
        assert_busy(response)
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["status"] == BUSY
    assert post().status_code == 201
    assert post().status_code == 200
    assert [update.heading for update in Update.objects.all()] == ["號外"]


def test_pages_stay_readable_while_writes_are_blocked(short_lock_timeout):
    make_update(make_blog(slug="storm"))
    with hogged():
        for path in ("/", "/live/storm/", "/live/storm/changes.json?after=1", "/live/storm/feed.atom"):
            assert Client().get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "content_type", "words"),
    [
        ("/", "text/html", "讀者眾多"),
        ("/zh-hans/", "text/html", "读者众多"),
        ("/live/storm/changes.json?after=0", "application/json", '{"error": '),
        ("/oembed?url=x", "application/json", '{"error": '),
        ("/api/v1/blogs/storm/", "application/problem+json", '"status": 503'),
    ],
)
def test_outage_is_reported_in_the_format_and_language_of_the_url(db, monkeypatch, path, content_type, words):
    def be_away(*_arguments, **_options):
        raise wrap(PoolTimeout("no room"))

    for view in (
        "reader.pages._listing",
        "reader.polls.find_blog",
        "reader.embed._path_on_this_site",
        "api.views.find_blog",
    ):
        monkeypatch.setattr(f"liveblog.{view}", be_away)
    response = Client().get(path)
    assert_busy(response)
    assert response.headers["Content-Type"].startswith(content_type)
    text = response.content.decode()
    assert words in (json.dumps(response.json()) if content_type.endswith("json") else text)


def test_busy_database_outside_of_a_view_returns_503(db, monkeypatch):
    """Cover exceptions of middleware, which never reach `process_exception`."""

    def be_away(*_arguments):
        raise wrap(PoolTimeout("no room"))

    monkeypatch.setattr("newsroom.middleware.AdminLocaleMiddleware.process_request", be_away)
    client = Client(raise_request_exception=False)
    assert_busy(client.get("/"))
    assert client.get("/api/v1/").json()["status"] == BUSY


def test_due_loop_logs_a_busy_database_as_a_warning(transactional_db, monkeypatch, caplog):
    def be_away(**_options):
        raise wrap(PoolTimeout("no room"))

    monkeypatch.setattr("liveblog.wakeups.due.publishing.publish_due", be_away)
    assert not DueLoop()._pass()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
