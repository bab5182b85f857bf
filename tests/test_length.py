"""Costs of length: a live blog with many updates and key events costs no more than one with few."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.presentation.reading import KEY_EVENTS_MOST, KEY_EVENTS_SHOWN
from liveblog.publishing import SYSTEM
from liveblog.reader import key_events
from tests.factories import make_blog, make_long_blog, make_update

pytestmark = pytest.mark.django_db

SHORT, LONG = (200, 20), (2_000, 200)
PATHS = [
    "/live/{slug}/",
    "/live/{slug}/?before={middle}",
    "/live/{slug}/{middle}/",
    "/live/{slug}/key-events/",
    "/live/{slug}/key-events/?before={middle}",
    "/live/{slug}/changes.json?after={last}",
    "/live/{slug}/changes.json?after={number}",
    "/live/{slug}/feed.atom",
    "/live/{slug}/feed.json",
    "/embed/{slug}/",
    "/embed/{slug}/{middle}/",
    "/api/v1/blogs/{slug}/",
    "/api/v1/blogs/{slug}/updates/",
    "/api/v1/blogs/{slug}/changes/?after={last}",
    "/api/v1/blogs/{slug}/ninjs/",
    "/api/v1/updates/{middle}/",
]
# Answers over several live blogs, requested while only the short or only the long one is public.
OF_SITE = ["/", "/feed.atom", "/feed.json", "/api/v1/blogs/", "/api/v1/updates/"]


def cost_of(client: Client, path: str) -> tuple[int, int]:
    """Return the number of queries and of bytes of an answer."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
    assert response.status_code == 200, path
    return len(queries), len(response.content)


def addresses_of(blog: LiveBlog) -> list[str]:
    middle = blog.updates.order_by("happened_at")[blog.updates.count() * 4 // 5].pk
    names = {"slug": blog.slug, "middle": middle, "number": blog.number, "last": blog.number - 1}
    return [path.format(**names) for path in PATHS]


def is_sorting_updates(sql: str) -> bool:
    """Return whether SQLite sorts rows of updates for `sql` instead of walking an index in order."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        steps = [(parent, step) for _id, parent, _unused, step in cursor.fetchall()]
    # The steps of one query, or of one subquery, have the same parent.
    reading = {
        parent for parent, step in steps if re.search(r"INDEX update_|SCAN (?!liveblog_liveblog)", step)
    }
    return any(parent in reading for parent, step in steps if step.startswith("USE TEMP B-TREE"))


def test_no_answer_grows_with_the_length_of_a_live_blog(client, monkeypatch):
    # The short live blog, too, has more key events than fit on a page.
    monkeypatch.setattr(key_events, "PAGE_SIZE", 10)
    short, long = make_long_blog("short", *SHORT), make_long_blog("longs", *LONG)
    costs = {}
    for template, *paths in zip(PATHS, addresses_of(short), addresses_of(long), strict=True):
        costs[template] = [cost_of(client, path) for path in paths]
    for template, ((short_queries, short_bytes), (long_queries, long_bytes)) in costs.items():
        assert long_queries == short_queries, template
        assert long_bytes <= 1.02 * short_bytes + 16, template


def test_no_answer_over_several_live_blogs_grows_with_their_length(client):
    costs = []
    for slug, size in (("short", SHORT), ("longs", LONG)):
        blog = make_long_blog(slug, *size)
        costs.append([cost_of(client, path) for path in OF_SITE])
        LiveBlog.objects.filter(pk=blog.pk).update(status="draft")
    for path, (short_queries, short_bytes), (long_queries, long_bytes) in zip(OF_SITE, *costs, strict=True):
        assert long_queries == short_queries, path
        assert long_bytes <= 1.02 * short_bytes + 16, path


@pytest.mark.any_database
def test_no_answer_sorts_all_updates_of_a_live_blog(client):
    """Look at SQLite's plans only, because PostgreSQL chooses its plans by the size of the tables."""
    blog = make_long_blog("storm", 60, 20)
    make_long_blog("other", 60, 20)
    sorting = []
    for path in [*addresses_of(blog)[:-1], *OF_SITE]:
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        for query in queries.captured_queries:
            sql = query["sql"]
            is_bounded = 'FROM "liveblog_update"' in sql and "LIMIT" in sql
            # Removals are few, and have an index of their own.
            if is_bounded and "removed_at" not in sql and is_sorting_updates(sql):
                sorting.append((path, sql))
    assert not sorting, sorting[0]


@pytest.mark.parametrize("edition", ["", "/zh-hans"])
def test_page_shows_ten_key_events_or_the_newest_eight_of_more_with_a_link_to_all(client, edition):
    blog = make_blog(slug="storm")
    for index in range(KEY_EVENTS_MOST):
        make_update(blog, f"大事{index}", is_key_event=True)
    link = f'href="{edition}/live/storm/key-events/"'
    page = client.get(f"{edition}/live/storm/").content.decode()
    assert (page.count('class="key-heading"'), link in page) == (KEY_EVENTS_MOST, False)
    make_update(blog, "大事十", is_key_event=True)
    page = client.get(f"{edition}/live/storm/").content.decode()
    assert (page.count('class="key-heading"'), link in page) == (KEY_EVENTS_SHOWN, True)
    assert "大事十" in page
    delta = client.get(f"{edition}/live/storm/changes.json?after=1").json()
    assert delta["regions"]["key_events"].strip() in page
    state = client.get("/api/v1/blogs/storm/").json()
    headings = [event["heading"] for event in state["key_events"]]
    assert headings == ["大事十", *(f"大事{index}" for index in range(9, 2, -1))]
    assert (state["has_more_key_events"], len(delta["blog"]["key_events"])) == (True, KEY_EVENTS_SHOWN)


@pytest.mark.parametrize("edition", ["", "/zh-hans"])
def test_paging_reaches_all_key_events(client, edition):
    blog = make_long_blog("storm", 2 * key_events.PAGE_SIZE + 7, 2 * key_events.PAGE_SIZE + 7)
    path, headings = f"{edition}/live/storm/key-events/", []
    address = path
    while address:
        response = client.get(address)
        page = response.content.decode()
        assert (
            response.status_code,
            f'<link rel="canonical" href="http://127.0.0.1:8000{address}">' in page,
        ) == (
            200,
            True,
        )
        headings += re.findall(r"<span>第(\d+)[則则]消息</span>", page)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        address = path + link[1] if link else ""
    assert headings == sorted(headings, reverse=True)
    assert len(set(headings)) == blog.updates.key_events().count() == len(headings)


def test_key_events_page_answers_like_other_pages_of_a_live_blog(client):
    blog = make_blog(slug="storm")
    assert '<p class="empty">' in client.get("/live/storm/key-events/").content.decode()
    assert client.get("/zh-hant/live/storm/key-events/").headers["Location"] == "/live/storm/key-events/"
    assert client.get("/live/none/key-events/").status_code == 404
    assert client.get("/live/storm/key-events/?before=1").status_code == 404
    assert client.get("/live/storm/key-events/?before=x").status_code == 400
    assert client.post("/live/storm/key-events/").status_code == 405
    publishing.withdraw_blog(blog, by=SYSTEM)
    assert client.get("/live/storm/key-events/").status_code == 410
