"""What time brings about: scheduled updates, embargoes, planned ends; each by its verb, with its number."""

from __future__ import annotations

import logging
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from liveblog.models import LiveBlog, Update
from liveblog.publishing.blogs import end_coverage, lift_embargo
from liveblog.publishing.content import Content
from liveblog.publishing.log import Actor
from liveblog.publishing.updates import publish_update

logger = logging.getLogger(__name__)


def publish_due(*, by: Actor, at: datetime | None = None) -> int:
    """Do what has fallen due by `at` (None: now), oldest first; return how many things were done.

    Several processes may call it at once: a blog that another one is busy with is left to that one.
    A blog that refuses is logged and holds up no other.
    """
    at = at or timezone.now()
    done = 0
    for blog in LiveBlog.objects.due(at).order_by("pk"):
        try:
            done += _publish_due_updates(blog, at, by) + _open_and_end(blog, at, by)
        except ValidationError as refusal:
            logger.warning("Live blog %s: what fell due could not be done: %s", blog.slug, refusal)
    return done


def _publish_due_updates(blog: LiveBlog, at: datetime, by: Actor) -> int:
    with transaction.atomic():
        skip_locked = connection.features.has_select_for_update_skip_locked
        rows = LiveBlog.objects.select_for_update(skip_locked=skip_locked, of=("self",))
        if not rows.filter(pk=blog.pk).exists():
            return 0
        due = list(Update.objects.filter(blog=blog).due(at))
        for update in due:
            publish_update(blog, Content.of(update), by=by, update=update)
        return len(due)


def _open_and_end(blog: LiveBlog, at: datetime, by: Actor) -> int:
    # Another process may have been first, or an editor: the verbs look again under their lock.
    blog = LiveBlog.objects.get(pk=blog.pk)
    done = 0
    if blog.embargo_until_at and blog.embargo_until_at <= at:
        lift_embargo(blog, by=by, due_by=at)
        done += 1
    if blog.is_live and blog.coverage_end_at and blog.coverage_end_at <= at:
        end_coverage(blog, by=by, due_by=at)
        done += 1
    return done
