"""The page while it is open, in a real browser on a running server."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.factories import edit_blog, make_blog, make_update
from tests.streams.streaming import open_stream

START = datetime(2026, 3, 18, 23, 0, tzinfo=hongkong.ZONE)
PHONE = {"width": 375, "height": 667}


def cover(updates: int = 12, **details: object) -> LiveBlog:
    """Return a running blog with an update every minute from 23:00 on."""
    blog = make_blog(slug="storm", coverage_start_at=START, **details)
    for i in range(updates):
        publish(blog, f"第{i}則", i)
    return blog


def publish(blog: LiveBlog, heading: str, minutes: float, **content: object) -> Update:
    content.setdefault("body", "<p>內文。</p>" * 3)
    return make_update(blog, heading, happened_at=START + timedelta(minutes=minutes), **content)


def open_blog(page: Page, url: str, *, reading: Update | None = None, path: str = "/live/storm/") -> None:
    """Open the page, wait until it follows the blog and scroll to the update `reading`.

    Turn off the browser's scroll anchoring, so that only the page's own script keeps the reader's place.
    """
    with page.expect_response(re.compile("changes.json")):
        page.goto(url + path)
    page.evaluate(
        """() => {
          const style = new CSSStyleSheet();
          style.replaceSync("* { overflow-anchor: none !important; }");
          document.adoptedStyleSheets = [style];
        }"""
    )
    if reading:
        page.evaluate("id => document.getElementById(`update-${id}`).scrollIntoView()", reading.pk)
        wait_for_frame(page)
        assert page.evaluate("scrollY") > 100


def wait_for_frame(page: Page) -> None:
    """Return after the browser has drawn a frame, so that the page has handled earlier scroll events."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def top_of(page: Page, update: Update) -> float:
    return page.locator(f"#update-{update.pk}").bounding_box()["y"]


def headings(page: Page) -> list[str]:
    return page.locator("#updates h2, #updates h3").all_inner_texts()


def test_new_updates_wait_behind_a_pill_without_moving_the_page(server, new_page):
    blog = cover()
    page = new_page(viewport=PHONE)
    reading = blog.updates.get(heading="第5則")
    open_blog(page, server.url, reading=reading)
    page.locator(f"#update-{reading.pk} .update-time a").focus()
    before, slot = top_of(page, reading), page.locator("[data-live-bar]").bounding_box()
    publish(blog, "新一", 20)
    publish(blog, "新二", 21)
    pill = page.locator("[data-pill]")
    expect(pill).to_have_text("2 則新更新")
    expect(pill).to_be_in_viewport()
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    assert abs(top_of(page, reading) - before) <= 1
    assert page.locator("[data-live-bar]").bounding_box() == slot
    expect(page.locator(f"#update-{reading.pk} .update-time a")).to_be_focused()
    assert "新一" not in headings(page)


def test_pill_inserts_updates_and_focuses_the_first_new_heading(server, new_page):
    blog = cover()
    page = new_page(viewport=PHONE)
    open_blog(page, server.url, reading=blog.updates.get(heading="第5則"))
    publish(blog, "新一", 20)
    publish(blog, "新二", 21)
    expect(page.locator("[data-pill]")).to_have_text("2 則新更新")
    page.locator("[data-pill]").click()
    expect(page.locator("h3", has_text="新二")).to_be_focused()
    expect(page.locator("h3", has_text="新二")).to_be_in_viewport()
    bar = page.locator("[data-live-bar]").bounding_box()
    assert page.locator("h3", has_text="新二").bounding_box()["y"] >= bar["y"] + bar["height"]
    assert headings(page)[:4] == ["18日最新消息", "新二", "新一", "第11則"]
    expect(page.locator("[data-pill]")).to_be_hidden()
    expect(page).to_have_title(re.compile("^標題"))


def test_new_updates_appear_at_once_at_the_top_of_the_page(server, new_page):
    blog = cover()
    page = new_page(viewport=PHONE)
    open_blog(page, server.url)
    publish(blog, "新一", 20)
    expect(page.locator("#updates h3").first).to_have_text("新一")
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_backdated_update_is_inserted_in_order_with_no_pill_and_no_shift(server, new_page):
    blog = cover()
    page = new_page(viewport=PHONE)
    reading = blog.updates.get(heading="第3則")
    open_blog(page, server.url, reading=reading)
    before = top_of(page, reading)
    publish(blog, "補記", 8.5)
    expect(page.locator("h3", has_text="補記")).to_have_count(1)
    assert headings(page)[3:6] == ["第9則", "補記", "第8則"]
    assert abs(top_of(page, reading) - before) <= 1
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_inserts_across_midnight_add_exactly_one_day_heading(server, page):
    blog = cover(2)
    open_blog(page, server.url)
    publish(blog, "零時五分", 65)
    publish(blog, "零時六分", 66)
    expect(page.locator("#updates h3").first).to_have_text("零時六分")
    assert headings(page) == ["19日最新消息", "零時六分", "零時五分", "18日最新消息", "第1則", "第0則"]


