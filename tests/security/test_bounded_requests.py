"""Size limits at each entry point, and bounds on what requests can make the newsroom keep and answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib import admin as django_admin
from django.core.exceptions import ValidationError
from django.test import Client

from liveblog import publishing
from liveblog.admin.bounds import LONGEST_SEARCH, MOST_AT_ONCE, BoundedLists
from liveblog.desk import differences, history, live, queues
from liveblog.models import (
    Partner,
    Presence,
    ReaderResponse,
    Revision,
    Update,
    WorkingCopy,
)
from liveblog.models.partner import LONGEST_ORIGIN, MOST_ORIGINS, Scope
from liveblog.publishing import SYSTEM, Content
from liveblog.publishing.limits import LONGEST, MOST
from newsroom import hongkong
from tests.admin.browsing import open_form, with_row
from tests.api.tool import Tool
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_key, make_partner, make_person, make_update, make_user, signed_in
from tests.security.amounts import (
    URL,
    make_blogs,
    make_images,
    paragraph,
    rows,
    words,
)
from tests.work import assert_linear

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_english")]

ADD = "/admin/liveblog/update/add/"


# Entry points: the API, the desk and the admin


@dataclass
class Door:
    """An entry point for new updates.

    `send` posts an update with one field set and returns the status and the names of refused fields.
    """

    send: Callable[[str, object], tuple[int, set[str]]]
    success_status: int


@pytest.fixture
def desk() -> Client:
    return signed_in(make_person("Editor"), {"accept": "application/json"})


@pytest.fixture
def doors() -> dict[str, Door]:
    blog = make_blog()
    tool = Tool(make_key(*Scope, blogs=[blog]))
    editor = make_user("*")
    desk, admin = signed_in(editor, {"accept": "application/json"}), signed_in(editor)
    tokens = (f"token-{index}" for index in range(1_000))

    def to_api(name: str, value: object) -> tuple[int, set[str]]:
        answer = tool.post({"heading": "標題", "status": "draft", name: value}, slug=blog.slug)
        return answer.status_code, set(answer.json().get("errors", {}))

    def to_desk(name: str, value: object) -> tuple[int, set[str]]:
        payload = {"token": next(tokens), "heading": "標題", "action": "draft", name: value}
        answer = desk.post(desk_path(blog), payload)
        return answer.status_code, set(answer.json().get("errors", {}))

    def to_admin(name: str, value: object) -> tuple[int, set[str]]:
        form = open_form(admin, f"{ADD}?blog={blog.pk}") | {"heading": "標題", "action": "draft"}
        answer = admin.post(ADD, form | {name: value})
        errors = set(answer.context["adminform"].form.errors) if answer.status_code == 200 else set()
        return answer.status_code, errors

    return {
        "api": Door(to_api, 201),
        "desk": Door(to_desk, 200),
        "admin": Door(to_admin, 302),
    }


@pytest.mark.parametrize("door", ["api", "desk", "admin"])
@pytest.mark.parametrize(
    ("name", "limit", "make"),
    [("heading", 250, words), ("body", LONGEST["body"], paragraph), ("source", 120, words)],
)
def test_every_entry_point_accepts_the_limit_and_refuses_one_more_by_field(doors, door, name, limit, make):
    send, success = doors[door].send, doors[door].success_status
    assert send(name, make(limit)) == (success, set())
    status, errors = send(name, make(limit + 1))
    assert (status in (200, 400, 422), errors) == (True, {name})
    assert Update.objects.count() == 1


def test_desk_limits_stories_pictures_and_notes(desk):
    blog = make_blog()
    for stories, status in ((MOST["stories"], 200), (MOST["stories"] + 1, 422)):
        titles = ["一"] * stories
        payload = {"token": f"stories-{stories}", "heading": "標題", "action": "draft", "story_title": titles}
        assert desk.post(desk_path(blog), payload).status_code == status
    images = [image.pk for image in make_images(MOST["images"] + 1)]
    for pks, status in ((images[1:], 200), (images, 422)):
        payload = {"token": f"images-{len(pks)}", "heading": "標題", "action": "draft", "picture": pks}
        assert desk.post(desk_path(blog), payload).status_code == status
    update = make_update(blog)
    withdraw = f"{desk_path(blog)}updates/{update.pk}/withdraw/"
    assert desk.post(withdraw, {"reason": words(LONGEST["note"] + 1)}).status_code == 422
    assert desk.post(withdraw, {"reason": words(LONGEST["note"])}).status_code == 200


def test_admin_caps_inline_rows():
    """Cap the number of inline rows, which the client controls with TOTAL_FORMS."""
    blog = make_blog()
    admin = signed_in(make_user("*"))
    form = open_form(admin, f"{ADD}?blog={blog.pk}") | {"heading": "標題", "action": "draft"}
    answer = admin.post(ADD, form | {"related_stories-TOTAL_FORMS": "2000"})
    assert answer.status_code == 200
    assert len(answer.context["inline_admin_formsets"][0].formset.forms) <= MOST["stories"] + 1
    answer = admin.post(ADD, with_row(form, "related_stories", title="一則", after_block="0"))
    assert answer.status_code == 302


# Response sizes: refusals do not amplify the request


@pytest.mark.parametrize(
    "entry",
    [
        {f"member{index}": 1 for index in range(20_000)},
        {"m" * 100_000: 1},
        {"byline": "b" * 500_000, "status": "draft"},
        {"status": "s" * 500_000},
        {"verification": "v" * 500_000, "status": "draft"},
        {"happened_at": "1" * 500_000, "status": "draft"},
        {"related_stories": [{"title": "t", "live_blog": "l" * 500_000}], "status": "draft"},
        {"related_stories": [{"title": "t", "url": URL + "l" * 500_000}], "status": "draft"},
        {"related_stories": [{"x": 1}] * 20_000, "status": "draft"},
    ],
    ids=["members", "a member", "byline", "status", "verification", "moment", "slug", "url", "stories"],
)
def test_api_errors_do_not_echo_large_payloads(entry):
    blog = make_blog()
    answer = Tool(make_key(*Scope, blogs=[blog])).post(entry, slug=blog.slug)
    assert answer.status_code in (400, 422)
    assert len(answer.content) < 6_000


@pytest.mark.parametrize(
    "query", ["&".join(f"p{index}=1" for index in range(900)), f"fields={'x,' * 20_000}", "x" * 30_000 + "=1"]
)
def test_api_errors_do_not_echo_large_queries(client, query):
    answer = client.get(f"/api/v1/blogs/?{query}")
    assert (answer.status_code, len(answer.content) < 6_000) == (400, True)


# Working copies, presence, history and accumulating rows


def test_working_copies_are_bounded_in_number_and_length(desk):
    path = f"{desk_path(make_blog())}autosave/"
    for index in range(queues.MOST_KEPT):
        assert desk.post(path, {"token": f"t{index}", "heading": "字"}).status_code == 200
    assert desk.post(path, {"token": "t0", "heading": "字字"}).status_code == 200
    response = desk.post(path, {"token": "one more", "heading": "字"})
    assert response.status_code == 422
    assert response.json()["errors"][""] == ["You have 30 unsaved texts. Save or discard some of them."]
    assert desk.post(path, {"token": "t0", "body": words(queues.MAX_KEPT + 1)}).status_code == 422
    assert desk.post(path, {"token": "t0", "x" * 500: "1", "y": "1", "body": "字"}).status_code == 200
    assert sorted(WorkingCopy.objects.get(token="t0").fields) == ["body", "token"]
    assert WorkingCopy.objects.count() == queues.MOST_KEPT


def test_conflict_does_not_exceed_the_limit_of_working_copies(desk):
    blog = make_blog()
    update = publishing.draft_update(blog, Content("一"), by=SYSTEM)
    for index in range(queues.MOST_KEPT):
        desk.post(f"{desk_path(blog)}autosave/", {"token": f"t{index}", "heading": "字"})
    payload = {"token": "late", "update": update.pk, "seen": "x" * 64, "heading": "二", "action": "draft"}
    assert desk.post(desk_path(blog), payload).status_code in (403, 409, 422)
    assert WorkingCopy.objects.count() == queues.MOST_KEPT


def test_presences_of_one_person_are_bounded(desk):
    path = f"{desk_path(make_blog())}state/"
    for index in range(live.MOST_PRESENCES + 5):
        assert desk.post(path, {"token": f"t{index}", "after": "1"}).status_code == 200
    assert Presence.objects.count() == live.MOST_PRESENCES
    assert Presence.objects.filter(token=f"t{live.MOST_PRESENCES + 4}").exists()


def test_history_is_paginated(desk):
    update = make_update(make_blog(), body="<p>一</p>")
    for index in range(history.PAGE_SIZE + 3):
        publishing.edit_update(update, Content(f"第{index}稿"), by=SYSTEM)
    path = f"{desk_path(update.blog)}updates/{update.pk}/history/"
    page = desk.get(path)
    assert len(page.context["entries"]) == history.PAGE_SIZE
    assert [entry.is_earlier_text for entry in page.context["entries"][:2]] == [False, True]
    older = desk.get(path, {"before": page.context["older"].pk})
    assert (len(older.context["entries"]), older.context["older"]) == (4, None)
    assert all(entry.is_earlier_text for entry in older.context["entries"])


def test_comparing_fully_different_revisions_is_linear():
    def compare(revisions: int) -> None:
        effort = differences.Effort()
        for index in range(revisions):
            old, new = (f"{start}" + "的一二" * 4_000 + f"{index}" for start in "甲乙")
            differences.compared(old, new[::-1], effort)

    assert_linear(compare, 4)


def test_corrections_are_bounded_but_edits_and_withdrawal_stay_possible():
    update = make_update(make_blog())
    rows(
        Revision,
        MOST["corrections"],
        update=lambda index: update,
        number=lambda index: 1_000 + index,
        kind=lambda index: Revision.Kind.CORRECTION,
        content=lambda index: {},
        at=lambda index: update.modified_at,
    )
    with pytest.raises(ValidationError) as raised:
        publishing.correct_update(update, Content("二"), by=SYSTEM, note="更正")
    assert list(raised.value.message_dict) == ["note"]
    publishing.edit_update(update, Content("二"), by=SYSTEM)
    publishing.withdraw_update(update, by=SYSTEM, reason="有誤")


def test_pending_responses_are_bounded():
    blog = make_blog(has_responses=True)
    values = {"blog": lambda index: blog, "name": "讀者{}".format, "text": "好{}".format}
    rows(ReaderResponse, MOST["pending"], **values)
    with pytest.raises(ValidationError, match="Try again later"):
        publishing.submit_response(blog, name="讀者", text="好")


def test_keys_and_webhooks_of_a_partner_are_bounded():
    partner = make_partner()
    for index in range(MOST["keys"]):
        publishing.create_key(partner, by=SYSTEM, label=f"{index}", scopes=[Scope.READ])
        publishing.add_webhook(partner, by=SYSTEM, url=f"{URL}{index}")
    with pytest.raises(ValidationError, match="20 active keys"):
        publishing.create_key(partner, by=SYSTEM, label="x", scopes=[Scope.READ])
    with pytest.raises(ValidationError, match="20 webhooks"):
        publishing.add_webhook(partner, by=SYSTEM, url=f"{URL}x")


# The admin


@pytest.mark.parametrize(
    ("origins", "status"),
    [
        ([f"https://{index}.example" for index in range(MOST_ORIGINS)], 302),
        ([f"https://{index}.example" for index in range(MOST_ORIGINS + 1)], 200),
        ([f"https://{'a' * (LONGEST_ORIGIN - 8)}"], 302),
        ([f"https://{'a' * (LONGEST_ORIGIN - 7)}"], 200),
    ],
)
def test_origins_of_a_partner_are_bounded(root, origins, status):
    payload = {"name": "夥伴", "contact": "desk@example.com", "embed_origins": "\n".join(origins)}
    assert root.post("/admin/liveblog/partner/add/", payload).status_code == status


def test_grants_of_a_partner_are_bounded(root):
    pks = [blog.pk for blog in make_blogs(MOST["granted_blogs"] + 1)]
    payload = {"name": "夥伴", "contact": "desk@example.com", "granted_blogs": pks}
    assert root.post("/admin/liveblog/partner/add/", payload).status_code == 200
    assert root.post("/admin/liveblog/partner/add/", payload | {"granted_blogs": pks[1:]}).status_code == 302
    assert Partner.objects.get().granted_blogs.count() == MOST["granted_blogs"]


def test_every_admin_list_uses_bounded_lists():
    ours = {
        model: model_admin
        for model, model_admin in django_admin.site._registry.items()
        if model._meta.app_label in ("liveblog", "auth")
    }
    assert [model for model, model_admin in ours.items() if not isinstance(model_admin, BoundedLists)] == []


@pytest.mark.parametrize("model", ["liveblog/update", "liveblog/liveblog", "auth/user"])
def test_long_admin_search_shows_an_error(root, model):
    """Refuse long searches, because one condition per word exceeds SQLite's expression limits."""
    answer = root.get(f"/admin/{model}/", {"q": "a " * 500})
    assert answer.status_code == 200
    assert [str(message) for message in answer.context["messages"]] == ["Search for at most 100 characters."]
    assert root.get(f"/admin/{model}/", {"q": "a " * (LONGEST_SEARCH // 2)}).status_code == 200


def test_admin_actions_refuse_too_many_rows(root):
    blog = make_blog()
    now = hongkong.now()
    values = {"blog": lambda index: blog, "heading": "稿{}".format}
    moments = {"happened_at": lambda index: now, "modified_at": lambda index: now}
    updates = rows(Update, MOST_AT_ONCE + 1, **values, **moments)
    path = "/admin/liveblog/update/"
    for selection in ({"select_across": "1"}, {"_selected_action": [update.pk for update in updates]}):
        for action in ("publish", "withdraw"):
            chosen = {"action": action, "_selected_action": [updates[0].pk], "index": "0"} | selection
            answer = root.post(path, chosen, follow=True)
            assert [str(text) for text in answer.context["messages"]] == [
                "201 items were selected. Select at most 200 at once: nothing was done."
            ]
    assert not Update.objects.published().exists()


def test_overlong_story_search_finds_nothing(desk):
    blog = make_blog(headline="標題")
    path = f"{desk_path(make_blog())}stories/"
    assert desk.get(path, {"q": "x" * 1_000}).json() == {"stories": []}
    assert [row["slug"] for row in desk.get(path, {"q": blog.slug}).json()["stories"]] == [blog.slug]


def test_json_that_is_too_large_too_deep_or_has_too_many_digits_is_refused():
    blog = make_blog()
    tool = Tool(make_key(*Scope, blogs=[blog]))
    for body in ("[" * 100_000, '{"a":' * 100_000, "1" * 1_000_000, json.dumps({"heading": "a" * 1_700_000})):
        answer = tool.post(body, slug=blog.slug)
        assert answer.status_code in (400, 413)
        assert len(answer.content) < 2_000
