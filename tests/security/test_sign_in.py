"""Signing in: guessing is limited at every door, nobody locks a colleague out, and all of it is logged."""

from __future__ import annotations

import asyncio
import logging

import pytest
from django.contrib.auth import aauthenticate, authenticate
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, RequestFactory

from newsroom import counting, passwords, sign_in
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
    """The seconds since 1970, as counts see them; a test moves them on."""
    now = [1_800_000_000.0]
    monkeypatch.setattr("newsroom.counting.time.time", lambda: now[0])
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


def test_after_a_few_wrong_passwords_not_even_the_right_one_is_let_in(editor, clock):
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


def test_the_refusal_is_in_the_editors_language(editor):
    use_up(editor.username)

    entered = {"username": editor.username, "password": PASSWORD}
    page = Client().post(LOGIN, entered, REMOTE_ADDR=OFFICE, headers={"accept-language": "zh-hant"})

    assert "登入嘗試次數過多，請於 15 分鐘後再試。" in page.content.decode()


def test_colleagues_at_the_same_address_are_not_locked_out(editor):
    use_up(editor.username)

    assert is_let_in(post(make_user().username, PASSWORD))


def test_the_editor_elsewhere_is_not_locked_out(editor):
    use_up(editor.username)

    assert is_let_in(post(editor.username, PASSWORD, HOME))


@pytest.mark.parametrize("change", [str.upper, lambda name: name.replace("u", "ｕ")])
def test_spellings_of_a_name_count_as_one(editor, change):
    use_up(change(editor.username))

    assert post(editor.username, PASSWORD).status_code == 429


def test_a_network_of_ipv6_counts_as_one_address(editor):
    for number in range(PER_NAME_AND_ADDRESS.attempts):
        post(editor.username, "wrong", f"2001:db8:1:2::{number}")

    assert post(editor.username, PASSWORD, "2001:db8:1:2::ffff").status_code == 429
    assert is_let_in(post(editor.username, PASSWORD, "2001:db8:1:3::1"))


def test_a_forged_address_makes_no_count_of_its_own(editor, settings):
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


def test_signing_in_costs_those_at_the_same_address_nothing(editor):
    for _ in range(PER_ADDRESS.attempts + 5):
        assert is_let_in(post(editor.username, PASSWORD))


def use_up_name(name: str) -> None:
    for number in range(PER_NAME.attempts):
        post(name, "wrong", f"203.0.113.{number}")


def test_many_addresses_together_are_limited_by_name(editor):
    use_up_name(editor.username)

    assert post(editor.username, PASSWORD, "203.0.113.200").status_code == 429


def test_who_uses_up_a_name_does_not_lock_out_the_address_that_is_known(editor):
    post(editor.username, PASSWORD, OFFICE)
    use_up_name(editor.username)

    assert is_let_in(post(editor.username, PASSWORD, OFFICE))


def test_who_uses_up_name_and_address_does_not_lock_out_the_browser_that_is_known(editor):
    browser = Client()
    post(editor.username, PASSWORD, OFFICE, browser)
    browser.cookies.pop("sessionid")
    use_up_name(editor.username)
    use_up(editor.username, HOME)

    assert post(editor.username, PASSWORD, HOME).status_code == 429
    assert is_let_in(post(editor.username, PASSWORD, HOME, browser))


def test_a_known_browser_has_a_limit_too(editor):
    browser = Client()
    post(editor.username, PASSWORD, OFFICE, browser)

    statuses = [post(editor.username, "wrong", OFFICE, browser).status_code for _ in range(20)]

    few = sign_in.PER_BROWSER.attempts
    assert statuses == [200] * few + [429] * (20 - few)


def test_a_browser_is_known_under_the_name_it_signed_in_with_alone(editor):
    attacker = make_user()
    browser = Client()
    post(attacker.username, PASSWORD, OFFICE, browser)

    statuses = [post(editor.username, "wrong", OFFICE, browser).status_code for _ in range(6)]

    assert statuses == [200] * PER_NAME_AND_ADDRESS.attempts + [429]
    browser.cookies[sign_in.BROWSER_COOKIE] = "forged:1:x"
    assert post(editor.username, PASSWORD, OFFICE, browser).status_code == 429


