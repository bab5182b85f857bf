"""RFC 3339 times on every surface, including times when UTC offsets had seconds."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.db.models import F

from liveblog import publishing
from liveblog.models import LiveBlog, Partner, Update
from liveblog.publishing import SYSTEM, Content
from liveblog.webhooks import messages
from newsroom import hongkong
from tests.factories import make_blog, make_update

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

IN_1900 = datetime(1900, 1, 2, 12, 0, tzinfo=hongkong.ZONE)
PATHS = [
    "/live/line/",
    "/zh-hans/live/line/",
    "/live/line/{pk}/",
    "/live/line/changes.json?after=0",
    "/live/line/feed.atom",
    "/live/line/feed.json",
    "/feed.atom",
    "/search/?q=消息",
    "/embed/line/",
    "/sitemap-live.xml",
    "/sitemap-updates.xml",
    "/api/v1/blogs/line/",
    "/api/v1/updates/",
    "/api/v1/blogs/line/changes/?after=0",
    "/api/v1/blogs/line/ninjs/",
    "/api/v1/updates/{pk}/ninjs/",
    "/api/v1/search/?q=消息",
]
TIME = re.compile(r"1900-01-02T[^\s\"<&\\]+")


@pytest.fixture
def update():
    """Return an update of 1900 in a live blog whose times are all in 1900."""
    blog = make_blog(slug="line", coverage_start_at=IN_1900)
    update = make_update(blog, happened_at=IN_1900, is_key_event=True)
    update = publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正")
    update.revisions.update(at=IN_1900)
    Update.objects.update(first_published_at=IN_1900, modified_at=IN_1900, feed_updated_at=F("happened_at"))
    LiveBlog.objects.update(first_published_at=IN_1900, modified_at=IN_1900, feed_updated_at=IN_1900)
    return update


@pytest.mark.parametrize("path", PATHS)
def test_times_of_1900_have_offsets_of_whole_minutes(client, update, path):
    response = client.get(path.format(pk=update.pk))
    assert response.status_code == 200
    assert set(TIME.findall(response.content.decode())) == {"1900-01-02T12:00:18+07:37"}


def test_webhook_times_of_1900_have_offsets_of_whole_minutes(update):
    partner = Partner.objects.create(name="Wire", contact="wire@example.com")
    webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://wire.example/hook")
    body = messages.after(webhook, update.blog_id, 0).body.decode()
    assert set(TIME.findall(body)) == {"1900-01-02T12:00:18+07:37"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(1904, 10, 29, 12, tzinfo=hongkong.ZONE), "1904-10-29T12:00:18+07:37"),
        (datetime(1941, 7, 1, 12, tzinfo=hongkong.ZONE), "1941-07-01T12:00:00+09:00"),
        (datetime(1942, 1, 1, 12, tzinfo=hongkong.ZONE), "1942-01-01T12:00:00+09:00"),
        (datetime(2026, 7, 1, 12, tzinfo=hongkong.ZONE), "2026-07-01T12:00:00+08:00"),
    ],
)
def test_moments_survive_formatting_and_parsing(moment, text):
    assert hongkong.isoformat(moment) == text
    assert hongkong.parse_moment(text) == moment
