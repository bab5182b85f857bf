"""Verbs that write, publish and mark updates, with the rules of each, so that no interface can bypass one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import Change, LiveBlog, Revision, Update
from liveblog.publishing import safeguards, search
from liveblog.publishing.content import Content
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.limits import MOST, refuse_far
from liveblog.publishing.log import append, keep_revision, locked, reread, reread_published
from liveblog.publishing.permissions import Actor, partner, permission_to_write, person, require
from liveblog.publishing.renditions import show_or_hide
from liveblog.publishing.rules import (
    Stale,
    WrongState,
    checked_event_time,
    checked_note,
    refuse_withdrawn_blog,
)

# Actions in the audit log that save an update which is not public.
_SAVED_AS: Final = {
    Update.Status.DRAFT: "drafted",
    Update.Status.SUBMITTED: "submitted",
    Update.Status.SCHEDULED: "scheduled",
}

# New content for an update, or a function that derives it from the saved content. Verbs call the function
# under the blog's lock, so that nothing that a colleague saves meanwhile is overwritten.
Revised = Content | Callable[[Content], Content]


def as_saved(content: Content) -> Content:
    """Return the content unchanged, to run a verb on an update as it is saved."""
    return content


def draft_update(
    blog: LiveBlog,
    content: Revised,
    *,
    by: Actor,
    update: Update | None = None,
    publish_at: datetime | None = None,
    is_pinned: bool | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Save a draft. A submitted or scheduled update becomes a draft again.

    `publish_at` is stored for scheduling it later. `is_pinned` sets whether the update is pinned when it goes
    live; None leaves that unchanged.
    """
    require(by, permission_to_write(by, update), blog, update)
    with locked(blog) as blog:
        update, content = _open_unpublished(blog, by, update, content, seen, may_be_empty=True)
        if imported_hash is not None:
            update.imported_hash = imported_hash
        return _save_unpublished(update, content, Update.Status.DRAFT, is_pinned, publish_at, by)


def submit_update(
    blog: LiveBlog,
    content: Revised = as_saved,
    *,
    by: Actor,
    update: Update | None = None,
    publish_at: datetime | None = None,
    is_pinned: bool | None = None,
    seen: str = "",
) -> Update:
    """Submit a new or saved update for review. `publish_at` is stored for scheduling it later."""
    require(by, permission_to_write(by, update), blog, update)
    with locked(blog) as blog:
        update, content = _open_unpublished(blog, by, update, content, seen)
        return _save_unpublished(update, content, Update.Status.SUBMITTED, is_pinned, publish_at, by)


def schedule_update(
    blog: LiveBlog,
    content: Revised,
    publish_at: datetime | None,
    *,
    by: Actor,
    update: Update | None = None,
    is_pinned: bool | None = None,
    seen: str = "",
) -> Update:
    """Schedule an update for `publish_due` to publish at `publish_at`. It takes its number only then."""
    require(by, "publish_update", blog, update)
    if publish_at is None:
        raise ValidationError({"publish_at": _("Enter the time when it goes live.")})
    with locked(blog) as blog:
        refuse_withdrawn_blog(blog)
        if publish_at <= timezone.now():
            raise ValidationError(
                {"publish_at": _("This time has passed. Publish now, or choose a later time.")}
            )
        update, content = _open_unpublished(blog, by, update, content, seen)
        if content.happened_at and content.happened_at > publish_at:
            raise ValidationError(
                {"happened_at": _("This time is later than the moment when the update goes live.")}
            )
        return _save_unpublished(update, content, Update.Status.SCHEDULED, is_pinned, publish_at, by)


