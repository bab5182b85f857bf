"""Verbs on webhooks: addresses, secrets, progress and test events. `liveblog.webhooks` does the sending."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit, visibility
from liveblog.audit.chain import PARTNERS
from liveblog.models import Delivery, LiveBlog, Partner, Webhook, WebhookCursor
from liveblog.publishing.limits import MOST, refuse_many
from liveblog.publishing.log import CHANNEL
from liveblog.publishing.permissions import Actor, require

# How long the previous secret still signs alongside the new one.
ROTATION_OVERLAP: Final = timedelta(days=1)


def add_webhook(
    partner: Partner, *, by: Actor, url: str, edition: str = "", blogs: Iterable[LiveBlog] = ()
) -> Webhook:
    """Create a webhook with its secret, starting at the current number of each live blog that it may read.

    A live blog that becomes readable to it later starts from its first number.
    """
    require(by, "add_webhook")
    webhook = Webhook(partner=partner, url=url.strip(), edition=edition, secret=_new_secret())
    webhook.full_clean()
    blogs = set(blogs)
    refuse_many(blogs=blogs)
    if partner.webhooks.count() >= MOST["webhooks"]:
        raise ValidationError(
            _("This partner already has %(limit)s webhooks. Change one of them.")
            % {"limit": MOST["webhooks"]}
        )
    with transaction.atomic():
        webhook.save()
        webhook.blogs.set(blogs)
        _start_at_present(webhook)
        _record("webhook_added", by, webhook)
    return webhook


def edit_webhook(
    webhook: Webhook, *, by: Actor, url: str, edition: str = "", blogs: Iterable[LiveBlog] = ()
) -> Webhook:
    """Change a webhook's address, edition and live blogs. Added live blogs start at their current number."""
    require(by, "change_webhook")
    new_blogs = set(blogs)
    refuse_many(blogs=new_blogs)
    with transaction.atomic():
        webhook = _locked(webhook)
        leads_elsewhere = webhook.url != url.strip()
        webhook.url, webhook.edition = url.strip(), edition
        webhook.full_clean()
        webhook.save(update_fields=["url", "edition"])
        if leads_elsewhere:
            # Retry immediately: failures at the old address say nothing about the new one.
            webhook.cursors.update(next_attempt_at=None)
            _wake_senders()
        old_blogs = set(webhook.blogs.all())
        if old_blogs != new_blogs:
            webhook.blogs.set(new_blogs)
            if old_blogs:
                _start_at_present(webhook)
        _record("webhook_changed", by, webhook, edition=edition, blogs=sorted(blog.pk for blog in new_blogs))
    return webhook


def rotate_secret(webhook: Webhook, *, by: Actor) -> Webhook:
    """Replace a webhook's secret. The previous one also signs for ROTATION_OVERLAP, older ones no longer."""
    require(by, "change_webhook")
    expected_secret = webhook.secret
    with transaction.atomic():
        webhook = _locked(webhook)
        if webhook.secret != expected_secret:
            # Two concurrent rotations would leave the partner without either of the secrets that sign.
            raise ValidationError(_("Somebody else has just rotated this secret."))
        webhook.previous_secret, webhook.secret = webhook.secret, _new_secret()
        webhook.previous_secret_until_at = timezone.now() + ROTATION_OVERLAP
        webhook.save(update_fields=["secret", "previous_secret", "previous_secret_until_at"])
        _record("webhook_secret_rotated", by, webhook)
    return webhook


def disable_webhook(webhook: Webhook, *, by: Actor, because: str = "") -> Webhook:
    """Stop sending. Later changes wait in the log until the webhook is enabled again."""
    require(by, "change_webhook")
    with transaction.atomic():
        webhook = _locked(webhook)
        if not webhook.is_enabled:
            raise ValidationError(_("This webhook is switched off already."))
        webhook.disabled_at = timezone.now()
        longest = Webhook._meta.get_field("disabled_because").max_length
        webhook.disabled_because = (because or _("Switched off in the admin."))[:longest]
        webhook.save(update_fields=["disabled_at", "disabled_because"])
        _record("webhook_disabled", by, webhook)
    return webhook


