"""Each webhook's place in each log: who may work on it, how it moves on, what becomes of it when it cannot.

A sender claims a place with a lease and holds no transaction while it sends. A sender that dies leaves a
lease that runs out, and another sends the same change again: at least once. One that was only slow finds its
lease gone and moves nothing: each place has one sender at a time, so the order holds.

Locks are taken in the order live blog, webhook, place.
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

from liveblog import visibility
from liveblog.models import Delivery, LiveBlog, Update, Webhook, WebhookCursor
from liveblog.webhooks.delivery import Answer
from liveblog.webhooks.messages import Message
from liveblog.webhooks.notices import Notice

# Longer than a request may take, with what is read and written around it.
LEASE: Final = timedelta(seconds=30)
# Minutes to wait after the first failed attempt, the second …, and then the last again and again.
WAITS: Final = (0.1, 0.5, 2, 10, 30, 60, 120, 240)
LONGEST_WAIT: Final = timedelta(minutes=WAITS[-1])
WARN_AFTER: Final = timedelta(days=1)
GIVE_UP_AFTER: Final = timedelta(days=3)
KEPT: Final = timedelta(days=30)
# Of one webhook at a time, so that a slow receiver holds up itself alone; fewer still while it fails.
AT_ONCE: Final = 4
AT_ONCE_FAILING: Final = 1
# Looked through for what can be claimed.
CANDIDATES: Final = 500


@dataclass(frozen=True)
class Claim:
    """A place, held until `until`; or a delivery that somebody asked for, whose live blog's place is held."""

    webhook: Webhook
    blog_id: int | None
    # Where the place stood, None for a test event; and which delivery was asked for.
    cursor_id: int | None
    number: int
    until: datetime
    asked_id: int | None = None


def open_places(blog_ids: Collection[int] | None = None) -> None:
    """Give each webhook a place, before all of it, in the live blogs that it may see since it was made.

    Of these live blogs; None means of all.
    """
    for webhook in Webhook.objects.enabled():
        existing = WebhookCursor.objects.filter(webhook=webhook).values("blog")
        fresh = visibility.readable(webhook).filter(number__gt=0).exclude(pk__in=existing)
        if blog_ids is not None:
            fresh = fresh.filter(pk__in=blog_ids)
        places = [WebhookCursor(webhook=webhook, blog=blog, number=0) for blog in fresh]
        if places:
            WebhookCursor.objects.bulk_create(places, ignore_conflicts=True)


def claim(at: datetime, room: int, busy: Mapping[int, int]) -> list[Claim]:
    """Hold up to `room` places for this process; `busy`: how many it holds of each webhook already."""
    return [*_claim_asked(at), *_claim_due(at, room, Counter(busy))]


def _claim_due(at: datetime, room: int, busy: Counter[int]) -> list[Claim]:
    full = [pk for pk, count in busy.items() if count >= AT_ONCE]
    candidates = _due(at).exclude(webhook__in=full).order_by("attempts", "pk")
    candidate_ids = []
    for pk, webhook, failing_since in candidates.values_list("pk", "webhook", "webhook__failing_since_at")[
        :CANDIDATES
    ]:
        if len(candidate_ids) < room and busy[webhook] < (AT_ONCE_FAILING if failing_since else AT_ONCE):
            busy[webhook] += 1
            candidate_ids.append(pk)
    if not candidate_ids:
        return []
    with transaction.atomic():
        # Read again under the lock: another process may have been first.
        rows = _locked(_due(at).filter(pk__in=candidate_ids), skip_locked=True)
        claims = [
            Claim(row.webhook, row.blog_id, row.pk, row.number, at + LEASE)
            for row in rows.select_related("webhook__partner")
        ]
        leased = WebhookCursor.objects.filter(pk__in=[claim.cursor_id for claim in claims])
        leased.update(leased_until_at=at + LEASE, is_held=True)
    return claims


