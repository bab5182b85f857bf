"""The two-person rule and the legal hold.

If a live blog or a flag on an update requires a second person, content goes public only once somebody other
than its writer has approved it. The approval belongs to the content's fingerprint, so any change voids it.
Publishing a colleague's content unchanged counts as approval. A change of a published update is proposed
first, and made when somebody else approves it. Chief editors may override the rule with a reason.

A legal hold freezes the stored content of a live blog: no saved text is changed and nothing is erased or
deleted. New updates, withdrawals and restorations remain possible.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import Approval, Flag, LiveBlog, Proposal, Update
from liveblog.publishing.content import Content
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.log import locked, reread
from liveblog.publishing.permissions import Actor, permission_to_write, person, require
from liveblog.publishing.rules import Stale, WrongState, checked_note

OVERRIDE: Final = "override_safeguards"


class NeedsSecondPerson(WrongState):
    """Raised if the two-person rule requires an approval that is missing."""

    def __init__(self, update: Update) -> None:
        super().__init__(_("Needs a second person: %(reason)s.") % {"reason": reason_for(update)}, update)


def is_needed(update: Update) -> bool:
    """Return whether the update's blog or a flag requires a second person."""
    return update.blog.needs_second_person or bool(update.flags)


def reason_for(update: Update) -> str:
    """Return why a second person is needed, and what that person has to do, in plain words."""
    reasons = [str(Flag(flag).label) for flag in update.flags]
    if update.blog.needs_second_person:
        reasons.append(_("everything in this live blog"))
    return _("somebody who did not write it has to approve it (%(reasons)s)") % {
        "reasons": _(", ").join(reasons)
    }


def lacks_approval(update: Update, content: Content | None = None, by: Actor | None = None) -> bool:
    """Return whether `content` (None: as saved) still lacks an approval, if `by` publishes it.

    Publishing a colleague's content as it was saved counts as approval.
    """
    if not is_needed(update):
        return False
    if update._state.adding:
        return True
    saved = Content.of(update)
    is_as_saved = content is None or fingerprint(content) == fingerprint(saved)
    if is_as_saved and by is not None and _is_second(by, update.writer_id):
        return False
    wanted = fingerprint(saved if content is None else content)
    return not Approval.objects.filter(update=update, fingerprint=wanted).exists()


def refuse_alone(update: Update, content: Content | None, by: Actor | None) -> None:
    """Raise NeedsSecondPerson unless `content` may go public. Call this under the blog's lock."""
    if lacks_approval(update, content, by):
        raise NeedsSecondPerson(update)


def refuse_on_hold(blog: LiveBlog) -> None:
    """Raise ValidationError if the live blog is under a legal hold."""
    if blog.is_on_hold:
        raise ValidationError(
            _("This live blog is under a legal hold: saved text stays as it is. Write a new update instead.")
        )


def can_approve(by: Actor, update: Update) -> bool:
    """Return whether something waits for approval that `by` did not write."""
    if not is_needed(update):
        return False
    if update.is_published:
        proposal = Proposal.objects.filter(update=update).first()
        return proposal is not None and not update.blog.is_on_hold and _is_second(by, proposal.by_id)
    return _is_second(by, update.writer_id) and _is_unapproved(update)


def can_override(by: Actor, update: Update) -> bool:
    """Return whether something waits for approval that a chief editor may let through."""
    if not is_needed(update) or not isinstance(by, User):
        return False
    if update.is_published:
        return not update.blog.is_on_hold and Proposal.objects.filter(update=update).exists()
    return _is_unapproved(update)


def _is_unapproved(update: Update) -> bool:
    wanted = fingerprint(Content.of(update))
    return not Approval.objects.filter(update=update, fingerprint=wanted).exists()


def _is_second(by: Actor, writer_id: int | None) -> bool:
    return isinstance(by, User) and by.pk != writer_id


def approve_saved(update: Update, *, by: Actor, reason: str = "") -> Update:
    """Store the approval of an update that is not public, read under its blog's lock.

    With `reason`, it overrides the rule.
    """
    content = fingerprint(Content.of(update))
    values = {"fingerprint": content, "by": person(by), "at": timezone.now()}
    Approval.objects.update_or_create(update=update, defaults=values)
    audit.record(**approval_entry(reason), by=by, blog=update.blog, subject=update, content=content)
    return update


