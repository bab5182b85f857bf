"""Verbs on updates."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog.models import Change, Delivery, LiveBlog, Revision, Update
from liveblog.publishing.content import Content, fingerprint, refuse_future
from liveblog.publishing.log import Actor, append, keep_revision, locked, partner, person, require
from liveblog.publishing.renditions import remove_images, show_or_hide
from newsroom import html

# The ten seconds that the desk offers, and as many for a slow network.
UNDO_WITHIN: Final = timedelta(seconds=20)
_NOT_YET_PUBLIC = (Update.Status.DRAFT, Update.Status.SUBMITTED, Update.Status.SCHEDULED)


class Stale(ValidationError):
    """Somebody else has saved the update since the text that is being saved was opened.

    Verbs that take `seen`, the `fingerprint` of the content that was opened, look under the lock.
    """

    def __init__(self, update: Update) -> None:
        super().__init__(_("Somebody else has saved this since you opened it. Nothing was saved."))
        self.update = update


def draft_update(
    blog: LiveBlog,
    content: Content,
    *,
    by: Actor,
    update: Update | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Save a draft. A submitted or scheduled update becomes a draft again."""
    _require_writer(by, update, blog)
    with locked(blog) as blog:
        return _save_unpublished(
            blog, content, Update.Status.DRAFT, by, update, imported_hash=imported_hash, seen=seen
        )


def submit_update(update: Update, *, by: Actor, content: Content | None = None, seen: str = "") -> Update:
    """Send a draft to the editors, as saved or as `content` now says."""
    _require_writer(by, update if content else None, update.blog)
    with locked(update.blog) as blog:
        content = (content or Content.of(update)).checked()
        return _save_unpublished(blog, content, Update.Status.SUBMITTED, by, update, seen=seen)


def schedule_update(
    blog: LiveBlog,
    content: Content,
    publish_at: datetime,
    *,
    by: Actor,
    update: Update | None = None,
    seen: str = "",
) -> Update:
    """Let `publish_due` publish it at `publish_at`. It takes its number then, not now."""
    require(by, "publish_update", blog)
    if publish_at <= timezone.now():
        raise ValidationError({"publish_at": _("This time has passed. Publish now, or choose a later time.")})
    with locked(blog) as blog:
        content = content.checked()
        if content.happened_at is None:
            content = replace(content, happened_at=publish_at)
        return _save_unpublished(
            blog, content, Update.Status.SCHEDULED, by, update, publish_at=publish_at, seen=seen
        )