def test_edits_and_withdrawals_happen_in_place_with_no_pill_and_no_shift(server, new_page):
    blog = cover()
    page = new_page(viewport=PHONE)
    reading, edited = blog.updates.get(heading="第3則"), blog.updates.get(heading="第8則")
    open_blog(page, server.url, reading=reading)
    before = top_of(page, reading)
    content = Content(heading="改過", body="<p>長</p>" * 30, happened_at=edited.happened_at)
    publishing.correct_update(edited, content, by=SYSTEM, note="數字有誤")
    expect(page.locator(f"#update-{edited.pk} h3")).to_have_text("改過")
    expect(page.locator(f"#update-{edited.pk} .corrections")).to_have_text(
        re.compile(r"^\s*更正\s+\d+日 \d\d:\d\d\s+數字有誤\s*$")
    )
    assert abs(top_of(page, reading) - before) <= 1
    publishing.withdraw_update(edited, by=SYSTEM, reason="x")
    expect(page.locator(f"#update-{edited.pk} .tombstone")).to_be_attached()
    assert abs(top_of(page, reading) - before) <= 1
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_a_withdrawn_update_becomes_a_tombstone_and_leaves_pinned_and_key_lists(server, page):
    blog = cover(3)
    update = publish(blog, "秘密", 5, is_key_event=True)
    publishing.pin_update(update, by=SYSTEM)
    open_blog(page, server.url)
    expect(page.locator(".pinned")).to_contain_text("秘密")
    expect(page.locator(".key-events")).to_contain_text("秘密")
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    expect(page.locator(f"#update-{update.pk}")).to_have_text(
        re.compile(r"^\s*【\d\d:\d\d】\s*此更新已於\d+日\d\d:\d\d撤回\s*$")
    )
    expect(page.locator(".pinned")).to_have_count(0)
    expect(page.locator(".key-events")).to_have_count(0)
    assert "秘密" not in page.content()


def test_an_update_moved_in_time_moves_on_the_page(server, page):
    blog = cover(4)
    open_blog(page, server.url)
    moved = blog.updates.get(heading="第0則")
    publishing.edit_update(
        moved, Content(heading="第0則", happened_at=START + timedelta(minutes=2.5)), by=SYSTEM
    )
    expect(page.locator("#updates h3").nth(1)).to_have_text("第0則")
    assert headings(page) == ["18日最新消息", "第3則", "第0則", "第2則", "第1則"]


def test_the_headline_and_the_badge_follow_the_blog(server, page):
    blog = cover(2)
    open_blog(page, server.url)
    edit_blog(blog, headline="新的標題")
    expect(page.locator("h1")).to_have_text("新的標題")
    expect(page).to_have_title(re.compile("^新的標題"))
    publishing.end_coverage(blog, by=SYSTEM)
    expect(page.locator(".head .badge")).to_have_count(0)
    expect(page.locator(".head")).to_contain_text("報道已結束")
    expect(page.locator("[data-live-state]")).to_have_text("報道已結束")


def test_page_of_older_updates_shows_edits_but_no_new_updates(server, page):
    blog = cover(25)
    oldest, twentieth = blog.updates.get(heading="第1則"), blog.updates.get(heading="第5則")
    open_blog(page, server.url, path=f"/live/storm/?before={twentieth.pk}")
    publish(blog, "新一", 40)
    publishing.edit_update(oldest, Content(heading="改過", happened_at=oldest.happened_at), by=SYSTEM)
    expect(page.locator(f"#update-{oldest.pk} h3")).to_have_text("改過")
    assert headings(page) == ["18日最新消息", "第4則", "第3則", "第2則", "改過", "第0則"]
    expect(page.locator("[data-pill]")).to_be_hidden()


def test_page_without_a_stream_polls(server, page, console_errors):
    blog = cover(2)
    page.route("**/stream*", lambda route: route.abort())
    open_blog(page, server.url)
    edited, gone = blog.updates.get(heading="第0則"), blog.updates.get(heading="第1則")
    publish(blog, "新一", 20)
    publishing.edit_update(edited, Content("改過", happened_at=edited.happened_at), by=SYSTEM)
    publishing.withdraw_update(gone, by=SYSTEM, reason="x")
    expect(page.locator("#updates h3")).to_have_text(["新一", "改過"], timeout=20_000)
    expect(page.locator(f"#update-{gone.pk} .tombstone")).to_be_visible()
    # The browser logs each aborted stream as a console error.
    assert all("ERR_FAILED" in error for error in console_errors)
    console_errors.clear()


