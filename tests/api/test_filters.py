"""List filters, and the parameters that are refused instead of ignored."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Topic, Update
from liveblog.publishing import SYSTEM, Story
from newsroom import hongkong
from tests.api.description import breaches
from tests.factories import make_blog, make_update

pytestmark = pytest.mark.django_db


@pytest.fixture
def updates() -> dict[str, Update]:
    """Return updates of two blogs that happened within a minute of midnight in Hong Kong, by name."""
    rail = Topic.objects.create(slug="rail", name="鐵路")
    strait = make_blog(slug="strait")
    line = make_blog(slug="line", language="en", topics=(rail,))

    def at(day: int, hour: int, minute: int) -> datetime:
        return datetime(2026, 3, day, hour, minute, tzinfo=hongkong.ZONE)

    by_name = {
        "late 18th": make_update(strait, happened_at=at(18, 23, 59)),
        "early 19th": make_update(strait, happened_at=at(19, 0, 0), is_key_event=True),
        "late 19th": make_update(line, happened_at=at(19, 23, 59), is_key_event=True),
        "early 20th": make_update(line, happened_at=at(20, 0, 0)),
    }
    by_name["late 19th"] = publishing.withdraw_update(by_name["late 19th"], by=SYSTEM, reason="錯")
    return by_name


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=published", ["late 18th", "early 19th", "early 20th"]),
        ("status=withdrawn", ["late 19th"]),
        ("is_key_event=true", ["early 19th", "late 19th"]),
        ("is_key_event=false", ["late 18th", "early 20th"]),
        ("day=2026-03-19", ["early 19th", "late 19th"]),
        ("day=1999-01-01", []),
        ("blog=strait", ["late 18th", "early 19th"]),
        ("language=en", ["late 19th", "early 20th"]),
        ("language=zh-Hant-HK", ["late 18th", "early 19th"]),
        ("topic=rail", ["late 19th", "early 20th"]),
        ("topic=rail&status=published", ["early 20th"]),
    ],
)
def test_updates_are_filtered(client, updates, query, expected):
    response = client.get(f"/api/v1/updates/?{query}")

    names = {update.pk: name for name, update in updates.items()}
    assert [names[update["id"]] for update in reversed(response.json()["results"])] == expected
    assert breaches(client, "updates/", response) == []


def test_updates_of_one_blog_are_filtered(client, updates):
    response = client.get("/api/v1/blogs/line/updates/?day=2026-03-20&is_key_event=false&status=published")

    assert [update["id"] for update in response.json()["results"]] == [updates["early 20th"].pk]


def test_updated_since_accepts_any_utc_offset(client):
    blog = make_blog()
    old, new = make_update(blog), make_update(blog)
    moment = timezone.now() - timedelta(hours=1)
    Update.objects.filter(pk=old.pk).update(modified_at=moment - timedelta(seconds=1))
    Update.objects.filter(pk=new.pk).update(modified_at=moment)

    since = hongkong.to_hong_kong(moment).isoformat()
    for form in (quote(since), since, moment.isoformat().replace("+00:00", "Z")):
        response = client.get(f"/api/v1/updates/?updated_since={form}")
        assert [update["id"] for update in response.json()["results"]] == [new.pk], form


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=live", ["begun", "runs"]),
        ("status=ended", ["over"]),
        ("language=en", ["over"]),
        ("topic=rail", ["runs"]),
        ("day=2026-03-18", ["runs", "over"]),
        ("day=2026-03-20", ["begun", "runs"]),
        ("day=2026-03-17", []),
        ("updated_since=2026-03-01T00:00:00Z", ["begun", "runs", "over"]),
        ("updated_since=2999-01-01T00:00:00Z", []),
    ],
)
def test_blogs_are_filtered(client, query, expected):
    rail = Topic.objects.create(slug="rail", name="鐵路")

    def at(day: int) -> datetime:
        return datetime(2026, 3, day, 23, 0, tzinfo=hongkong.ZONE)

    over = make_blog(slug="over", language="en", is_live=False)
    publishing.start_coverage(over, by=SYSTEM, at=at(18))
    publishing.end_coverage(over, by=SYSTEM, at=at(19))
    publishing.start_coverage(make_blog(slug="runs", topics=(rail,), is_live=False), by=SYSTEM, at=at(18))
    publishing.start_coverage(make_blog(slug="begun", is_live=False), by=SYSTEM, at=at(20))

    response = client.get(f"/api/v1/blogs/?{query}")

    assert [blog["slug"] for blog in response.json()["results"]] == expected
    assert breaches(client, "blogs/", response) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("blog=summit", ["in summit's update", "beside summit"]),
        ("topic=rail", ["beside line"]),
        ("language=en", ["beside line"]),
        ("language=zh-Hans", []),
    ],
)
def test_related_stories_are_filtered(client, query, expected):
    rail = Topic.objects.create(slug="rail", name="鐵路")
    make_blog(slug="line", language="en", topics=(rail,), stories=(Story(title="beside line"),))
    summit = make_blog(slug="summit", stories=(Story(title="beside summit"),))
    make_update(summit, stories=(Story(title="in summit's update"),))

    response = client.get(f"/api/v1/related-stories/?{query}")

    assert [story["title"] for story in response.json()["results"]] == expected


DAY = "Give a day as YYYY-MM-DD."
MOMENT = "Give a moment as in RFC 3339, with its offset: 2026-03-19T12:00:00+08:00."
CURSOR = "Follow `next` and `previous`: this cursor is not one of theirs."


@pytest.mark.parametrize(
    ("query", "name", "reason"),
    [
        ("status=draft", "status", "Choose one of: published, withdrawn."),
        ("is_key_event=yes", "is_key_event", "Choose one of: true, false."),
        ("language=fr", "language", "Choose one of: zh-Hant-HK, zh-Hans, en."),
        ("day=2026-02-30", "day", DAY),
        ("day=20260219", "day", DAY),
        ("day=9999-12-31", "day", DAY),
        ("day=0001-01-01", "day", DAY),
        ("updated_since=2026-03-19", "updated_since", MOMENT),
        ("updated_since=2026-03-19T12:00:00", "updated_since", MOMENT),
        ("updated_since=0001-01-01T00:00:00%2B08:00", "updated_since", MOMENT),
        ("page_size=0", "page_size", "Give a whole number from 1 to 100."),
        ("page_size=101", "page_size", "Give a whole number from 1 to 100."),
        ("page_size=ten", "page_size", "Give a whole number from 1 to 100."),
        ("status=", "status", "Give a value, or leave the parameter out."),
        ("status=published&status=withdrawn", "status", "Give this parameter once."),
    ],
)
def test_invalid_values_return_400_with_a_reason(client, query, name, reason):
    make_blog(slug="draft", is_live=False)

    response = client.get(f"/api/v1/updates/?{query}")

    assert response.status_code == 400
    assert response.json() == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": f"Not understood: {name}.",
        "instance": "/api/v1/updates/",
        "errors": {name: [reason]},
    }
    assert breaches(client, "updates/", response) == []


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("topic=never", "There is no topic “never”."),
        ("blog=draft", "There is no live blog “draft”."),
        ("cursor=nonsense", CURSOR),
        ("cursor=%E4%BA%8C", CURSOR),
        # These decode to p=abc, p=<a number of 30 digits> and o=1&p=1, which the API never issues.
        ("cursor=cD1hYmM%3D", CURSOR),
        ("cursor=cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", CURSOR),
        ("cursor=bz0xJnA9MQ%3D%3D", CURSOR),
    ],
)
def test_unknown_topics_blogs_and_cursors_return_404(client, query, reason):
    make_blog(slug="draft", is_live=False)
    name = query.partition("=")[0]

    response = client.get(f"/api/v1/updates/?{query}")

    assert (response.status_code, response.json()["errors"]) == (404, {name: [reason]})
    assert breaches(client, "updates/", response) == []


@pytest.mark.parametrize("slug", ["a b", "二"])
def test_a_topic_that_cannot_be_a_slug_returns_400(client, slug):
    response = client.get(f"/api/v1/updates/?topic={slug}")

    assert (response.status_code, list(response.json()["errors"])) == (400, ["topic"])


@pytest.mark.parametrize("query", ["topic=%00", "topic=a%00b", "q=%FF", "x%00=1"])
def test_nul_and_invalid_utf8_return_400(client, query):
    response = client.get(f"/api/v1/updates/?{query}")

    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/api/v1/", "format"),
        ("/api/v1/topics/", "cursor, edition, fields, format, page_size"),
        ("/api/v1/blogs/summit/", "edition, fields, format"),
        ("/api/v1/blogs/summit/changes/", "after, edition, fields, format"),
        ("/api/v1/related-stories/", "blog, cursor, edition, fields, format, language, page_size, topic"),
    ],
)
def test_an_unknown_parameter_returns_400_with_the_known_ones(client, path, known):
    response = client.get(f"{path}?pagesize=5")

    assert response.status_code == 400
    assert response.json()["errors"] == {"pagesize": [f"There is no such parameter. Known here: {known}."]}
