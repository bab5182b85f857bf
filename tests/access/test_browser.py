"""Signing in with Chromium: passkeys of a virtual authenticator, recovery codes, and accessible pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from newsroom.access.models import Passkey, StaffSession
from newsroom.sign_in import PER_NAME_AND_ADDRESS
from tests.access.signing_in import LOGIN, OVERVIEW, add_app, code_of, make_codes
from tests.conftest import Server, serving
from tests.factories import PASSWORD, make_person
from tests.waiting import find_free_port

NARROW = {"width": 375, "height": 667}


@pytest.fixture
def localhost(transactional_db, production_environment) -> Iterator[Server]:
    """Yield a server under a host name, because passkeys belong to one (WebAuthn, section 5.1.3)."""
    port = find_free_port()
    url = f"http://localhost:{port}"
    settings = {"SITE_URL": url, "SECOND_FACTOR_ROLES": "Chief editor"}
    with serving(production_environment | settings, port=port) as server:
        yield Server(url, server.process)


@pytest.fixture
def open_page(localhost: Server, new_page: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens a browser of its own, in English."""
    return lambda **options: new_page(**{"locale": "en-GB", "base_url": localhost.url} | options)


def add_authenticator(page: Page) -> None:
    """Give the browser a device that holds passkeys and verifies its owner."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def make_member(role: str) -> User:
    """Create a person whose password the server's own hasher made."""
    password = PBKDF2PasswordHasher().encode(PASSWORD, "0123456789abcdefghijkl")
    return make_person(role, password=password)


def enter_password(page: Page, person: User, password: str = PASSWORD) -> None:
    page.goto(LOGIN)
    page.get_by_label("Username").fill(person.username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def sign_out(page: Page) -> None:
    page.locator("#logout-form button").click()
    expect(page.locator("#content")).to_contain_text("Thanks for spending")


def assert_accessible(page: Page) -> None:
    expect(page.locator("#content")).to_be_visible()
    result = Axe().run(page)
    assert result.response["violations"] == [], result.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_passkey_is_set_up_and_signs_in_without_a_password(open_page):
    chief, page = make_member("Chief editor"), open_page()
    add_authenticator(page)
    enter_password(page, chief)
    expect(page.get_by_role("heading", name="Set up your second factor")).to_be_visible()
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.get_by_role("link", name="I have stored them").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    sign_out(page)

    page.goto("/admin/auth/user/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    # The sign-in page has the same path in its query string.
    expect(page).to_have_url(re.compile("^[^?]+/admin/auth/user/$"))
    passkey = Passkey.objects.get(user=chief)
    assert (passkey.name, passkey.last_used_at is not None) == ("Laptop", True)
    session = StaffSession.objects.get(user=chief)
    assert session.device == "Chrome · Linux"
    sign_out(page)
    # The same passkey as the second step after the password.
    enter_password(page, chief)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile("/admin/$"))


def test_removed_passkey_does_not_sign_in(open_page):
    editor, page = make_member("Editor"), open_page()
    add_authenticator(page)
    enter_password(page, editor)
    page.goto(OVERVIEW)
    page.get_by_label("Name").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    Passkey.objects.all().delete()
    sign_out(page)

    page.goto(LOGIN)
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.locator(".messagelist")).to_contain_text("This passkey was not accepted.")
    assert not StaffSession.objects.filter(user=editor).exists()


def test_editor_who_lost_the_second_factor_gets_back_in_with_a_recovery_code(open_page):
    editor, page = make_member("Editor"), open_page()
    add_app(editor)
    code = make_codes(editor)[0]
    enter_password(page, editor)
    page.get_by_label("Code from the app, or a recovery code").fill(code)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator(".messagelist")).to_contain_text("9 are left")
    page.get_by_role("link", name="Sign-in and security").click()

    page.get_by_role("button", name="Remove the app").click()

    expect(page.locator(".messagelist")).to_contain_text("Removed: authenticator app")
    sign_out(page)
    enter_password(page, editor)
    expect(page).to_have_url(re.compile("/admin/$"))


def test_locked_out_attacker_does_not_lock_the_editor_out(open_page, console_errors):
    editor, own, attacker = make_member("Editor"), open_page(), open_page()
    enter_password(own, editor)
    expect(own).to_have_url(re.compile("/admin/$"))
    sign_out(own)
    for _ in range(PER_NAME_AND_ADDRESS.attempts + 1):
        enter_password(attacker, editor, "wrong")
        expect(attacker.locator(".errornote").first).to_be_visible()
    expect(attacker.locator(".errornote").first).to_contain_text("Too many attempts")

    # The editor signs in from the same address.
    enter_password(own, editor)

    expect(own).to_have_url(re.compile("/admin/$"))
    assert all("429" in error for error in console_errors)
    console_errors.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_on_a_phone(open_page, scheme, console_errors):
    editor, page = make_member("Editor"), open_page(viewport=NARROW, color_scheme=scheme)
    secret = add_app(editor)
    make_codes(editor)
    Passkey.objects.create(
        user=editor, name="A security key with a long name", credential_id="a", public_key=b""
    )
    page.goto(LOGIN)
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    assert_accessible(page)
    enter_password(page, editor)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Code from the app").fill(code_of(secret))
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/admin/$"))
    for path in (OVERVIEW, f"{OVERVIEW}app/"):
        page.goto(path)
        assert_accessible(page)
    page.goto(OVERVIEW)
    page.get_by_role("button", name="Make new recovery codes").click()
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert_accessible(page)
    page.goto("about:blank")
    # axe reloads style sheets to judge colours, which the pages' policy refuses. The other tests show that
    # the pages themselves cause no errors.
    assert [error for error in console_errors if "inline style" not in error and "404" not in error] == []
    console_errors.clear()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, NARROW], ids=["wide", "narrow"])
def test_sign_in_has_the_masthead_of_the_readers_pages(open_page, viewport):
    page = open_page(viewport=viewport)
    page.goto("/")
    name, line = page.locator(".masthead-name"), page.locator(".masthead")
    expected = [name.bounding_box(), line.evaluate("line => getComputedStyle(line).borderTop")]
    page.goto(LOGIN)
    mine = page.locator("#site-name a").bounding_box()
    border = page.locator("#container").evaluate("container => getComputedStyle(container).borderTop")
    assert (abs(mine["x"] - expected[0]["x"]) <= 2, border) == (True, expected[1])
    assert page.locator("#site-name a").evaluate("a => getComputedStyle(a).color") != "rgb(255, 255, 255)"
    for control in page.locator("#login-form input:visible").all():
        box = control.bounding_box()
        assert box["height"] >= 44
        assert box["width"] >= min(viewport["width"] - 40, 370)
    assert_accessible(page)
