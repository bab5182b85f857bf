"""Pings to a WebSub hub and to IndexNow: the feeds and pages they list, debouncing, and retries."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import LiveBlog, PingCursor, PingService, Topic
from liveblog.publishing import SYSTEM
from liveblog.webhooks import pings
from liveblog.webhooks import sender as senders
from liveblog.webhooks.sender import Sender
from tests.factories import edit_blog, make_blog, make_update
from tests.standards import ATOM, read_atom
from tests.waiting import wait_for
from tests.webhooks import receiver as behaviours
from tests.webhooks.conftest import Clock
from tests.webhooks.receiver import Receiver, take_turns

pytestmark = pytest.mark.django_db(transaction=True)

SITE = "http://127.0.0.1:8000"
KEY = "0123456789abcdef"


@pytest.fixture
def hub(receiver: Receiver, settings) -> Receiver:
    settings.WEBSUB_HUB = receiver.url
    return receiver


@pytest.fixture
def index(receiver: Receiver, settings) -> Receiver:
    settings.INDEXNOW_KEY, settings.INDEXNOW_URL = KEY, receiver.url
    return receiver


def pinged(hub: Receiver) -> Counter[str]:
    """Count the pings that the hub accepted, by the path of the feed."""
    forms = [parse_qs(request.body.decode(), strict_parsing=True) for request in hub.accepted_requests]
    assert all(form["hub.mode"] == ["publish"] for form in forms)
    return Counter(form["hub.url"][0].removeprefix(SITE) for form in forms)


def settle(clock: Clock) -> None:
    """Advance the clock until the last change is old enough to be pinged."""
    clock.forward(pings.SETTLE)


def is_pinged(blog: LiveBlog) -> bool:
    blog.refresh_from_db()
    return PingCursor.objects.filter(blog=blog, number=blog.number, leased_until_at=None).exists()


def start_with_cursors(sender: Sender) -> None:
    """Start a sender and wait until it has a cursor for every public live blog."""
    sender.start()
    count_known = LiveBlog.objects.filter(number__gt=0, embargo_until_at=None).count
    wait_for(lambda: PingService.objects.exists() and PingCursor.objects.count() == count_known())


def feeds(*places: str) -> Counter[str]:
    return Counter(f"{place}feed.{form}" for place in places for form in ("atom", "rss", "json"))


def test_change_pings_the_hub_once_for_each_affected_feed(sender, hub, clock):
    make_blog(slug="calm")
    blog = make_blog(slug="storm", topics=(Topic.objects.create(slug="w", name="天氣"),))
    start_with_cursors(sender)
    make_update(blog, "風球")
    settle(clock)
    wait_for(lambda: is_pinged(blog))

    expected = feeds(
        "/", "/zh-hans/", "/topics/w/", "/zh-hans/topics/w/", "/live/storm/", "/zh-hans/live/storm/"
    )
    assert pinged(hub) == expected
    for path in expected:
        answer = Client().get(path)
        assert answer.status_code == 200
        assert answer.headers["Link"] == f'<{hub.url}>; rel="hub", <{SITE}{path}>; rel="self"'
    assert {request.headers["content-type"] for request in hub.accepted_requests} == {
        "application/x-www-form-urlencoded"
    }


def test_burst_of_changes_is_debounced_into_one_ping_per_feed(sender, hub, clock):
    blog = make_blog(slug="storm")
    start_with_cursors(sender)
    for _ in range(10):
        make_update(blog)
    assert not hub.requests
    settle(clock)
    wait_for(lambda: is_pinged(blog))
    assert set(pinged(hub).values()) == {1}


def test_continuous_changes_are_claimed_without_a_pause(hub, clock):
    blog = make_blog(slug="storm")
    pings.claim(timezone.now(), 4)
    for _ in range(5):
        make_update(blog)
        clock.forward(pings.SETTLE - timedelta(milliseconds=500))
        claims = pings.claim(timezone.now(), 4)
        if claims:
            break
    blog.refresh_from_db()
    # A shared cache may still hold a feed without the newest change, so the ping does not cover that one.
    assert [claim.number for claim in claims] == [blog.number - 1]


def test_failed_pings_are_retried_after_a_restart(sender, hub, clock):
    blog = make_blog(slug="storm")
    start_with_cursors(sender)
    hub.behave = take_turns(behaviours.fail, behaviours.accept)
    make_update(blog)
    settle(clock)
    wait_for(lambda: PingCursor.objects.filter(attempts=1, leased_until_at=None).exists())
    sender.stop()

    hub.accepted_requests.clear()
    make_update(blog)
    clock.forward_to(PingCursor.objects.get().next_attempt_at)
    settle(clock)
    restarted_sender = Sender()
    restarted_sender.start()
    wait_for(lambda: is_pinged(blog))
    restarted_sender.stop()
    assert pinged(hub) == feeds("/", "/zh-hans/", "/live/storm/", "/zh-hans/live/storm/")
    assert PingCursor.objects.get().attempts == 0


def test_retry_after_from_a_hub_postpones_pings_for_all_live_blogs(sender, hub, clock):
    blogs = [make_blog(slug="storm"), make_blog(slug="calm")]
    start_with_cursors(sender)
    hub.behave = behaviours.ask_for_backoff
    for blog in blogs:
        make_update(blog)
    settle(clock)
    wait_for(lambda: PingCursor.objects.filter(next_attempt_at__isnull=False).count() == 2)
    soonest = min(PingCursor.objects.values_list("next_attempt_at", flat=True))
    assert soonest > timezone.now() + timedelta(seconds=100)


def test_404_from_a_hub_is_not_retried(sender, hub, clock):
    blog = make_blog(slug="storm")
    start_with_cursors(sender)
    hub.behave = lambda handler: handler.answer(404)
    make_update(blog)
    settle(clock)
    wait_for(lambda: is_pinged(blog))
    assert len(hub.requests) == 12


@pytest.mark.parametrize(
    "hide", [{"is_live": False}, {"embargo_until_at": timezone.now() + timedelta(days=9)}]
)
def test_hidden_live_blogs_are_not_pinged(sender, hub, clock, hide):
    hidden, public = make_blog(slug="hidden", **hide), make_blog(slug="public")
    start_with_cursors(sender)
    if not hidden.is_live:
        edit_blog(hidden, headline="改")
    else:
        make_update(hidden)
    make_update(public)
    settle(clock)
    wait_for(lambda: is_pinged(public))
    assert not PingCursor.objects.filter(blog=hidden).exists()
    assert not [path for path in pinged(hub) if "hidden" in path]


def test_lifting_an_embargo_pings_the_hub(sender, hub, clock):
    blog = make_blog(slug="storm", embargo_until_at=timezone.now() + timedelta(days=9))
    make_update(blog)
    start_with_cursors(sender)
    publishing.lift_embargo(blog, by=SYSTEM)
    settle(clock)
    wait_for(lambda: is_pinged(blog))
    assert pinged(hub) == feeds("/", "/zh-hans/", "/live/storm/", "/zh-hans/live/storm/")


def test_removing_a_topic_pings_the_feeds_of_that_topic(sender, hub, clock):
    blog = make_blog(slug="storm", topics=(Topic.objects.create(slug="w", name="天氣"),))
    start_with_cursors(sender)
    make_update(blog)
    settle(clock)
    wait_for(lambda: is_pinged(blog))
    hub.accepted_requests.clear()
    edit_blog(blog, topics=())
    settle(clock)
    wait_for(lambda: is_pinged(blog))
    assert feeds("/topics/w/", "/zh-hans/topics/w/") <= pinged(hub)


def test_changes_that_no_feed_contains_do_not_ping_the_hub(sender, hub, clock):
    blog = make_blog(slug="storm")
    update = make_update(blog)
    start_with_cursors(sender)
    publishing.mark_key_event(update, by=SYSTEM)
    publishing.pin_update(update, by=SYSTEM)
    settle(clock)
    wait_for(lambda: is_pinged(blog))
    assert hub.requests == []


def test_new_service_is_not_pinged_about_earlier_changes(sender, hub, clock):
    blog = make_blog(slug="storm")
    make_update(blog)
    clock.forward(timedelta(days=1))
    start_with_cursors(sender)
    assert is_pinged(blog)
    assert hub.requests == []


def test_hub_on_a_private_address_is_not_contacted(sender, hub, clock, settings):
    blog = make_blog(slug="storm")
    start_with_cursors(sender)
    settings.WEBHOOK_TEST_HOSTS = []
    make_update(blog)
    settle(clock)
    wait_for(lambda: PingCursor.objects.filter(attempts=1, leased_until_at=None).exists())
    assert hub.requests == []


def test_indexnow_gets_the_changed_pages_and_can_fetch_its_key(sender, index, clock, client):
    blog = make_blog(slug="storm")
    make_update(blog)
    start_with_cursors(sender)
    update = make_update(blog)
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    settle(clock)
    wait_for(lambda: is_pinged(blog))

    (request,) = index.accepted_requests
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.json == {
        "host": "127.0.0.1:8000",
        "key": KEY,
        "keyLocation": f"{SITE}/{KEY}.txt",
        "urlList": [
            f"{SITE}{prefix}/live/storm/{page}"
            for page in ("", f"{update.pk}/")
            for prefix in ("", "/zh-hans")
        ],
    }
    key_file = client.get(urlsplit(request.json["keyLocation"]).path)
    assert (key_file.status_code, key_file.content.decode()) == (200, KEY)
    assert key_file.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert client.get("/abcdefgh.txt").status_code == 404


def test_updates_do_not_resubmit_the_blog_page_to_indexnow_within_the_interval(sender, index, clock):
    blog = make_blog(slug="storm")
    start_with_cursors(sender)
    page_urls_by_ping = []

    def change(verb) -> None:
        index.accepted_requests.clear()
        verb()
        settle(clock)
        wait_for(lambda: is_pinged(blog))
        (request,) = index.accepted_requests
        page_urls_by_ping.append([url for url in request.json["urlList"] if url.endswith("/storm/")])

    change(lambda: make_update(blog))
    change(lambda: make_update(blog))
    change(lambda: publishing.end_coverage(blog, by=SYSTEM))
    change(lambda: make_update(blog))
    page = [f"{SITE}/live/storm/", f"{SITE}/zh-hans/live/storm/"]
    assert page_urls_by_ping == [page, [], page, []]

    index.accepted_requests.clear()
    clock.forward(pings.PAGE_INTERVAL)
    wait_for(lambda: index.accepted_requests)
    assert index.accepted_requests[0].json["urlList"] == page


def test_without_settings_no_cursor_is_stored_and_feeds_link_no_hub(sender, receiver, clock, monkeypatch):
    blog = make_blog(slug="storm")
    monkeypatch.setattr(senders, "LOOK_SECONDS", 0.01)
    sender.start()
    make_update(blog)
    settle(clock)
    passes = []
    monkeypatch.setattr(Sender, "_begin_pings", _counting(passes, Sender._begin_pings))
    wait_for(lambda: len(passes) > 3)
    assert not PingCursor.objects.exists()
    answer = Client().get("/live/storm/feed.atom")
    assert "Link" not in answer.headers
    links = [link.get("rel") for link in read_atom(answer.content).iterfind(f"{ATOM}link")]
    assert links == ["alternate", "self"]


def _counting(calls: list[None], method):
    def counted(*arguments):
        calls.append(None)
        return method(*arguments)

    return counted
