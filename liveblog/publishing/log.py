"""The only writer of the change log: locks, numbers, revisions and notifications."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import Change, LiveBlog, Revision, Update
from liveblog.models.change import NOT_IN_FEEDS
from liveblog.publishing.content import Content
from liveblog.publishing.permissions import Actor, partner, person
from liveblog.publishing.rules import WrongState
from newsroom import metrics

CHANNEL: Final = "liveblog"
# The notification of a change that concerns every blog; otherwise it is the id of one.
EVERY_BLOG: Final = "all"


@contextmanager
def locked(blog: LiveBlog) -> Iterator[LiveBlog]:
    """Lock the blog's row in a transaction and yield the blog as read under the lock."""
    started = time.monotonic()
    with transaction.atomic():
        locked_blog = LiveBlog.objects.select_for_update(of=("self",)).get(pk=blog.pk)
        number = locked_blog.number
        yield locked_blog
    if locked_blog.number != number:
        metrics.PUBLISH_SECONDS.observe(time.monotonic() - started)


@contextmanager
def all_locked(ids: Iterable[int]) -> Iterator[dict[int, LiveBlog]]:
    """Lock several blogs and yield them by id. Lock in id order, so that verbs cannot deadlock."""
    with transaction.atomic():
        rows = LiveBlog.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update(of=("self",))
        yield {blog.pk: blog for blog in rows}


def reread(blog: LiveBlog, update: Update) -> Update:
    """Read the update again under its blog's lock and return it; its `blog` is the locked row."""
    update = Update.objects.get(pk=update.pk, blog=blog)
    update.blog = blog
    return update


def reread_published(blog: LiveBlog, update: Update) -> Update:
    """Read the update again under its blog's lock. Raise WrongState if it is not published."""
    update = reread(blog, update)
    if not update.is_published:
        raise WrongState(_("This update is not published."), update)
    return update


def append(
    blog: LiveBlog,
    kind: Change.Kind,
    at: datetime,
    update: Update | None = None,
    *,
    by: Actor,
    is_in_feeds: bool = True,
    details: dict[str, Any] | None = None,
) -> Change:
    """Append a change made by `by` under the locked blog's next number, and notify the log's listeners.

    `is_in_feeds` says whether feeds print what changed; it has no effect on kinds that feeds never print.
    `details` are added to the change's entry in the audit log.
    """
    change = append_unaudited(blog, kind, at, update, by=by, is_in_feeds=is_in_feeds)
    audit.record(kind.value, by=by, blog=blog, subject=update or blog, number=change.number, **details or {})
    return change


def append_unaudited(
    blog: LiveBlog,
    kind: Change.Kind,
    at: datetime,
    update: Update | None = None,
    *,
    by: Actor,
    is_in_feeds: bool = True,
) -> Change:
    """Append a change without an audit entry, because the entry of the action that caused it covers it."""
    blog.number += 1
    # Clocks of different machines differ slightly, and times in feeds must never go backwards.
    at = max(at, blog.modified_at or at)
    blog.modified_at = at
    is_in_feeds = is_in_feeds and kind not in NOT_IN_FEEDS
    if is_in_feeds or blog.feed_updated_at is None:
        blog.feed_updated_at = at
    blog.save(update_fields=["number", "modified_at", "feed_updated_at", "pinned_update"])
    if update is not None:
        _number(update, blog.number, at, is_in_feeds=is_in_feeds)
    change = Change.objects.create(
        blog=blog,
        number=blog.number,
        kind=kind,
        update=update,
        at=at,
        by=person(by),
        by_partner=partner(by),
    )
    notify(str(blog.pk))
    return change


def restart(blog: LiveBlog, number: int, *, by: Actor) -> None:
    """Make the locked blog's log resume at `number`. What readers see stays, including times of changes."""
    has_changes = blog.number > 0
    blog.skipped_numbers += number - blog.number - has_changes
    if has_changes:
        Change.objects.create(
            blog=blog,
            number=number,
            kind=Change.Kind.BLOG_EDITED,
            at=timezone.now(),
            by=person(by),
            by_partner=partner(by),
        )
    blog.number = blog.log_start = number
    blog.save(update_fields=["number", "log_start", "skipped_numbers"])


def _number(update: Update, number: int, at: datetime, *, is_in_feeds: bool) -> None:
    """Save the number and the times of an update's last change, unless they are saved already."""
    before = (update.number, update.modified_at, update.feed_updated_at)
    feed_updated_at = at if is_in_feeds else update.feed_updated_at or at
    if before != (number, at, feed_updated_at):
        update.number, update.modified_at, update.feed_updated_at = number, at, feed_updated_at
        update.save(update_fields=["number", "modified_at", "feed_updated_at"])


def keep_revision(
    update: Update, kind: Revision.Kind, change: Change, by: Actor, content: Content, note: str = ""
) -> Revision:
    """Save the state of an update after `change` as a revision; `content` is its current content."""
    return Revision.objects.create(
        update=update,
        number=change.number,
        kind=kind,
        note=note,
        content=replace(content, happened_at=update.happened_at).as_json(),
        at=change.at,
        by=person(by),
        by_partner=partner(by),
    )


def notify(payload: str) -> None:
    """Notify listeners at commit on PostgreSQL; on SQLite they watch the file."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
