"""Visibility of live blogs in webhooks: partners get public and granted blogs, but no withdrawn content."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Delivery, Partner, Webhook, WebhookCursor
from liveblog.publishing import SYSTEM
from liveblog.webhooks import cursors, messages
from liveblog.webhooks.delivery import Answer
from tests.factories import embargo, make_blog, make_partner, make_update
from tests.webhooks.pump import NO_CONTENT, changes_of, send_all

pytestmark = pytest.mark.django_db


def test_drafts_are_not_sent_until_public_and_then_in_full(webhook):
    blog = make_blog(slug="storm", is_live=False)
    make_update(blog)
    assert send_all() == []
    publishing.start_coverage(blog, by=SYSTEM)
    assert changes_of(send_all()) == [("storm", 1, "published"), ("storm", 2, "blog_started")]


def test_embargoed_blogs_are_sent_only_to_granted_partners(webhook, partner):
    other = make_partner(name="Other")
    publishing.add_webhook(other, by=SYSTEM, url="https://other.example/hook")
    blog = make_blog(slug="secret", embargo_until_at=timezone.now() + timedelta(hours=1))
    partner.granted_blogs.add(blog)
    make_update(blog)
    assert changes_of(send_all()) == [("secret", 1, "blog_started"), ("secret", 2, "published")]
    assert set(Delivery.objects.values_list("webhook__partner__name", flat=True)) == {partner.name}
    publishing.lift_embargo(blog, by=SYSTEM)
    assert sorted(changes_of(send_all())) == sorted(
        [
            # The granted partner continues; the other starts at the first change.
            ("secret", 3, "embargo_lifted"),
            ("secret", 1, "blog_started"),
            ("secret", 2, "published"),
            ("secret", 3, "embargo_lifted"),
        ]
    )


def test_withdrawn_blog_sends_one_change_without_content_and_all_changes_on_restore(webhook):
    blog = make_blog(slug="storm", headline="機密標題")
    update = make_update(blog, "機密")
    assert changes_of(send_all()) == [("storm", 1, "blog_started"), ("storm", 2, "published")]
    make_update(blog, "未送出")
    publishing.withdraw_blog(blog, by=SYSTEM)
    (last,) = send_all()
    assert last["type"] == "liveblog.blog_withdrawn"
    assert last["data"] == {
        "change": {
            "number": 4,
            "kind": "blog_withdrawn",
            "update": None,
            "at": last["timestamp"],
        },
        "blog": {
            "slug": "storm",
            "url": "http://127.0.0.1:8000/live/storm/",
            "number": 4,
            "status": "withdrawn",
        },
        "update": None,
    }
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    assert send_all() == []
    publishing.restore_blog(blog, by=SYSTEM)
    # The partner discarded the blog, so everything is sent again, except the withdrawal that was undone.
    bodies = send_all()
    assert [(number, kind) for _slug, number, kind in changes_of(bodies)] == [
        (1, "blog_started"),
        (2, "published"),
        (3, "published"),
        (5, "withdrawn"),
        (6, "blog_restored"),
    ]
    assert "未送出" in str(bodies)
    assert "'機密'" not in str(bodies)


def test_new_embargo_is_sent_as_a_withdrawal_to_ungranted_partners(webhook, partner):
    blog = make_blog(slug="storm")
    make_update(blog, "機密")
    send_all()
    embargo(blog)
    (last,) = send_all()
    assert (last["type"], last["data"]["blog"]["status"]) == ("liveblog.blog_withdrawn", "withdrawn")
    assert "機密" not in str(last)
    make_update(blog)
    assert send_all() == []
    publishing.lift_embargo(blog, by=SYSTEM)
    assert [number for _slug, number, _kind in changes_of(send_all())] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("status", [None, 500])
def test_withdrawal_is_sent_even_after_a_failed_attempt(webhook, status):
    blog = make_blog(slug="storm")
    send_all(lambda message: Answer(1, status, error="closed"))
    publishing.withdraw_blog(blog, by=SYSTEM)
    WebhookCursor.objects.update(next_attempt_at=None)
    assert changes_of(send_all()) == [("storm", 2, "blog_withdrawn")]
    assert send_all() == []


def test_replay_from_the_beginning_does_not_suppress_a_withdrawal(webhook):
    blog = make_blog(slug="storm")
    send_all()
    publishing.replay_since(webhook, blog, 0, by=SYSTEM)
    embargo(blog)
    assert changes_of(send_all()) == [("storm", 2, "blog_withdrawn")]


def test_revoked_grant_sends_a_withdrawal_with_its_own_id(webhook, partner):
    blog = make_blog(slug="secret", embargo_until_at=timezone.now() + timedelta(hours=1))
    partner.granted_blogs.add(blog)
    send_all()
    partner.granted_blogs.remove(blog)
    webhook = Webhook.objects.select_related("partner").get()
    assert messages.after(webhook, blog.pk, 1).id == f"msg_{blog.pk}_1_gone"
    assert changes_of(send_all()) == [("secret", 1, "blog_withdrawn")]
    assert send_all() == []


def test_webhook_limited_to_some_blogs_gets_only_their_changes(partner):
    mine, other = make_blog(slug="mine"), make_blog(slug="other")
    webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://partner.example/", blogs=[mine])
    make_update(mine)
    make_update(other)
    assert changes_of(send_all()) == [("mine", 2, "published")]
    publishing.edit_webhook(webhook, by=SYSTEM, url=webhook.url, blogs=[mine, other])
    make_update(mine)
    make_update(other)
    # A blog added later starts at the present, as with a new webhook.
    assert sorted(changes_of(send_all())) == [("mine", 3, "published"), ("other", 3, "published")]
    publishing.edit_webhook(webhook, by=SYSTEM, url=webhook.url, blogs=[other])
    make_update(mine)
    assert send_all() == []
    # The partner still holds content of the removed blog, so it gets the takedown.
    publishing.withdraw_blog(mine, by=SYSTEM)
    assert changes_of(send_all()) == [("mine", 5, "blog_withdrawn")]


@pytest.mark.parametrize("is_disabled", [True, False])
def test_disabled_webhook_or_partner_gets_all_changes_once_enabled(webhook, partner, is_disabled):
    blog = make_blog(slug="storm")
    if is_disabled:
        publishing.disable_webhook(webhook, by=SYSTEM)
    else:
        Partner.objects.update(is_active=False)
    make_update(blog)
    assert send_all() == []
    if is_disabled:
        publishing.enable_webhook(webhook, by=SYSTEM)
    else:
        Partner.objects.update(is_active=True)
    assert changes_of(send_all()) == [("storm", 1, "blog_started"), ("storm", 2, "published")]


def test_erasing_clears_stored_deliveries_and_one_in_progress(webhook):
    blog = make_blog(slug="storm")
    update = make_update(blog, "機密", is_key_event=True)
    send_all()
    other = make_update(make_blog(slug="other"), "其他")
    # Another delivery is in progress and is recorded after the update was erased.
    make_update(blog, "新")
    (claim,) = [row for row in cursors.claim(timezone.now(), 64, {}) if row.blog_id == blog.pk]
    message = messages.after(claim.webhook, claim.blog_id, claim.number)
    assert "機密" in message.body.decode()
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    now = timezone.now()
    cursors.finish(claim, message, Answer(1, 200, text="機密"), now, now)
    send_all()
    deliveries = Delivery.objects.filter(blog=blog).order_by("number")
    assert [bool(delivery.body) for delivery in deliveries] == [False, False, False, True]
    assert not any("機密" in delivery.body + delivery.answer for delivery in Delivery.objects.all())
    assert Delivery.objects.filter(blog=other.blog).exclude(body="").exists()


def test_old_deliveries_are_pruned(webhook):
    make_blog()
    send_all()
    assert cursors.prune(timezone.now()) == 0
    Delivery.objects.update(at=timezone.now() - cursors.KEPT - timedelta(minutes=1))
    assert cursors.prune(timezone.now()) == 1
    assert not Delivery.objects.exists()


def test_one_failing_blog_marks_the_webhook_as_failing(webhook):
    good, bad = make_blog(slug="good"), make_blog(slug="bad")

    def answering(message: messages.Message) -> Answer:
        return Answer(1, 500) if b'"slug":"bad"' in message.body else NO_CONTENT

    send_all(answering)
    since = WebhookCursor.objects.get(blog=bad).failing_since_at
    make_update(good)
    assert changes_of(send_all(answering)) == [("good", 2, "published")]
    webhook.refresh_from_db()
    assert webhook.failing_since_at == since
    WebhookCursor.objects.update(next_attempt_at=None)
    send_all()
    webhook.refresh_from_db()
    assert webhook.failing_since_at is None
