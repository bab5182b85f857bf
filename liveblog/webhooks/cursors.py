"""Webhook cursors, one per webhook and live blog: leases, progress, retries with backoff, and giving up.

A sender leases a cursor and holds no transaction while it sends. If a sender dies, its lease expires and
another sends the same change again, so delivery is at least once. A slow sender whose lease has expired does
not move the cursor. Each cursor has one sender at a time, which preserves the order.

Locks are taken in the order live blog, webhook, cursor.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet

from liveblog import audit, visibility
from liveblog.audit.chain import PARTNERS, SYSTEM
from liveblog.models import AuditEntry, Delivery, LiveBlog, Update, Webhook, WebhookCursor
from liveblog.webhooks.delivery import Answer
from liveblog.webhooks.messages import Message
from liveblog.webhooks.notices import Notice

# Longer than a request may take, including the database work around it.
LEASE: Final = timedelta(seconds=30)
# Backoff in seconds after the first failed attempt, the second and so on; the last value repeats. Most
# outages are restarts, so the first retries follow quickly.
# Whenever a receiver comes back within a minute, it gets its next try within twenty seconds.
WAITS: Final = (1, 2, 4, 8, 15, 15, 15, 15, 30, 60, 120, 600, 1_800, 3_600, 7_200, 14_400)
LONGEST_WAIT: Final = timedelta(seconds=WAITS[-1])
WARN_AFTER: Final = timedelta(days=1)
GIVE_UP_AFTER: Final = timedelta(days=3)
KEPT: Final = timedelta(days=30)
# Concurrent deliveries per webhook, so that a slow receiver delays only itself; fewer while it fails.
AT_ONCE: Final = 4
AT_ONCE_FAILING: Final = 1
# Number of due cursors to consider in one search for claims.
CANDIDATES: Final = 500


@dataclass(frozen=True)
class Claim:
    """A lease on a cursor until `until`, for the next change or for a delivery requested by hand.

    `number` is the cursor's position, or the change to deliver if `asked_id` names a requested delivery.
    """

    webhook: Webhook
    blog_id: int | None
    # None for a test event.
    cursor_id: int | None
    number: int
    until: datetime
    asked_id: int | None = None
    # The partner has to drop its copy, because a backup was restored.
    must_start_again: bool = False


def open_places(blog_ids: Collection[int] | None = None) -> None:
    """Create the missing cursors, at number 0, of each webhook for the live blogs that it may read.

    Consider only the live blogs in `blog_ids`; None means all.
    """
    for webhook in Webhook.objects.enabled():
        existing = WebhookCursor.objects.filter(webhook=webhook).values("blog")
        new_blogs = visibility.readable(webhook).filter(number__gt=0).exclude(pk__in=existing)
        if blog_ids is not None:
            new_blogs = new_blogs.filter(pk__in=blog_ids)
        new_cursors = [WebhookCursor(webhook=webhook, blog=blog, number=0) for blog in new_blogs]
        if new_cursors:
            WebhookCursor.objects.bulk_create(new_cursors, ignore_conflicts=True)


def claim(at: datetime, room: int, busy: Mapping[int, int]) -> list[Claim]:
    """Lease up to `room` due cursors, and requested deliveries, for this process.

    `busy` maps webhook ids to the number of deliveries already under way.
    """
    return [*_claim_requested(at), *_claim_due(at, room, Counter(busy))]


def _claim_due(at: datetime, room: int, busy: Counter[int]) -> list[Claim]:
    full = [pk for pk, count in busy.items() if count >= AT_ONCE]
    candidates = _due(at).exclude(webhook__in=full).order_by("attempts", "pk")
    candidate_ids: list[int] = []
    for pk, webhook, failing_since in candidates.values_list("pk", "webhook", "webhook__failing_since_at")[
        :CANDIDATES
    ]:
        if len(candidate_ids) < room and busy[webhook] < (AT_ONCE_FAILING if failing_since else AT_ONCE):
            busy[webhook] += 1
            candidate_ids.append(pk)
    if not candidate_ids:
        return []
    with transaction.atomic():
        # Check again under the lock, because another process may have been first.
        rows = _locked(_due(at).filter(pk__in=candidate_ids), skip_locked=True)
        claims = [
            Claim(
                row.webhook,
                row.blog_id,
                row.pk,
                row.number,
                at + LEASE,
                must_start_again=row.must_start_again,
            )
            for row in rows.select_related("webhook__partner")
        ]
        leased = WebhookCursor.objects.filter(pk__in=[claim.cursor_id for claim in claims])
        leased.update(leased_until_at=at + LEASE, is_held=True)
    return claims


def _due(at: datetime) -> QuerySet[WebhookCursor]:
    """Return the cursors that are due: unleased, past their next attempt, and with something to send.

    There is something to send if the log of a live blog that the partner may read has advanced, or if the
    partner holds content of a live blog that it may no longer read. The latter counts even if the webhook no
    longer covers that live blog.
    """
    may_read = visibility.partner_may_read("webhook__partner", "blog")
    webhook_blogs = Webhook.blogs.through.objects.filter(webhook=OuterRef("webhook"))
    is_for_blog = ~Q(Exists(webhook_blogs)) | Q(Exists(webhook_blogs.filter(liveblog=OuterRef("blog"))))
    has_moved_on = Q(blog__number__gt=F("number")) & may_read & is_for_blog
    return WebhookCursor.objects.free(at).filter(
        Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at),
        has_moved_on | (Q(must_start_again=True) & may_read) | (Q(is_held=True) & ~may_read),
        webhook__disabled_at__isnull=True,
        webhook__partner__is_active=True,
    )


def _claim_requested(at: datetime) -> list[Claim]:
    claims = []
    for pk in Delivery.objects.asked_for(at).values_list("pk", flat=True)[:AT_ONCE]:
        with transaction.atomic():
            rows = _locked(Delivery.objects.asked_for(at).filter(pk=pk), skip_locked=True)
            delivery = rows.select_related("webhook__partner").first()
            if delivery is None:
                continue
            cursor = _lease_cursor(delivery, at)
            if delivery.blog_id and cursor is None:
                continue
            Delivery.objects.filter(pk=pk).update(asked_for_at=at + LEASE)
            cursor_id = cursor.pk if cursor else None
            claims.append(
                Claim(delivery.webhook, delivery.blog_id, cursor_id, delivery.number, at + LEASE, delivery.pk)
            )
    return claims


def _lease_cursor(delivery: Delivery, at: datetime) -> WebhookCursor | None:
    """Lease the cursor of a delivery, so that nothing else of its live blog is sent meanwhile.

    Return None if the cursor does not exist or is not free.
    """
    cursors = WebhookCursor.objects.filter(webhook=delivery.webhook_id, blog=delivery.blog_id).free(at)
    cursor = _locked(cursors, skip_locked=True).first()
    if cursor:
        cursors.filter(pk=cursor.pk).update(leased_until_at=at + LEASE, is_held=True)
    return cursor


def release(claim: Claim) -> None:
    """Give up a claim unsent, so that other senders can take it."""
    WebhookCursor.objects.filter(pk=claim.cursor_id or 0, leased_until_at=claim.until).update(
        leased_until_at=None
    )
    if claim.asked_id:
        Delivery.objects.filter(pk=claim.asked_id, asked_for_at=claim.until).update(asked_for_at=None)


def finish(claim: Claim, message: Message, answer: Answer, sent_at: datetime, at: datetime) -> Notice | None:
    """Record the delivery and move the cursor; return the notice to send to the partner, if any."""
    with transaction.atomic():
        body = _body_to_store(claim, message)
        webhook = _locked(Webhook.objects.filter(pk=claim.webhook.pk)).select_related("partner").get()
        cursor = _locked(WebhookCursor.objects.filter(pk=claim.cursor_id or 0)).first()
        _record(claim, message, answer, sent_at, body, cursor)
        if cursor is None or cursor.leased_until_at != claim.until:
            return None
        cursor.leased_until_at = None
        # If somebody moved the cursor by hand during the delivery, leave it where it was put.
        if claim.asked_id is None and cursor.number == claim.number:
            has_recovered = answer.is_success and cursor.attempts > 0
            _move(cursor, message, answer, at)
            cursor.save()
            if has_recovered:
                # The receiver answers again, so its other cursors need not wait.
                webhook.cursors.filter(next_attempt_at__gt=at).update(next_attempt_at=at)
            return _judge(webhook, answer, at)
        cursor.save(update_fields=["leased_until_at"])
        return None


def _body_to_store(claim: Claim, message: Message) -> str:
    """Return the payload to store, or an empty string if an update was erased since it was built.

    An erasure empties stored payloads under the live blog's lock. Under the same lock, either this payload is
    stored first and then emptied, or the erasure came first and is noticed here.
    """
    if claim.blog_id:
        _locked(LiveBlog.objects.filter(pk=claim.blog_id)).get()
        if Update.objects.filter(blog=claim.blog_id, is_erased=True).count() != message.erased:
            return ""
    return message.body.decode()


def _record(
    claim: Claim,
    message: Message,
    answer: Answer,
    sent_at: datetime,
    body: str,
    cursor: WebhookCursor | None,
) -> None:
    fields = {
        "number": message.number,
        "at": sent_at,
        "asked_for_at": None,
        "milliseconds": answer.milliseconds,
        "status": answer.status,
        "error": answer.error,
        "body": body,
        "answer": answer.text if body else "",
        "is_delivered": answer.is_success,
    }
    if claim.asked_id:
        Delivery.objects.filter(pk=claim.asked_id).update(attempt=1, **fields)
    else:
        attempt = cursor.attempts + 1 if cursor else 1
        Delivery.objects.create(webhook=claim.webhook, blog_id=claim.blog_id, attempt=attempt, **fields)


def _move(cursor: WebhookCursor, message: Message, answer: Answer, at: datetime) -> None:
    if answer.is_success:
        cursor.number, cursor.attempts, cursor.is_held = message.next_number, 0, not message.is_gone
        cursor.must_start_again = cursor.must_start_again and not message.is_gone
        cursor.failing_since_at = cursor.next_attempt_at = None
    else:
        cursor.attempts += 1
        cursor.failing_since_at = cursor.failing_since_at or at
        cursor.next_attempt_at = at + wait_after(cursor.attempts, answer)


def wait_after(attempts: int, answer: Answer) -> timedelta:
    """Return the wait before the next attempt: backoff or Retry-After, with jitter."""
    if answer.status in (429, 503) and answer.retry_after is not None:
        wait = timedelta(seconds=max(1, min(answer.retry_after, LONGEST_WAIT.total_seconds())))
        return wait * random.uniform(1, 1.1)
    return timedelta(seconds=WAITS[min(attempts, len(WAITS)) - 1]) * random.uniform(0.8, 1.2)


def _judge(webhook: Webhook, answer: Answer, at: datetime) -> Notice | None:
    """Update the webhook's failure state, disable it if need be, and return the notice to send, if any."""
    # Ignore cursors no longer tried, such as those of a live blog that the webhook no longer covers.
    active_cursors = webhook.cursors.filter(next_attempt_at__gt=at - 2 * LONGEST_WAIT)
    before = webhook.failing_since_at
    webhook.failing_since_at = active_cursors.aggregate(since=Min("failing_since_at"))["since"]
    failing_for = at - webhook.failing_since_at if webhook.failing_since_at else timedelta(0)
    notice = None
    if not webhook.failing_since_at:
        webhook.warned_at = None
    if webhook.is_enabled and not answer.is_success:
        if answer.status == 410 or failing_for >= GIVE_UP_AFTER:
            webhook.disabled_at, webhook.disabled_because = at, answer.reason
            notice = Notice.DISABLED
        elif failing_for >= WARN_AFTER and not webhook.warned_at:
            webhook.warned_at = at
            notice = Notice.WARNING
    if notice or before != webhook.failing_since_at:
        webhook.save(
            update_fields=["failing_since_at", "warned_at", "disabled_at", "disabled_because"],
        )
    if notice == Notice.DISABLED:
        schedule = AuditEntry.Door.SCHEDULE
        audit.record("webhook_disabled", by=SYSTEM, subject=webhook, chain=PARTNERS, door=schedule)
    return notice


def prune(at: datetime) -> int:
    """Delete old deliveries and return their number. Those of a live blog under a legal hold stay."""
    old_deliveries = Delivery.objects.filter(at__lt=at - KEPT, asked_for_at__isnull=True)
    count, _by_model = old_deliveries.exclude(blog__is_on_hold=True).delete()
    return count


def _locked(rows: QuerySet, *, skip_locked: bool = False) -> QuerySet:
    skip_locked = skip_locked and connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(of=("self",), skip_locked=skip_locked)
