"""Verbs that take updates back, and the one that puts them back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import Change, Delivery, LiveBlog, Revision, Submission, Update, WorkingCopy
from liveblog.publishing import safeguards, search
from liveblog.publishing.content import Content
from liveblog.publishing.log import append, append_unaudited, keep_revision, locked, reread, reread_published
from liveblog.publishing.permissions import Actor, require
from liveblog.publishing.renditions import remove_images, show_or_hide
from liveblog.publishing.rules import WrongState, checked_note, refuse_withdrawn_blog

# The desk offers ten seconds; allow as many again for a slow network.
UNDO_WITHIN: Final = timedelta(seconds=20)


def withdraw_update(update: Update, *, by: Actor, reason: str) -> Update:
    """Withdraw a published update: readers see a tombstone in its place. `reason` is internal."""
    require(by, "withdraw_update", update.blog, update)
    reason = checked_note(reason)
    if not reason:
        raise ValidationError({"note": _("Say why it is withdrawn. Readers do not see this.")})
    with locked(update.blog) as blog:
        update = reread_published(blog, update)
        now = timezone.now()
        safeguards.drop_pending(update)
        _hide(blog, update, now)
        change = append(blog, Change.Kind.WITHDRAWN, now, update, by=by)
        keep_revision(update, Revision.Kind.WITHDRAWN, change, by, Content.of(update), reason)
        show_or_hide(update.images.all())
        return update


def undo_publication(update: Update, *, by: Actor) -> Update:
    """Turn an update that has just gone live back into a draft. It leaves no tombstone.

    Raise ValidationError later than UNDO_WITHIN: readers have seen the update by then, and it can be
    withdrawn.
    """
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        update = reread_published(blog, update)
        now = timezone.now()
        latest = update.revisions.first()
        if latest is None or latest.kind != Revision.Kind.PUBLISHED or now - latest.at > UNDO_WITHIN:
            raise ValidationError(_("It is too late to undo this. Withdraw the update instead."))
        update.status = Update.Status.DRAFT
        update.first_published_at = None
        update.is_to_be_pinned = update.is_pinned
        update.save(update_fields=["status", "first_published_at", "is_to_be_pinned"])
        _unpin(blog, update)
        search.index_update(update)
        change = append(blog, Change.Kind.UNPUBLISHED, now, update, by=by)
        keep_revision(update, Revision.Kind.UNPUBLISHED, change, by, Content.of(update))
        show_or_hide(update.images.all())
        return update


def restore_update(update: Update, *, by: Actor) -> Update:
    """Publish a withdrawn update again, as it was."""
    require(by, "withdraw_update", update.blog, update)
    with locked(update.blog) as blog:
        refuse_withdrawn_blog(blog)
        update = reread(blog, update)
        if not update.is_withdrawn or update.is_erased:
            raise WrongState(_("Only a withdrawn update can be restored."), update)
        safeguards.refuse_alone(update, None, by)
        safeguards.drop_pending(update)
        update.status = Update.Status.PUBLISHED
        update.withdrawn_at = None
        update.save(update_fields=["status", "withdrawn_at"])
        search.index_update(update)
        change = append(blog, Change.Kind.RESTORED, timezone.now(), update, by=by)
        keep_revision(update, Revision.Kind.RESTORED, change, by, Content.of(update))
        show_or_hide(update.images.all())
        return update


def erase_update(update: Update, *, by: Actor, reason: str) -> Update:
    """Erase an update's text, pictures and revision contents, for a court order. The numbers stay.

    A published update is also withdrawn; an unpublished one becomes a draft and leaves its queue. `reason`
    replaces the notes of the revisions. Pictures that are used elsewhere stay.
    """
    require(by, "withdraw_update", update.blog, update)
    reason = checked_note(reason)
    if not reason:
        raise ValidationError({"note": _("Say why it is erased.")})
    with locked(update.blog) as blog:
        safeguards.refuse_on_hold(blog)
        update = reread(blog, update)
        was_visible = update.is_visible
        now = timezone.now()
        images = list(update.images.all())
        empty_content = Content(happened_at=update.happened_at, has_clock_time=update.has_clock_time)
        update.imported_hash = ""
        update.is_erased = True
        update.is_to_be_pinned = False
        if not was_visible:
            update.status = Update.Status.DRAFT
            update.publish_at = None
        empty_content.write_to(update, at=update.happened_at)
        if update.is_published:
            _hide(blog, update, now)
        search.index_update(update)
        safeguards.drop_pending(update)
        update.revisions.update(content=empty_content.as_json(), note=reason)
        # A working copy saved while a new update was being submitted has only the token in common with it.
        tokens = Submission.objects.filter(update=update).values("token")
        WorkingCopy.objects.filter(Q(update=update) | Q(blog=blog, token__in=tokens)).delete()
        # Any webhook payload of the blog may contain the headings of its key events, so clear all of them.
        Delivery.objects.filter(blog=blog).update(body="", answer="")
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Update), object_id=str(update.pk)
        ).update(object_repr=f"#{update.pk}", change_message="")
        if was_visible:
            append_unaudited(blog, Change.Kind.ERASED, now, update, by=by)
        audit.record("erased", by=by, blog=blog, subject=update, reason=reason)
        remove_images(images)
        return update


def _hide(blog: LiveBlog, update: Update, at: datetime) -> None:
    update.status = Update.Status.WITHDRAWN
    update.withdrawn_at = at
    update.save(update_fields=["status", "withdrawn_at"])
    _unpin(blog, update)
    search.index_update(update)


def _unpin(blog: LiveBlog, update: Update) -> None:
    """Clear the blog's pinned update if it is this one; append() saves the blog."""
    if update.is_pinned:
        blog.pinned_update = None
