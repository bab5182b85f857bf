"""A person's sessions: the list, ending one or all others, and expiry."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from newsroom.access import sessions
from newsroom.access.models import StaffSession
from tests.access.signing_in import OVERVIEW
from tests.factories import make_person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/19.0 Mobile/15E148 Safari/604.1"
)
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
)


@pytest.fixture
def two_browsers(browser_of, editor):
    """Sign the editor in at the office and on a phone, and return both browsers."""
    office, phone = browser_of("192.0.2.1"), browser_of("198.51.100.7")
    office.defaults["HTTP_USER_AGENT"], phone.defaults["HTTP_USER_AGENT"] = FIREFOX, IPHONE
    for browser in (office, phone):
        browser.enter_password(editor)
    return office, phone


def digests(browser) -> dict[str, str]:
    """Return the digests that name the sessions in forms, by device, as the page lists them."""
    return {session["row"].device: session["digest"] for session in browser.get(OVERVIEW).context["sessions"]}


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox · Linux"),
        (IPHONE, "Safari · iPhone"),
        (EDGE, "Edge · Windows"),
        ("curl/8.5", ""),
        ("<script>", ""),
    ],
)
def test_device_is_named_by_browser_and_system(user_agent, device):
    assert sessions.describe(user_agent) == device


def test_page_lists_own_sessions_without_their_keys(two_browsers):
    office, _phone = two_browsers
    make_person("Editor")

    page = office.get(OVERVIEW)

    text = page.content.decode()
    for part in ("Firefox · Linux", "192.0.2.1", "Safari · iPhone", "198.51.100.7", "this browser"):
        assert part in text
    assert len(page.context["sessions"]) == 2
    for browser in two_browsers:
        assert browser.session.session_key not in text


def test_one_session_can_be_ended_but_not_a_colleagues(two_browsers, browser_of, seen_events, editor):
    office, phone = two_browsers
    colleague = browser_of()
    colleague.enter_password(make_person("Editor"))
    colleagues_digest = next(iter(digests(colleague).values()))

    office.post(f"{OVERVIEW}sessions/{colleagues_digest}/end/")
    office.post(f"{OVERVIEW}sessions/{digests(office)['Safari · iPhone']}/end/")

    assert (office.is_in, phone.is_in, colleague.is_in) == (True, False, True)
    assert seen_events[-1] == ("sessions_ended", editor.username, editor.username)


def test_all_other_sessions_are_ended(two_browsers):
    office, phone = two_browsers

    page = phone.post(f"{OVERVIEW}sessions/end/", follow=True).content.decode()

    assert "Ended sessions: 1" in page
    assert (office.is_in, phone.is_in) == (False, True)


def test_idle_session_expires_and_use_extends_it(two_browsers, settings, editor):
    office, phone = two_browsers
    settings.SESSION_IDLE_HOURS = 1
    ago = timezone.now() - timedelta(minutes=50)
    StaffSession.objects.filter(user=editor).update(
        seen_at=ago, expire_date=ago + timedelta(hours=1), signed_in_at=ago
    )
    assert office.is_in
    row = StaffSession.objects.get(pk=office.session.session_key)
    assert timezone.now() - row.seen_at < timedelta(minutes=1)
    assert row.expire_date - timezone.now() > timedelta(minutes=55)

    StaffSession.objects.filter(pk=phone.session.session_key).update(expire_date=timezone.now())

    assert (office.is_in, phone.is_in) == (True, False)


def test_polls_of_an_open_desk_do_not_extend_the_session(two_browsers, editor):
    office, _phone = two_browsers
    ago = timezone.now() - timedelta(minutes=50)
    StaffSession.objects.filter(user=editor).update(seen_at=ago)

    office.post("/admin/liveblog/liveblog/1/desk/state/", {"after": "0"})

    assert StaffSession.objects.get(pk=office.session.session_key).seen_at == ago


def test_use_does_not_extend_the_absolute_limit(two_browsers, settings, editor):
    office, _phone = two_browsers
    settings.SESSION_HOURS = 24
    now = timezone.now()
    begin = now - timedelta(hours=23)
    StaffSession.objects.filter(user=editor).update(signed_in_at=begin, seen_at=now - timedelta(hours=1))

    assert office.is_in

    row = StaffSession.objects.get(pk=office.session.session_key)
    assert row.expire_date == begin + timedelta(hours=24)


def test_saving_a_session_keeps_both_limits(browser_of, editor, settings):
    settings.SESSION_IDLE_HOURS, settings.SESSION_HOURS = 12, 10
    browser = browser_of()
    browser.enter_password(editor)
    session = browser.session
    session["anything"] = True

    session.save()

    row = StaffSession.objects.get(pk=session.session_key)
    assert row.user == editor
    assert row.expire_date == row.signed_in_at + timedelta(hours=10)


@pytest.mark.django_db
def test_public_pages_record_no_session(client):
    client.get("/")
    assert not StaffSession.objects.exists()
