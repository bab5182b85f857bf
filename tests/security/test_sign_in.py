"""Sign-in: every entry point limits guessing, no one can lock a colleague out, and attempts are logged."""

from __future__ import annotations

import asyncio
import logging

import pytest
from django.conf import settings as project_settings
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, RequestFactory

from newsroom import passwords, sign_in
from newsroom.http import rate_limits
from newsroom.passwords import HashingBusyError, QueuedPasswordHasher
from newsroom.sign_in import PER_ADDRESS, PER_NAME, PER_NAME_AND_ADDRESS
from tests.at_once import at_once
from tests.factories import PASSWORD, make_user

LOGIN = "/admin/login/"
OFFICE, HOME = "192.0.2.1", "198.51.100.1"


@pytest.fixture
def editor(db) -> User:
    cache.clear()
    return make_user("publish_update")


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """Replace the clock of the rate limits; tests advance the Unix time in its single item."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("newsroom.http.rate_limits.time.time", lambda: now[0])
    return now


def post(name: str, password: str, address: str = OFFICE, client: Client | None = None):
    client = client or Client()
    entered = {"username": name, "password": password}
    return client.post(LOGIN, entered, REMOTE_ADDR=address, headers={"accept-language": "en"})


def is_let_in(response) -> bool:
    return response.status_code == 302


def use_up(name: str, address: str = OFFICE) -> None:
    for _ in range(PER_NAME_AND_ADDRESS.attempts):
        post(name, "wrong", address)


# Limits


def test_correct_password_is_refused_with_429_after_too_many_wrong_ones(editor, clock):
    statuses = [post(editor.username, "wrong").status_code for _ in range(60)]
    locked_out = post(editor.username, PASSWORD)

    few = PER_NAME_AND_ADDRESS.attempts
    assert statuses == [200] * few + [429] * (60 - few)
    assert locked_out.status_code == 429
    assert locked_out.headers["Retry-After"] == str(PER_NAME_AND_ADDRESS.seconds)
    assert "Too many attempts to sign in. Try again in 15 minutes." in locked_out.content.decode()
    clock[0] += PER_NAME_AND_ADDRESS.seconds - 60
    assert "Try again in one minute." in post(editor.username, PASSWORD).content.decode()
    clock[0] += 60
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


# Every entry point


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


# Logging


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


def test_lockout_is_logged_without_the_password(editor, log, clock):
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


# Guarantees of Django that must keep holding


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


def test_unknown_name_takes_one_hash_like_a_known_one(editor, monkeypatch, settings):
    settings.PASSWORD_HASHERS = ["newsroom.passwords.QueuedPasswordHasher"]
    monkeypatch.setattr(QueuedPasswordHasher, "iterations", 1000)
    editor.set_password(PASSWORD)
    editor.save()
    hashed = []
    encode = QueuedPasswordHasher.encode

    def counting_encode(hasher, password, salt, iterations=None):
        hashed.append(iterations or hasher.iterations)
        return encode(hasher, password, salt, iterations)

    monkeypatch.setattr(QueuedPasswordHasher, "encode", counting_encode)

    for name in (editor.username, "nobody"):
        post(name, "wrong")

    assert hashed == [1000, 1000]


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


# Hashing


@pytest.fixture
def hasher(monkeypatch) -> QueuedPasswordHasher:
    monkeypatch.setattr(QueuedPasswordHasher, "iterations", 1000)
    return QueuedPasswordHasher()


def test_passwords_hashed_by_the_parent_hasher_stay_valid(hasher):
    encoded = super(QueuedPasswordHasher, hasher).encode(PASSWORD, "0123456789abcdefghijkl")

    assert hasher.verify(PASSWORD, encoded)
    assert not hasher.verify("wrong", encoded)
    assert hasher.encode(PASSWORD, "0123456789abcdefghijkl") == encoded


def test_full_hashing_queue_returns_503_and_counts_no_attempt(editor, monkeypatch, settings, hasher):
    settings.PASSWORD_HASHERS = ["newsroom.passwords.QueuedPasswordHasher"]
    editor.set_password(PASSWORD)
    editor.save()
    for _ in range(passwords.MAX_WAITING):
        passwords._places.acquire()
    try:
        busy = [post(editor.username, PASSWORD) for _ in range(PER_NAME_AND_ADDRESS.attempts + 1)]
        with pytest.raises(HashingBusyError):
            hasher.encode(PASSWORD, "0123456789abcdefghijkl")
    finally:
        for _ in range(passwords.MAX_WAITING):
            passwords._places.release()

    assert {(answer.status_code, answer.headers["Retry-After"]) for answer in busy} == {(503, "2")}
    assert is_let_in(post(editor.username, PASSWORD))


def test_passwords_are_hashed_one_at_a_time(monkeypatch):
    at_work, most = [], []

    def hash_slowly(hasher, password, salt, iterations=None):
        at_work.append(password)
        most.append(len(at_work))
        at_work.remove(password)
        return password

    monkeypatch.setattr(QueuedPasswordHasher.__mro__[1], "encode", hash_slowly)

    hashed = at_once(8, lambda number: QueuedPasswordHasher().encode(f"password {number}", "salt"))

    assert hashed == [f"password {number}" for number in range(8)]
    assert max(most) == 1
    rate_limits.forget()
