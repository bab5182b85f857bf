"""Password reset by e-mail: it reveals nothing about accounts, and requests are limited."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from newsroom.access import initial_passwords
from newsroom.access.password_reset import PER_ACCOUNT, PER_ADDRESS
from tests.access.signing_in import LOGIN, SECOND_FACTOR, Browser, add_app
from tests.factories import make_person

RESET = "/admin/access/password-reset/"
NEW = dict.fromkeys(("new_password1", "new_password2"), "tram ferry lantern")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def with_mail(settings, transactional_db) -> None:
    cache.clear()
    settings.HAS_MAIL = True
    settings.SITE_URL = "https://news.example.com"


def ask(email: str, address: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=address, headers={"accept-language": "en"}).post(RESET, {"email": email})


def test_email_link_sets_a_new_password_but_does_not_skip_the_second_factor(
    browser_of, editor, mails, seen_events
):
    add_app(editor)
    initial_passwords.mark(editor)
    browser = browser_of()
    browser.force_login(editor)
    assert f'href="{RESET}"' in Client().get(LOGIN).content.decode()
    response = ask("Editor@example.com")
    assert response.url == f"{RESET}sent/"
    assert browser.get(response.url).status_code == 200
    link = re.search(r"https://news\.example\.com(\S+)", mails()[0].body)
    assert link, mails()[0].body
    form = browser.get(link[1])

    assert browser.post(form.url, NEW).url == f"{RESET}complete/"

    assert browser.get(f"{RESET}complete/").status_code == 200
    # Earlier sessions ended, the new password works, and the link does not work again.
    assert not browser.is_in
    assert browser.enter_password(editor, "tram ferry lantern").url == SECOND_FACTOR
    assert "invalid" in browser.get(link[1]).content.decode()
    assert not initial_passwords.is_initial(editor)
    assert [event for event, *_people in seen_events] == ["password_reset_requested", "password_changed"]
    assert len(mails()) == 2


def test_unknown_inactive_and_non_staff_addresses_get_the_same_answer(editor, mails):
    make_person("Editor", email="off@example.com", is_active=False)
    make_person(email="reader@example.com", is_staff=False)
    known = ask("editor@example.com", "203.0.113.1")
    mails()

    answers = [
        ask(email, f"203.0.113.{number}")
        for number, email in enumerate(["nobody@example.com", "off@example.com", "reader@example.com"], 2)
    ]

    assert {(answer.status_code, answer.url, answer.content) for answer in answers} == {
        (known.status_code, known.url, known.content)
    }
    assert len(mails()) == 1


def test_emails_are_limited_by_account_and_requests_by_address(editor, mails):
    for number in range(PER_ACCOUNT.attempts + 3):
        assert ask("editor@example.com", f"203.0.113.{number}").status_code == 302
    assert len(mails()) == PER_ACCOUNT.attempts
    statuses = [ask(f"{number}@example.com").status_code for number in range(PER_ADDRESS.attempts + 1)]
    assert statuses == [302] * PER_ADDRESS.attempts + [429]


def test_forged_host_is_not_used_in_the_email(editor, mails, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(RESET, {"email": editor.email}, headers={"host": "evil.example"})

    assert "evil" not in mails()[0].body


def test_weak_password_is_refused(editor, mails):
    ask("editor@example.com")
    path = re.search(r"https://news\.example\.com(\S+)", mails()[0].body)[1]
    browser = Browser()
    form = browser.get(path)

    response = browser.post(form.url, dict.fromkeys(NEW, "aaaaaaaaaaaa"))

    assert response.status_code == 200
    assert not User.objects.get(pk=editor.pk).check_password("aaaaaaaaaaaa")


def test_site_without_email_has_no_password_reset(settings):
    settings.HAS_MAIL = False
    assert RESET not in Client().get(LOGIN).content.decode()
    for path in (RESET, f"{RESET}sent/", f"{RESET}a/b/"):
        assert Client().get(path).status_code == 404