def approval_entry(reason: str) -> dict[str, Any]:
    """Return the action of an approval for the audit log, and the reason if it overrides the rule."""
    return {"action": "overridden", "reason": reason} if reason else {"action": "approved"}


def drop_pending(update: Update) -> None:
    """Remove an update's approval and proposal, which no longer apply; a hold keeps proposals."""
    Approval.objects.filter(update=update).delete()
    if not update.blog.is_on_hold:
        Proposal.objects.filter(update=update).delete()


def propose(update: Update, before: Content, content: Content, note: str, *, by: Actor) -> Update:
    """Store a change of a published update, read under its blog's lock, for a second person to approve."""
    Proposal.objects.update_or_create(
        update=update,
        defaults={
            "content": content.as_json(),
            "note": note,
            "base": fingerprint(before),
            "by": person(by),
            "at": timezone.now(),
        },
    )
    audit.record("proposed", by=by, blog=update.blog, subject=update, content=fingerprint(content))
    return update


def take_proposal(update: Update) -> tuple[Content, Proposal]:
    """Return the change that waits for approval. Raise Stale if the update has changed since."""
    proposal = Proposal.objects.select_related("by").filter(update=update).first()
    if proposal is None:
        raise WrongState(_("No change of this update is waiting for approval."), update)
    if proposal.base != fingerprint(Content.of(update)):
        raise Stale
    content, _missing = Content.from_json(proposal.content)
    return content, proposal


# Setting and lifting


def flag_update(update: Update, flags: Iterable[str], *, by: Actor, reason: str = "") -> Update:
    """Set an update's flags. Removing one is for chief editors, with a reason."""
    wanted = {str(flag) for flag in flags}
    if wanted - set(Flag.values):
        raise ValidationError({"flags": _("Choose one of the available values.")})
    require(by, permission_to_write(by, update), update.blog, update)
    with locked(update.blog) as blog:
        update = reread(blog, update)
        before = set(update.flags)
        if before == wanted:
            return update
        reason = checked_override(by, blog, reason) if before - wanted else checked_note(reason)
        update.flags = [flag for flag in Flag.values if flag in wanted]
        update.save(update_fields=["flags"])
        details: dict[str, Any] = {"before": sorted(before), "after": sorted(wanted), "reason": reason}
        audit.record("flagged", by=by, blog=blog, subject=update, **details)
        return update


def set_second_person(blog: LiveBlog, *, by: Actor, is_needed: bool, reason: str = "") -> LiveBlog:
    """Set whether everything in a live blog needs a second person. Lifting the rule needs a reason."""
    require(by, "change_liveblog", blog)
    with locked(blog) as blog:
        if blog.needs_second_person == is_needed:
            return blog
        reason = checked_note(reason) if is_needed else checked_override(by, blog, reason)
        blog.needs_second_person = is_needed
        blog.save(update_fields=["needs_second_person"])
        action = "second_person_needed" if is_needed else "second_person_lifted"
        audit.record(action, by=by, blog=blog, subject=blog, reason=reason)
        return blog


def set_hold(blog: LiveBlog, *, by: Actor, is_on_hold: bool, reason: str) -> LiveBlog:
    """Place a live blog under a legal hold, or lift it; both with a reason, which the audit log keeps."""
    with locked(blog) as blog:
        reason = checked_override(by, blog, reason)
        if blog.is_on_hold == is_on_hold:
            return blog
        blog.is_on_hold = is_on_hold
        blog.save(update_fields=["is_on_hold"])
        action = "hold_placed" if is_on_hold else "hold_lifted"
        audit.record(action, by=by, blog=blog, subject=blog, reason=reason)
        return blog


def checked_override(by: Actor, blog: LiveBlog, reason: str) -> str:
    """Return the cleaned reason. Raise PermissionDenied or ValidationError if `by` may not override."""
    require(by, OVERRIDE, blog)
    reason = checked_note(reason)
    if not reason:
        raise ValidationError({"note": _("Give the reason. The audit log keeps it for good.")})
    return reason
