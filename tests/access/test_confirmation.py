"""Confirmation with a password or second factor before keys, secrets, roles and people change."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from liveblog.models import ApiKey, Partner, Webhook
from newsroom.access import initial_passwords
from newsroom.access.models import InitialPassword
from newsroom.sign_in import PER_NAME_AND_ADDRESS
from tests.access.signing_in import LOGIN, OVERVIEW, add_app, code_of
from tests.admin.browsing import open_form
from tests.factories import PASSWORD, make_key, make_person, signed_in

TITLE = "Confirm that it is you"
NEW_PASSWORD = "tram ferry lantern"
OWN_PASSWORD = "harbour lamp kettle"

pytestmark = pytest.mark.django_db


def make_stale(client: Client) -> Client:
    """Make the client's last confirmation an hour old."""
    session = client.session
    session["confirmed_at"] -= 60 * 60
    session.save()
    return client


def asks_to_confirm(response) -> bool:
    return response.status_code == 200 and TITLE in response.content.decode()


def hidden_fields(response) -> dict[str, str]:
    """Return the hidden fields of the confirmation form, which a browser sends along."""
    form = response.content.decode().partition('id="confirm-form"')[2].partition("</form>")[0]
    fields = re.findall(r'<textarea hidden name="([^"]+)" readonly>\n(.*?)</textarea>', form, re.DOTALL)
    flags = re.findall(r'<input type="hidden" name="(confirm-[\w]+)"(?: value="(\d)")?', form)
    return {name: unescape(value) for name, value in [*fields, *flags]}


@pytest.fixture
def manager() -> User:
    return make_person("Syndication manager")


@pytest.fixture
def chief() -> User:
    return make_person("Chief editor")


def key_form(client: Client) -> dict:
    partner = Partner.objects.create(name="Wire", contact="wire@example.com")
    return open_form(client, "/admin/liveblog/apikey/add/") | {
        "partner": partner.pk,
        "label": "A label with “quotes” & <marks>",
        "scopes": ["read"],
    }


def test_stale_session_must_confirm_before_the_key_is_made(manager, seen_events):
    client = make_stale(signed_in(manager))

    question = client.post("/admin/liveblog/apikey/add/", key_form(client))

    assert asks_to_confirm(question)
    assert "no-store" in question.headers["Cache-Control"]
    assert not ApiKey.objects.exists()
    wrong = client.post(
        "/admin/liveblog/apikey/add/", hidden_fields(question) | {"confirm-password": "wrong"}
    )
    assert asks_to_confirm(wrong)
    assert "This password is wrong." in wrong.content.decode()
    right = client.post("/admin/liveblog/apikey/add/", hidden_fields(wrong) | {"confirm-password": PASSWORD})
    assert "never shown again" in right.content.decode()
    assert ApiKey.objects.get().label == "A label with “quotes” & <marks>"
    assert [event for event, *_people in seen_events] == ["confirmation_failed", "confirmed"]


def test_confirmation_lasts_for_the_configured_minutes(manager, settings):
    client = signed_in(manager)
    assert not asks_to_confirm(client.post("/admin/liveblog/apikey/add/", key_form(client)))
    session = client.session
    session["confirmed_at"] -= settings.CONFIRMATION_MINUTES * 60
    session.save()

    assert asks_to_confirm(client.post("/admin/liveblog/apikey/add/", {}))


def test_app_code_confirms_but_a_recovery_code_does_not(manager):
    secret, client = add_app(manager), make_stale(signed_in(manager))
    question = client.post("/admin/liveblog/apikey/add/", key_form(client))

    assert asks_to_confirm(
        client.post("/admin/liveblog/apikey/add/", hidden_fields(question) | {"confirm-code": "0"})
    )
    answer = hidden_fields(question) | {"confirm-code": code_of(secret)}
    assert not asks_to_confirm(client.post("/admin/liveblog/apikey/add/", answer))

    assert ApiKey.objects.count() == 1


def test_wrong_passwords_are_limited(manager):
    client = make_stale(signed_in(manager))
    answer = {"confirm-credential": "", "confirm-password": "wrong"}

    statuses = [
        client.post("/admin/liveblog/apikey/add/", answer).status_code
        for _ in range(PER_NAME_AND_ADDRESS.attempts + 1)
    ]

    assert statuses == [200] * PER_NAME_AND_ADDRESS.attempts + [429]
    right = answer | {"confirm-password": PASSWORD}
    assert client.post("/admin/liveblog/apikey/add/", right).status_code == 429


def test_every_change_of_keys_secrets_people_and_roles_needs_confirmation(manager, chief):
    make_key("read")
    key, person = ApiKey.objects.get(), make_person("Editor")
    webhook = Webhook.objects.create(partner=key.partner, url="https://example.com/hook", secret="a")
    root = make_person(is_superuser=True)
    group = Group.objects.get(name="Editor")
    pages = {
        manager: [
            *(f"liveblog/apikey/{page}" for page in ("add/", f"{key.pk}/change/", f"{key.pk}/rotate/")),
            *(f"liveblog/apikey/{key.pk}/revoke/", "liveblog/webhook/add/"),
            f"liveblog/webhook/{webhook.pk}/change/",
        ],
        chief: [
            *("auth/user/add/", f"auth/user/{person.pk}/change/", f"auth/user/{person.pk}/password/"),
            f"auth/user/{person.pk}/second-factor/",
        ],
        root: [
            *("auth/group/add/", f"auth/group/{group.pk}/change/", f"auth/group/{group.pk}/delete/"),
            *(f"auth/user/{person.pk}/delete/", "auth/user/", "auth/group/"),
        ],
    }
    for user, paths in pages.items():
        client = make_stale(signed_in(user))
        assert [
            path for path in paths if not asks_to_confirm(client.post(f"/admin/{path}", {"post": "yes"}))
        ] == []
    for path in ("app/remove/", "app/", "passkeys/add/", "recovery-codes/", "sessions/end/"):
        assert asks_to_confirm(make_stale(signed_in(chief)).post(f"{OVERVIEW}{path}")), path


