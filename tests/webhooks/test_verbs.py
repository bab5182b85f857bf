"""Verbs on webhooks: permissions, validation, replays, resends and secret rotation."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Delivery, WebhookCursor
from liveblog.publishing import SYSTEM
from liveblog.webhooks import cursors, messages
from liveblog.webhooks.delivery import Answer
from tests.factories import make_blog, make_update, make_user
from tests.webhooks.conftest import URL
from tests.webhooks.pump import NO_CONTENT, changes_of, send_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]


def send_requested() -> list[messages.Message]:
    """Deliver everything that was requested manually; return the messages."""
    sent_messages = []
    now = timezone.now()
    for claim in cursors.claim(now, 64, {}):
        assert claim.asked_id, claim
        message = (
            messages.again(claim.webhook, claim.blog_id, claim.number)
            if claim.blog_id
            else messages.test_event()
        )
        cursors.finish(claim, message, NO_CONTENT, now, now)
        sent_messages.append(message)
    return sent_messages


def test_failed_delivery_is_sent_to_a_new_url_at_once(webhook):
    make_blog(slug="storm")
    send_all(lambda message: Answer(1, 404))
    assert send_all() == []
    publishing.edit_webhook(webhook, by=SYSTEM, url=f"{URL}2")
    assert changes_of(send_all()) == [("storm", 1, "blog_started")]


def test_secrets_are_unique_and_overlap_on_rotation(webhook, partner):
    other = publishing.add_webhook(partner, by=SYSTEM, url=URL)
    assert webhook.secret.startswith("whsec_")
    assert webhook.secret != other.secret
    rotated = publishing.rotate_secret(webhook, by=SYSTEM)
    now = timezone.now()
    assert rotated.secret != webhook.secret
    assert rotated.secrets_at(now) == [rotated.secret, webhook.secret]
    assert rotated.secrets_at(now + publishing.webhooks.ROTATION_OVERLAP) == [rotated.secret]


def test_replay_sends_later_changes_in_order_with_current_content(webhook):
    blog = make_blog(slug="storm")
    update = make_update(blog, "機密")
    make_update(blog, "二")
    send_all()
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    send_all()
    publishing.replay_since(webhook, blog, 1, by=SYSTEM)
    bodies = send_all()
    assert [number for _slug, number, _kind in changes_of(bodies)] == [2, 3, 4]
    assert "機密" not in str(bodies)
    make_update(blog, "三")
    assert publishing.replay_since(webhook, blog, 5, by=SYSTEM).number == 4
    with pytest.raises(ValidationError, match="last number is 5"):
        publishing.replay_since(webhook, blog, 6, by=SYSTEM)
    with pytest.raises(ValidationError, match="may not see it"):
        publishing.replay_since(webhook, make_blog(is_live=False), 0, by=SYSTEM)


def test_replay_requested_during_a_delivery_is_not_lost(webhook):
    blog = make_blog(slug="storm")
    make_update(blog)
    send_all()
    make_update(blog)
    now = timezone.now()
    (claim,) = cursors.claim(now, 64, {})
    message = messages.after(claim.webhook, blog.pk, claim.number)
    publishing.replay_since(webhook, blog, 0, by=SYSTEM)
    # The replay does not start while a change is being sent.
    assert cursors.claim(now, 64, {}) == []
    cursors.finish(claim, message, NO_CONTENT, now, now)
    assert [number for _slug, number, _kind in changes_of(send_all())] == [1, 2, 3]


def test_resend_sends_one_change_with_current_content_and_keeps_the_cursor(webhook):
    blog = make_blog(slug="storm")
    update = make_update(blog, "機密")
    make_update(blog)
    send_all()
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    send_all()
    delivery = publishing.resend(Delivery.objects.get(number=2), by=SYSTEM)
    (message,) = send_requested()
    assert (message.id, message.number) == (f"msg_{blog.pk}_2", 2)
    assert "機密" not in message.body.decode()
    delivery.refresh_from_db()
    assert (delivery.is_delivered, delivery.asked_for_at, delivery.body) == (
        True,
        None,
        message.body.decode(),
    )
    cursor = WebhookCursor.objects.get(blog=blog)
    assert (cursor.number, cursor.leased_until_at) == (4, None)
    publishing.withdraw_blog(blog, by=SYSTEM)
    with pytest.raises(ValidationError, match="may not see it"):
        publishing.resend(delivery, by=SYSTEM)


def test_resend_waits_for_a_delivery_in_progress(webhook):
    blog = make_blog()
    send_all()
    make_update(blog)
    now = timezone.now()
    (claim,) = cursors.claim(now, 64, {})
    publishing.resend(Delivery.objects.get(), by=SYSTEM)
    assert cursors.claim(now, 64, {}) == []
    cursors.finish(claim, messages.after(claim.webhook, blog.pk, claim.number), NO_CONTENT, now, now)
    assert [message.number for message in send_requested()] == [1]


def test_test_event_is_sent_to_a_disabled_webhook_too(webhook):
    publishing.disable_webhook(webhook, by=SYSTEM)
    delivery = publishing.send_test(webhook, by=SYSTEM)
    (message,) = send_requested()
    assert message.id.startswith("msg_test_")
    delivery.refresh_from_db()
    assert (delivery.is_delivered, delivery.blog, str(delivery)) == (True, None, "Test event")


def test_sender_with_an_expired_lease_does_not_move_the_cursor(webhook):
    blog = make_blog(slug="storm")
    make_update(blog)
    first = timezone.now()
    cursors.open_places()
    (slow_claim,) = cursors.claim(first, 64, {})
    assert cursors.claim(first, 64, {}) == []
    message = messages.after(slow_claim.webhook, blog.pk, slow_claim.number)
    later = first + cursors.LEASE
    (quick_claim,) = cursors.claim(later, 64, {})
    assert quick_claim.number == slow_claim.number == 0
    cursors.finish(quick_claim, message, NO_CONTENT, later, later)
    (next_claim,) = cursors.claim(later, 64, {})
    cursors.finish(slow_claim, message, NO_CONTENT, first, later)
    cursor = WebhookCursor.objects.get()
    assert (cursor.number, cursor.leased_until_at) == (1, next_claim.until)


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
def test_invalid_and_internal_urls_are_refused_on_save(webhook, partner, url):
    with pytest.raises(ValidationError) as refusal:
        publishing.add_webhook(partner, by=SYSTEM, url=url)
    assert list(refusal.value.message_dict) == ["url"]
    with pytest.raises(ValidationError):
        publishing.edit_webhook(webhook, by=SYSTEM, url=url)
    webhook.refresh_from_db()
    assert webhook.url == URL


def test_webhook_verbs_require_permission_and_refuse_repetition(webhook, partner):
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
