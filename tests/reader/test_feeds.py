"""Feeds and sitemaps, read by parsers of others."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import feedparser
import pytest

from liveblog import publishing
from liveblog.models import Byline, Topic, Update
from liveblog.publishing import SYSTEM, Story
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_update

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"
TOMBSTONES = "{http://purl.org/atompub/tombstones/1.0}"


@pytest.fixture
def blog():
    blog = make_blog(
        slug="storm",
        kicker="風暴",
        standfirst="首段 & 次段",
        topics=(Topic.objects.create(slug="w", name="天氣"),),
    )
    make_update(
        blog, "一 < 二", body="<p>a &amp; <strong>b</strong></p>", byline=Byline.objects.create(name="陳")
    )
    make_update(blog, "三", stories=(Story("相關", 0, "https://example.com/"),))
    return blog


@pytest.mark.parametrize("path", ["/live/storm/feed.", "/feed.", "/topics/w/feed."])
@pytest.mark.parametrize("form", ["atom", "rss"])
def test_feeds_are_well_formed_and_carry_the_whole_text(client, blog, path, form):
    response = client.get(path + form)
    assert response.headers["Content-Type"] == f"application/{form}+xml; charset=utf-8"
    feed = feedparser.parse(response.content)
    assert not feed.bozo
    assert [entry.title for entry in feed.entries] == ["三", "一 < 二"]
    assert (
        "<strong>b</strong>"
        in feed.entries[1].get("content", [{"value": feed.entries[1].get("summary")}])[0]["value"]
    )
    assert all(entry.id.startswith("tag:127.0.0.1,2026:/live/storm/") for entry in feed.entries)


def test_json_feeds_follow_version_1_1(client, blog):
    response = client.get("/live/storm/feed.json")
    feed = json.loads(response.content)
    assert response.headers["Content-Type"] == "application/feed+json"
    newest = Update.objects.newest_first().first()
    item = feed["items"][0]
    assert (feed["version"], feed["title"], feed["language"]) == (
        "https://jsonfeed.org/version/1.1",
        "風暴︱標題",
        "zh-Hant-HK",
    )
    assert item == {
        "id": f"tag:127.0.0.1,2026:/live/storm/{newest.pk}/",
        "url": f"http://127.0.0.1:8000/live/storm/{newest.pk}/",
        "title": "三",
        "content_html": item["content_html"],
        "summary": "內文。",
        "date_published": hongkong.isoformat(newest.first_published_at),
        "date_modified": hongkong.isoformat(newest.modified_at),
        "language": "zh-Hant-HK",
    }
    assert '<a href="https://example.com/">相關</a>' in item["content_html"]


def test_a_withdrawn_update_leaves_feeds_by_a_tombstone_and_time_goes_forward(client, blog):
    before = client.get("/live/storm/feed.atom")
    newest = Update.objects.newest_first().first()
    publishing.withdraw_update(newest, by=SYSTEM, reason="x")
    after = client.get("/live/storm/feed.atom")
    root = ET.fromstring(after.content)
    newest.refresh_from_db()
    assert [entry.find(f"{ATOM}title").text for entry in root.iter(f"{ATOM}entry")] == ["一 < 二"]
    assert [dict(found.attrib) for found in root.iter(f"{TOMBSTONES}deleted-entry")] == [
        {
            "ref": f"tag:127.0.0.1,2026:/live/storm/{newest.pk}/",
            "when": hongkong.isoformat(newest.withdrawn_at),
        }
    ]
    updated = [ET.fromstring(feed.content).find(f"{ATOM}updated").text for feed in (before, after)]
    assert updated == sorted(updated)
    assert before.headers["Last-Modified"] <= after.headers["Last-Modified"]
    for form in ("rss", "json"):
        assert "三" not in client.get(f"/live/storm/feed.{form}").content.decode()


def test_sitemaps_name_what_is_public_and_nothing_else(client, blog):
    hidden = make_blog(is_live=False)
    withdrawn = make_update(blog, "x", images=(make_image(),))
    publishing.withdraw_update(withdrawn, by=SYSTEM, reason="x")
    index = client.get("/sitemap.xml").content.decode()
    assert "<loc>http://127.0.0.1:8000/sitemap-live.xml</loc>" in index
    pages = client.get("/sitemap-live.xml").content.decode()
    assert "<loc>http://127.0.0.1:8000/live/storm/</loc>" in pages
    assert hidden.slug not in pages
    updates = client.get("/sitemap-updates.xml").content.decode()
    assert updates.count("<loc>") == 2
    assert f"/{withdrawn.pk}/" not in updates
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in client.get("/robots.txt").content.decode()