def _due(at: datetime) -> QuerySet[WebhookCursor]:
    """Return the places that are due: unleased, past their next attempt, and with something to send.

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
        has_moved_on | (Q(is_held=True) & ~may_read),
        webhook__disabled_at__isnull=True,
        webhook__partner__is_active=True,
    )


def _claim_asked(at: datetime) -> list[Claim]:
    claims = []
    for pk in Delivery.objects.asked_for(at).values_list("pk", flat=True)[:AT_ONCE]:
        with transaction.atomic():
            rows = _locked(Delivery.objects.asked_for(at).filter(pk=pk), skip_locked=True)
            asked = rows.select_related("webhook__partner").first()
            if asked is None:
                continue
            cursor = _free_place(asked, at)
            if asked.blog_id and cursor is None:
                continue
            Delivery.objects.filter(pk=pk).update(asked_for_at=at + LEASE)
            cursor_id = cursor and cursor.pk
            claims.append(Claim(asked.webhook, asked.blog_id, cursor_id, asked.number, at + LEASE, asked.pk))
    return claims


def _free_place(asked: Delivery, at: datetime) -> WebhookCursor | None:
    """The place of that webhook in that live blog, held: nothing else is sent of it meanwhile."""
    places = WebhookCursor.objects.filter(webhook=asked.webhook_id, blog=asked.blog_id).free(at)
    place = _locked(places, skip_locked=True).first()
    if place:
        places.filter(pk=place.pk).update(leased_until_at=at + LEASE, is_held=True)
    return place


def release(claim: Claim) -> None:
    """Let others have it, unsent."""
    WebhookCursor.objects.filter(pk=claim.cursor_id, leased_until_at=claim.until).update(leased_until_at=None)
    if claim.asked_id:
        Delivery.objects.filter(pk=claim.asked_id, asked_for_at=claim.until).update(asked_for_at=None)


def finish(claim: Claim, message: Message, answer: Answer, sent_at: datetime, at: datetime) -> Notice | None:
    """Write down what was sent and answered, and move the place; what the partner is to be told of it."""
    with transaction.atomic():
        body = _body_to_keep(claim, message)
        webhook = _locked(Webhook.objects.filter(pk=claim.webhook.pk)).select_related("partner").get()
        cursor = _locked(WebhookCursor.objects.filter(pk=claim.cursor_id)).first()
        _record(claim, message, answer, sent_at, body, cursor)
        if cursor is None or cursor.leased_until_at != claim.until:
            return None
        cursor.leased_until_at = None
        # Moved by hand while this was under way: then it stays where it was put.
        if claim.asked_id is None and cursor.number == claim.number:
            _move(cursor, message, answer, at)
            cursor.save()
            return _judge(webhook, answer, at)
        cursor.save(update_fields=["leased_until_at"])
        return None


def _body_to_keep(claim: Claim, message: Message) -> str:
    """The payload, but for one that says what has been erased since it was written.

    Erasing holds the live blog's lock while it empties what was kept. Under the same lock either this comes
    first, and is emptied, or the erasure did, and is seen here.
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
    said = {
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
        Delivery.objects.filter(pk=claim.asked_id).update(attempt=1, **said)
    else:
        attempt = cursor.attempts + 1 if cursor else 1
        Delivery.objects.create(webhook=claim.webhook, blog_id=claim.blog_id, attempt=attempt, **said)


def _move(cursor: WebhookCursor, message: Message, answer: Answer, at: datetime) -> None:
    if answer.is_success:
        cursor.number, cursor.attempts, cursor.is_held = message.then, 0, not message.is_gone
        cursor.failing_since_at = cursor.next_attempt_at = None
    else:
        cursor.attempts += 1
        cursor.failing_since_at = cursor.failing_since_at or at
        cursor.next_attempt_at = at + wait_after(cursor.attempts, answer)


def wait_after(attempts: int, answer: Answer) -> timedelta:
    """How long to leave the receiver alone; spread, so that not all come back to it at once."""
    if answer.status in (429, 503) and answer.retry_after is not None:
        asked = timedelta(seconds=max(1, min(answer.retry_after, LONGEST_WAIT.total_seconds())))
        return asked * random.uniform(1, 1.1)
    return timedelta(minutes=WAITS[min(attempts, len(WAITS)) - 1]) * random.uniform(0.8, 1.2)


def _judge(webhook: Webhook, answer: Answer, at: datetime) -> Notice | None:
    """Whether it fails, since when, and what follows from that."""
    # Places that are not tried any more, such as those of a live blog that it is no longer for, do not count.
    tried = webhook.cursors.filter(next_attempt_at__gt=at - 2 * LONGEST_WAIT)
    before = webhook.failing_since_at
    webhook.failing_since_at = tried.aggregate(since=Min("failing_since_at"))["since"]
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
    return notice


def prune(at: datetime) -> int:
    """Forget old deliveries; return how many."""
    count, _by_model = Delivery.objects.filter(at__lt=at - KEPT, asked_for_at__isnull=True).delete()
    return count


def _locked(rows: QuerySet, *, skip_locked: bool = False) -> QuerySet:
    skip_locked = skip_locked and connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(of=("self",), skip_locked=skip_locked)
