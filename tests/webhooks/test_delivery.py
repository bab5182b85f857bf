"""Webhook deliveries over HTTPS: every change arrives signed and in order, even if the receiver fails."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.db.models import Min
from django.utils import timezone
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from liveblog import publishing
from liveblog.models import Delivery, LiveBlog, Partner, Webhook, WebhookCursor
from liveblog.publishing import SYSTEM
from liveblog.webhooks import cursors, delivery, messages
from liveblog.webhooks.delivery import Answer
from tests.factories import make_blog, make_update
from tests.waiting import wait_for
from tests.webhooks import receiver as behaviours
from tests.webhooks.conftest import Clock, make_webhook
from tests.webhooks.receiver import Received, take_turns

pytestmark = pytest.mark.django_db(transaction=True)

# Seconds until a receiver that was down for up to a minute gets a try after it answers again.
LONGEST_DELAY = 20


def is_verified(request: Received, secret: str) -> bool:
    try:
        Verifier(secret).verify(request.body, request.headers)
    except WebhookVerificationError:
        return False
    return True


def deliver_all(sender, clock: Clock, blog: LiveBlog, webhook: Webhook) -> None:
    """Advance the clock to each next attempt until all changes are delivered or the webhook is disabled."""

    def is_over() -> bool:
        blog.refresh_from_db()
        webhook.refresh_from_db()
        return WebhookCursor.objects.filter(blog=blog, number=blog.number).exists() or not webhook.is_enabled

    def advance() -> bool:
        cursor = WebhookCursor.objects.get(blog=blog)
        if cursor.leased_until_at is None and cursor.next_attempt_at:
            clock.forward_to(cursor.next_attempt_at)
        sender.wake()
        return is_over()

    wait_for(advance, 60)


def test_each_change_arrives_signed_and_in_order(sender, receiver, partner):
    webhook = make_webhook(partner, receiver)
    sender.start()
    blog = make_blog(slug="storm", headline="颱風")
    update = make_update(blog, "風球")
    wait_for(lambda: receiver.numbers("storm") == [1, 2])
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    wait_for(lambda: receiver.numbers("storm") == [1, 2, 3])

    request = receiver.accepted_requests[1]
    assert request.path == "/hook?of=ours"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == f"msg_{blog.pk}_2"
    payload = request.json
    assert (payload["type"], payload["timestamp"]) == ("liveblog.published", payload["data"]["change"]["at"])
    assert payload["timestamp"].endswith("+08:00")
    assert payload["data"]["change"] == {
        "number": 2,
        "kind": "published",
        "update": update.pk,
        "at": payload["timestamp"],
    }
    assert payload["data"]["blog"]["headline"] == "颱風"
    assert (payload["data"]["update"]["id"], payload["data"]["update"]["heading"]) == (update.pk, "風球")
    assert receiver.accepted_requests[2].json["data"]["update"]["status"] == "withdrawn"
    assert "風球" not in receiver.accepted_requests[2].body.decode()

    assert all(is_verified(request, webhook.secret) for request in receiver.accepted_requests)
    assert not is_verified(Received("", request.headers, request.body + b" "), webhook.secret)
    wait_for(lambda: Delivery.objects.filter(is_delivered=True).count() == 3)
    stored = Delivery.objects.get(number=2)
    assert (stored.status, stored.attempt, stored.body, stored.error) == (204, 1, request.body.decode(), "")


def test_both_secrets_sign_until_the_previous_one_expires(sender, receiver, partner):
    webhook = make_webhook(partner, receiver)
    previous_secret = webhook.secret
    webhook = publishing.rotate_secret(webhook, by=SYSTEM)
    blog = make_blog()
    sender.start()
    wait_for(lambda: receiver.numbers(blog.slug) == [1])
    assert len(receiver.accepted_requests[0].headers["webhook-signature"].split()) == 2
    assert is_verified(receiver.accepted_requests[0], previous_secret)
    assert is_verified(receiver.accepted_requests[0], webhook.secret)

    Webhook.objects.update(previous_secret_until_at=timezone.now())
    make_update(blog)
    wait_for(lambda: receiver.numbers(blog.slug) == [1, 2])
    assert not is_verified(receiver.accepted_requests[1], previous_secret)
    assert is_verified(receiver.accepted_requests[1], webhook.secret)


def test_new_webhook_gets_later_changes_of_old_blogs_and_all_changes_of_drafts(sender, receiver, partner):
    old = make_blog(slug="old")
    make_update(old)
    draft = make_blog(slug="draft", is_live=False)
    make_webhook(partner, receiver)
    sender.start()
    make_update(old)
    publishing.start_coverage(draft, by=SYSTEM)
    make_update(draft)
    wait_for(lambda: (receiver.numbers("old"), receiver.numbers("draft")) == ([3], [1, 2]))


def test_payloads_are_in_the_edition_of_the_webhook(sender, receiver, partner):
    make_webhook(partner, receiver, edition="zh-hans")
    sender.start()
    make_update(make_blog(slug="storm", headline="颱風"), "頭髮")
    english = make_blog(slug="english", headline="Storm", language="en")
    wait_for(lambda: (receiver.numbers("storm"), receiver.numbers("english")) == ([1, 2], [1]))
    data = {request.slug: request.json["data"] for request in receiver.accepted_requests}
    assert (data["storm"]["blog"]["headline"], data["storm"]["update"]["heading"]) == ("台风", "头发")
    assert data["storm"]["update"]["url"].endswith(f"/zh-hans/live/storm/{data['storm']['update']['id']}/")
    assert data["english"]["blog"]["headline"] == english.headline


@pytest.mark.parametrize(
    "behaviour",
    [
        behaviours.fail,
        behaviours.ask_for_backoff,
        behaviours.redirect,
        behaviours.close_in_mid_body,
        behaviours.hang_up,
        behaviours.hang,
        behaviours.drip,
        behaviours.drip_headers,
        behaviours.answer_for_ever,
    ],
)
def test_all_changes_arrive_in_order_despite_failed_attempts(
    sender, receiver, partner, clock, monkeypatch, behaviour
):
    monkeypatch.setattr(delivery, "SECONDS", 0.5)
    receiver.behave = take_turns(
        behaviours.accept, behaviour, behaviour, behaviours.accept, behaviour, behaviours.accept
    )
    webhook = make_webhook(partner, receiver)
    blog = make_blog()
    for _each in range(4):
        make_update(blog)
    sender.start()
    wait_for(lambda: WebhookCursor.objects.exists())
    deliver_all(sender, clock, blog, webhook)
    assert receiver.numbers(blog.slug) == [1, 2, 3, 4, 5]
    assert sorted(set(receiver.numbers(blog.slug))) == receiver.numbers(blog.slug)
    assert {request.path for request in receiver.requests} == {"/hook?of=ours"}
    assert webhook.is_enabled
    assert webhook.failing_since_at is None


def test_stored_response_is_truncated(sender, receiver, partner):
    receiver.behave = behaviours.answer_for_ever
    make_webhook(partner, receiver)
    make_blog()
    sender.start()
    wait_for(lambda: Delivery.objects.filter(is_delivered=True).exists())
    answer = Delivery.objects.get().answer
    assert (answer[:12], len(answer)) == ("giant giant ", delivery.ANSWER_BYTES)


def test_retry_after_is_honoured_and_capped(sender, receiver, partner, clock):
    make_webhook(partner, receiver)
    blog = make_blog()
    receiver.behave = lambda handler: handler.answer(429, Retry_After="1200")
    sender.start()
    cursor = wait_for(lambda: WebhookCursor.objects.filter(attempts=1).first())
    assert timedelta(minutes=19) < cursor.next_attempt_at - clock.now() < timedelta(minutes=23)
    receiver.behave = lambda handler: handler.answer(503, Retry_After="Wed, 01 Jan 2098 00:00:00 GMT")
    clock.forward_to(cursor.next_attempt_at)
    sender.wake()
    cursor = wait_for(lambda: WebhookCursor.objects.filter(attempts=2).first())
    assert timedelta(hours=3) < cursor.next_attempt_at - clock.now() < timedelta(hours=5)
    assert WebhookCursor.objects.get(blog=blog).number == 0


@pytest.mark.parametrize("back_after", [45, 44.5, 46, 50, 59])
def test_receiver_gets_a_try_within_seconds_of_answering_again(back_after):
    """The receiver may recover at any moment between two tries, so the longest wait bounds the delay."""
    partner = Partner.objects.create(name="報社", contact="desk@example.com")
    publishing.add_webhook(partner, by=SYSTEM, url="https://example.com/hook")
    # A new webhook gets only later changes.
    blogs = [make_blog() for _each in range(5)]
    cursors.open_places()
    started_at = now = timezone.now()
    caught_up_at, tries = {}, 0
    while len(caught_up_at) < len(blogs):
        is_back = (now - started_at).total_seconds() >= back_after
        answer = Answer(1, 204) if is_back else Answer(1, 500, error="HTTP 500")
        claims = cursors.claim(now, 64, {})
        for claim in claims:
            tries += 1
            message = messages.after(claim.webhook, claim.blog_id, claim.number)
            cursors.finish(claim, message, answer, now, now)
            if is_back:
                caught_up_at.setdefault(claim.blog_id, now)
        waiting = WebhookCursor.objects.filter(next_attempt_at__gt=now).aggregate(at=Min("next_attempt_at"))
        if not claims:
            now = waiting["at"]
    delays = [(at - started_at).total_seconds() - back_after for at in caught_up_at.values()]
    assert max(delays) < LONGEST_DELAY
    # A receiver that is down is not flooded in the meantime.
    assert tries < 12 * len(blogs)


def test_receiver_down_for_two_days_gets_every_change_and_a_warning(
    sender, receiver, partner, clock, settings
):
    settings.SITE_CONTACT = "house@newsroom.example"
    receiver.behave = behaviours.fail
    webhook = make_webhook(partner, receiver)
    blog = make_blog()
    make_update(blog)
    sender.start()
    started_at = clock.now()
    wait_for(lambda: WebhookCursor.objects.filter(attempts=1).exists())

    def is_up_again() -> bool:
        cursor = WebhookCursor.objects.get(blog=blog)
        if cursor.leased_until_at is None and cursor.next_attempt_at:
            clock.forward_to(cursor.next_attempt_at)
        sender.wake()
        return clock.now() - started_at > timedelta(days=2)

    wait_for(is_up_again, 60)
    make_update(blog)
    receiver.behave = behaviours.accept
    deliver_all(sender, clock, blog, webhook)
    assert receiver.numbers(blog.slug) == [1, 2, 3]
    # Backoff spaces the later attempts hours apart.
    assert 15 < len(receiver.requests) < 40
    assert (webhook.failing_since_at, webhook.warned_at) == (None, None)
    (email,) = mail.outbox
    assert email.recipients() == ["desk@harbour.example", "house@newsroom.example"]
    assert receiver.url in email.body
    assert "HTTP 500" in email.body


def test_webhook_failing_for_three_days_is_disabled_with_notice_and_loses_nothing(
    sender, receiver, partner, clock
):
    receiver.behave = behaviours.fail
    webhook = make_webhook(partner, receiver)
    blog = make_blog()
    started_at = clock.now()
    sender.start()
    wait_for(lambda: WebhookCursor.objects.exists())
    deliver_all(sender, clock, blog, webhook)
    assert timedelta(days=3) <= webhook.disabled_at - started_at < timedelta(days=4)
    assert webhook.disabled_because == "HTTP 500"
    wait_for(lambda: len(mail.outbox) == 2)
    assert all(email.to == ["desk@harbour.example"] for email in mail.outbox)

    receiver.behave = behaviours.accept
    make_update(blog)
    webhook = publishing.enable_webhook(webhook, by=SYSTEM)
    deliver_all(sender, clock, blog, webhook)
    assert receiver.numbers(blog.slug) == [1, 2]


def test_410_disables_a_webhook_at_once_with_notice(sender, receiver, partner):
    receiver.behave = lambda handler: handler.answer(410)
    webhook = make_webhook(partner, receiver)
    make_blog()
    sender.start()
    wait_for(lambda: mail.outbox)
    webhook.refresh_from_db()
    assert (webhook.is_enabled, webhook.disabled_because, len(receiver.requests)) == (False, "HTTP 410", 1)


def test_failing_notice_email_is_logged_and_the_webhook_is_still_disabled(
    sender, receiver, partner, settings, caplog
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    receiver.behave = lambda handler: handler.answer(410)
    webhook = make_webhook(partner, receiver)
    make_blog()
    sender.start()
    wait_for(lambda: "could not be sent" in caplog.text)
    webhook.refresh_from_db()
    assert not webhook.is_enabled


def test_retry_omits_content_withdrawn_since_the_first_attempt(sender, receiver, partner, clock):
    receiver.behave = behaviours.fail
    webhook = make_webhook(partner, receiver)
    blog = make_blog()
    update = make_update(blog, "機密", is_key_event=True)
    make_update(blog, "其他")
    sender.start()
    wait_for(lambda: WebhookCursor.objects.filter(attempts=1).exists())
    assert "機密" in receiver.requests[0].body.decode()
    failed_attempts = len(receiver.requests)
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    receiver.behave = behaviours.accept
    deliver_all(sender, clock, blog, webhook)
    assert receiver.numbers(blog.slug) == [1, 2, 3, 4]
    retried = b"".join(request.body for request in receiver.requests[failed_attempts:]).decode()
    assert "其他" in retried
    assert "機密" not in retried
    update_payload = next(
        request.json["data"]["update"] for request in receiver.accepted_requests if request.number == 2
    )
    assert update_payload["status"] == "withdrawn"


def test_slow_receiver_does_not_delay_others(sender, receiver, partner, authority):
    with behaviours.run_receiver(authority) as other:
        receiver.behave = behaviours.hang
        make_webhook(partner, receiver)
        make_webhook(partner, other)
        blogs = [make_blog() for _each in range(cursors.AT_ONCE * 3)]
        sender.start()
        for blog in blogs:
            make_update(blog)
        wait_for(lambda: all(other.numbers(blog.slug) == [1, 2] for blog in blogs))
        # Concurrent requests to the slow receiver itself are limited.
        assert len(receiver.requests) == cursors.AT_ONCE


def test_stopped_sender_releases_its_leases_at_once(sender, receiver, partner):
    receiver.behave = behaviours.hang
    make_webhook(partner, receiver)
    make_blog()
    sender.start()
    wait_for(lambda: receiver.requests)
    assert WebhookCursor.objects.get().leased_until_at is not None
    sender.stop(patience=0)
    cursor = WebhookCursor.objects.get()
    assert (cursor.leased_until_at, cursor.number, cursor.attempts) == (None, 0, 0)


def test_database_outage_is_logged_and_delivery_resumes(sender, receiver, partner, caplog):
    make_webhook(partner, receiver)
    blog = make_blog()
    table = connection.ops.quote_name(WebhookCursor._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        sender.start()
        wait_for(lambda: "could not be read; trying again" in caplog.text)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")
    wait_for(lambda: receiver.numbers(blog.slug) == [1])
