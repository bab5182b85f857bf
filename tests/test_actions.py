"""Permission matrix of actions on updates, generated from `publishing.actions`.

Verbs, desk, admin and API carry out exactly the actions that `actions_for` offers; they refuse all others and
write nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import ApiKey, Byline, Change, LiveBlog, Update
from liveblog.publishing import SYSTEM, WRITES, Action, Actor, Content, Story, actions_for, permissions
from newsroom import hongkong
from tests.admin.browsing import form_values
from tests.factories import IN_TEAM, make_blog, make_image, make_key, make_staff, make_update, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

STATES = [
    "new",
    "draft",
    "own draft",
    "submitted",
    "scheduled",
    "published",
    "just published",
    "withdrawn",
    "erased",
]
TEXT = "<p>改過的內文</p>"
Row = TypeVar("Row", LiveBlog, Update)


def make_in(state: str, blog: LiveBlog, author: Actor) -> Update | None:
    content, later = (
        Content("標題", "<p>內文</p>", verification="unconfirmed"),
        timezone.now() + timedelta(hours=1),
    )
    match state:
        case "new":
            return None
        case "draft":
            return publishing.draft_update(blog, content, by=SYSTEM)
        case "own draft":
            update = publishing.draft_update(blog, content, by=SYSTEM)
            person, partner = permissions.person(author), permissions.partner(author)
            Update.objects.filter(pk=update.pk).update(created_by=person, created_by_partner=partner)
            return Update.objects.get(pk=update.pk)
        case "submitted":
            return publishing.submit_update(blog, content, by=SYSTEM)
        case "scheduled":
            return publishing.schedule_update(blog, content, later, by=SYSTEM)
        case "just published":
            return publishing.publish_update(blog, content, by=SYSTEM)
    update = make_update(blog, verification="unconfirmed")
    long_ago = timezone.now() - timedelta(hours=1)
    Update.objects.filter(pk=update.pk).update(first_published_at=long_ago)
    update.revisions.update(at=long_ago)
    if state == "own published":
        partner = permissions.partner(author)
        Update.objects.filter(pk=update.pk).update(created_by_partner=partner)
    if state == "withdrawn":
        return publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    if state == "erased":
        return publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    return Update.objects.get(pk=update.pk)


def fields_of(action: Action) -> dict[str, object]:
    """Return the fields that the action needs besides the text."""
    match action:
        case Action.CORRECT | Action.WITHDRAW:
            return {"note": "說明"}
        case Action.SCHEDULE:
            return {"publish_at": timezone.now() + timedelta(hours=2)}
    return {}


def state_of() -> list[tuple]:
    fields = ["pk", "heading", "body", "status", "number", "publish_at", "verification", "is_key_event"]
    return [*Update.objects.order_by("pk").values_list(*fields), Change.objects.count()]


@pytest.fixture
def staff() -> dict:
    return make_staff()


@contextmanager
def undone() -> Iterator[None]:
    """Undo all database writes made inside the context."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def fresh(row: Row) -> Row:
    return type(row).objects.get(pk=row.pk)


def make_team_blog(staff: dict) -> LiveBlog:
    return publishing.set_team(make_blog(), [staff[name] for name in IN_TEAM], by=SYSTEM)


@pytest.mark.parametrize("state", STATES)
def test_verbs_carry_out_offered_actions_and_refuse_all_others(staff, state):
    key = make_key("write:publish", blogs=())
    actors = [*staff.values(), ApiKey.objects.get(), SYSTEM]
    assert key
    for by in actors:
        blog = make_team_blog(staff)
        if isinstance(by, ApiKey):
            by.partner.granted_blogs.add(blog)
        made = make_in(state, blog, by)
        for action in Action:
            with undone():
                blog, update = fresh(blog), made and fresh(made)
                is_offered = action in actions_for(by, blog, update)
                before = state_of()
                content = {"content": Content("改", TEXT)} if action in WRITES | {Action.REVERT} else {}
                try:
                    publishing.perform(action, blog, by=by, update=update, **content, **fields_of(action))
                    is_done = state_of() != before
                except (PermissionDenied, ValidationError):
                    is_done = False
                    assert state_of() == before
                assert is_done == is_offered, (state, action, by)


def by_desk(client: Client, blog: LiveBlog, update: Update | None, action: Action) -> int:
    headers = {"accept": "application/json"}
    fields = fields_of(action)
    if action in WRITES:
        payload = {"token": f"t-{action}", "action": action, "heading": "改", "body": TEXT}
        payload |= {"update": update.pk} if update else {}
        if "publish_at" in fields:
            at = hongkong.to_hong_kong(fields["publish_at"])
            payload |= {"publish_day": f"{at:%Y-%m-%d}", "publish_clock": f"{at:%H:%M}"}
        payload |= {"note": fields["note"]} if "note" in fields else {}
        return client.post(reverse("desk:desk", args=[blog.pk]), payload, headers=headers).status_code
    if update is None:
        return 404
    payload = {"reason": fields.get("note", "")}
    if action == Action.REVERT:
        revision = update.revisions.last()
        payload = {"revision": revision.pk if revision else 0}
    return client.post(
        reverse("desk:update", args=[blog.pk, update.pk, action]), payload, headers=headers
    ).status_code


