"""Every action under the two-person rule, in every state and through every entry point."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Approval, AuditEntry, Change, LiveBlog, Proposal, Update
from liveblog.publishing import Action, Content, actions_for, perform
from tests.factories import make_blog, make_person, signed_in
from tests.publishing.two_people import draft_by, fresh, published_by

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.usefixtures("in_english")]

STATES = ["new", "own draft", "draft", "approved draft", "published", "proposed", "own proposal", "withdrawn"]


def make_in(state, blog, by, writer, colleague) -> Update | None:
    if state == "new":
        return None
    if "draft" in state:
        draft = draft_by(by if state == "own draft" else writer, blog)
        return publishing.approve_update(draft, by=colleague) if state == "approved draft" else draft
    update = published_by(writer, colleague, blog)
    Update.objects.filter(pk=update.pk).update(first_published_at=timezone.now() - timedelta(hours=1))
    update.revisions.update(at=timezone.now() - timedelta(hours=1))
    if "propos" in state:
        publishing.propose_change(update, Content("更正"), by=by if "own" in state else writer, note="錯字")
    if state == "withdrawn":
        publishing.withdraw_update(update, by=colleague, reason="錯")
    return fresh(update)


# Saving a form without changes is an action too, which only the audit log shows.
RECORDED = ("drafted", "submitted", "scheduled")


def state_of() -> list[tuple]:
    return [
        *Update.objects.order_by("pk").values_list(
            "pk", "heading", "status", "number", "publish_at", "is_key_event"
        ),
        *Approval.objects.values_list("update", "fingerprint"),
        *Proposal.objects.values_list("update", "at"),
        (Change.objects.count(), AuditEntry.objects.filter(action__in=RECORDED).count()),
    ]


# The actions that the desk's buttons post to `desk:update`.
BUTTONS = frozenset(Action) - publishing.WRITES - {Action.PROPOSE, Action.REVERT}
NOTES = frozenset({Action.CORRECT, Action.WITHDRAW, Action.PROPOSE, Action.OVERRIDE})


def by_verb(by, blog, update, action) -> None:
    fields = {"note": "說明"} if action in NOTES else {}
    if action == Action.SCHEDULE:
        fields["publish_at"] = timezone.now() + timedelta(hours=2)
    if update is None or action in (Action.EDIT, Action.PROPOSE, Action.REVERT):
        fields["content"] = Content("改")
    with suppress(PermissionDenied, ValidationError):
        perform(action, blog, by=by, update=update, **fields)


def by_desk(by, blog, update, action) -> None:
    client = signed_in(by)
    path = reverse("desk:update", args=[blog.pk, update.pk, action])
    payload = {"reason": "說明"} if action in NOTES else {}
    response = client.post(path, payload, headers={"accept": "application/json"})
    assert response.status_code in (200, 403, 409, 422)


def by_admin(by, blog, update, action) -> None:
    """Run a list action of the admin."""
    client = signed_in(by)
    name = {Action.MARK: "mark_key", Action.UNMARK: "unmark_key"}.get(action, action.value)
    client.post(
        reverse("admin:liveblog_update_changelist"),
        {"action": name, "_selected_action": update.pk, "reason": "說明", "confirm": "yes"},
    )


LISTED = frozenset({Action.PUBLISH, Action.WITHDRAW, Action.PIN, Action.UNPIN, Action.MARK, Action.UNMARK})


@pytest.mark.parametrize("is_on_hold", [False, True])
@pytest.mark.parametrize(
    ("door", "actions", "state"),
    [
        *((by_verb, frozenset(Action), state) for state in STATES),
        # Buttons and list actions exist only for saved updates.
        *((by_desk, BUTTONS, state) for state in STATES[1:]),
        *((by_admin, LISTED, state) for state in STATES[1:]),
    ],
)
def test_guarded_actions_are_carried_out_if_offered_and_refused_otherwise(
    writer, colleague, chief, state, is_on_hold, door, actions
):
    for by in (make_person("Reporter"), make_person("Editor"), make_person("Chief editor")):
        if state == "own proposal" and not by.has_perm("liveblog.publish_update"):
            continue
        blog = publishing.set_second_person(make_blog(), by=chief, is_needed=True)
        made = make_in(state, blog, by, writer, colleague)
        publishing.set_hold(blog, by=chief, is_on_hold=is_on_hold, reason="訴訟")
        for action in sorted(actions):
            with transaction.atomic():
                update = made and fresh(made)
                blog = LiveBlog.objects.get(pk=blog.pk)
                is_offered = action in actions_for(by, blog, update)
                before = state_of()
                door(by, blog, update, action)
                assert (state_of() != before) == is_offered, (action, by.username)
                transaction.set_rollback(True)