def publish_update(
    blog: LiveBlog,
    content: Content,
    *,
    by: Actor,
    update: Update | None = None,
    first_published_at: datetime | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Make an update visible: a new one, or `update` that was not yet public.

    `first_published_at` is for history that was published elsewhere; None means now.
    """
    require(by, "publish_update", blog)
    with locked(blog) as blog:
        if blog.status == LiveBlog.Status.WITHDRAWN:
            raise ValidationError(_("This live blog was withdrawn: nothing can be published in it."))
        now = timezone.now()
        update = _unpublished(blog, by, update, seen)
        update.status = Update.Status.PUBLISHED
        update.publish_at = None
        update.first_published_at = first_published_at or now
        update.modified_at = now
        # The row must satisfy "published has a number" from its first write; append() writes the same number.
        update.number = blog.number + 1
        if imported_hash is not None:
            update.imported_hash = imported_hash
        content = content.checked()
        replace(content, happened_at=content.happened_at or now).write_to(update)
        change = append(blog, Change.Kind.PUBLISHED, now, update, by=by)
        keep_revision(update, Revision.Kind.PUBLISHED, change, by)
        show_or_hide(content.images)
        return update


def publish_as_saved(update: Update, *, by: Actor) -> Update:
    """Publish what waits for review or on a schedule, as it is saved, now."""
    refuse_future(update.given_time)
    saved = Content.of(update)
    content = replace(saved, happened_at=update.given_time)
    # What a colleague saves meanwhile is neither published unread nor overwritten.
    return publish_update(update.blog, content, by=by, update=update, seen=fingerprint(saved))


def correct_update(
    update: Update,
    content: Content,
    *,
    by: Actor,
    note: str = "",
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    """Change what a published update says. With a note, which readers see, it is a correction.

    Takes no number when nothing that readers see changes.
    """
    require(by, "publish_update", update.blog)
    note = html.printable(note).strip()
    with locked(update.blog) as blog:
        update = _published(blog, update)
        before = Content.of(update)
        _refuse_stale(update, before, seen)
        content = content.checked()
        content = replace(content, happened_at=content.happened_at or before.happened_at)
        if imported_hash is not None and imported_hash != update.imported_hash:
            update.imported_hash = imported_hash
            update.save(update_fields=["imported_hash"])
        if content == before and not note:
            return update
        content.write_to(update)
        change = append(
            blog, Change.Kind.CORRECTED if note else Change.Kind.EDITED, timezone.now(), update, by=by
        )
        keep_revision(update, Revision.Kind.CORRECTION if note else Revision.Kind.MINOR, change, by, note)
        show_or_hide({*before.images, *content.images})
        return update


def withdraw_update(update: Update, *, by: Actor, reason: str) -> Update:
    """Take a published update back: readers keep a tombstone in its place, `reason` stays in the house."""
    require(by, "withdraw_update", update.blog)
    reason = html.printable(reason).strip()
    if not reason:
        raise ValidationError({"note": _("Say why it is withdrawn. Readers do not see this.")})
    with locked(update.blog) as blog:
        update = _published(blog, update)
        now = timezone.now()
        _hide(blog, update, now)
        change = append(blog, Change.Kind.WITHDRAWN, now, update, by=by)
        keep_revision(update, Revision.Kind.WITHDRAWN, change, by, reason)
        show_or_hide(update.images.all())
        return update


def undo_publication(update: Update, *, by: Actor) -> Update:
    """Make an update that went live a moment ago a draft again. It leaves no tombstone.

    Refused more than UNDO_WITHIN after it went live: readers have seen it then, and it can be withdrawn.
    """
    require(by, "publish_update", update.blog)
    with locked(update.blog) as blog:
        update = _published(blog, update)
        now = timezone.now()
        latest = update.revisions.first()
        if latest.kind != Revision.Kind.PUBLISHED or now - latest.at > UNDO_WITHIN:
            raise ValidationError(_("It is too late to undo this. Withdraw the update instead."))
        update.status = Update.Status.DRAFT
        update.first_published_at = None
        update.save(update_fields=["status", "first_published_at"])
        _unpin(blog, update)
        change = append(blog, Change.Kind.UNPUBLISHED, now, update, by=by)
        keep_revision(update, Revision.Kind.UNPUBLISHED, change, by)
        show_or_hide(update.images.all())
        return update


def restore_update(update: Update, *, by: Actor) -> Update:
    """Publish a withdrawn update again, as it was."""
    require(by, "withdraw_update", update.blog)
    with locked(update.blog) as blog:
        update = _fresh(blog, update)
        if not update.is_withdrawn or update.is_erased:
            raise ValidationError(_("Only a withdrawn update can be restored."))
        update.status = Update.Status.PUBLISHED
        update.withdrawn_at = None
        update.save(update_fields=["status", "withdrawn_at"])
        change = append(blog, Change.Kind.RESTORED, timezone.now(), update, by=by)
        keep_revision(update, Revision.Kind.RESTORED, change, by)
        show_or_hide(update.images.all())
        return update


def pin_update(update: Update, *, by: Actor) -> Update:
    """Pin a published update to the top of its blog, in place of any other."""
    return _set_pinned(update, by, is_pinned=True)


def unpin_update(update: Update, *, by: Actor) -> Update:
    return _set_pinned(update, by, is_pinned=False)


def mark_key_event(update: Update, *, by: Actor) -> Update:
    return _set_key_event(update, by, is_key_event=True)


def unmark_key_event(update: Update, *, by: Actor) -> Update:
    return _set_key_event(update, by, is_key_event=False)


def erase_update(update: Update, *, by: Actor, reason: str) -> Update:
    """For a court order: the text, its revisions and its pictures' files go; the numbers stay.

    A published update is withdrawn with it. `reason` is kept in place of what the revisions said.
    """
    require(by, "withdraw_update", update.blog)
    reason = html.printable(reason).strip()
    if not reason:
        raise ValidationError({"note": _("Say why it is erased.")})
    with locked(update.blog) as blog:
        update = _fresh(blog, update)
        was_visible = update.is_visible
        now = timezone.now()
        images = list(update.images.all())
        nothing = Content(happened_at=update.happened_at, has_clock_time=update.has_clock_time)
        update.imported_hash = ""
        update.is_erased = True
        nothing.write_to(update)
        if update.is_published:
            _hide(blog, update, now)
        update.revisions.update(content=nothing.as_json(), note=reason)
        update.working_copies.all().delete()
        # Key events' headings stand in all that was sent of the blog, so all of it goes.
        Delivery.objects.filter(blog=blog).update(body="", answer="")
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Update), object_id=str(update.pk)
        ).update(object_repr=f"#{update.pk}", change_message="")
        if was_visible:
            append(blog, Change.Kind.ERASED, now, update, by=by)
        remove_images(images)
        return update


def _set_pinned(update: Update, by: Actor, *, is_pinned: bool) -> Update:
    require(by, "publish_update", update.blog)
    with locked(update.blog) as blog:
        update = _published(blog, update)
        if update.is_pinned != is_pinned:
            blog.pinned_update = update if is_pinned else None
            blog.save(update_fields=["pinned_update"])
            kind = Change.Kind.PINNED if is_pinned else Change.Kind.UNPINNED
            append(blog, kind, timezone.now(), update, by=by)
        return update


def _set_key_event(update: Update, by: Actor, *, is_key_event: bool) -> Update:
    require(by, "publish_update", update.blog)
    with locked(update.blog) as blog:
        update = _published(blog, update)
        if update.is_key_event != is_key_event:
            update.is_key_event = is_key_event
            update.save(update_fields=["is_key_event"])
            kind = Change.Kind.MARKED_KEY if is_key_event else Change.Kind.UNMARKED_KEY
            append(blog, kind, timezone.now(), update, by=by)
        return update


def _hide(blog: LiveBlog, update: Update, at: datetime) -> None:
    update.status = Update.Status.WITHDRAWN
    update.withdrawn_at = at
    update.save(update_fields=["status", "withdrawn_at"])
    _unpin(blog, update)


def _unpin(blog: LiveBlog, update: Update) -> None:
    if update.is_pinned:
        blog.pinned_update = None
        blog.save(update_fields=["pinned_update"])


def _require_writer(by: Actor, update: Update | None, blog: LiveBlog) -> None:
    """Who may write updates may rewrite their own; those of others need a permission of its own."""
    authors = (person(by), partner(by))
    is_own = update is None or (update.created_by, update.created_by_partner) == authors
    require(by, "add_update" if is_own else "change_update", blog)


def _fresh(blog: LiveBlog, update: Update) -> Update:
    """The update read again under its blog's lock; its `blog` is the locked row."""
    update = Update.objects.select_related("byline").get(pk=update.pk, blog=blog)
    update.blog = blog
    return update


def _published(blog: LiveBlog, update: Update) -> Update:
    update = _fresh(blog, update)
    if not update.is_published:
        raise ValidationError(_("This update is not published."))
    return update


def _refuse_stale(update: Update, saved: Content, seen: str) -> None:
    if seen and seen != fingerprint(saved):
        raise Stale(update)


def _unpublished(blog: LiveBlog, by: Actor, update: Update | None, seen: str = "") -> Update:
    if update is None:
        return Update(blog=blog, created_by=person(by), created_by_partner=partner(by))
    update = _fresh(blog, update)
    if update.is_erased:
        raise ValidationError(_("There is no such update in this live blog."))
    if update.status not in _NOT_YET_PUBLIC:
        raise ValidationError(_("This update has been published. Correct or restore it instead."))
    if update.status == Update.Status.SCHEDULED:
        require(by, "publish_update", blog)
    _refuse_stale(update, Content.of(update), seen)
    return update


def _save_unpublished(
    blog: LiveBlog,
    content: Content,
    status: Update.Status,
    by: Actor,
    update: Update | None,
    *,
    publish_at: datetime | None = None,
    imported_hash: str | None = None,
    seen: str = "",
) -> Update:
    update = _unpublished(blog, by, update, seen)
    update.status = status
    update.publish_at = publish_at
    update.modified_at = timezone.now()
    if imported_hash is not None:
        update.imported_hash = imported_hash
    content = content.checked(may_be_empty=status == Update.Status.DRAFT)
    replace(content, happened_at=content.happened_at or update.modified_at).write_to(update)
    return update
