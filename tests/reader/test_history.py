"""Past coverage, imported or typed in, which must never be dated as published today."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import feedparser
import pytest
from django.core.management import call_command
from django.utils import timezone
from extruct.jsonld import JsonLdExtractor

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.factories import make_blog, make_update
from tests.standards import read_json_feed

pytestmark = pytest.mark.django_db

RUNNING_COPY = """颱風︱八號信號生效
2025年3月18日 22:00

港口封閉。

.19日最新消息

學校停課
【02:45】
各校今日停課。
"""
START = hongkong.at(date(2025, 3, 18)) + timedelta(hours=22)


def linked_data(client, path: str) -> dict:
    (data,) = JsonLdExtractor().extract(client.get(path).content.decode())
    return data


@pytest.fixture
def history() -> LiveBlog:
    """Return coverage of March 2025 created today: one update dated as by an import, one published today."""
    blog = make_blog(slug="storm", coverage_start_at=START)
    imported_at = START + timedelta(hours=4)
    make_update(blog, "匯入", happened_at=imported_at)
    update = blog.updates.get()
    type(update).objects.filter(pk=update.pk).update(first_published_at=imported_at)
    make_update(blog, "補發", happened_at=START + timedelta(hours=5))
    return blog


def test_linked_data_dates_past_coverage_by_its_start(client, history):
    data = linked_data(client, "/live/storm/")
    assert data["datePublished"] == data["coverageStartTime"] == "2025-03-18T22:00:00+08:00"
    published = [posting["datePublished"] for posting in data["liveBlogUpdate"]]
    assert published == ["2025-03-19T03:00:00+08:00", "2025-03-19T02:00:00+08:00"]


def test_linked_data_dates_past_updates_without_a_clock_time_by_day(client, history):
    update = make_update(history, happened_at=START + timedelta(hours=6), has_clock_time=False)
    assert linked_data(client, f"/live/storm/{update.pk}/")["datePublished"] == "2025-03-19"


def test_news_sitemap_lists_only_new_updates_of_past_coverage(client, history):
    assert "<url>" not in client.get("/news-sitemap.xml").content.decode()
    fresh = make_update(history, "今日的回顧", happened_at=timezone.now())
    news = client.get("/news-sitemap.xml").content.decode()
    assert news.count("<url>") == 1
    published_on = hongkong.isoformat(fresh.first_published_at)
    assert f"<news:publication_date>{published_on}</news:publication_date>" in news


def test_news_sitemap_lists_an_old_event_in_coverage_of_today(client):
    blog = make_blog(slug="storm")
    update = make_update(blog, "一九六二年的颱風", happened_at=datetime(1962, 9, 1, 6, tzinfo=hongkong.ZONE))
    news = client.get("/news-sitemap.xml").content.decode()
    assert news.count("<url>") == 2
    assert hongkong.isoformat(update.first_published_at) in news


def test_ninjs_dates_past_coverage_by_its_start(client, history):
    item = client.get("/api/v1/blogs/storm/ninjs/").json()
    assert item["firstCreated"] == "2025-03-18T22:00:00+08:00"
    updates = [part for part in item["associations"] if part["rel"] == "update"]
    created = [update["firstCreated"] for update in updates]
    assert created == ["2025-03-19T03:00:00+08:00", "2025-03-19T02:00:00+08:00"]
    assert {part["copyrightNotice"] for part in [item, *updates]} == {"© 2025 Newsroom"}


def test_feeds_date_past_coverage_by_its_own_times(client, history):
    for form in ("atom", "rss"):
        entries = feedparser.parse(client.get(f"/live/storm/feed.{form}").content).entries
        assert {entry.published_parsed[:3] for entry in entries} == {(2025, 3, 18)}
    items = read_json_feed(client.get("/feed.json").content)["items"]
    assert {item["date_published"][:10] for item in items} == {"2025-03-19"}


def test_imported_article_of_last_year_is_not_dated_today(client, tmp_path):
    article = tmp_path / "article.txt"
    article.write_text(RUNNING_COPY)
    call_command("import_article", str(article), "--publish")
    data = linked_data(client, LiveBlog.objects.get().get_absolute_url())
    assert data["datePublished"].startswith("2025-03-18T22:00")
    assert "<url>" not in client.get("/news-sitemap.xml").content.decode()


def test_coverage_published_before_its_start_is_dated_by_its_first_publication(client):
    blog = make_blog(slug="storm")
    announced_at = blog.first_published_at - timedelta(hours=3)
    LiveBlog.objects.update(first_published_at=announced_at)
    publishing.edit_blog(blog, publishing.BlogDetails.of(blog), by=SYSTEM)
    assert linked_data(client, "/live/storm/")["datePublished"] == hongkong.isoformat(announced_at)
