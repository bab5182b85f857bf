"""Signing in with an authenticator app or a recovery code, and the roles that need a second factor."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from newsroom.access import factors, recovery_codes, totp
from newsroom.access.models import Authenticator, RecoveryCode
from newsroom.sign_in import PER_NAME, PER_NAME_AND_ADDRESS
from tests.access.signing_in import (
    LOGIN,
    OVERVIEW,
    SECOND_FACTOR,
    add_app,
    code_of,
    make_codes,
    shown_codes,
)
from tests.factories import PASSWORD, make_person, signed_in

CHIEFS = ["Chief editor"]


# Signing in


def test_password_alone_does_not_sign_in_a_person_with_an_app(browser_of, editor):
    secret, browser = add_app(editor), browser_of()

    response = browser.enter_password(editor, next="/admin/liveblog/update/")

    assert (response.status_code, response.url) == (302, SECOND_FACTOR)
    assert not browser.is_in
    assert browser.get(OVERVIEW).status_code == 302
    assert "_auth_user_id" not in browser.session
    response = browser.enter_code(f" {code_of(secret)[:3]} {code_of(secret)[3:]}")
    assert (response.status_code, response.url) == (302, "/admin/liveblog/update/")
    assert browser.is_in


def test_code_is_accepted_once_and_only_near_its_time(browser_of, editor):
    secret = add_app(editor)
    code = code_of(secret)
    first, second = browser_of(), browser_of()
    for browser in (first, second):
        browser.enter_password(editor)
    assert first.enter_code(code).status_code == 302

    replayed = second.enter_code(code)

    assert replayed.status_code == 200
    assert "This code is not valid" in replayed.content.decode()
    for other in (code_of(secret, 3), code_of(secret, -3), "000000x", ""):
        assert second.enter_code(other).status_code == 200
    assert not second.is_in


def test_recovery_code_signs_in_once_however_it_is_typed(browser_of, editor, seen_events, mails):
    add_app(editor)
    code, *others = make_codes(editor)
    browser = browser_of()
    browser.enter_password(editor)

    assert browser.enter_code(code.upper().replace("-", " ")).status_code == 302

    assert "9 are left" in browser.get("/admin/").content.decode()
    assert ("recovery_code_used", editor.username, editor.username) in seen_events
    again = browser_of()
    again.enter_password(editor)
    assert again.enter_code(code).status_code == 200
    assert again.enter_code(others[0]).status_code == 302


def test_recovery_codes_are_stored_as_digests_only(editor):
    codes = make_codes(editor)

    stored = list(RecoveryCode.objects.filter(user=editor).values_list("digest", flat=True))

    assert len(set(codes)) == recovery_codes.NUMBER
    assert not any(code.replace("-", "") in digest for code in codes for digest in stored)


def test_second_step_needs_the_password_first_and_expires(browser_of, editor, monkeypatch):
    secret, browser = add_app(editor), browser_of()
    assert browser.get(SECOND_FACTOR).url == LOGIN
    assert browser.enter_code(code_of(secret)).url == LOGIN
    browser.enter_password(editor)
    session = browser.session
    session["pending_sign_in"] |= {"at": session["pending_sign_in"]["at"] - 16 * 60}
    session.save()

    assert browser.enter_code(code_of(secret)).url == LOGIN
    assert not browser.is_in


def test_pending_sign_in_ends_with_the_password_or_the_account(browser_of, editor):
    secret, browser = add_app(editor), browser_of()
    browser.enter_password(editor)
    editor.set_password("harbour lantern tram")
    editor.save()
    assert browser.enter_code(code_of(secret)).url == LOGIN
    browser.enter_password(editor, "harbour lantern tram")
    User.objects.filter(pk=editor.pk).update(is_active=False)

    assert browser.enter_code(code_of(secret)).url == LOGIN


def test_wrong_codes_are_limited_and_the_password_does_not_reset_the_limit(browser_of, editor, seen_events):
    secret, browser = add_app(editor), browser_of()
    browser.enter_password(editor)
    statuses = [browser.enter_code("123").status_code for _ in range(PER_NAME_AND_ADDRESS.attempts + 1)]
    assert statuses == [200] * PER_NAME_AND_ADDRESS.attempts + [429]

    browser.enter_password(editor)
    locked_out = browser.enter_code(code_of(secret))

    assert locked_out.status_code == 429
    assert 600 < int(locked_out.headers["Retry-After"]) <= PER_NAME_AND_ADDRESS.seconds
    assert seen_events.count(("second_factor_failed", editor.username, None)) == PER_NAME_AND_ADDRESS.attempts


def test_attacker_with_the_password_does_not_lock_the_editor_out(browser_of, editor):
    secret, own = add_app(editor), browser_of()
    own.enter_password(editor)
    assert own.enter_code(code_of(secret, -1)).status_code == 302
    own.post("/admin/logout/")
    for number in range(PER_NAME.attempts + 1):
        attacker = browser_of(f"203.0.113.{number}")
        attacker.enter_password(editor)
        last = attacker.enter_code("123456")
    assert last.status_code == 429
    stranger = browser_of("203.0.113.99")
    stranger.enter_password(editor)
    assert stranger.enter_code(code_of(secret)).status_code == 429

    own.enter_password(editor)

    assert own.enter_code(code_of(secret)).status_code == 302
    assert own.is_in


# The secret


def test_secret_is_encrypted_and_survives_a_new_secret_key(editor, settings):
    secret = add_app(editor)
    assert secret not in Authenticator.objects.get(user=editor).encrypted_secret

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert totp.verify(editor, code_of(secret, -1))
    # A secret is encrypted with the new key once it is used.
    settings.SECRET_KEY_FALLBACKS = []
    assert totp.verify(editor, code_of(secret))
    settings.SECRET_KEY = "a third"
    assert not totp.verify(editor, code_of(secret, 1))


# Setting up


def test_app_is_added_with_its_first_code_and_recovery_codes_are_shown_once(editor, browser_of, seen_events):
    browser, elsewhere = browser_of(), browser_of()
    for client in (browser, elsewhere):
        client.enter_password(editor)
    page = browser.get("/admin/access/app/")
    secret = page.context["secret"].replace(" ", "")
    assert page.context["qr_code"].startswith("data:image/svg+xml")
    wrong = browser.post("/admin/access/app/", {"code": "12"})
    assert wrong.context["secret"] == page.context["secret"]
    assert not factors.has_any(editor)

    added = browser.post("/admin/access/app/", {"code": code_of(secret)})

    codes = shown_codes(added)
    assert len(codes) == recovery_codes.NUMBER
    assert "no-store" in added.headers["Cache-Control"]
    assert not shown_codes(browser.get(OVERVIEW))
    assert browser.is_in
    # Sessions that began without the second factor end.
    assert not elsewhere.is_in
    assert ("second_factor_added", editor.username, editor.username) in seen_events


def test_removing_the_last_factor_removes_the_recovery_codes(editor, browser_of, seen_events):
    secret, browser = add_app(editor), browser_of()
    make_codes(editor)
    browser.enter_password(editor)
    browser.enter_code(code_of(secret))

    assert browser.post("/admin/access/app/remove/").url == OVERVIEW

    assert not factors.has_any(editor)
    assert not recovery_codes.remaining(editor)
    assert seen_events[-1] == ("second_factor_removed", editor.username, editor.username)


# Required by role


def test_role_that_needs_a_factor_reaches_nothing_until_one_is_set_up(browser_of, settings):
    settings.SECOND_FACTOR_ROLES = CHIEFS
    chief, browser = make_person("Chief editor"), browser_of()
    response = browser.enter_password(chief, next="/admin/liveblog/liveblog/")
    assert browser.get(response.url).url == OVERVIEW
    assert "Set up your second factor" in browser.get(OVERVIEW).content.decode()
    for path in ("/admin/", "/admin/liveblog/update/", "/admin/password_change/", "/admin/auth/user/"):
        assert browser.get(path).url.startswith(LOGIN), path
    for path in ("sessions/end/", "recovery-codes/", "app/remove/"):
        assert browser.post(f"{OVERVIEW}{path}").status_code == 302
    assert not browser.is_in
    secret = browser.get("/admin/access/app/").context["secret"].replace(" ", "")

    added = browser.post("/admin/access/app/", {"code": code_of(secret)})

    assert len(shown_codes(added)) == recovery_codes.NUMBER
    assert 'href="/admin/liveblog/liveblog/"' in added.content.decode()
    assert browser.is_in


@pytest.mark.parametrize(
    ("roles", "fields", "is_required"),
    [
        ([], {"is_superuser": True}, False),
        (CHIEFS, {}, False),
        (CHIEFS, {"is_superuser": True}, True),
        (["Editor"], {}, True),
        (["*"], {}, True),
    ],
)
def test_setting_names_the_roles_that_need_a_factor(db, settings, roles, fields, is_required):
    settings.SECOND_FACTOR_ROLES = roles
    assert factors.is_required_of(make_person("Editor", **fields)) == is_required


def test_sessions_without_a_factor_end_when_their_role_starts_to_need_one(editor, settings):
    client = signed_in(editor)
    assert client.get("/admin/").status_code == 200

    settings.SECOND_FACTOR_ROLES = ["*"]

    assert client.get("/admin/").status_code == 302
    answer = client.get("/admin/liveblog/liveblog/1/desk/token/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"login": LOGIN})


def test_last_required_factor_cannot_be_removed(browser_of, editor, settings):
    settings.SECOND_FACTOR_ROLES = ["Editor"]
    secret, browser = add_app(editor), browser_of()
    browser.enter_password(editor)
    browser.enter_code(code_of(secret))

    page = browser.post("/admin/access/app/remove/", follow=True).content.decode()

    assert "Your role needs a second factor" in page
    assert factors.has_any(editor)


# A lost second factor


def test_chief_editor_resets_a_colleagues_factor(transactional_db, browser_of, editor, seen_events, mails):
    secret, theirs = add_app(editor), browser_of()
    theirs.enter_password(editor)
    theirs.enter_code(code_of(secret))
    chief = make_person("Chief editor")
    path = f"/admin/auth/user/{editor.pk}/second-factor/"
    assert path in signed_in(chief).get(f"/admin/auth/user/{editor.pk}/change/").content.decode()

    assert signed_in(chief).post(path).status_code == 302

    assert not factors.has_any(editor)
    assert not theirs.is_in
    assert ("second_factor_reset", editor.username, chief.username) in seen_events
    assert mails()[-1].to == ["editor@example.com"]
    assert chief.username in mails()[-1].body
    assert theirs.enter_password(editor).url == "/admin/"


@pytest.mark.parametrize("role", ["Reporter", "Editor", "Syndication manager"])
def test_other_roles_cannot_reset_a_factor_and_nobody_resets_their_own(db, role):
    editor, chief = make_person("Editor"), make_person("Chief editor")
    add_app(editor)
    add_app(chief)

    assert (
        signed_in(make_person(role)).post(f"/admin/auth/user/{editor.pk}/second-factor/").status_code == 403
    )
    root = make_person(is_superuser=True)
    for person in (chief, root):
        path = f"/admin/auth/user/{person.pk}/second-factor/"
        assert signed_in(chief).post(path).status_code == 403
    assert factors.has_any(editor)
    assert factors.has_any(chief)


def test_command_resets_the_factor_of_a_superuser(browser_of, capsys):
    root = make_person(is_superuser=True)
    add_app(root)

    call_command("reset_second_factor", root.username)

    assert not factors.has_any(root)
    assert browser_of().enter_password(root, PASSWORD).url == "/admin/"
