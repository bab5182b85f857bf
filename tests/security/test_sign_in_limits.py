"""Every way to sign in limits guessing, and no one can lock a colleague out."""

from __future__ import annotations

import asyncio

import pytest
from django.conf import settings as project_settings
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, RequestFactory

from newsroom import sign_in
from newsroom.sign_in import PER_ADDRESS, PER_NAME, PER_NAME_AND_ADDRESS
from tests.at_once import at_once
from tests.factories import PASSWORD, make_user
from tests.security.guessing import HOME, LOGIN, OFFICE, is_let_in, post, use_up


def test_correct_password_is_refused_with_429_after_too_many_wrong_ones(editor, rate_limit_clock):
    statuses = [post(editor.username, "wrong").status_code for _ in range(60)]
    locked_out = post(editor.username, PASSWORD)

    few = PER_NAME_AND_ADDRESS.attempts
    assert statuses == [200] * few + [429] * (60 - few)
    assert locked_out.status_code == 429
    assert locked_out.headers["Retry-After"] == str(PER_NAME_AND_ADDRESS.seconds)
    assert "Too many attempts to sign in. Try again in 15 minutes." in locked_out.content.decode()
    rate_limit_clock[0] += PER_NAME_AND_ADDRESS.seconds - 60
    assert "Try again in one minute." in post(editor.username, PASSWORD).content.decode()
    rate_limit_clock[0] += 60
    assert is_let_in(post(editor.username, PASSWORD))


def test_lockout_message_is_in_the_editors_language(editor):
    use_up(editor.username)

    entered = {"username": editor.username, "password": PASSWORD}
    page = Client().post(LOGIN, entered, REMOTE_ADDR=OFFICE, headers={"accept-language": "zh-hant"})

    assert "登入嘗試次數過多，請於 15 分鐘後再試。" in page.content.decode()


def test_colleagues_at_the_same_address_are_not_locked_out(editor):
    use_up(editor.username)

    assert is_let_in(post(make_user().username, PASSWORD))


def test_editor_is_not_locked_out_at_another_address(editor):
    use_up(editor.username)

    assert is_let_in(post(editor.username, PASSWORD, HOME))


@pytest.mark.parametrize("change", [str.upper, lambda name: name.replace("u", "ｕ")])
def test_spellings_of_a_name_share_one_limit(editor, change):
    use_up(change(editor.username))

    assert post(editor.username, PASSWORD).status_code == 429


def test_ipv6_network_counts_as_one_address(editor):
    for number in range(PER_NAME_AND_ADDRESS.attempts):
        post(editor.username, "wrong", f"2001:db8:1:2::{number}")

    assert post(editor.username, PASSWORD, "2001:db8:1:2::ffff").status_code == 429
    assert is_let_in(post(editor.username, PASSWORD, "2001:db8:1:3::1"))