def test_the_browsers_cookie_is_for_the_newsroom_and_no_script(editor, settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = post(editor.username, PASSWORD).cookies[sign_in.BROWSER_COOKIE]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["secure"]) == (
        "/admin/",
        True,
        "Strict",
        True,
    )
    assert editor.username not in cookie.value


def test_refused_attempts_from_one_address_do_not_use_up_what_all_addresses_share(editor):
    for _ in range(PER_NAME.attempts + 10):
        post(editor.username, "wrong", OFFICE)

    assert is_let_in(post(editor.username, PASSWORD, HOME))


@pytest.mark.django_db(transaction=True)
def test_of_thirty_wrong_passwords_at_once_a_few_are_looked_at(monkeypatch):
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


# Every door


def test_the_old_password_is_limited_where_it_is_changed(editor):
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


def test_a_changed_password_ends_the_other_sessions(editor):
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


def test_whatever_authenticates_is_limited(editor):
    request = RequestFactory().post("/", REMOTE_ADDR=OFFICE)

    def guess() -> str:
        try:
            authenticate(request, username=editor.username, password="wrong")
        except sign_in.SignInRefusedError:
            return "refused"
        return "wrong"

    assert [guess() for _ in range(6)] == ["wrong"] * PER_NAME_AND_ADDRESS.attempts + ["refused"]


@pytest.mark.django_db(transaction=True)
def test_authenticating_asynchronously_is_limited():
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
def test_no_other_door_takes_a_name_and_a_password(client, editor, door):
    headers = {"authorization": "Basic dXNlcjpwYXNzd29yZA=="}

    assert "www-authenticate" not in {
        name.lower() for name, value in client.get(door, headers=headers).headers.items() if "Basic" in value
    }
    client.force_login(editor)
    assert client.post(door).status_code in (401, 403, 404, 405)


# What is logged


@pytest.fixture
def log(caplog) -> pytest.LogCaptureFixture:
    """What was logged of signing in."""
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


def test_a_lock_out_is_logged(editor, log, clock):
    use_up(editor.username)
    post(editor.username, "my secret")

    assert log.messages[-1] == f"Locked out: '{editor.username}' from {OFFICE}, for 900 s"
    assert "my secret" not in "".join(log.messages)


def test_a_name_cannot_write_lines_into_the_log(db, log):
    post("x\n2026-11-27 INFO newsroom.sign_in: Signed in: 'editor'\x1b[2J\u202e", "wrong")

    assert len(log.messages) == 1
    assert log.messages[0].isprintable()


def test_someone_without_a_role_is_not_let_in_and_logged(db, log):
    reader = make_user(is_staff=False)

    assert post(reader.username, PASSWORD).status_code == 200
    assert log.messages == [f"Refused, the account has no role: '{reader.username}' from {OFFICE}"]


# What Django does, and must go on doing


def test_an_unknown_name_an_inactive_account_and_a_wrong_password_are_told_alike(editor):
    User.objects.filter(pk=editor.pk).update(is_active=False)
    colleague = make_user()

    pages = [
        post(name, password, f"192.0.2.{number}").content.decode()
        for number, (name, password) in enumerate(
            [("nobody", "wrong"), (editor.username, PASSWORD), (colleague.username, "wrong")]
        )
    ]

    said = [page.partition("errornote")[2].partition("</p>")[0] for page in pages]
    assert said[0]
    assert len(set(said)) == 1


def test_an_unknown_name_costs_one_hash_as_a_known_one_does(editor, monkeypatch, settings):
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
def test_signing_in_leads_to_no_other_site(editor, address):
    entered = {"username": editor.username, "password": PASSWORD, "next": address}

    assert Client().post(LOGIN, entered).headers["Location"] in ("/admin/", "/accounts/profile/")


def test_the_session_that_was_there_before_is_not_gone_on_with(editor):
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


def test_passwords_hashed_before_stay_valid(hasher):
    encoded = super(QueuedPasswordHasher, hasher).encode(PASSWORD, "0123456789abcdefghijkl")

    assert hasher.verify(PASSWORD, encoded)
    assert not hasher.verify("wrong", encoded)
    assert hasher.encode(PASSWORD, "0123456789abcdefghijkl") == encoded


def test_while_too_many_passwords_wait_the_answer_is_503_and_no_attempt_is_counted(
    editor, monkeypatch, settings, hasher
):
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
    counting.forget()
