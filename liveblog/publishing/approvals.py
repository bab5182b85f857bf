"""Verbs of the two-person rule on updates: proposing, approving and overriding. See `safeguards`."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import Update
from liveblog.publishing import safeguards
from liveblog.publishing.content import Content
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.log import locked, reread, reread_published
from liveblog.publishing.permissions import Actor, require
from liveblog.publishing.rules import WrongState, checked_note
from liveblog.publishing.updates import (
    Revised,
    pin,
    refuse_more_corrections,
    refuse_stale,
    revised,
    write_revision,
)


def propose_change(
    update: Update,
    content: Revised,
    *,
    by: Actor,
    note: str = "",
    is_pinned: bool | None = None,
    seen: str = "",
) -> Update:
    """Propose a change of a published update that needs a second person; readers see nothing of it yet.

    With a note it becomes a correction. The pin changes immediately, because it needs no second person.
    """
    require(by, "publish_update", update.blog, update)
    note = checked_note(note)
    with locked(update.blog) as blog:
        update = reread_published(blog, update)
        safeguards.refuse_on_hold(blog)
        if not safeguards.is_needed(update):
            raise WrongState(_("This update needs no second person: save the change."), update)
        before = Content.of(update)
        refuse_stale(update, before, seen)
        content = revised(update, content, before)
        is_pin_changed = is_pinned is not None and is_pinned != update.is_pinned
        if content != before or note:
            safeguards.propose(update, before, content, note, by=by)
        elif not is_pin_changed:
            raise ValidationError(_("Nothing was changed."))
        if is_pin_changed:
            pin(blog, update, by, is_pinned=bool(is_pinned))
        return update


def approve_update(update: Update, *, by: Actor, seen: str = "") -> Update:
    """Approve what a colleague wrote: the content as saved, or the proposed change, which is then made."""
    return _approve(update, by, "", seen)


def override_approval(update: Update, *, by: Actor, reason: str, seen: str = "") -> Update:
    """Let content go public without a second person; the audit log keeps the reason."""
    return _approve(update, by, safeguards.checked_override(by, update.blog, reason), seen)


def _approve(update: Update, by: Actor, reason: str, seen: str) -> Update:
    require(by, "publish_update", update.blog, update)
    with locked(update.blog) as blog:
        update = reread(blog, update)
        if update.is_withdrawn:
            require(by, "withdraw_update", blog, update)
        saved = Content.of(update)
        refuse_stale(update, saved, seen)
        is_allowed = safeguards.can_override if reason else safeguards.can_approve
        if update.is_erased or not is_allowed(by, update):
            raise WrongState(_("Nothing here is waiting for your approval."), update)
        if not update.is_published:
            return safeguards.approve_saved(update, by=by, reason=reason)
        content, proposal = safeguards.take_proposal(update)
        if proposal.note:
            refuse_more_corrections(update)
        update.written_by = proposal.by
        write_revision(blog, update, saved, content, by, proposal.note)
        audit.record(
            **safeguards.approval_entry(reason),
            by=by,
            blog=blog,
            subject=update,
            content=fingerprint(content),
            proposed_by=proposal.by_id,
        )
        safeguards.drop_pending(update)
        return update
