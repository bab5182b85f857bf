"""The queues beside the timeline: what waits for whom, and how many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from liveblog.desk.rows import rows_of
from liveblog.models import LiveBlog, ReaderResponse, RelatedStory, Update, WorkingCopy

SHOWN: Final = 50
# Characters of one text that is not saved yet, and how many such texts somebody can have.
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
        found = Update.objects.filter(blog=blog, status=status, is_erased=False).complete()
        return found.select_related("created_by", "created_by_partner").order_by(order, "-pk")

    return rows


def _responses(blog: LiveBlog) -> QuerySet[ReaderResponse]:
    """Those to moderate, oldest first: they then stand on the page in the order in which readers wrote."""
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
        _("Nothing waits for review."),
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
    Queue("unresolved", _("Links to find"), _("Every related story leads somewhere."), _unresolved, False),
)
BY_NAME: Final = {queue.name: queue for queue in QUEUES}


def counts(blog: LiveBlog) -> dict[str, int]:
    """How many wait in each queue, by its name; `published` counts the timeline."""
    status = Update.Status
    counted = Update.objects.filter(blog=blog).aggregate(
        drafts=Count("pk", filter=Q(status=status.DRAFT)),
        submitted=Count("pk", filter=Q(status=status.SUBMITTED)),
        scheduled=Count("pk", filter=Q(status=status.SCHEDULED)),
        published=Count("pk", filter=Q(status=status.PUBLISHED)),
        withdrawn=Count("pk", filter=Q(status=status.WITHDRAWN)),
    )
    return counted | {"responses": _responses(blog).count(), "unresolved": _unresolved(blog).count()}


def shown(blog: LiveBlog, user: AbstractBaseUser, name: str) -> dict[str, Any]:
    """Return a queue for its template: `name` is one of BY_NAME, any other gives the first.

    Updates come as a `Row`, with what `user` may do with them.
    """
    queue = BY_NAME.get(name, QUEUES[0])
    waiting = list(queue.rows(blog)[:SHOWN])
    if queue.holds_updates:
        for update in waiting:
            update.blog = blog
        waiting = rows_of(user, blog, waiting)
    return {"queue": queue, "waiting": waiting}


def keep_unsaved(
    blog: LiveBlog, by: AbstractBaseUser, token: str, update: Update | None, fields: dict[str, list[str]]
) -> None:
    """Keep what was typed as it is, apart from what is saved.

    Raise ValidationError for more than a composer can hold, and for more texts than anybody writes at once.
    """
    if sum(len(value) for values in fields.values() for value in values) > MAX_KEPT:
        raise ValidationError(_("The text is too long for one update."))
    others = WorkingCopy.objects.filter(by=by).exclude(token=token)
    if others.count() >= MOST_KEPT:
        raise ValidationError(
            _("You have %(limit)s texts that are not saved. Save some of them, or throw them away.")
            % {"limit": MOST_KEPT}
        )
    WorkingCopy.objects.update_or_create(
        by=by,
        token=token,
        defaults={"blog": blog, "update": update, "fields": fields, "saved_at": timezone.now()},
    )


def unsaved(blog: LiveBlog, by: AbstractBaseUser) -> QuerySet[WorkingCopy]:
    """What `by` has typed on this desk and neither saved nor thrown away, newest first."""
    return WorkingCopy.objects.filter(blog=blog, by=by).select_related("update")
