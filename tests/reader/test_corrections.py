"""The list of all corrections of a live blog: the link in the page's head, and the pages of the list."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from playwright.sync_api import expect

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from liveblog.reader import corrections
from tests.factories import edit_update, make_blog, make_long_blog, make_update
from tests.test_length import cost_of

pytestmark = pytest.mark.django_db

PATH = "/live/storm/corrections/"


def correct(update: Update, note: str) -> Update:
    heading = f"{update.heading}。"
    return publishing.correct_update(
        update, replace(Content.of(update), heading=heading), by=SYSTEM, note=note
    )


def correct_several(blog: LiveBlog, count: int) -> None:
    for index in range(count):
        correct(make_update(blog, f"消息{index}"), f"附註{index}")


def notes_of(page: str) -> list[str]:
    return re.findall(r"<span>(附註\d+)</span>", page)


@pytest.mark.parametrize("edition", ["", "/zh-hans"])
def test_head_links_to_all_corrections_once_there_are_some(client, edition):
    blog = make_blog(slug="storm")
    update = make_update(blog, "軟件開發商道歉")
    link = f'href="{edition}{PATH}"'
    assert link not in client.get(f"{edition}/live/storm/").content.decode()
    assert client.get(f"{edition}{PATH}").status_code == 404
    number = LiveBlog.objects.get().number
    correct(update, "軟件版本有誤。")
    assert link in client.get(f"{edition}/live/storm/").content.decode()
    assert link in client.get(f"{edition}/live/storm/changes.json?after={number}").json()["regions"]["head"]
    page = client.get(f"{edition}{PATH}").content.decode()
    assert ("软件版本有误。" if edition else "軟件版本有誤。") in page
    assert f'href="{edition}/live/storm/{update.pk}/"' in page
    assert f'<link rel="canonical" href="http://127.0.0.1:8000{edition}{PATH}">' in page


def test_corrections_of_an_english_live_blog_are_in_english(client):
    correct(
        make_update(make_blog(slug="storm", language="en", headline="Storm"), "Signal 8"), "Was Signal 10."
    )
    assert "Corrections</a>" in client.get("/live/storm/").content.decode()
    page = client.get(PATH).content.decode()
    assert '<html lang="en"' in page
    assert "<title>Corrections｜Storm" in page


def test_paging_reaches_all_corrections(client, monkeypatch):
    monkeypatch.setattr(corrections, "PAGE_SIZE", 10)
    correct_several(make_blog(slug="storm"), 27)
    notes, address = [], PATH
    while address:
        page = client.get(address).content.decode()
        assert f'<link rel="canonical" href="http://127.0.0.1:8000{address}">' in page
        notes += notes_of(page)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        address = PATH + link[1] if link else ""
    assert notes == [f"附註{index}" for index in range(26, -1, -1)]


def test_corrections_of_withdrawn_updates_are_gone(client):
    blog = make_blog(slug="storm")
    correct_several(blog, 2)
    update = blog.updates.get(heading="消息1。")
    publishing.withdraw_update(update, by=SYSTEM, reason="不實")
    assert notes_of(client.get(PATH).content.decode()) == ["附註0"]
    publishing.restore_update(update, by=SYSTEM)
    assert notes_of(client.get(PATH).content.decode()) == ["附註1", "附註0"]
    for update in blog.updates.all():
        publishing.withdraw_update(update, by=SYSTEM, reason="不實")
    assert client.get(PATH).status_code == 404
    assert PATH not in client.get("/live/storm/").content.decode()


def test_minor_edits_are_not_corrections(client):
    update = make_update(make_blog(slug="storm"), "錯字")
    edit_update(update, heading="改正")
    assert client.get(PATH).status_code == 404


def test_corrections_page_answers_like_other_pages_of_a_live_blog(client):
    blog = make_blog(slug="storm")
    correct_several(blog, 1)
    assert client.get(f"/zh-hant{PATH}").headers["Location"] == PATH
    assert client.get("/live/none/corrections/").status_code == 404
    assert client.get(f"{PATH}?before=1").status_code == 404
    assert client.get(f"{PATH}?before=x").status_code == 400
    assert client.post(PATH).status_code == 405
    blog.refresh_from_db()
    assert '<p class="empty">' in client.get(f"{PATH}?before={blog.number}").content.decode()
    publishing.withdraw_blog(blog, by=SYSTEM)
    assert client.get(PATH).status_code == 410


def test_corrections_page_does_not_grow_with_the_number_of_corrections(client, monkeypatch):
    monkeypatch.setattr(corrections, "PAGE_SIZE", 5)
    short, long = make_blog(slug="short"), make_blog(slug="longs")
    correct_several(short, 12)
    correct_several(long, 60)
    for query in ("", f"?before={short.number + 20}"):
        short_cost, long_cost = (
            cost_of(client, f"/live/{slug}/corrections/{query}") for slug in ("short", "longs")
        )
        assert short_cost[0] == long_cost[0]
        assert long_cost[1] <= 1.02 * short_cost[1] + 16


@pytest.mark.any_database
def test_corrections_are_read_by_their_index(client):
    """Look at SQLite's plans only, because PostgreSQL chooses its plans by the size of the tables."""
    blog = make_long_blog("storm", 60, 20)
    correct(blog.updates.first(), "附註1")
    for path in (PATH, "/live/storm/"):
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        of_corrections = [query["sql"] for query in queries if "'corrected'" in query["sql"]]
        assert of_corrections
        for sql in of_corrections:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
                plan = str(cursor.fetchall())
            assert "change_corrected" in plan, plan
            # The query of a live blog sorts its topics and bylines too.
            assert "TEMP B-TREE" not in plan or "joined_topics" in sql, plan


def test_link_to_all_corrections_is_a_44_px_target_and_works(server, new_page):
    correct(make_update(make_blog(slug="storm"), "消息"), "附註1")
    page = new_page(viewport={"width": 375, "height": 812})
    page.goto(f"{server.url}/live/storm/")
    link = page.locator(".head a[href$='/corrections/']")
    box = link.bounding_box()
    assert min(box["width"], box["height"]) >= 44
    link.click()
    expect(page.locator(".corrected .corrections")).to_contain_text("附註1")
