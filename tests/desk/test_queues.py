"""The queues beside the timeline: what waits for whom, with counts that stay current by themselves."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import ReaderResponse, Update
from liveblog.publishing import SYSTEM, Content, Story
from tests.desk.composing import CHORD, open_readers_page, write
from tests.factories import make_blog, make_person, make_update

QUEUES = ("drafts", "submitted", "scheduled", "withdrawn", "responses", "unresolved")


def expect_counts(page: Page, *counts: int) -> None:
    """In the order of QUEUES."""
    for name, count in zip(QUEUES, counts, strict=True):
        expect(page.locator(f"[data-count={name}]")).to_have_text(str(count))


def queue_of(page: Page, name: str) -> list[str]:
    """The queue, opened: what each of its items is called."""
    page.locator(f"[data-queue-tab={name}]").click()
    expect(page.locator(f"[data-queue-tab={name}]")).to_have_attribute("aria-current", "true")
    label = page.locator(f"[data-queue-tab={name}]").inner_text().rstrip("0123456789 \n")
    expect(page.locator("[data-queue-panel] h3")).to_have_text(label)
    return page.locator("[data-queue-panel] .queue-title, [data-queue-panel] .queue-text").all_inner_texts()


def test_each_queue_shows_what_waits_in_it_and_its_count_stays_current(open_desk):
    blog, reporter = make_blog(has_responses=True), make_person("Reporter", first_name="阿華")
    publishing.draft_update(blog, Content("未寫完"), by=reporter)
    waiting = publishing.draft_update(blog, Content("待審"), by=reporter)
    publishing.submit_update(waiting.blog, by=reporter, update=waiting)
    publishing.schedule_update(blog, Content("明早消息"), timezone.now() + timedelta(days=1), by=SYSTEM)
    publishing.withdraw_update(make_update(blog, "誤報"), by=SYSTEM, reason="錯")
    publishing.submit_response(blog, name="陳小姐", text="請保重")
    published = make_update(blog, "已發布", stories=(Story("沒有網址的報道"),))
    page = open_desk(blog)
    page.evaluate("window.isSame = true")
    expect_counts(page, 1, 1, 1, 1, 1, 1)
    assert {name: queue_of(page, name) for name in QUEUES} == {
        "drafts": ["未寫完"],
        "submitted": ["待審"],
        "scheduled": ["明早消息"],
        "withdrawn": ["誤報"],
        "responses": ["請保重"],
        "unresolved": ["沒有網址的報道"],
    }
    # Others act: a reporter, a reader, a colleague; the editor's page follows, the open queue too.
    queue_of(page, "responses")
    publishing.draft_update(blog, Content("又一則"), by=reporter)
    unfinished = Update.objects.get(heading="未寫完")
    publishing.submit_update(unfinished.blog, by=reporter, update=unfinished)
    publishing.submit_response(blog, name="李先生", text="路上小心")
    publishing.withdraw_update(published, by=SYSTEM, reason="錯")
    publishing.publish_update(
        blog, Content("明早消息"), by=SYSTEM, update=Update.objects.get(heading="明早消息")
    )
    expect_counts(page, 1, 2, 0, 2, 2, 0)
    expect(page.locator("[data-count=published]")).to_have_text("1")
    expect(page.locator("[data-queue-panel] .queue-text")).to_have_text(["請保重", "路上小心"])
    assert queue_of(page, "submitted") == ["未寫完", "待審"] or queue_of(page, "submitted") == [
        "待審",
        "未寫完",
    ]
    assert page.evaluate("window.isSame")


def test_readers_responses_are_moderated_at_the_desk(open_desk, new_page, server):
    blog = make_blog(has_responses=True)
    for name, text in (("陳小姐", "請保重"), ("廣告", "買一送一"), ("李先生", "路上小心")):
        publishing.submit_response(blog, name=name, text=text)
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog, query="?queue=responses")
    items = page.locator("[data-queue-panel] .queue-item")
    expect(items.locator(".queue-text")).to_have_text(["請保重", "買一送一", "路上小心"])
    items.nth(1).get_by_role("button", name="Reject").click()
    expect(items.locator(".queue-text")).to_have_text(["請保重", "路上小心"])
    expect(page.locator("[data-queue-panel]")).to_be_focused()
    # Moderation goes by the keyboard, too: the queue keeps the focus.
    page.keyboard.press("Tab")
    expect(items.first.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(items.locator(".queue-text")).to_have_text(["路上小心"])
    expect(page.locator("[data-count=responses]")).to_have_text("1")
    expect(reader.locator(".responses li p:last-child")).to_have_text("請保重")
    expect(reader.locator(".responses")).not_to_contain_text("買一送一")
    statuses = dict(ReaderResponse.objects.values_list("name", "status"))
    assert statuses == {"陳小姐": "approved", "廣告": "rejected", "李先生": "pending"}


def test_a_reporter_sends_to_the_editors_who_publish_it_from_the_queue(open_desk, new_page, server):
    blog = make_blog()
    reader = open_readers_page(new_page(), server.url, blog)
    editors = open_desk(blog, query="?queue=submitted")
    reporters = open_desk(blog, role="Reporter")
    for name in ("Publish", "Schedule it"):
        expect(reporters.get_by_role("button", name=name)).to_have_count(0)
    write(reporters, "現場消息", "火勢受控。")
    reporters.keyboard.press(CHORD)
    expect(reporters.locator(".toast")).to_contain_text("Sent to the editors")
    expect(editors.locator("[data-count=submitted]")).to_have_text("1")
    item = editors.locator("[data-queue-panel] .queue-item")
    expect(item.locator(".queue-title")).to_have_text("現場消息")
    assert reader.locator("li.update").count() == 0
    item.get_by_role("button", name="Publish now").click()
    expect(reader.locator("li.update h3")).to_have_text("現場消息")
    expect(editors.locator("[data-count=submitted]")).to_have_text("0")
    expect(editors.locator(".row h3")).to_have_text("現場消息")
    expect(reporters.locator(".row h3")).to_have_text("現場消息")
    expect(reporters.locator(".row .row-actions")).to_have_count(0)