def publish_update(
    blog: LiveBlog,
    content: Revised,
    *,
    by: Actor,
    update: Update | None = None,
    is_pinned: bool | None = None,
    first_published_at: datetime | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Publish a new update, or `update` if it is not public yet.

    `first_published_at` is for imports that were published elsewhere before; None means now. `is_pinned` None
    pins the update if it was saved to be pinned.
    """
    require(by, "publish_update", blog, update)
    with locked(blog) as blog:
        now = timezone.now()
        update, content = _open_unpublished(blog, by, update, content, seen)
        safeguards.refuse_alone(update, content, by)
        _sign(update, content, by)
        content = replace(content, happened_at=checked_event_time(content.happened_at, now))
        refuse_far(first_published_at=first_published_at)
        if imported_hash is not None:
            update.imported_hash = imported_hash
        return _publish(blog, update, content, by, now, is_pinned, first_published_at or now)


def publish_scheduled(update: Update, *, by: Actor, at: datetime) -> Update | None:
    """Publish a scheduled update that is due at `at`; return None if it is no longer due."""
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        due_update = Update.objects.filter(pk=update.pk, blog=blog).due(at).first()
        if due_update is None:
            return None
        due_update.blog = blog
        safeguards.refuse_alone(due_update, None, None)
        content = Content.of(due_update).checked(blog.language)
        # Without an event time, use the scheduled time, however late the server publishes it.
        content = replace(content, happened_at=content.happened_at or due_update.publish_at)
        return _publish(blog, due_update, content, by, timezone.now(), None, None)


def _publish(
    blog: LiveBlog,
    update: Update,
    content: Content,
    by: Actor,
    now: datetime,
    is_pinned: bool | None,
    first_published_at: datetime | None,
) -> Update:
    refuse_withdrawn_blog(blog)
    is_pinned = update.is_to_be_pinned if is_pinned is None else is_pinned
    update.status = Update.Status.PUBLISHED
    update.publish_at = None
    update.is_to_be_pinned = False
    update.first_published_at = first_published_at or now
    update.modified_at = update.feed_updated_at = now
    # The constraint update_public_has_number applies from the first write; append() sets the same number.
    update.number = blog.number + 1
    is_new = update.pk is None
    content.write_to(update, at=now)
    if is_pinned:
        blog.pinned_update = update
    search.index_update(update, is_indexed=False)
    if not is_new:
        safeguards.drop_pending(update)
    change = append(
        blog, Change.Kind.PUBLISHED, now, update, by=by, details={"content": fingerprint(content)}
    )
    keep_revision(update, Revision.Kind.PUBLISHED, change, by, content)
    show_or_hide(content.images)
    return update


def edit_update(
    update: Update,
    content: Revised,
    *,
    by: Actor,
    is_pinned: bool | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Change a published update by a minor edit, which readers are not told about.

    Take no number if neither the content nor the pin changes.
    """
    return _revise(update, content, by, "", is_pinned, imported_hash, seen)


def correct_update(
    update: Update,
    content: Revised,
    *,
    by: Actor,
    note: str,
    is_pinned: bool | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Change a published update, with a correction note that tells readers what was wrong."""
    note = checked_note(note)
    if not note:
        raise ValidationError({"note": _("Say what was corrected. Readers see this.")})
    return _revise(update, content, by, note, is_pinned, imported_hash, seen)


def _revise(
    update: Update,
    content: Revised,
    by: Actor,
    note: str,
    is_pinned: bool | None,
    imported_hash: str | None,
    seen: str,
) -> Update:
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        update = reread_published(blog, update)
        before = Content.of(update)
        refuse_stale(update, before, seen)
        if note:
            refuse_more_corrections(update)
        content = revised(update, content, before)
        if content != before or note:
            safeguards.refuse_on_hold(blog)
            if safeguards.is_needed(update):
                raise safeguards.NeedsSecondPerson(update)
        if imported_hash is not None and imported_hash != update.imported_hash:
            update.imported_hash = imported_hash
            update.save(update_fields=["imported_hash"])
        if content != before or note:
            update.written_by = person(by)
            write_revision(blog, update, before, content, by, note)
        if is_pinned is not None and is_pinned != update.is_pinned:
            pin(blog, update, by, is_pinned=is_pinned)
        return update


def revised(update: Update, content: Revised, before: Content) -> Content:
    """Return the new content of a published update, checked."""
    content = _resolve(content, before, update.blog)
    content = replace(content, happened_at=content.happened_at or before.happened_at)
    if content.happened_at != before.happened_at:
        content = replace(content, happened_at=checked_event_time(content.happened_at, timezone.now()))
    return content


def write_revision(
    blog: LiveBlog, update: Update, before: Content, content: Content, by: Actor, note: str
) -> None:
    content.write_to(update, at=update.happened_at)
    if search.says_otherwise(before, content):
        search.index_update(update)
    kind = Change.Kind.CORRECTED if note else Change.Kind.EDITED
    is_in_feeds = bool(note) or content.in_feeds() != before.in_feeds()
    details = {"fields": content.changed_from(before), "content": fingerprint(content)}
    change = append(blog, kind, timezone.now(), update, by=by, is_in_feeds=is_in_feeds, details=details)
    keep_revision(
        update, Revision.Kind.CORRECTION if note else Revision.Kind.MINOR, change, by, content, note
    )
    if before.images != content.images:
        show_or_hide({*before.images, *content.images})


def pin_update(update: Update, *, by: Actor) -> Update:
    """Pin a published update to the top of its blog, in place of any other."""
    return _set_pinned(update, by, is_pinned=True)


def unpin_update(update: Update, *, by: Actor) -> Update:
    return _set_pinned(update, by, is_pinned=False)


def mark_key_event(update: Update, *, by: Actor) -> Update:
    return _set_key_event(update, by, is_key_event=True)


def unmark_key_event(update: Update, *, by: Actor) -> Update:
    return _set_key_event(update, by, is_key_event=False)


def return_to_editors(update: Update, *, by: Actor) -> Update:
    """Move a scheduled update that could not be published out of the queue and back to review."""
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        update = reread(blog, update)
        if update.status == Update.Status.SCHEDULED:
            update.status = Update.Status.SUBMITTED
            update.publish_at = None
            update.save(update_fields=["status", "publish_at"])
            audit.record("returned", by=by, blog=blog, subject=update)
        return update


def refuse_more_corrections(update: Update) -> None:
    """Raise ValidationError if the update has been corrected as often as MOST allows.

    Readers see every correction, and a page must not grow without bound.
    """
    if update.revisions.filter(kind=Revision.Kind.CORRECTION).count() >= MOST["corrections"]:
        reason = _("It was corrected %(limit)s times. Save a minor edit, or write a new update.")
        raise ValidationError({"note": reason % {"limit": MOST["corrections"]}})


def _set_pinned(update: Update, by: Actor, *, is_pinned: bool) -> Update:
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        update = reread_published(blog, update)
        if update.is_pinned != is_pinned:
            pin(blog, update, by, is_pinned=is_pinned)
        return update


def pin(blog: LiveBlog, update: Update, by: Actor, *, is_pinned: bool) -> None:
    """Pin or unpin a published update of the locked blog."""
    blog.pinned_update = update if is_pinned else None
    append(blog, Change.Kind.PINNED if is_pinned else Change.Kind.UNPINNED, timezone.now(), update, by=by)


def _set_key_event(update: Update, by: Actor, *, is_key_event: bool) -> Update:
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        update = reread_published(blog, update)
        if update.is_key_event != is_key_event:
            update.is_key_event = is_key_event
            update.save(update_fields=["is_key_event"])
            kind = Change.Kind.MARKED_KEY if is_key_event else Change.Kind.UNMARKED_KEY
            append(blog, kind, timezone.now(), update, by=by)
        return update


def refuse_stale(update: Update, saved_content: Content, seen: str) -> None:
    if seen and seen != fingerprint(saved_content):
        raise Stale


def _resolve(
    content: Revised, saved_content: Content, blog: LiveBlog, *, may_be_empty: bool = False
) -> Content:
    new_content = content(saved_content) if callable(content) else content
    return new_content.checked(blog.language, may_be_empty=may_be_empty)


def _open_unpublished(
    blog: LiveBlog,
    by: Actor,
    update: Update | None,
    content: Revised,
    seen: str,
    *,
    may_be_empty: bool = False,
) -> tuple[Update, Content]:
    """Return an unpublished update (None: a new one), read under the lock, and its new content."""
    if update is None:
        author = person(by)
        update = Update(blog=blog, created_by=author, created_by_partner=partner(by), written_by=author)
        return update, _resolve(content, Content(), blog, may_be_empty=may_be_empty)
    update = reread(blog, update)
    if update.is_erased:
        raise ValidationError(_("There is no such update in this live blog."))
    if update.is_visible:
        raise WrongState(_("This update has been published. Correct or restore it instead."), update)
    if partner(by) and update.status != Update.Status.DRAFT:
        raise WrongState(_("The newsroom's editors are working on this update."), update)
    if update.status == Update.Status.SCHEDULED:
        require(by, "publish_update", blog, update)
    saved_content = Content.of(update)
    refuse_stale(update, saved_content, seen)
    new_content = _resolve(content, saved_content, blog, may_be_empty=may_be_empty)
    if fingerprint(new_content) != fingerprint(saved_content):
        safeguards.refuse_on_hold(blog)
    return update, new_content


def _sign(update: Update, content: Content, by: Actor) -> None:
    """Record who wrote the content of an update that is not public yet, if it differs from what is saved."""
    if update._state.adding or fingerprint(Content.of(update)) != fingerprint(content):
        update.written_by = person(by)


def _save_unpublished(
    update: Update,
    content: Content,
    status: Update.Status,
    is_pinned: bool | None,
    publish_at: datetime | None,
    by: Actor,
) -> Update:
    refuse_far(publish_at=publish_at)
    update.status = status
    update.publish_at = publish_at
    update.modified_at = timezone.now()
    if is_pinned is not None:
        update.is_to_be_pinned = is_pinned
    _sign(update, content, by)
    # Without an event time, use the time when it is to go live, or else now.
    content.write_to(update, at=publish_at or update.modified_at)
    audit.record(_SAVED_AS[status], by=by, blog=update.blog, subject=update, content=fingerprint(content))
    return update
