"""Partner writes: drafts, published updates, corrections and withdrawals, each carried out once."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from liveblog import publishing
from liveblog.models import ApiKey, Byline, Change, Revision, Scope, Submission, Update
from liveblog.publishing import SYSTEM, Content
from tests.api.description import breaches
from tests.api.tool import Tool, errors_of
from tests.at_once import at_once
from tests.factories import make_blog, make_key, make_update

pytestmark = pytest.mark.django_db


def test_an_update_is_published_with_every_member(client, tool, partner, blog):
    Byline.objects.create(name="陳大文")
    other = make_blog(slug="other")
    payload = {
        "status": "published",
        "heading": "會議 開始",
        "body": "<p onclick='x'>雙方已入座。<script>alert(1)</script></p>",
        "happened_at": "2026-03-19T04:00:00Z",
        "is_key_event": True,
        "bylines": ["陳大文"],
        "source": "法新社",
        "verification": "confirmed",
        "related_stories": [
            {"title": "背景", "url": "https://example.com/", "after_block": 1},
            {"title": "另一篇", "live_blog": "other"},
        ],
    }

    response = tool.post(payload)

    update = Update.objects.get()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{settings.SITE_URL}/api/v1/updates/{update.pk}/"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []
    answer = response.json()
    assert answer == client.get(f"/api/v1/updates/{update.pk}/").json()
    assert (answer["heading"], answer["body"]) == ("會議 開始", "<p>雙方已入座。</p>")
    assert answer["happened_at"] == "2026-03-19T12:00:00+08:00"
    assert answer["bylines"] == [{"name": "陳大文", "role": ""}]
    assert [(story["title"], story["after_block"]) for story in answer["related_stories"]] == [
        ("另一篇", 0),
        ("背景", 1),
    ]
    assert (update.created_by_partner, update.created_by) == (partner, None)
    assert Revision.objects.get().by_partner == partner
    blog.refresh_from_db()
    assert blog.number == answer["number"] == 2
    assert other.number == 1


def test_a_draft_is_stored_but_not_readable(client, drafter, blog):
    response = drafter.post({"status": "draft", "heading": "草稿"})

    update = Update.objects.get()
    assert (response.status_code, update.status) == (201, "draft")
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []
    assert drafter.client.get(f"/api/v1/updates/{update.pk}/").status_code == 404
    blog.refresh_from_db()
    assert blog.number == 1


def test_a_draft_is_edited_and_published(client, tool):
    pk = tool.post({"status": "draft", "heading": "草稿", "source": "本社"}).json()["id"]

    changed = tool.patch(pk, {"heading": "定稿"})
    published = tool.patch(pk, {"status": "published"})

    assert (changed.status_code, changed.json()["status"], changed.json()["heading"]) == (
        200,
        "draft",
        "定稿",
    )
    assert (published.status_code, published.json()["status"]) == (200, "published")
    assert (published.json()["heading"], published.json()["source"]) == ("定稿", "本社")
    assert breaches(client, "updates/{id}/", changed, "patch") == []
    assert breaches(client, "updates/{id}/", published, "patch") == []


def test_a_patch_edits_a_published_update_and_with_a_note_corrects_it(client, tool):
    pk = tool.post({"status": "published", "heading": "三時", "body": "<p>內文。</p>"}).json()["id"]

    tool.patch(pk, {"heading": "四時"})
    corrected = tool.patch(pk, {"heading": "五時", "note": "早前誤植時間。"}).json()

    assert (corrected["heading"], corrected["body"]) == ("五時", "<p>內文。</p>")
    assert [correction["note"] for correction in corrected["corrections"]] == ["早前誤植時間。"]
    kinds = [change.kind for change in Change.objects.filter(update=pk).order_by("number")]
    assert kinds == ["published", "edited", "corrected"]


def test_a_withdrawn_update_becomes_a_tombstone(client, tool):
    pk = tool.post({"status": "published", "heading": "不應再見"}).json()["id"]

    response = tool.withdraw(pk, {"reason": "內部原因"})

    assert (response.status_code, response.json()["status"]) == (200, "withdrawn")
    assert "不應再見" not in response.content.decode()
    assert breaches(client, "updates/{id}/withdrawal/", response, "post") == []
    assert client.get(f"/api/v1/updates/{pk}/").status_code == 410
    assert Revision.objects.filter(kind="withdrawn").get().note == "內部原因"


# Idempotency


def test_a_retry_returns_the_same_update(client, tool):
    payload = {"status": "published", "heading": "號外"}

    first = tool.post(payload, token="once")
    again = tool.post(json.dumps(payload, indent=4), token="once")

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Update.objects.count() == 1


def test_a_correction_and_a_withdrawal_are_carried_out_once(tool):
    pk = tool.post({"status": "published", "heading": "號外"}).json()["id"]

    corrections = [
        tool.patch(pk, {"note": "更正"}, token="correction").json()["corrections"] for _ in range(2)
    ]
    withdrawals = [tool.withdraw(pk, token="withdrawal").status_code for _ in range(2)]

    assert [len(notes) for notes in corrections] == [1, 1]
    assert withdrawals == [200, 200]


def test_retry_with_a_rotated_key_is_idempotent(tool, partner):
    payload = {"status": "published", "heading": "號外"}
    first = tool.post(payload, token="once")
    old = ApiKey.objects.get(partner=partner)
    _row, rotated = publishing.rotate_key(old, by=SYSTEM, overlap=timedelta(0))

    again = Tool(rotated).post(payload, token="once")
    refusal = Tool(rotated).post(payload | {"heading": "另一則"}, token="once")

    assert (again.status_code, again.json()) == (200, first.json())
    assert refusal.status_code == 422
    assert Update.objects.count() == 1


def test_two_partners_may_use_the_same_idempotency_key(tool, blog):
    payload = {"status": "published", "heading": "號外"}
    other = Tool(make_key(*Scope, blogs=[blog]))

    assert [tool.post(payload, token="once").status_code, other.post(payload, token="once").status_code] == [
        201,
        201,
    ]
    assert Update.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_with_both_keys_of_a_rotation_create_one_update(tool, partner):
    old = ApiKey.objects.get(partner=partner)
    _row, rotated = publishing.rotate_key(old, by=SYSTEM, overlap=timedelta(days=1))
    tools = [tool, Tool(rotated)]

    responses = at_once(
        2, lambda number: tools[number].post({"status": "published", "heading": "號外"}, token="once")
    )

    assert sorted(response.status_code for response in responses) == [200, 201]
    assert len({response.json()["id"] for response in responses}) == Update.objects.count() == 1


def test_a_retry_after_withdrawal_leaves_the_update_withdrawn(tool):
    payload = {"status": "published", "heading": "號外"}
    tool.post(payload, token="once")
    publishing.withdraw_update(Update.objects.get(), by=SYSTEM, reason="錯")

    assert tool.post(payload, token="once").json()["status"] == "withdrawn"


def test_an_idempotency_key_with_another_payload_returns_422(client, tool):
    tool.post({"status": "published", "heading": "號外"}, token="once")

    response = tool.post({"status": "published", "heading": "另一則"}, token="once")

    assert response.status_code == 422
    assert errors_of(response) == {"Idempotency-Key": ["This idempotency key was used for something else."]}
    assert breaches(client, "blogs/{slug}/updates/", response, "post") == []
    assert Update.objects.count() == 1


@pytest.mark.parametrize("token", [None, "", "a b", "鍵", "x" * 256])
def test_a_missing_or_invalid_idempotency_key_returns_400(tool, token):
    headers = {} if token is None else {"idempotency-key": token}
    response = tool.client.post(
        "/api/v1/blogs/summit/updates/",
        '{"status": "published", "heading": "號外"}',
        content_type="application/json",
        headers=headers,
    )

    assert (response.status_code, list(errors_of(response))) == (400, ["Idempotency-Key"])
    assert not Update.objects.exists()


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ({"if-match": '"stale"'}, 412),
        ({"if-match": 'W/"3-zh-hant"'}, 412),
        ({"if-none-match": "*"}, 412),
        ({"if-match": "*"}, 200),
        ({"if-none-match": '"other"'}, 200),
    ],
)
def test_a_write_whose_condition_does_not_hold_is_not_carried_out(tool, header, status):
    update = tool.post({"status": "published", "heading": "一"}).json()["id"]
    name, value = next(iter(header.items()))
    response = tool.patch(update, {"heading": "二"}, **{f"HTTP_{name.upper().replace('-', '_')}": value})
    assert response.status_code == status
    assert Update.objects.get().heading == ("二" if status == 200 else "一")


def test_a_refused_write_does_not_use_up_its_idempotency_key(tool):
    assert tool.post({"status": "published"}, token="once").status_code == 422
    assert not Submission.objects.exists()
    assert tool.post({"status": "published", "heading": "號外"}, token="once").status_code == 201


def test_a_retry_with_a_key_that_lost_its_scope_returns_403(tool):
    payload = {"status": "published", "heading": "號外"}
    tool.post(payload, token="once")
    ApiKey.objects.update(scopes=["read"])

    assert tool.post(payload, token="once").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_with_one_idempotency_key_create_one_update(tool):
    start, responses = threading.Barrier(2), []

    def send() -> None:
        start.wait()
        try:
            responses.append(tool.post({"status": "published", "heading": "號外"}, token="once"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(response.status_code for response in responses) == [200, 201]
    assert responses[0].json() == responses[1].json()
    assert Update.objects.count() == 1


# Permissions


def test_writes_without_a_key_return_401(client, blog):
    update = make_update(blog)
    for method, path in (
        ("POST", "blogs/summit/updates/"),
        ("POST", "blogs/never/updates/"),
        ("PATCH", f"updates/{update.pk}/"),
        ("POST", f"updates/{update.pk}/withdrawal/"),
    ):
        response = client.generic(method, f"/api/v1/{path}", "{}", content_type="application/json")
        assert (response.status_code, response.json()["detail"]) == (401, "This requires a partner's key.")
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="Newsroom API"'
        assert response.headers["Cache-Control"] == "private, no-store"
    blog.refresh_from_db()
    assert blog.number == 2


def test_an_admin_session_does_not_authenticate_writes(admin_client, blog):
    response = admin_client.post("/api/v1/blogs/summit/updates/", "{}", content_type="application/json")

    assert response.status_code == 401


def test_a_draft_only_key_may_not_publish_correct_or_withdraw(drafter, partner, blog):
    published = Tool(make_key(Scope.WRITE_PUBLISH, partner=partner)).post(
        {"status": "published", "heading": "一"}
    )
    draft = drafter.post({"status": "draft", "heading": "二"})
    pk = published.json()["id"]

    responses = [
        drafter.post({"status": "published", "heading": "三"}),
        drafter.patch(pk, {"heading": "四"}),
        drafter.patch(draft.json()["id"], {"status": "published"}),
        drafter.withdraw(pk),
    ]

    refused = "This key does not allow that, or not in this live blog."
    assert [(response.status_code, response.json()["detail"]) for response in responses] == [
        (403, refused)
    ] * 4
    blog.refresh_from_db()
    assert blog.number == 2


def test_writes_to_a_live_blog_that_is_not_granted_are_refused(tool):
    make_blog(slug="other")

    assert tool.post({"status": "draft", "heading": "一"}, slug="other").status_code == 403
    assert tool.post({"status": "draft", "heading": "一"}, slug="never").status_code == 404
    assert not Update.objects.exists()


def test_updates_of_others_cannot_be_changed(tool, blog):
    published = make_update(blog)
    draft = publishing.draft_update(blog, Content("草稿"), by=SYSTEM)
    competitor = Tool(make_key(*Scope, blogs=[blog]))
    theirs = competitor.post({"status": "published", "heading": "獨家"}).json()["id"]

    responses = {pk: tool.patch(pk, {"heading": "改"}) for pk in (published.pk, draft.pk, theirs)}

    assert [response.status_code for response in responses.values()] == [403, 404, 403]
    assert responses[theirs].json()["detail"] == "This key can change only updates that its partner created."
    assert [tool.withdraw(pk).status_code for pk in responses] == [403, 404, 403]
    assert not Update.objects.filter(heading="改").exists()


def test_another_key_of_the_same_partner_may_change_its_update(tool, partner):
    pk = tool.post({"status": "published", "heading": "一"}).json()["id"]

    assert Tool(make_key(*Scope, partner=partner)).patch(pk, {"heading": "二"}).status_code == 200


# Conflicts with the state of the update or blog


def test_a_withdrawn_update_cannot_be_changed_or_withdrawn_again(client, tool):
    pk = tool.post({"status": "published", "heading": "一"}).json()["id"]
    tool.withdraw(pk)

    assert tool.patch(pk, {"heading": "二"}).status_code == 410
    again = tool.withdraw(pk)
    assert (again.status_code, again.json()["detail"]) == (409, "This update is not published.")
    assert breaches(client, "updates/{id}/withdrawal/", again, "post") == []


def test_correcting_or_withdrawing_a_draft_returns_409(tool):
    pk = tool.post({"status": "draft", "heading": "一"}).json()["id"]

    corrected = tool.patch(pk, {"heading": "二", "note": "更正"})

    assert (corrected.status_code, tool.withdraw(pk).status_code) == (409, 409)
    assert Update.objects.get().heading == "一"


def test_changing_a_submitted_draft_returns_409(tool):
    pk = tool.post({"status": "draft", "heading": "一"}).json()["id"]
    waiting = Update.objects.get()
    publishing.submit_update(waiting.blog, by=SYSTEM, update=waiting)

    response = tool.patch(pk, {"heading": "二"})

    detail = "The newsroom's editors are working on this update."
    assert (response.status_code, response.json()["detail"]) == (409, detail)


def test_a_patch_keeps_an_editors_change_to_another_field(tool):
    pk = tool.post({"status": "published", "heading": "一", "body": "<p>甲</p>"}).json()["id"]
    publishing.edit_update(Update.objects.get(), Content("編輯的題目", "<p>甲</p>"), by=SYSTEM)

    response = tool.patch(pk, {"body": "<p>乙</p>"}).json()

    assert (response["heading"], response["body"]) == ("編輯的題目", "<p>乙</p>")


def test_writes_to_a_withdrawn_live_blog_return_410(tool, blog):
    publishing.withdraw_blog(blog, by=SYSTEM)

    assert tool.post({"status": "draft", "heading": "一"}).status_code == 410