def test_people_without_permission_or_signed_out_are_not_asked_to_confirm(chief):
    editor = make_stale(signed_in(make_person("Editor")))
    for path in ("/admin/auth/user/", "/admin/liveblog/apikey/add/"):
        assert Client().post(path).url.startswith(LOGIN)
        assert editor.get(path).status_code == 403


def test_other_changes_need_no_confirmation():
    editor = make_stale(signed_in(make_person("Chief editor")))
    assert not asks_to_confirm(editor.post("/admin/liveblog/topic/add/", {"name": "天氣", "slug": "weather"}))


def test_password_page_asks_to_confirm_first_and_never_repeats_a_password(chief):
    person, client = make_person("Reporter"), make_stale(signed_in(chief))
    path = f"/admin/auth/user/{person.pk}/password/"
    question = client.get(path)
    assert asks_to_confirm(question)
    answered = client.post(path, hidden_fields(question) | {"confirm-password": PASSWORD})
    assert (answered.status_code, answered.url) == (302, path)
    assert not asks_to_confirm(client.get(path))

    make_stale(client)
    late = client.post(path, dict.fromkeys(("password1", "password2"), NEW_PASSWORD))

    assert asks_to_confirm(late)
    assert NEW_PASSWORD not in late.content.decode()


# Passwords that a colleague chose


def add_person(chief: User, **fields: object) -> User:
    client = signed_in(chief)
    passwords = dict.fromkeys(("password1", "password2"), NEW_PASSWORD)
    form = open_form(client, "/admin/auth/user/add/") | passwords | {"username": "ming"} | fields
    group = Group.objects.get(name="Editor")
    assert client.post("/admin/auth/user/add/", form | {"groups": [group.pk]}).status_code == 302
    return User.objects.get(username="ming")


def test_initial_password_must_be_changed_before_anything_else(chief, browser_of, seen_events):
    ming, browser = add_person(chief), browser_of()
    assert browser.enter_password(ming, NEW_PASSWORD).status_code == 302
    assert not browser.is_in
    assert browser.get(LOGIN).url == "/admin/password_change/"
    assert browser.get(OVERVIEW).url.startswith(LOGIN)
    assert browser.get("/admin/password_change/").status_code == 200
    form = {"old_password": NEW_PASSWORD}
    same = form | dict.fromkeys(("new_password1", "new_password2"), NEW_PASSWORD)
    page = browser.post("/admin/password_change/", same)
    assert "differs from the present one" in page.content.decode()

    own = form | dict.fromkeys(("new_password1", "new_password2"), OWN_PASSWORD)
    assert browser.post("/admin/password_change/", own).status_code == 302

    assert browser.is_in
    assert ("account_added", "ming", chief.username) in seen_events
    assert seen_events[-1] == ("password_changed", "ming", "ming")
    assert browser_of().enter_password(ming, OWN_PASSWORD).url == "/admin/"


def test_initial_password_expires(chief, browser_of, settings):
    settings.INITIAL_PASSWORD_HOURS = 0
    ming, browser = add_person(chief), browser_of()

    page = browser.enter_password(ming, NEW_PASSWORD)

    assert page.status_code == 200
    assert "Your initial password has expired." in page.content.decode()
    assert "expired" not in browser.enter_password(ming, "wrong").content.decode()
    assert not browser.is_in


def test_password_set_by_a_chief_editor_is_an_initial_one(chief):
    person = make_person("Reporter")
    payload = dict.fromkeys(("password1", "password2"), NEW_PASSWORD) | {"usable_password": "true"}

    assert signed_in(chief).post(f"/admin/auth/user/{person.pk}/password/", payload).status_code == 302

    assert initial_passwords.is_initial(person)
    assert not InitialPassword.objects.exclude(user=person).exists()


@pytest.mark.django_db(transaction=True)
def test_person_gets_an_email_about_changes_by_others_only(mails, seen_events):
    chief = make_person("Chief editor", email="chief@example.com")
    person = make_person("Reporter", email="reporter@example.com")
    client = signed_in(chief)
    for changed in (person, chief):
        path = f"/admin/auth/user/{changed.pk}/change/"
        form = open_form(client, path) | {"first_name": "小明"}
        assert client.post(path, form).status_code == 302
    payload = dict.fromkeys(("password1", "password2"), NEW_PASSWORD) | {"usable_password": "true"}
    client.post(f"/admin/auth/user/{person.pk}/password/", payload)

    assert [mail.to for mail in mails()] == [["reporter@example.com"]] * 2
    assert all(chief.username in mail.body for mail in mails())
    assert NEW_PASSWORD not in "".join(mail.body for mail in mails())
    assert seen_events == [
        ("account_changed", person.username, chief.username),
        ("password_set", person.username, chief.username),
    ]
