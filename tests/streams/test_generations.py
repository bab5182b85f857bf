"""Numbers lost in a restore or a failover: no client mistakes new content for what it already has."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date

from liveblog.models import LiveBlog, Update
from newsroom.http import caching
from tests.environment import ROOT
from tests.factories import lose_changes, make_blog, make_update
from tests.streams.streaming import open_stream

# The number of the restored database.
RESTORED = 2


@pytest.fixture
def blog(transactional_db: None) -> LiveBlog:
    """A live blog with three updates, of which the last two will be lost."""
    blog = make_blog(slug="storm")
    for heading in ("留", "失一", "失二"):
        make_update(blog, heading)
    blog.refresh_from_db()
    return blog


def restore_and_continue(blog: LiveBlog) -> None:
    """Lose two updates, and publish two others in their place."""
    lose_changes(blog, RESTORED)
    call_command("advance_numbers")
    for heading in ("新一", "新二"):
        make_update(blog, heading)


def test_advancing_adds_a_million_and_never_reuses_a_number(blog):
    numbers = [blog.number]
    for _time in range(3):
        restore_and_continue(blog)
        blog.refresh_from_db()
        assert blog.number not in numbers
        assert blog.number > max(numbers[0], RESTORED) + 1_000_000
        numbers.append(blog.number)
        call_command("advance_numbers")
        blog.refresh_from_db()
        assert blog.number >= numbers[-1] + 1_000_000


def test_log_continues_above_one_change_per_second_since_2026(blog):
    most = int((timezone.now() - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds())
    call_command("advance_numbers")
    blog.refresh_from_db()
    assert blog.number >= most + 1_000_000


def test_old_etags_get_the_new_content(blog):
    client = Client()
    paths = ["/", "/live/storm/", "/live/storm/changes.json?after=0", "/live/storm/feed.atom", "/sitemap.xml"]
    paths += [
        "/api/v1/blogs/storm/",
        "/api/v1/blogs/storm/changes/?after=0",
        "/oembed?url=http://127.0.0.1:8000/live/storm/",
    ]
    before = {path: client.get(path) for path in paths}

    restore_and_continue(blog)

    for path, response in before.items():
        after = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert (path, response.status_code, after.status_code) == (path, 200, 200)


def test_dates_of_lost_changes_get_the_new_content(blog, monkeypatch):
    # Dates settle within three seconds; do not wait for them.
    monkeypatch.setattr(caching, "_SETTLES", timedelta(0))
    client = Client()
    names = ["/feed.atom", "/feed.rss", "/feed.json", "/live/storm/feed.atom", "/sitemap.xml"]
    paths = [path for path in names if "Last-Modified" in client.get(path).headers]
    assert {"/feed.atom", "/live/storm/feed.atom", "/sitemap.xml"} <= set(paths)
    tomorrow = http_date(time.time() + 86_400)
    for path in paths:
        assert client.get(path, headers={"If-Modified-Since": tomorrow}).status_code == 304

    lose_changes(blog, RESTORED)
    call_command("advance_numbers")

    for path in paths:
        response = client.get(path, headers={"If-Modified-Since": tomorrow})
        assert (path, response.status_code) == (path, 200)


@pytest.mark.parametrize("number", [RESTORED - 1, RESTORED, RESTORED + 1, RESTORED + 2, 900_000])
def test_lost_cursors_get_410_and_numbers_never_given_get_409(blog, number):
    restore_and_continue(blog)
    client = Client()

    assert client.get(f"/live/storm/changes.json?after={number}").status_code == 410
    assert client.get(f"/api/v1/blogs/storm/changes/?after={number}").status_code == 410
    assert client.get(f"/live/storm/changes.json?after={2**29}").status_code == 409
    assert client.get(f"/api/v1/blogs/storm/changes/?after={2**29}").status_code == 409


def test_api_returns_everything_across_the_gap_in_one_request(blog):
    restore_and_continue(blog)
    client, number, requests, headings = Client(), 0, 0, {}
    while number < LiveBlog.objects.get().number:
        changes = client.get(f"/api/v1/blogs/storm/changes/?after={number}").json()
        headings |= {update["id"]: update["heading"] for update in changes["updates"]}
        number, requests = changes["number"], requests + 1

    assert requests == 1
    assert set(headings.values()) == {"留", "新一", "新二"}


def test_open_streams_and_lost_event_ids_get_a_reload_event(server, blog):
    with closing(open_stream(server.url, "storm", after=blog.number)) as stream:
        restore_and_continue(blog)
        assert stream.next().name == "reload"
    with closing(open_stream(server.url, "storm", last_event_id=blog.number)) as stream:
        assert stream.next().name == "reload"
    current = LiveBlog.objects.get().number
    with closing(open_stream(server.url, "storm", after=current)) as stream:
        make_update(blog, "再新")
        assert stream.next().id == current + 1


def test_sample_client_starts_over_and_equals_the_page(server, blog, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    sys.modules.pop("partner_client", None)
    partner_client = pytest.importorskip("partner_client")
    copy = partner_client.LiveBlog(server.url, "storm")
    copy.catch_up()
    ahead = partner_client.LiveBlog(server.url, "storm")
    ahead.catch_up()
    ahead.number += 1_000_000_000

    restore_and_continue(blog)

    for client in (copy, ahead):
        assert client.catch_up() == 2
        published = Update.objects.published().newest_first()
        assert [row["heading"] for row in client.page()] == [update.heading for update in published]
        assert client.number == LiveBlog.objects.get().number
