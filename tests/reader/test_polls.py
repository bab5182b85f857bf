"""Delta polling through changes.json."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Change
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.factories import NOON, make_blog, make_update

pytestmark = pytest.mark.django_db


def poll(client, blog, after: object):
    return client.get(f"/live/{blog.slug}/changes.json", {"after": after})


def test_poll_returns_each_changed_update_once_in_its_latest_state(client):
    blog = make_blog()
    unchanged, edited = make_update(blog, "舊"), make_update(blog, "甲", has_clock_time=False)
    publishing.edit_update(edited, Content(heading="乙", happened_at=NOON), by=SYSTEM)
    publishing.correct_update(edited, Content.of(edited), by=SYSTEM, note="更正")
    delta = poll(client, blog, 2).json()
    assert (delta["number"], delta["has_more"], delta["blog"]["headline"]) == (5, False, "標題")
    (update,) = delta["updates"]
    edited.refresh_from_db()
    html = update.pop("html")
    assert update == {
        "id": edited.pk,
        "url": f"http://127.0.0.1:8000/live/{blog.slug}/{edited.pk}/",
        "blog": blog.slug,
        "number": 5,
        "status": "published",
        "happened_at": None,
        "happened_on": "2026-03-19",
        "order": edited.order,
        "heading": "甲",
        "body": "<p>內文。</p>",
        "is_key_event": False,
        "is_pinned": False,
        "bylines": [],
        "source": "",
        "verification": "",
        "first_published_at": hongkong.isoformat(edited.first_published_at),
        "modified_at": hongkong.isoformat(edited.modified_at),
        "corrections": [{"at": hongkong.isoformat(edited.modified_at), "note": "更正"}],
        "related_stories": [],
        "images": [],
        "day_heading": update["day_heading"],
    }
    assert html in client.get(f"/live/{blog.slug}/").content.decode()
    assert unchanged.pk != edited.pk


def test_withdrawal_returns_a_tombstone_without_text(client):
    blog = make_blog()
    update = make_update(blog, "秘密", body="<p>秘密</p>")
    publishing.withdraw_update(update, by=SYSTEM, reason="內部")
    response = poll(client, blog, 0)
    (tombstone,) = response.json()["updates"]
    assert (tombstone["status"], set(tombstone)) == (
        "withdrawn",
        {
            "id", "url", "blog", "number", "status", "happened_at", "happened_on", "order", "withdrawn_at",
            "day_heading", "html",
        },
    )  # fmt: skip
    assert "秘密" not in response.content.decode()


def test_update_moved_in_time_has_its_new_order(client):
    blog = make_blog()
    update, other = make_update(blog), make_update(blog)
    moved = publishing.edit_update(
        update, Content(heading="消息", happened_at=NOON + timedelta(days=1)), by=SYSTEM
    )
    (payload,) = poll(client, blog, 3).json()["updates"]
    assert (payload["order"], payload["order"] > other.order) == (moved.order, True)


def test_many_changes_come_in_batches_without_loss(client, monkeypatch):
    monkeypatch.setattr("liveblog.presentation.delta.BATCH", 3)
    blog = make_blog()
    updates = [make_update(blog, f"{i}") for i in range(7)]
    publishing.edit_update(updates[0], Content(heading="改", happened_at=NOON), by=SYSTEM)
    headings, number, has_more = {}, 0, True
    while has_more:
        delta = poll(client, blog, number).json()
        assert len(delta["updates"]) <= 3
        headings |= {update["id"]: update["heading"] for update in delta["updates"]}
        number, has_more = delta["number"], delta["has_more"]
    assert (number, headings) == (
        9,
        {update.pk: update.heading or "" for update in updates} | {updates[0].pk: "改"},
    )


def test_drafts_and_scheduled_updates_are_not_returned(client):
    blog = make_blog()
    publishing.draft_update(blog, Content(heading="草稿"), by=SYSTEM)
    soon = timezone.now() + timedelta(hours=1)
    publishing.schedule_update(blog, Content(heading="排定"), soon, by=SYSTEM)
    make_update(blog, "已發")
    assert [update["heading"] for update in poll(client, blog, 0).json()["updates"]] == ["已發"]


@pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "٣", "9" * 20])
def test_invalid_number_returns_400(client, after):
    response = poll(client, make_blog(), after)
    assert (response.status_code, list(response.json())) == (400, ["error"])


def test_number_from_the_future_returns_409(client):
    response = poll(client, make_blog(), 2)
    assert (response.status_code, response.json()["number"]) == (409, 1)


def test_page_too_far_behind_gets_410_with_the_url_to_reload(client):
    blog = make_blog()
    Change.objects.bulk_create(
        Change(blog=blog, number=number, kind="blog_edited", at=timezone.now()) for number in range(2, 2003)
    )
    type(blog).objects.filter(pk=blog.pk).update(number=2002)
    assert poll(client, blog, 2).status_code == 200
    response = poll(client, blog, 1)
    assert (response.status_code, response.json()["url"]) == (410, f"http://127.0.0.1:8000/live/{blog.slug}/")
