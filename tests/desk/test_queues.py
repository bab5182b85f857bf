"""The queues beside the timeline and their counts."""

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
    """Expect these counts, in the order of QUEUES."""
    for name, count in zip(QUEUES, counts, strict=True):
        expect(page.locator(f"[data-count={name}]")).to_have_text(str(count))


def open_queue(page: Page, name: str) -> list[str]:
    """Open a queue and return the title or text of each of its items."""
    page.locator(f"[data-queue-tab={name}]").click()
    expect(page.locator(f"[data-queue-tab={name}]")).to_have_attribute("aria-current", "true")
    label = page.locator(f"[data-queue-tab={name}]").inner_text().rstrip("0123456789 \n")
    expect(page.locator("[data-queue-panel] h2")).to_have_text(label)
    return page.locator("[data-queue-panel] .queue-title, [data-queue-panel] .queue-text").all_inner_texts()


def test_queues_and_their_counts_stay_current(open_desk):
    blog, reporter = make_blog(has_responses=True), make_person("Reporter", first_name="阿華")
    publishing.draft_update(blog, Content("未寫完"), by=reporter)
    submission = publishing.draft_update(blog, Content("待審"), by=reporter)
    publishing.submit_update(submission.blog, by=reporter, update=submission)
    publishing.schedule_update(blog, Content("明早消息"), timezone.now() + timedelta(days=1), by=SYSTEM)
    publishing.withdraw_update(make_update(blog, "誤報"), by=SYSTEM, reason="錯")
    publishing.submit_response(blog, name="陳小姐", text="請保重")
    published = make_update(blog, "已發布", stories=(Story("沒有網址的報道"),))
    page = open_desk(blog)
    page.evaluate("window.isSame = true")
    expect_counts(page, 1, 1, 1, 1, 1, 1)
    assert {name: open_queue(page, name) for name in QUEUES} == {
        "drafts": ["未寫完"],
        "submitted": ["待審"],
        "scheduled": ["明早消息"],
        "withdrawn": ["誤報"],
        "responses": ["請保重"],
        "unresolved": ["沒有網址的報道"],
    }
    # The open page follows what a reporter, a reader and a colleague do, including the open queue.
    open_queue(page, "responses")
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
    assert open_queue(page, "submitted") == ["未寫完", "待審"] or open_queue(page, "submitted") == [
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
    # The queue keeps the focus, so that moderation works by keyboard.
    page.keyboard.press("Tab")
    expect(items.first.get_by_role("button", name="Approve")).to_be_focused()
    page.keyboard.press("Enter")
    expect(items.locator(".queue-text")).to_have_text(["路上小心"])
    expect(page.locator("[data-count=responses]")).to_have_text("1")
    expect(reader.locator(".responses li p:last-child")).to_have_text("請保重")
    expect(reader.locator(".responses")).not_to_contain_text("買一送一")
    statuses = dict(ReaderResponse.objects.values_list("name", "status"))
    assert statuses == {"陳小姐": "approved", "廣告": "rejected", "李先生": "pending"}


def test_queue_is_not_redrawn_between_press_and_release(open_desk):
    blog = make_blog(has_responses=True)
    publishing.submit_response(blog, name="陳小姐", text="請保重")
    page = open_desk(blog, query="?queue=responses")
    texts = page.locator("[data-queue-panel] .queue-text")
    page.get_by_role("button", name="Reject").hover()
    page.mouse.down()
    with page.expect_response(
        lambda answer: "/state/" in answer.url and answer.json()["counts"]["responses"] == 2
    ):
        publishing.submit_response(blog, name="李先生", text="路上小心")
    page.mouse.up()
    expect(texts).to_have_text(["路上小心"])
    assert ReaderResponse.objects.get(text="請保重").status == "rejected"


def test_editor_publishes_a_reporters_submission_from_the_queue(open_desk, new_page, server):
    blog = make_blog()
    reader = open_readers_page(new_page(), server.url, blog)
    editor_page = open_desk(blog, query="?queue=submitted")
    reporter_page = open_desk(blog, role="Reporter")
    for name in ("Publish", "Schedule it"):
        expect(reporter_page.get_by_role("button", name=name)).to_have_count(0)
    write(reporter_page, "現場消息", "火勢受控。")
    reporter_page.keyboard.press(CHORD)
    expect(reporter_page.locator(".toast")).to_contain_text("Sent to the editors")
    expect(editor_page.locator("[data-count=submitted]")).to_have_text("1")
    item = editor_page.locator("[data-queue-panel] .queue-item")
    expect(item.locator(".queue-title")).to_have_text("現場消息")
    assert reader.locator("li.update").count() == 0
    item.get_by_role("button", name="Publish now").click()
    expect(reader.locator("li.update h3")).to_have_text("現場消息")
    expect(editor_page.locator("[data-count=submitted]")).to_have_text("0")
    expect(editor_page.locator(".row h3")).to_have_text("現場消息")
    expect(reporter_page.locator(".row h3")).to_have_text("現場消息")
    expect(reporter_page.locator(".row .row-actions")).to_have_count(0)
