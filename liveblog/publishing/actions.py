"""Actions on updates: which ones an actor may take, and carrying one out through its verb.

Desk, admin and API only parse the request, call `perform` and render the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from liveblog.models import LiveBlog, Update
from liveblog.publishing import approvals, safeguards, takedowns, updates
from liveblog.publishing.content import Content
from liveblog.publishing.permissions import Actor, filter_permissions, is_own_if_partner, permission_to_write
from liveblog.publishing.rules import WrongState
from liveblog.publishing.takedowns import UNDO_WITHIN
from liveblog.publishing.updates import Revised, as_saved


class Action(models.TextChoices):
    DRAFT = "draft", gettext_lazy("Save as a draft")
    SUBMIT = "submit", gettext_lazy("Submit for review")
    PUBLISH = "publish", gettext_lazy("Publish now")
    SCHEDULE = "schedule", gettext_lazy("Schedule")
    EDIT = "edit", gettext_lazy("Save as a minor edit")
    CORRECT = "correct", gettext_lazy("Save as a correction")
    CONFIRM = "confirm", gettext_lazy("Mark as confirmed")
    WITHDRAW = "withdraw", gettext_lazy("Withdraw")
    RESTORE = "restore", gettext_lazy("Restore")
    UNDO = "undo", gettext_lazy("Undo publishing")
    PIN = "pin", gettext_lazy("Pin to the top")
    UNPIN = "unpin", gettext_lazy("Unpin")
    MARK = "mark", gettext_lazy("Mark as key event")
    UNMARK = "unmark", gettext_lazy("No longer a key event")
    REVERT = "revert", gettext_lazy("Revert to an earlier text")
    PROPOSE = "propose", gettext_lazy("Propose to a second person")
    APPROVE = "approve", gettext_lazy("Approve")
    OVERRIDE = "override", gettext_lazy("Approve without a second person")


# Actions that save submitted content.
WRITES: Final = frozenset(
    {Action.DRAFT, Action.SUBMIT, Action.PUBLISH, Action.SCHEDULE, Action.EDIT, Action.CORRECT}
)
# The action that saves an update without changing its status, by status.
KEEPS_STATE: Final = {
    Update.Status.DRAFT: Action.DRAFT,
    Update.Status.SUBMITTED: Action.SUBMIT,
    Update.Status.SCHEDULED: Action.SCHEDULE,
    Update.Status.PUBLISHED: Action.EDIT,
}
_TAKES_NOTE: Final = frozenset(
    {Action.CORRECT, Action.WITHDRAW, Action.REVERT, Action.PROPOSE, Action.OVERRIDE}
)

_UNPUBLISHED: Final = frozenset({Update.Status.DRAFT, Update.Status.SUBMITTED, Update.Status.SCHEDULED})
_PUBLISHED: Final = frozenset({Update.Status.PUBLISHED})
_STATES: Final[dict[Action, frozenset[Update.Status]]] = {
    Action.DRAFT: _UNPUBLISHED,
    Action.SUBMIT: _UNPUBLISHED,
    Action.PUBLISH: _UNPUBLISHED,
    Action.SCHEDULE: _UNPUBLISHED,
    Action.EDIT: _PUBLISHED,
    Action.CORRECT: _PUBLISHED,
    Action.CONFIRM: _PUBLISHED,
    Action.WITHDRAW: _PUBLISHED,
    Action.RESTORE: frozenset({Update.Status.WITHDRAWN}),
    Action.UNDO: _PUBLISHED,
    Action.PIN: _PUBLISHED,
    Action.UNPIN: _PUBLISHED,
    Action.MARK: _PUBLISHED,
    Action.UNMARK: _PUBLISHED,
    Action.REVERT: _UNPUBLISHED | _PUBLISHED,
    Action.PROPOSE: _PUBLISHED,
    Action.APPROVE: frozenset(Update.Status),
    Action.OVERRIDE: frozenset(Update.Status),
}
# Actions that change the words of a published update, and so are proposed where a second person is needed.
_REVISES: Final = frozenset({Action.EDIT, Action.CORRECT, Action.CONFIRM, Action.REVERT})


class Permitted:
    """The actions that an actor may take in one live blog. Permissions and team are looked up once."""

    def __init__(self, by: Actor, blog: LiveBlog | None) -> None:
        self.by, self.blog = by, blog
        self._held = filter_permissions(
            by,
            ("add_update", "change_update", "publish_update", "withdraw_update", safeguards.OVERRIDE),
            blog,
        )

    def actions(self, update: Update | None = None) -> list[Action]:
        """Return the actions available on an update (None: a new one), in the order to offer them."""
        if update is not None and (update.is_erased or not is_own_if_partner(self.by, update)):
            return []
        status = update.status if update else Update.Status.DRAFT
        return [
            action
            for action, states in _STATES.items()
            if status in states
            and _fits(action, self.blog, update)
            and self._held.issuperset(_permissions(action, self.by, update))
            and _is_safe(action, self.by, self.blog, update)
        ]


def actions_for(by: Actor, blog: LiveBlog | None, update: Update | None = None) -> list[Action]:
    """Return the actions that `by` may take on an update (None: a new one) of `blog` (None: not chosen)."""
    return Permitted(by, blog).actions(update)


def _fits(action: Action, blog: LiveBlog | None, update: Update | None) -> bool:
    """Return whether the action suits the blog and the update, apart from the update's status."""
    goes_live = action in (Action.PUBLISH, Action.SCHEDULE, Action.RESTORE)
    if goes_live and blog and blog.status == LiveBlog.Status.WITHDRAWN:
        return False
    if update is None:
        return action in WRITES
    match action:
        case Action.PIN | Action.UNPIN:
            return update.is_pinned == (action == Action.UNPIN)
        case Action.MARK | Action.UNMARK:
            return update.is_key_event == (action == Action.UNMARK)
        case Action.CONFIRM:
            return update.verification == Update.Verification.UNCONFIRMED
        case Action.UNDO:
            published_at = update.first_published_at
            return published_at is not None and timezone.now() - published_at <= UNDO_WITHIN
    return True


