"""Order and contents of the front page."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from liveblog import publishing
from liveblog.models import LiveBlog, Topic
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.factories import edit_blog, make_blog, make_update

pytestmark = pytest.mark.django_db


def slugs_on(client: Client, path: str = "/") -> list[str]:
    """Return the slugs of the listed live blogs, each once, in their order."""
    page = client.get(path).content.decode()
    return list(dict.fromkeys(re.findall(r'href="/live/([-\w]+)/"', page)))


def make_running(slug: str, minutes_ago: int) -> LiveBlog:
    blog = make_blog(slug=slug)
    make_update(blog, happened_at=hongkong.now() - timedelta(minutes=minutes_ago))
    return blog


def test_newest_update_decides_the_order_and_other_changes_do_not(client):
    older, _newer = make_running("older", 20), make_running("newer", 10)
    edit_blog(older, standfirst="改過的導言")
    assert slugs_on(client) == ["newer", "older"]
    make_update(older, happened_at=hongkong.now())
    assert slugs_on(client) == ["older", "newer"]


def test_positions_of_the_editor_come_first(client):
    blogs = [make_running(slug, minutes) for slug, minutes in (("a", 1), ("b", 2), ("c", 3), ("d", 4))]
    edit_blog(blogs[3], front_position=1)
    edit_blog(blogs[2], front_position=2)
    assert slugs_on(client) == ["d", "c", "a", "b"]
    edit_blog(blogs[3], front_position=None)
    assert slugs_on(client) == ["c", "a", "b", "d"]


def test_ended_coverage_leads_while_nothing_is_live(client):
    blog = make_running("storm", 5)
    assert "現時沒有直播" not in client.get("/").content.decode()
    publishing.end_coverage(blog, by=SYSTEM)
    page = client.get("/").content.decode()
    assert 'class="card card-lead"' in page
    assert 'id="live-title">正在直播' not in page
    assert slugs_on(client) == ["storm"]


def test_running_blogs_beyond_a_page_follow_on_the_next(client):
    for index in range(33):
        make_running(f"blog-{index:02}", index)
    first = slugs_on(client)
    assert first == [f"blog-{index:02}" for index in range(30)]
    assert 'href="?before=blog-29"' in client.get("/").content.decode()
    assert slugs_on(client, "/?before=blog-29") == ["blog-30", "blog-31", "blog-32"]


def test_topics_of_the_listed_blogs_are_linked(client):
    make_blog(topics=(Topic.objects.create(slug="weather", name="天氣"),))
    Topic.objects.create(slug="unused", name="無用")
    page = client.get("/").content.decode()
    assert re.search(r'href="/topics/weather/"\s*>天氣</a>', page)
    assert "無用" not in page


def test_time_of_a_listed_blog_is_that_of_its_newest_update(client):
    blog = make_running("storm", 30)
    at = hongkong.isoformat(blog.updates.get().happened_at)
    edit_blog(blog, standfirst="改過的導言")
    assert f'class="updated" lang="zh-hant" datetime="{at}"' in client.get("/").content.decode()


def test_english_live_blogs_lead_the_english_front_page(client):
    make_running("newest", 1)
    english = make_blog(slug="english", language="en", headline="Storm")
    make_update(english, happened_at=hongkong.now() - timedelta(hours=3))
    publishing.end_coverage(make_running("ended", 60), by=SYSTEM)

    assert slugs_on(client, "/en/") == ["english", "newest"]
    assert slugs_on(client) == ["newest", "english", "ended"]
    page = client.get("/en/").content.decode()
    assert '<html lang="en">' in page
    assert "Live now" in page
    switch = re.findall(r'href="([^"]+)"\s+lang="([^"]+)"\s+hreflang', page)
    assert switch == [("/", "zh-Hant-HK"), ("/zh-hans/", "zh-Hans"), ("/en/", "en")]
    feed = client.get("/en/feed.json").json()
    assert {item["language"] for item in feed["items"]} == {"en"}


def test_an_english_site_has_no_other_front_pages(client, settings):
    settings.SITE_LANGUAGE = "en"
    make_blog()
    assert client.get("/en/").status_code == 301
    assert client.get("/zh-hans/").status_code == 404


def test_an_english_live_blog_leads_to_the_english_front_page(client):
    make_blog(slug="english", language="en", headline="Storm")
    assert 'class="masthead-name" href="/en/"' in client.get("/live/english/").content.decode()
    assert client.get("/en/live/english/").headers["Location"] == "/live/english/"
