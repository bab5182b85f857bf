"""Sign-in: attempts are logged, and errors, redirects, sessions and cookies give nothing away."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import PASSWORD, make_user
from tests.security.guessing import HOME, LOGIN, OFFICE, is_let_in, post, use_up


def test_browser_cookie_is_secure_and_unreadable_for_scripts(editor, settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = post(editor.username, PASSWORD).cookies[settings.BROWSER_COOKIE_NAME]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["secure"]) == (
        "/",
        True,
        "Strict",
        True,
    )
    assert editor.username not in cookie.value


def test_password_change_ends_other_sessions(editor):
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        post(editor.username, PASSWORD, client=client)
    entered = {
        "old_password": PASSWORD,
        "new_password1": "harbour lantern",
        "new_password2": "harbour lantern",
    }

    assert is_let_in(here.post("/admin/password_change/", entered))

    assert here.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302
    assert is_let_in(post(editor.username, "harbour lantern"))


@pytest.fixture
def log(caplog) -> pytest.LogCaptureFixture:
    """Capture the sign-in log."""
    caplog.set_level(logging.ERROR)
    caplog.set_level(logging.INFO, logger="newsroom.sign_in")
    return caplog


def test_each_attempt_is_logged_with_name_and_address_and_without_the_password(editor, log):
    client = Client(REMOTE_ADDR=HOME)
    post(editor.username, "my secret", OFFICE)
    post(editor.username, PASSWORD, HOME, client)
    client.post("/admin/logout/")

    assert log.messages == [
        f"Wrong name or password: '{editor.username}' from {OFFICE}",
        f"Signed in: '{editor.username}' from {HOME}",
        f"Signed out: '{editor.username}' from {HOME}",
    ]


def test_lockout_is_logged_without_the_password(editor, log, rate_limit_clock):
    use_up(editor.username)
    post(editor.username, "my secret")

    assert log.messages[-1] == f"Locked out: '{editor.username}' from {OFFICE}, for 900 s"
    assert "my secret" not in "".join(log.messages)


def test_name_cannot_inject_log_lines(db, log):
    post("x\n2026-11-27 INFO newsroom.sign_in: Signed in: 'editor'\x1b[2J\u202e", "wrong")

    assert len(log.messages) == 1
    assert log.messages[0].isprintable()


def test_account_without_a_role_is_refused_and_logged(db, log):
    reader = make_user(is_staff=False)

    assert post(reader.username, PASSWORD).status_code == 200
    assert log.messages == [f"Refused, the account has no role: '{reader.username}' from {OFFICE}"]


def test_unknown_name_inactive_account_and_wrong_password_get_the_same_error(editor):
    User.objects.filter(pk=editor.pk).update(is_active=False)
    colleague = make_user()

    pages = [
        post(name, password, f"192.0.2.{number}").content.decode()
        for number, (name, password) in enumerate(
            [("nobody", "wrong"), (editor.username, PASSWORD), (colleague.username, "wrong")]
        )
    ]

    errors = [page.partition("errornote")[2].partition("</p>")[0] for page in pages]
    assert errors[0]
    assert len(set(errors)) == 1


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_sign_in_does_not_redirect_to_other_sites(editor, address):
    entered = {"username": editor.username, "password": PASSWORD, "next": address}

    assert Client().post(LOGIN, entered).headers["Location"] in ("/admin/", "/accounts/profile/")


def test_sign_in_replaces_a_planted_session(editor):
    client = Client()
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = planted = session.session_key

    post(editor.username, PASSWORD, client=client)

    assert client.cookies["sessionid"].value != planted
    assert client.cookies["sessionid"]["httponly"]
    assert client.cookies["sessionid"]["samesite"] == "Lax"