def test_page_over_the_stream_limit_polls(start_server, page, console_errors):
    server = start_server(STREAMS_PER_ADDRESS="1")
    blog = cover(2)
    stream = open_stream(server.url, blog.slug, after=blog.number)
    open_blog(page, server.url)
    publish(blog, "新一", 20)
    expect(page.locator("#updates h3").first).to_have_text("新一", timeout=20_000)
    stream.close()
    assert all("429" in error for error in console_errors)
    assert console_errors
    console_errors.clear()


def test_lost_connection_is_reported_and_recovery_leaves_no_gap_or_duplicate(server, page, console_errors):
    blog = cover(2)
    open_blog(page, server.url)
    state = page.locator("[data-live-state]")
    expect(state).to_have_text("自動更新中")
    page.context.set_offline(True)
    expect(state).to_have_text(re.compile(r"^連線中斷，最後更新 \d\d:\d\d$"))
    for i in range(3):
        publish(blog, f"斷線{i}", 20 + i)
    page.context.set_offline(False)
    expect(state).to_have_text("自動更新中")
    expect(page.locator("#updates h3")).to_have_text(["斷線2", "斷線1", "斷線0", "第1則", "第0則"])
    ids = page.locator("#updates li.update").evaluate_all("items => items.map((item) => item.id)")
    assert len(ids) == len(set(ids))
    # The browser logs requests that fail while it is offline.
    assert all("ERR_" in error for error in console_errors)
    console_errors.clear()


def test_readers_can_pause_and_the_page_remembers_it(server, page):
    blog = cover(2)
    open_blog(page, server.url)
    page.locator("[data-pause]").click()
    expect(page.locator("[data-live-state]")).to_have_text("更新已暫停")
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.goto(f"{server.url}/live/storm/")
    expect(page.locator("[data-pause]")).to_have_text("恢復更新")
    publish(blog, "新一", 20)
    page.wait_for_load_state("networkidle")
    assert [url for url in requested if "changes.json" in url or "stream" in url] == []
    with page.expect_response(re.compile("changes.json")):
        page.locator("[data-pause]").click()
    expect(page.locator("#updates h3").first).to_have_text("新一")


def test_withdrawn_blog_is_removed_from_open_pages(server, page, console_errors):
    blog = cover(2)
    open_blog(page, server.url)
    publishing.withdraw_blog(blog, by=SYSTEM)
    expect(page.locator("h1")).to_have_text("此報道已撤回")
    console_errors.clear()


def test_only_the_number_of_new_updates_is_announced(server, new_page):
    blog = cover(language="en", headline="Storm")
    page = new_page(viewport=PHONE)
    page.clock.install()
    open_blog(page, server.url, reading=blog.updates.get(heading="第5則"))
    publish(blog, "New", 20)
    status = page.locator('[role="status"]')
    expect(status).to_have_count(1)
    expect(status).to_have_text("1 new update")
    publish(blog, "Newer", 21)
    expect(page.locator("[data-pill]")).to_have_text("2 new updates")
    # Announcements are at least half a minute apart.
    page.clock.run_for(15_000)
    expect(status).to_have_text("1 new update")
    page.clock.run_for(15_000)
    expect(status).to_have_text("2 new updates")


def test_open_corrections_and_the_focus_survive_an_edit(server, page):
    blog = cover(1)
    update = blog.updates.get()
    for note in ("一", "二"):
        publishing.correct_update(update, Content.of(update), by=SYSTEM, note=note)
    open_blog(page, server.url)
    page.locator("#updates details summary").click()
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note="三")
    expect(page.locator("#updates .corrections")).to_contain_text("三")
    expect(page.locator("#updates details")).to_have_attribute("open", "")
    expect(page.locator("#updates details summary")).to_be_focused()


def test_five_live_inserts_cause_no_layout_shift(server, new_page):
    blog = cover()
    page = new_page(viewport=PHONE)
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    open_blog(page, server.url, reading=blog.updates.get(heading="第5則"))
    assert page.evaluate("window.shift") <= 0.002
    for i in range(4):
        publish(blog, f"補記{i}", 8.1 + i / 10)
    publish(blog, "新一", 20)
    expect(page.locator("h3", has_text="補記")).to_have_count(4)
    expect(page.locator("[data-pill]")).to_have_text("1 則新更新")
    assert page.evaluate("window.shift") <= 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_bar_has_no_accessibility_violations(server, new_page, console_errors, scheme):
    blog = cover()
    page = new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    open_blog(page, server.url, reading=blog.updates.get(heading="第5則"))
    publish(blog, "新一", 20)
    expect(page.locator("[data-pill]")).to_be_visible()
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    page.context.set_offline(True)
    expect(page.locator(".is-lost")).to_have_count(1)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    console_errors.clear()