def enable_webhook(webhook: Webhook, *, by: Actor) -> Webhook:
    """Resume sending immediately, from where each live blog stopped."""
    require(by, "change_webhook")
    with transaction.atomic():
        webhook = _locked(webhook)
        if webhook.is_enabled:
            raise ValidationError(_("This webhook is switched on already."))
        webhook.disabled_at = webhook.failing_since_at = webhook.warned_at = None
        webhook.disabled_because = ""
        webhook.save()
        webhook.cursors.update(attempts=0, failing_since_at=None, next_attempt_at=None)
        _wake_senders()
        _record("webhook_enabled", by, webhook)
    return webhook


def replay_since(webhook: Webhook, blog: LiveBlog, number: int, *, by: Actor) -> WebhookCursor:
    """Send all changes after `number` in a live blog again, in order and in their current state."""
    require(by, "change_webhook")
    with transaction.atomic():
        webhook = _locked(webhook)
        blog = LiveBlog.objects.get(pk=blog.pk)
        if not visibility.readable(webhook).filter(pk=blog.pk).exists():
            raise ValidationError(_("This webhook is not for that live blog, or its partner may not see it."))
        if not 0 <= number <= blog.number:
            raise ValidationError(_("The live blog's last number is %(number)s.") % {"number": blog.number})
        WebhookCursor.objects.get_or_create(webhook=webhook, blog=blog, defaults={"number": 0})
        cursor = webhook.cursors.select_for_update(of=("self",)).get(blog=blog)
        # Never move forward, because that would skip changes that have not been sent yet.
        cursor.number = min(number, cursor.number)
        cursor.attempts, cursor.failing_since_at, cursor.next_attempt_at = 0, None, None
        # Keep the lease of a delivery in progress; its sender notices that the number has moved.
        cursor.save(update_fields=["number", "attempts", "failing_since_at", "next_attempt_at"])
        _wake_senders()
        _record("webhook_replayed", by, webhook, blog_id=blog.pk, after=number)
    return cursor


def resend(delivery: Delivery, *, by: Actor) -> Delivery:
    """Send a delivery's change again in its current state, or a test event, without delaying others."""
    require(by, "change_webhook")
    if delivery.blog is None:
        return send_test(delivery.webhook, by=by)
    if not visibility.readable(delivery.webhook).filter(pk=delivery.blog.pk).exists():
        raise ValidationError(_("This webhook is not for that live blog, or its partner may not see it."))
    return _ask_for(delivery.webhook, delivery.blog, delivery.number, by)


def send_test(webhook: Webhook, *, by: Actor) -> Delivery:
    """Send a test event without content, even to a webhook that is switched off."""
    require(by, "change_webhook")
    return _ask_for(webhook, None, 0, by)


def _ask_for(webhook: Webhook, blog: LiveBlog | None, number: int, by: Actor) -> Delivery:
    now = timezone.now()
    with transaction.atomic():
        delivery = Delivery.objects.create(
            webhook=webhook, blog=blog, number=number, attempt=0, at=now, asked_for_at=now
        )
        _wake_senders()
        _record("webhook_sent_by_hand", by, webhook, blog_id=blog.pk if blog else None, number=number)
    return delivery


def _record(action: str, by: Actor, webhook: Webhook, **details: Any) -> None:
    audit.record(action, by=by, subject=webhook, chain=PARTNERS, partner=webhook.partner.name, **details)


def _locked(webhook: Webhook) -> Webhook:
    return Webhook.objects.select_for_update(of=("self",)).select_related("partner").get(pk=webhook.pk)


def _start_at_present(webhook: Webhook) -> None:
    """Create the webhook's missing cursors, at the current number of each live blog that it may read."""
    known_blogs = webhook.cursors.values("blog")
    new_blogs = visibility.readable(webhook).filter(number__gt=0).exclude(pk__in=known_blogs)
    WebhookCursor.objects.bulk_create(
        [WebhookCursor(webhook=webhook, blog=blog, number=blog.number, is_held=True) for blog in new_blogs],
        ignore_conflicts=True,
    )


def _new_secret() -> str:
    """Return a secret of 256 random bits in the format of https://www.standardwebhooks.com/."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


def _wake_senders() -> None:
    """Wake senders immediately on PostgreSQL, not at their next poll; on SQLite they watch the file."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, "0"])