def by_admin(client: Client, blog: LiveBlog, update: Update | None, action: Action) -> int:
    path = reverse("admin:liveblog_update_change", args=[update.pk]) if update else f"{ADD}?blog={blog.pk}"
    status, form = admin_form(client, path)
    if status != 200:
        return status
    if "action" not in form:
        return 403
    fields = fields_of(action)
    payload = form | {"action": action, "heading": "改", "body": TEXT}
    payload |= {"note": fields["note"]} if "note" in fields else {}
    if "publish_at" in fields:
        at = hongkong.to_hong_kong(fields["publish_at"])
        payload |= {"publish_at_0": f"{at:%Y-%m-%d}", "publish_at_1": f"{at:%H:%M}"}
    return client.post(path, payload).status_code


@lru_cache(maxsize=1)
def admin_form(client: Client, path: str) -> tuple[int, dict[str, str | list[str]]]:
    """Return status and fields of a form, fetched once for all actions, because each of them is undone."""
    page = client.get(path)
    return page.status_code, form_values(page) if page.status_code == 200 else {}


ADD = "/admin/liveblog/update/add/"
IN_ADMIN = [*sorted(WRITES), Action.WITHDRAW, Action.RESTORE]


@pytest.mark.parametrize(("door", "actions"), [(by_desk, list(Action)), (by_admin, IN_ADMIN)])
@pytest.mark.parametrize("state", STATES)
def test_desk_and_admin_carry_out_offered_actions_and_refuse_all_others(
    staff, state, door: Callable[..., int], actions: list[Action]
):
    for name, user in staff.items():
        client = signed_in(user)
        blog = make_team_blog(staff)
        made = make_in(state, blog, user)
        for action in actions:
            with undone():
                blog, update = fresh(blog), made and fresh(made)
                is_offered = action in actions_for(user, blog, update)
                if action == Action.REVERT and update and not update.revisions.exists():
                    # There is no revision to revert to yet.
                    is_offered = False
                elif action == Action.REVERT and is_offered:
                    publishing.edit_update(update, Content("新標題"), by=SYSTEM)
                before = state_of()
                status = door(client, blog, update, action)
                is_done = state_of() != before
                assert is_done == is_offered, (name, state, action, status)
                assert status in (200, 302) if is_done else status in (200, 302, 403, 404, 409, 422)


BY_API = {
    Action.DRAFT: {"status": "draft"},
    Action.PUBLISH: {"status": "published"},
    Action.EDIT: {},
    Action.CORRECT: {"note": "說明"},
    Action.WITHDRAW: {"reason": "說明"},
}


@pytest.mark.parametrize("scopes", [["read"], ["write:draft"], ["write:publish"]])
@pytest.mark.parametrize(
    "state", ["new", "draft", "own draft", "submitted", "published", "own published", "withdrawn"]
)
def test_api_carries_out_offered_actions_and_refuses_all_others(state, scopes):
    key = make_key(*scopes)
    by = ApiKey.objects.get()
    blog = make_blog()
    by.partner.granted_blogs.add(blog)
    made = make_in(state, blog, by)
    for action, payload in BY_API.items():
        with undone():
            update = made and fresh(made)
            is_offered = effective_action(action, update) in actions_for(by, blog, update)
            before = state_of()
            response = by_api(key, blog, update, action, payload)
            is_done = state_of() != before
            assert is_done == is_offered, (state, scopes, action, response.status_code, response.content)


def effective_action(action: Action, update: Update | None) -> Action:
    """Return the action that a PATCH amounts to: it names no action, but saves the update in its state."""
    if update and update.is_published and action in (Action.DRAFT, Action.PUBLISH):
        return Action.EDIT
    return Action.DRAFT if update and not update.is_visible and action == Action.EDIT else action


def by_api(key: str, blog: LiveBlog, update: Update | None, action: Action, payload: dict[str, str]):
    client = Client(headers={"authorization": f"Bearer {key}", "idempotency-key": f"k-{action}"})
    text = {} if action == Action.WITHDRAW else {"heading": "改", "body": TEXT}
    if update is None:
        path, verb = f"/api/v1/blogs/{blog.slug}/updates/", client.post
    elif action == Action.WITHDRAW:
        path, verb = f"/api/v1/updates/{update.pk}/withdrawal/", client.post
    else:
        path, verb = f"/api/v1/updates/{update.pk}/", client.patch
        payload = {name: value for name, value in payload.items() if value != "draft"}
    return verb(path, json.dumps(text | payload), content_type="application/json")


@pytest.mark.parametrize("action", sorted(WRITES))
def test_no_action_drops_a_field(action):
    blog, at = make_blog(), timezone.now() + timedelta(hours=2)
    update = make_update(blog) if action in (Action.EDIT, Action.CORRECT) else None
    content = Content(
        heading="標題",
        body="<p>內文</p>",
        happened_at=timezone.now() - timedelta(hours=1),
        has_clock_time=False,
        is_key_event=True,
        bylines=(Byline.objects.create(name="乙"), Byline.objects.create(name="甲")),
        source="來源",
        verification="confirmed",
        edition_wording="甲=乙",
        stories=(Story("另文", url="https://example.com/"),),
        images=(make_image(),),
    )
    takes_moment = action in (Action.DRAFT, Action.SUBMIT, Action.SCHEDULE)
    saved = publishing.perform(
        action,
        blog,
        by=SYSTEM,
        update=update,
        content=content,
        is_pinned=True,
        publish_at=at if takes_moment else None,
        note="說明" if action == Action.CORRECT else "",
    )
    saved = Update.objects.select_related("blog").get(pk=saved.pk)
    assert Content.of(saved) == content
    assert saved.is_pinned if saved.is_published else saved.is_to_be_pinned
    assert saved.publish_at == (at if takes_moment else None)