def test_forged_forwarded_for_does_not_evade_the_limit(editor, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.2"]

    def attempt(forwarded_for: str, password: str = "wrong"):
        headers = {"x-forwarded-for": f"{forwarded_for}, {OFFICE}"}
        entered = {"username": editor.username, "password": password}
        return Client().post(LOGIN, entered, REMOTE_ADDR="10.0.0.2", headers=headers)

    for number in range(PER_NAME_AND_ADDRESS.attempts):
        attempt(f"word-{number}")

    assert attempt("203.0.113.9", PASSWORD).status_code == 429


def test_one_password_tried_on_many_names_is_limited_by_address(editor):
    for number in range(PER_ADDRESS.attempts):
        assert post(f"name-{number}", "Spring2026!!").status_code == 200

    assert post("another", "Spring2026!!").status_code == 429
    assert post("another", "Spring2026!!", HOME).status_code == 200


def test_successful_sign_ins_do_not_count_towards_the_limit(editor):
    for _ in range(PER_ADDRESS.attempts + 5):
        assert is_let_in(post(editor.username, PASSWORD))


def use_up_name(name: str) -> None:
    for number in range(PER_NAME.attempts):
        post(name, "wrong", f"203.0.113.{number}")


def test_guesses_from_many_addresses_are_limited_by_name(editor):
    use_up_name(editor.username)

    assert post(editor.username, PASSWORD, "203.0.113.200").status_code == 429


def test_exhausted_name_limit_does_not_lock_out_a_known_address(editor):
    post(editor.username, PASSWORD, OFFICE)
    use_up_name(editor.username)

    assert is_let_in(post(editor.username, PASSWORD, OFFICE))


def test_exhausted_limits_do_not_lock_out_a_known_browser(editor):
    browser = Client()
    post(editor.username, PASSWORD, OFFICE, browser)
    browser.cookies.pop("sessionid")
    use_up_name(editor.username)
    use_up(editor.username, HOME)

    assert post(editor.username, PASSWORD, HOME).status_code == 429
    assert is_let_in(post(editor.username, PASSWORD, HOME, browser))


def test_browser_and_address_stay_known_after_a_new_secret_key(editor, settings):
    browser = Client()
    post(editor.username, PASSWORD, OFFICE, browser)
    browser.cookies.pop("sessionid")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    use_up_name(editor.username)
    use_up(editor.username, HOME)

    assert is_let_in(post(editor.username, PASSWORD, OFFICE))
    assert is_let_in(post(editor.username, PASSWORD, HOME, browser))


def test_known_browser_is_limited_too(editor):
    browser = Client()
    post(editor.username, PASSWORD, OFFICE, browser)

    statuses = [post(editor.username, "wrong", OFFICE, browser).status_code for _ in range(20)]

    few = sign_in.PER_BROWSER.attempts
    assert statuses == [200] * few + [429] * (20 - few)


def test_browser_is_known_only_for_the_name_that_signed_in(editor):
    attacker = make_user()
    browser = Client()
    post(attacker.username, PASSWORD, OFFICE, browser)

    statuses = [post(editor.username, "wrong", OFFICE, browser).status_code for _ in range(6)]

    assert statuses == [200] * PER_NAME_AND_ADDRESS.attempts + [429]
    browser.cookies[project_settings.BROWSER_COOKIE_NAME] = "forged:1:x"
    assert post(editor.username, PASSWORD, OFFICE, browser).status_code == 429


def test_refused_attempts_do_not_count_towards_the_limit_by_name(editor):
    for _ in range(PER_NAME.attempts + 10):
        post(editor.username, "wrong", OFFICE)

    assert is_let_in(post(editor.username, PASSWORD, HOME))


@pytest.mark.django_db(transaction=True)
def test_concurrent_wrong_passwords_are_checked_up_to_the_limit(monkeypatch):
    cache.clear()
    name = make_user().username
    looked_at = []
    verify = User.check_password

    def check_password(user: User, password: str) -> bool:
        looked_at.append(password)
        return verify(user, password)

    monkeypatch.setattr(User, "check_password", check_password)

    statuses = at_once(30, lambda number: post(name, f"wrong-{number}").status_code)

    assert (statuses.count(200), statuses.count(429)) == (PER_NAME_AND_ADDRESS.attempts, 25)
    assert len(looked_at) == PER_NAME_AND_ADDRESS.attempts


def test_old_password_is_limited_on_the_password_change_page(editor):
    client = Client(REMOTE_ADDR=OFFICE)
    client.force_login(editor)
    new = {"new_password1": "harbour lantern tram", "new_password2": "harbour lantern tram"}

    answers = [
        client.post("/admin/password_change/", new | {"old_password": old}, headers={"accept-language": "en"})
        for old in ["wrong"] * PER_NAME_AND_ADDRESS.attempts + [PASSWORD]
    ]

    assert [answer.status_code for answer in answers] == [200] * PER_NAME_AND_ADDRESS.attempts + [429]
    assert "Too many attempts to sign in." in answers[-1].content.decode()
    assert post(editor.username, PASSWORD).status_code == 429


def test_authenticate_is_limited(editor):
    request = RequestFactory().post("/", REMOTE_ADDR=OFFICE)

    def guess() -> str:
        try:
            authenticate(request, username=editor.username, password="wrong")
        except sign_in.SignInRefusedError:
            return "refused"
        return "wrong"

    assert [guess() for _ in range(6)] == ["wrong"] * PER_NAME_AND_ADDRESS.attempts + ["refused"]


@pytest.mark.django_db(transaction=True)
def test_aauthenticate_is_limited():
    cache.clear()
    name = make_user().username
    request = RequestFactory().post("/", REMOTE_ADDR=OFFICE)

    async def guess_often() -> None:
        for _ in range(PER_NAME_AND_ADDRESS.attempts):
            assert await aauthenticate(request, username=name, password="wrong") is None
        with pytest.raises(sign_in.SignInRefusedError):
            await aauthenticate(request, username=name, password=PASSWORD)

    asyncio.run(guess_often())


@pytest.mark.parametrize("door", ["/api/v1/", "/live/none/", "/"])
def test_other_urls_do_not_accept_basic_auth(client, editor, door):
    headers = {"authorization": "Basic dXNlcjpwYXNzd29yZA=="}

    assert "www-authenticate" not in {
        name.lower() for name, value in client.get(door, headers=headers).headers.items() if "Basic" in value
    }
    client.force_login(editor)
    assert client.post(door).status_code in (401, 403, 404, 405)
