"""Verbs on webhooks: who may use them, and what they refuse."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Delivery, Webhook, WebhookCursor
from liveblog.publishing import SYSTEM
from liveblog.webhooks import cursors, messages
from liveblog.webhooks.delivery import Answer
from tests.factories import make_blog, make_update, make_user
from tests.webhooks.pump import TAKEN, send_all, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]
URL = "https://partner.example/hook"


@pytest.fixture
def webhook(partner) -> Webhook:
    return publishing.add_webhook(partner, by=SYSTEM, url=URL)


def send_asked() -> list[messages.Message]:
    """What was asked for by hand, sent and taken."""
    sent = []
    now = timezone.now()
    for claim in cursors.claim(now, 64, {}):
        assert claim.asked_id, claim
        message = (
            messages.again(claim.webhook, claim.blog_id, claim.number)
            if claim.blog_id
            else messages.test_event()
        )
        cursors.finish(claim, message, TAKEN, now, now)
        sent.append(message)
    return sent


def test_what_failed_at_an_address_is_sent_to_the_new_one_at_once(webhook):
    make_blog(slug="storm")
    send_all(lambda message: Answer(1, 404))
    assert send_all() == []
    publishing.edit_webhook(webhook, by=SYSTEM, url=f"{URL}2")
    assert told(send_all()) == [("storm", 1, "blog_started")]


def test_each_secret_is_its_own_and_rotates(webhook, partner):
    other = publishing.add_webhook(partner, by=SYSTEM, url=URL)
    assert webhook.secret.startswith("whsec_")
    assert webhook.secret != other.secret
    rotated = publishing.rotate_secret(webhook, by=SYSTEM)
    now = timezone.now()
    assert rotated.secret != webhook.secret
    assert rotated.secrets_at(now) == [rotated.secret, webhook.secret]
    assert rotated.secrets_at(now + publishing.webhooks.ROTATION_OVERLAP) == [rotated.secret]


def test_replaying_sends_all_that_follows_a_number_in_order_as_it_stands_now(webhook):
    blog = make_blog(slug="storm")
    update = make_update(blog, "機密")
    make_update(blog, "二")
    send_all()
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    send_all()
    publishing.replay_since(webhook, blog, 1, by=SYSTEM)
    bodies = send_all()
    assert [number for _slug, number, _kind in told(bodies)] == [2, 3, 4]
    assert "機密" not in str(bodies)
    make_update(blog, "三")
    assert publishing.replay_since(webhook, blog, 5, by=SYSTEM).number == 4
    with pytest.raises(ValidationError, match="numbers end at 5"):
        publishing.replay_since(webhook, blog, 6, by=SYSTEM)
    with pytest.raises(ValidationError, match="may not see it"):
        publishing.replay_since(webhook, make_blog(is_live=False), 0, by=SYSTEM)


def test_a_replay_that_is_asked_for_while_a_change_is_under_way_holds(webhook):
    blog = make_blog(slug="storm")
    make_update(blog)
    send_all()
    make_update(blog)
    now = timezone.now()
    (claim,) = cursors.claim(now, 64, {})
    message = messages.after(claim.webhook, blog.pk, claim.number)
    publishing.replay_since(webhook, blog, 0, by=SYSTEM)
    # Not beside the one that is under way.
    assert cursors.claim(now, 64, {}) == []
    cursors.finish(claim, message, TAKEN, now, now)
    assert [number for _slug, number, _kind in told(send_all())] == [1, 2, 3]


def test_resending_sends_one_change_as_it_stands_now_and_moves_nothing(webhook):
    blog = make_blog(slug="storm")
    update = make_update(blog, "機密")
    make_update(blog)
    send_all()
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    send_all()
    asked = publishing.resend(Delivery.objects.get(number=2), by=SYSTEM)
    (message,) = send_asked()
    assert (message.id, message.number) == (f"msg_{blog.pk}_2", 2)
    assert "機密" not in message.body.decode()
    asked.refresh_from_db()
    assert (asked.is_delivered, asked.asked_for_at, asked.body) == (True, None, message.body.decode())
    cursor = WebhookCursor.objects.get(blog=blog)
    assert (cursor.number, cursor.leased_until_at) == (4, None)
    publishing.withdraw_blog(blog, by=SYSTEM)
    with pytest.raises(ValidationError, match="may not see it"):
        publishing.resend(asked, by=SYSTEM)


def test_what_is_asked_for_waits_for_the_change_that_is_under_way(webhook):
    blog = make_blog()
    send_all()
    make_update(blog)
    now = timezone.now()
    (claim,) = cursors.claim(now, 64, {})
    publishing.resend(Delivery.objects.get(), by=SYSTEM)
    assert cursors.claim(now, 64, {}) == []
    cursors.finish(claim, messages.after(claim.webhook, blog.pk, claim.number), TAKEN, now, now)
    assert [message.number for message in send_asked()] == [1]


def test_a_test_event_goes_to_a_webhook_that_is_switched_off_too(webhook):
    publishing.disable_webhook(webhook, by=SYSTEM)
    asked = publishing.send_test(webhook, by=SYSTEM)
    (message,) = send_asked()
    assert message.id.startswith("msg_test_")
    asked.refresh_from_db()
    assert (asked.is_delivered, asked.blog, str(asked)) == (True, None, "Test event")


def test_a_sender_whose_lease_ran_out_moves_nothing(webhook):
    blog = make_blog(slug="storm")
    make_update(blog)
    first = timezone.now()
    cursors.open_places()
    (slow,) = cursors.claim(first, 64, {})
    assert cursors.claim(first, 64, {}) == []
    message = messages.after(slow.webhook, blog.pk, slow.number)
    later = first + cursors.LEASE
    (quick,) = cursors.claim(later, 64, {})
    assert quick.number == slow.number == 0
    cursors.finish(quick, message, TAKEN, later, later)
    (next_one,) = cursors.claim(later, 64, {})
    cursors.finish(slow, message, TAKEN, first, later)
    cursor = WebhookCursor.objects.get()
    assert (cursor.number, cursor.leased_until_at) == (1, next_one.until)


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/hook",
        "ftp://partner.example/",
        "https://user:password@partner.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://partner.example/#part",
        "not an address",
        "",
    ],
)
def test_addresses_that_could_not_be_sent_to_are_refused_when_they_are_saved(webhook, partner, url):
    with pytest.raises(ValidationError) as refused:
        publishing.add_webhook(partner, by=SYSTEM, url=url)
    assert list(refused.value.message_dict) == ["url"]
    with pytest.raises(ValidationError):
        publishing.edit_webhook(webhook, by=SYSTEM, url=url)
    webhook.refresh_from_db()
    assert webhook.url == URL


def test_only_who_may_change_webhooks_does(webhook, partner):
    blog = make_blog()
    send_all()
    delivery = Delivery.objects.get()
    viewer = make_user("view_webhook", "view_delivery", "change_partner")
    for verb, arguments in [
        (publishing.edit_webhook, {"webhook": webhook, "url": URL}),
        (publishing.rotate_secret, {"webhook": webhook}),
        (publishing.disable_webhook, {"webhook": webhook}),
        (publishing.enable_webhook, {"webhook": webhook}),
        (publishing.replay_since, {"webhook": webhook, "blog": blog, "number": 0}),
        (publishing.resend, {"delivery": delivery}),
        (publishing.send_test, {"webhook": webhook}),
        (publishing.add_webhook, {"partner": partner, "url": URL}),
    ]:
        with pytest.raises(PermissionDenied):
            verb(**arguments, by=viewer)
    manager = make_user("add_webhook", "change_webhook")
    assert publishing.add_webhook(partner, by=manager, url=URL).pk
    assert publishing.disable_webhook(webhook, by=manager).disabled_at
    with pytest.raises(ValidationError):
        publishing.disable_webhook(webhook, by=manager)
    assert publishing.enable_webhook(webhook, by=manager).disabled_at is None
    with pytest.raises(ValidationError):
        publishing.enable_webhook(webhook, by=manager)
