"""The queues beside the timeline: their rows and counts, and the working copies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from liveblog.desk.rows import rows_of
from liveblog.models import LiveBlog, ReaderResponse, RelatedStory, Update, WorkingCopy

SHOWN: Final = 50
# Limits on working copies: the characters of one, and the number that one person can have.
MAX_KEPT: Final = 500_000
MOST_KEPT: Final = 30


@dataclass(frozen=True)
class Queue:
    name: str
    label: str | Promise
    empty: str | Promise
    rows: Callable[[LiveBlog], QuerySet[Any]]
    holds_updates: bool = True


def _in_status(status: Update.Status, order: str) -> Callable[[LiveBlog], QuerySet[Update]]:
    def rows(blog: LiveBlog) -> QuerySet[Update]:
        updates = Update.objects.filter(blog=blog, status=status, is_erased=False).complete()
        return updates.select_related("created_by", "created_by_partner").order_by(order, "-pk")

    return rows


def _responses(blog: LiveBlog) -> QuerySet[ReaderResponse]:
    """Return the responses to moderate, oldest first, so that the page shows them in the order written."""
    return ReaderResponse.objects.filter(blog=blog).pending().order_by("created_at", "pk")


def _unresolved(blog: LiveBlog) -> QuerySet[RelatedStory]:
    return (
        RelatedStory.objects.unresolved()
        .filter(Q(blog=blog) | Q(update__blog=blog) & ~Q(update__status=Update.Status.WITHDRAWN))
        .select_related("update")
    )


QUEUES: Final = (
    Queue("drafts", _("Drafts"), _("No drafts."), _in_status(Update.Status.DRAFT, "-modified_at")),
    Queue(
        "submitted",
        _("For review"),
        _("Nothing is awaiting review."),
        _in_status(Update.Status.SUBMITTED, "modified_at"),
    ),
    Queue(
        "scheduled",
        _("Scheduled"),
        _("Nothing is scheduled."),
        _in_status(Update.Status.SCHEDULED, "publish_at"),
    ),
    Queue(
        "withdrawn",
        _("Withdrawn"),
        _("Nothing was withdrawn."),
        _in_status(Update.Status.WITHDRAWN, "-withdrawn_at"),
    ),
    Queue("responses", _("Responses"), _("No responses to moderate."), _responses, False),
    Queue("unresolved", _("Missing links"), _("Every related story has a link."), _unresolved, False),
)
BY_NAME: Final = {queue.name: queue for queue in QUEUES}


def counts(blog: LiveBlog) -> dict[str, int]:
    """Return the number of rows in each queue, by its name; `published` counts the timeline."""
    status = Update.Status
    update_counts = Update.objects.filter(blog=blog).aggregate(
        drafts=Count("pk", filter=Q(status=status.DRAFT)),
        submitted=Count("pk", filter=Q(status=status.SUBMITTED)),
        scheduled=Count("pk", filter=Q(status=status.SCHEDULED)),
        published=Count("pk", filter=Q(status=status.PUBLISHED)),
        withdrawn=Count("pk", filter=Q(status=status.WITHDRAWN)),
    )
    return update_counts | {"responses": _responses(blog).count(), "unresolved": _unresolved(blog).count()}


def to_do(counts: dict[str, int]) -> int:
    """Return how many rows need attention: updates for review, responses, and links to complete."""
    return sum(counts[name] for name in ("submitted", "responses", "unresolved"))


def context_of(blog: LiveBlog, user: User, name: str) -> dict[str, Any]:
    """Return the template context of a queue; without a queue of that name, the timeline is shown.

    Each update comes as a `Row`, with what `user` may do with it.
    """
    queue = BY_NAME.get(name)
    if queue is None:
        return {"queue": None, "waiting": []}
    waiting = list(queue.rows(blog)[:SHOWN])
    if queue.holds_updates:
        for update in waiting:
            update.blog = blog
        waiting = rows_of(user, blog, waiting)
    return {"queue": queue, "waiting": waiting}


def keep_unsaved(
    blog: LiveBlog, by: User, token: str, update: Update | None, fields: dict[str, list[str]]
) -> None:
    """Store what was typed, exactly as typed, in a working copy.

    Raise ValidationError if the text exceeds MAX_KEPT characters, or if `by` already has MOST_KEPT others.
    """
    if sum(len(value) for values in fields.values() for value in values) > MAX_KEPT:
        raise ValidationError(_("The text is too long for one update."))
    others = WorkingCopy.objects.filter(by=by).exclude(token=token)
    if others.count() >= MOST_KEPT:
        raise ValidationError(
            _("You have %(limit)s unsaved texts. Save or discard some of them.") % {"limit": MOST_KEPT}
        )
    WorkingCopy.objects.update_or_create(
        by=by,
        token=token,
        defaults={"blog": blog, "update": update, "fields": fields, "saved_at": timezone.now()},
    )


def unsaved(blog: LiveBlog, by: User) -> QuerySet[WorkingCopy]:
    """Return the working copies that `by` has on this desk, newest first."""
    return WorkingCopy.objects.filter(blog=blog, by=by).select_related("update")
