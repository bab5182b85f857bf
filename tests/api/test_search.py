"""API search over updates and blog headers: filters, both scripts and paging."""

from __future__ import annotations

from datetime import datetime

import pytest

from liveblog import publishing
from liveblog.models import Topic
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.api.description import breaches
from tests.factories import make_blog, make_update

pytestmark = pytest.mark.django_db


def search(client, query: str) -> list[int]:
    return [row["id"] for row in client.get(f"/api/v1/search/?{query}").json()["results"]]


def test_matching_updates_come_with_a_snippet(client):
    blog = make_blog(slug="summit")
    update = make_update(blog, "會議", body="<p>雙方同意停火三日。</p><p>其後再議。</p>")
    make_update(blog, "天氣", body="<p>有雨。</p>")

    response = client.get("/api/v1/search/?q=停火")

    assert breaches(client, "search/", response) == []
    (result,) = response.json()["results"]
    assert result.pop("snippet") == [
        {"text": "雙方同意", "is_match": False},
        {"text": "停火", "is_match": True},
        {"text": "三日。 其後再議。", "is_match": False},
    ]
    assert result == client.get(f"/api/v1/updates/{update.pk}/").json()


def test_either_script_matches_the_other(client):
    update = make_update(make_blog(), "雙方會談")

    assert search(client, "q=双方会谈") == search(client, "q=雙方會談") == [update.pk]


def test_live_blogs_are_matched_by_kicker_and_headline(client):
    make_blog(slug="line", kicker="東岸綫", headline="通車首日")
    make_blog(slug="summit", headline="峰會")

    response = client.get("/api/v1/blogs/?q=东岸")

    assert [blog["slug"] for blog in response.json()["results"]] == ["line"]
    assert breaches(client, "blogs/", response) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["old", "event", "english"]),
        ("blog=line", ["old", "event"]),
        ("topic=rail", ["old", "event"]),
        ("language=en", ["english"]),
        ("is_key_event=true", ["event"]),
        ("day=2026-03-19", ["event"]),
        ("blog_status=ended", ["english"]),
        ("updated_since=2999-01-01T00:00:00Z", []),
    ],
)
def test_results_are_filtered(client, query, expected):
    rail = Topic.objects.create(slug="rail", name="鐵路")
    line, ended = make_blog(slug="line", topics=(rail,)), make_blog(language="en")

    def at(day: int) -> datetime:
        return datetime(2026, 3, day, 23, 59, tzinfo=hongkong.ZONE)

    by_name = {
        "old": make_update(line, "train", happened_at=at(18)),
        "event": make_update(line, "train", happened_at=at(19), is_key_event=True),
        "english": make_update(ended, "train", happened_at=at(20)),
    }
    publishing.end_coverage(ended, by=SYSTEM)

    names = {update.pk: name for name, update in by_name.items()}
    assert [names[pk] for pk in reversed(search(client, f"q=train&{query}"))] == expected


def test_following_next_returns_every_match_once(client):
    blog = make_blog()
    pks = [make_update(blog, "train").pk for _ in range(5)]

    first = client.get("/api/v1/search/?q=train&page_size=2").json()
    make_update(blog, "train")
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()

    pages = [[row["id"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [pks[:2:-1], pks[2:0:-1], pks[:1]]
    assert third["next"] is None


def test_withdrawn_and_unpublished_text_is_not_matched(client):
    blog = make_blog()
    publishing.withdraw_update(make_update(blog, "train"), by=SYSTEM, reason="錯")
    publishing.draft_update(blog, publishing.Content("train"), by=SYSTEM)
    gone = make_blog(headline="train")
    make_update(gone, "train")
    publishing.withdraw_blog(gone, by=SYSTEM)

    assert search(client, "q=train") == []
    assert client.get("/api/v1/blogs/?q=train").json()["results"] == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "This field is required."),
        ("q=", "Give a value, or leave the parameter out."),
        ("q=%20", "This field is required."),
        ("q=" + "x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_an_invalid_query_returns_400(client, query, reason):
    response = client.get(f"/api/v1/search/?{query}")

    assert (response.status_code, response.json()["errors"]) == (400, {"q": [reason]})


@pytest.mark.parametrize("query", ["'", '"', "&|!", "a:*", "%25", "\\", "(", "OR", "NEAR(a)", "，。", "😀"])
def test_query_syntax_is_searched_literally(client, query):
    make_update(make_blog(), "train")

    response = client.get("/api/v1/search/", {"q": query})

    assert (response.status_code, response.json()["results"]) == (200, [])