def _is_safe(action: Action, by: Actor, blog: LiveBlog | None, update: Update | None) -> bool:
    """Return whether the legal hold and the two-person rule let `by` take the action on the saved content."""
    if update is None:
        guarded = blog is not None and blog.needs_second_person
        return not (guarded and action == Action.PUBLISH)
    if (
        blog is not None
        and blog.is_on_hold
        and (action in (Action.PROPOSE, Action.REVERT) or (action in _REVISES and update.is_published))
    ):
        return False
    match action:
        case Action.APPROVE:
            return safeguards.can_approve(by, update)
        case Action.OVERRIDE:
            return safeguards.can_override(by, update)
        case Action.PROPOSE:
            return safeguards.is_needed(update)
        case Action.PUBLISH | Action.RESTORE:
            return not safeguards.lacks_approval(update, None, by)
    return not (action in _REVISES and update.is_published and safeguards.is_needed(update))


def _permissions(action: Action, by: Actor, update: Update | None) -> list[str]:
    if action in (Action.WITHDRAW, Action.RESTORE):
        return ["withdraw_update"]
    if action in (Action.APPROVE, Action.OVERRIDE):
        return [
            "publish_update",
            *(["withdraw_update"] if update and update.is_withdrawn else []),
            *([safeguards.OVERRIDE] if action == Action.OVERRIDE else []),
        ]
    if action not in (Action.DRAFT, Action.SUBMIT, Action.REVERT) or (update and update.is_published):
        return ["publish_update"]
    is_scheduled = update is not None and update.status == Update.Status.SCHEDULED
    return [permission_to_write(by, update), *(["publish_update"] if is_scheduled else [])]


def perform(
    action: Action,
    blog: LiveBlog,
    *,
    by: Actor,
    update: Update | None = None,
    content: Revised = as_saved,
    note: str = "",
    publish_at: datetime | None = None,
    is_pinned: bool | None = None,
    seen: str = "",
) -> Update:
    """Carry out `action` on an update (None: create one) through its verb and return the update.

    The verb checks all rules. `note` says what was corrected, or why the update is withdrawn. `is_pinned`
    None leaves the pin unchanged. If it raises PermissionDenied, Stale or another ValidationError, which has
    a message for the editor, nothing has been written.
    """
    if note.strip() and action not in _TAKES_NOTE:
        _refuse_note(update)
    match action:
        case Action.DRAFT | Action.SUBMIT:
            verb = updates.draft_update if action == Action.DRAFT else updates.submit_update
            return verb(
                blog, content, by=by, update=update, publish_at=publish_at, is_pinned=is_pinned, seen=seen
            )
        case Action.SCHEDULE:
            return updates.schedule_update(
                blog, content, publish_at, by=by, update=update, is_pinned=is_pinned, seen=seen
            )
        case Action.PUBLISH:
            return updates.publish_update(blog, content, by=by, update=update, is_pinned=is_pinned, seen=seen)
    if update is None:
        raise ValidationError(_("Only a saved update can be changed in this way."))
    match action:
        case Action.EDIT:
            return updates.edit_update(update, content, by=by, is_pinned=is_pinned, seen=seen)
        case Action.CORRECT:
            return updates.correct_update(update, content, by=by, note=note, is_pinned=is_pinned, seen=seen)
        case Action.CONFIRM:
            return updates.edit_update(update, _confirmed, by=by, seen=seen)
        case Action.WITHDRAW:
            return takedowns.withdraw_update(update, by=by, reason=note)
        case Action.PROPOSE:
            return approvals.propose_change(update, content, by=by, note=note, is_pinned=is_pinned, seen=seen)
        case Action.APPROVE:
            return approvals.approve_update(update, by=by, seen=seen)
        case Action.OVERRIDE:
            return approvals.override_approval(update, by=by, reason=note, seen=seen)
        case Action.REVERT if not update.is_published:
            return updates.draft_update(blog, content, by=by, update=update)
        case Action.REVERT if note.strip():
            return updates.correct_update(update, content, by=by, note=note)
        case Action.REVERT:
            return updates.edit_update(update, content, by=by)
    return _PLAIN[action](update, by=by)


def _refuse_note(update: Update | None) -> None:
    if update is not None and not update.is_visible:
        raise WrongState(_("Readers have not seen this update: there is nothing to correct."), update)
    raise ValidationError(
        {"note": _("A minor edit takes no note. Save it as a correction, or clear the note.")}
    )


def _confirmed(content: Content) -> Content:
    return replace(content, verification=Update.Verification.CONFIRMED)


_PLAIN: Final[dict[Action, Callable[..., Update]]] = {
    Action.RESTORE: takedowns.restore_update,
    Action.UNDO: takedowns.undo_publication,
    Action.PIN: updates.pin_update,
    Action.UNPIN: updates.unpin_update,
    Action.MARK: updates.mark_key_event,
    Action.UNMARK: updates.unmark_key_event,
}
