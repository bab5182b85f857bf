"""Scheduled work: publishing updates, lifting embargoes and ending coverage, each through its verb."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.utils import timezone

from liveblog import audit
from liveblog.models import AuditEntry, LiveBlog, Update
from liveblog.publishing import safeguards
from liveblog.publishing.blogs import end_coverage, lift_embargo
from liveblog.publishing.permissions import Actor
from liveblog.publishing.updates import publish_scheduled, return_to_editors
from newsroom.busy import is_busy

logger = logging.getLogger(__name__)


def publish_due(*, by: Actor, at: datetime | None = None) -> int:
    """Do all work that is due by `at` (None: now); return how many items were done.

    Updates come first, then embargoes, then ends of coverage, each oldest first. Several processes may call
    this concurrently: each verb checks under the lock that its item is still due. Each item has its own
    transaction, so one that fails does not hold up the others.
    """
    at = at or timezone.now()
    items = [
        *(partial(_publish, update, by, at) for update in Update.objects.due(at).select_related("blog")),
        *(partial(_lift, blog, by, at) for blog in LiveBlog.objects.with_lapsed_embargo(at)),
        *(partial(_end, blog, by, at) for blog in LiveBlog.objects.past_planned_end(at)),
    ]
    with audit.through(AuditEntry.Door.SCHEDULE):
        return sum(map(_attempt, items))


def _attempt(item: Callable[[], bool]) -> bool:
    try:
        return item()
    except Exception as error:
        if is_busy(error):
            raise
        # Catch everything else, because a bug in one item must not hold up the others. A busy database would
        # refuse the others as well, so its error is raised above.
        logger.exception("Scheduled work failed; it will be retried")
        return False


def _publish(update: Update, by: Actor, at: datetime) -> bool:
    if safeguards.lacks_approval(update):
        # It stays scheduled, and the desk shows that it waits for a second person.
        return False
    try:
        return publish_scheduled(update, by=by, at=at) is not None
    except safeguards.NeedsSecondPerson:
        return False
    except ValidationError as refusal:
        reasons = " ".join(refusal.messages)
        logger.warning(
            "Update %s could not go live as scheduled and waits for review: %s", update.pk, reasons
        )
        return_to_editors(update, by=by)
        return False


def _lift(blog: LiveBlog, by: Actor, at: datetime) -> bool:
    return lift_embargo(blog, by=by, lapsed_by=at) is not None


def _end(blog: LiveBlog, by: Actor, at: datetime) -> bool:
    return end_coverage(blog, by=by, at=blog.coverage_end_at, planned_by=at) is not None
