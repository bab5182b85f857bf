"""Scheduled updates go live within five seconds of their time, or of the server's start if that is later."""

from __future__ import annotations

from datetime import time, timedelta

from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from liveblog.models import Update
from newsroom import hongkong
from tests.desk.composing import forget_refusals, open_readers_page, write
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person
from tests.waiting import wait_for

MAX_DELAY = timedelta(seconds=5)


def is_published(update: Update) -> bool:
    update.refresh_from_db()
    return update.is_published


def test_scheduled_update_is_live_within_five_seconds_and_a_past_time_is_refused(
    open_desk, new_page, server, console_errors
):
    blog = make_blog()
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog, query="?queue=scheduled")
    write(page, "明早停課", "教育局公布。")
    page.locator("[data-schedule] > summary").click()
    page.get_by_role("button", name="Schedule it").click()
    expect(page.locator("[data-errors]")).to_have_text("Enter the time when it goes live.")
    yesterday, tomorrow = hongkong.now() - timedelta(days=1), hongkong.now() + timedelta(days=1)
    page.locator("#id_publish_day").fill(f"{yesterday:%Y-%m-%d}")
    page.locator("#id_publish_clock").fill("06:00")
    page.get_by_role("button", name="Schedule it").click()
    expect(page.locator("[data-errors]")).to_have_text(
        "This time has passed. Publish now, or choose a later time."
    )
    expect(page.locator("#id_publish_clock")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_heading")).to_have_value("明早停課")
    expect(page.locator(".tiptap")).to_have_text("教育局公布。")
    expect(page.locator("#id_publish_clock")).to_have_value("06:00")
    forget_refusals(console_errors, 422)
    assert not Update.objects.exists()
    page.locator("#id_publish_day").fill(f"{tomorrow:%Y-%m-%d}")
    page.get_by_role("button", name="Schedule it").click()
    expect(page.locator(".toast").last).to_contain_text("Scheduled for")
    item = page.locator("[data-queue-panel] .queue-item")
    expect(item).to_contain_text("明早停課")
    update = Update.objects.get()
    assert (update.status, update.publish_at) == ("scheduled", hongkong.at(tomorrow.date(), time(6)))
    due_at = timezone.now() + timedelta(seconds=1)
    Update.objects.filter(pk=update.pk).update(publish_at=due_at, happened_at=due_at)
    expect(reader.locator("li.update h3")).to_have_text("明早停課")
    assert is_published(update)
    assert due_at <= update.first_published_at <= due_at + MAX_DELAY
    expect(page.locator(".row h3")).to_have_text("明早停課")
    expect(page.locator("[data-count=scheduled]")).to_have_text("0")


def test_overdue_update_is_live_within_five_seconds_of_server_start(start_server):
    blog, client = make_blog(), Client()
    client.force_login(make_person("Editor"))
    tomorrow = hongkong.now() + timedelta(days=1)
    form = {"token": "t", "action": "schedule", "heading": "明早停課", "body": "教育局公布。"}
    client.post(desk_path(blog), form | {"publish_day": f"{tomorrow:%Y-%m-%d}", "publish_clock": "06:00"})
    update = Update.objects.get(status="scheduled")
    Update.objects.filter(pk=update.pk).update(publish_at=timezone.now() - timedelta(hours=3))
    start_server()
    started_at = timezone.now()
    wait_for(lambda: is_published(update))
    assert update.first_published_at <= started_at + MAX_DELAY
