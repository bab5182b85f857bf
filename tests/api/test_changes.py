"""The change log, which clients poll to follow one live blog."""

from __future__ import annotations

import pytest

from liveblog import publishing
from liveblog.models import Change
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.api.description import breaches
from tests.factories import make_blog, make_update

pytestmark = pytest.mark.django_db


def test_changes_return_the_blog_its_changed_updates_and_the_log(client):
    blog = make_blog(slug="summit")
    known, withdrawn, marked = make_update(blog), make_update(blog), make_update(blog)
    publishing.withdraw_update(withdrawn, by=SYSTEM, reason="錯")
    publishing.mark_key_event(marked, by=SYSTEM)

    response = client.get("/api/v1/blogs/summit/changes/?after=2")

    rows = {update["id"]: update for update in client.get("/api/v1/updates/").json()["results"]}
    at = {change.number: hongkong.isoformat(change.at) for change in Change.objects.all()}
    assert response.json() == {
        "number": 6,
        "has_more": False,
        "blog": client.get("/api/v1/blogs/summit/").json(),
        "updates": [rows[marked.pk], rows[withdrawn.pk]],
        "changes": [
            {"number": 3, "kind": "published", "update": withdrawn.pk, "at": at[3]},
            {"number": 4, "kind": "published", "update": marked.pk, "at": at[4]},
            {"number": 5, "kind": "withdrawn", "update": withdrawn.pk, "at": at[5]},
            {"number": 6, "kind": "marked_key", "update": marked.pk, "at": at[6]},
        ],
    }
    assert known.number == 2
    assert breaches(client, "blogs/{slug}/changes/", response) == []


def test_a_change_of_the_blog_itself_has_no_update(client):
    publishing.end_coverage(make_blog(slug="summit"), by=SYSTEM)

    response = client.get("/api/v1/blogs/summit/changes/?after=1")

    (change,) = response.json()["changes"]
    assert (change["kind"], change["update"], response.json()["blog"]["status"]) == (
        "blog_ended",
        None,
        "ended",
    )
    assert breaches(client, "blogs/{slug}/changes/", response) == []


def test_changes_can_be_paged_from_zero_to_the_last_number(client):
    blog = make_blog(slug="summit")
    first = make_update(blog)
    for _ in range(110):
        publishing.mark_key_event(first, by=SYSTEM)
        publishing.unmark_key_event(first, by=SYSTEM)
    last = make_update(blog)

    after, pages = 0, []
    while not pages or pages[-1]["has_more"]:
        pages.append(client.get(f"/api/v1/blogs/summit/changes/?after={after}").json())
        after = pages[-1]["number"]

    assert [page["number"] for page in pages] == [100, 200, 223]
    assert [[update["id"] for update in page["updates"]] for page in pages] == [[], [], [last.pk, first.pk]]
    assert [change["number"] for page in pages for change in page["changes"]] == list(range(1, 224))


def test_an_idle_poll_is_small_and_revalidates_to_304(client):
    blog = make_blog(slug="summit")
    make_update(blog)

    idle = client.get("/api/v1/blogs/summit/changes/?after=2")
    again = client.get(
        "/api/v1/blogs/summit/changes/?after=2", headers={"if-none-match": idle.headers["ETag"]}
    )
    make_update(blog)
    news = client.get(
        "/api/v1/blogs/summit/changes/?after=2", headers={"if-none-match": idle.headers["ETag"]}
    )

    assert idle.json() == {"number": 2, "has_more": False, "blog": None, "updates": [], "changes": []}
    assert sum(len(f"{name}: {value}\r\n") for name, value in idle.items()) + len(idle.content) <= 300
    assert breaches(client, "blogs/{slug}/changes/", idle) == []
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", idle.headers["ETag"])
    assert (news.status_code, news.json()["number"]) == (200, 3)


def test_a_304_needs_one_query(client, django_assert_num_queries):
    make_blog(slug="summit")
    etag = client.get("/api/v1/blogs/summit/changes/?after=0").headers["ETag"]

    with django_assert_num_queries(1):
        assert (
            client.get("/api/v1/blogs/summit/changes/?after=0", headers={"if-none-match": etag}).status_code
            == 304
        )


def test_a_number_beyond_the_log_returns_409_with_the_last_number(client):
    make_blog(slug="summit")

    response = client.get("/api/v1/blogs/summit/changes/?after=2")

    assert response.status_code == 409
    assert response.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "The log has not reached this number.",
        "instance": "/api/v1/blogs/summit/changes/",
        "number": 1,
    }
    assert breaches(client, "blogs/{slug}/changes/", response) == []


@pytest.mark.parametrize(
    "query", ["", "?after=", "?after=-1", "?after=ten", "?after=1.0", "?after=" + "9" * 30]
)
def test_after_other_than_a_number_returns_400(client, query):
    make_blog(slug="summit")

    response = client.get(f"/api/v1/blogs/summit/changes/{query}")

    assert response.status_code == 400
    assert response.json()["errors"] == {"after": ["Give the last number that you know; 0 gives everything."]}
