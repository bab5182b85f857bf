"""The reader's state on an open page, which changes to the page must not disturb."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import ElementHandle, Page, Route, expect

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from newsroom.text.external_media import FRAME_ORIGINS
from tests.factories import edit_blog, edit_update, make_blog, make_image, make_update
from tests.reader.test_embeds import BODY, FRAME
from tests.reader.test_live_page import PHONE, cover, headings, open_blog, publish, wait_for_frame
from tests.waiting import wait_for


def approve(blog: LiveBlog, text: str = "多謝") -> None:
    publishing.approve_response(publishing.submit_response(blog, name="讀者", text=text), by=SYSTEM)


def test_video_keeps_playing_while_the_page_around_it_changes(server, page):
    requested: list[str] = []

    def play(route: Route) -> None:
        requested.append(route.request.url)
        route.fulfill(content_type="text/html", body="<!doctype html><title>Player</title><p>Playing</p>")

    page.route(re.compile("|".join(map(re.escape, FRAME_ORIGINS))), play)
    blog = cover(2, has_responses=True)
    update = publish(blog, "記者會", 3, body=BODY)
    publishing.pin_update(update, by=SYSTEM)
    open_blog(page, server.url)
    page.locator(".pinned .more summary").click()
    for place in (".pinned", f"#update-{update.pk}"):
        page.locator(f"{place} [data-embed]").scroll_into_view_if_needed()
        # Right after scrolling, Chromium would send the click to the frame that was there before.
        wait_for_frame(page)
        page.locator(f"{place} [data-embed]").click()
        expect(page.frame_locator(f"{place} iframe").locator("p")).to_have_text("Playing")
    approve(blog)
    expect(page.locator(".responses")).to_contain_text("多謝")
    edit_blog(blog, headline="新的標題", summary="<p>新的撮要</p>")
    update = edit_update(update, body=f"<p>加上一段。</p>{BODY}<p>再加一段。</p>")
    publishing.correct_update(update, replace(Content.of(update), heading="改過"), by=SYSTEM, note="標題有誤")
    publish(blog, "更新的", 4)
    expect(page.locator(".pinned")).to_contain_text("標題有誤")
    expect(page.locator("[data-pill]")).to_have_text("1 則新更新")
    page.locator("[data-pill]").click()
    expect(page.locator("#updates h3").first).to_have_text("更新的")
    for place in (".pinned", f"#update-{update.pk}"):
        expect(page.locator(f"{place} .prose")).to_contain_text("再加一段。")
        expect(page.frame_locator(f"{place} iframe").locator("p")).to_have_text("Playing")
    # A frame that was replaced or moved in the DOM would have loaded again.
    assert requested == [FRAME, FRAME]


def test_focus_open_details_and_typed_text_survive_changes(server, new_page):
    blog = cover(3, has_responses=True, summary="<ul><li>一</li><li>二</li></ul>")
    picture = make_image(alt="現場", is_sensitive=True)
    pinned = publish(blog, "傷者", 5, images=(picture,), is_key_event=True)
    publishing.pin_update(pinned, by=SYSTEM)
    for i in range(6):
        publish(blog, f"大事{i}", 6 + i, is_key_event=True)
    page = new_page(viewport=PHONE)
    open_blog(page, server.url)
    page.locator(".pinned .more summary").click()
    page.locator(".pinned .cover summary").click()
    page.locator(".summary > summary").click()
    page.locator(".key-events ol").evaluate("list => { list.scrollLeft = 150 }")
    page.locator("#q").fill("停火")
    page.locator(".pinned .share").focus()
    approve(blog)
    edit_blog(blog, standfirst="新的導言")
    edit_update(pinned, body="<p>新的內文。</p>")
    publish(blog, "最新", 20, is_key_event=True)
    expect(page.locator(".pinned")).to_contain_text("新的內文。")
    expect(page.locator(".key-events")).to_contain_text("最新")
    expect(page.locator(".pinned .share")).to_be_focused()
    for part in (".pinned .cover", ".pinned .more", ".summary"):
        expect(page.locator(part)).to_have_attribute("open", "")
    expect(page.locator("#q")).to_have_value("停火")
    assert page.locator(".key-events ol").evaluate("list => list.scrollLeft") > 100


PLACES = [
    ".standfirst p",
    ".summary li:last-child",
    ".pinned .share",
    ".search-form",
    ".related li",
    ".responses li:nth-child(2) p",
]


def scroll_to(page: Page, selector: str) -> ElementHandle:
    """Scroll the element to the top of the viewport, or to the sticky bar if it is above, and return it."""
    reading = page.locator(selector).first.element_handle()
    reading.evaluate(
        """element => {
          const bar = document.querySelector("[data-live-bar]");
          const isBelow = bar.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
          const edge = isBelow ? bar.offsetHeight : 0;
          scrollBy({ top: element.getBoundingClientRect().top - edge, behavior: "instant" });
        }"""
    )
    wait_for_frame(page)
    assert page.evaluate("scrollY") > 8
    return reading


@pytest.mark.parametrize("selector", PLACES)
def test_changes_above_do_not_move_what_is_being_read(server, new_page, selector):
    story = Story("相關報道", 0, "https://example.com/")
    blog = cover(
        12,
        has_responses=True,
        standfirst="導言",
        summary="<ul><li>一</li><li>二</li></ul>",
        stories=(story,),
    )
    publishing.pin_update(publish(blog, "置頂", 5.5), by=SYSTEM)
    for text in "甲乙丙丁戊己庚辛":
        approve(blog, text)
    page = new_page(viewport=PHONE)
    open_blog(page, server.url)
    for part in (".summary > summary", ".pinned .more summary"):
        page.locator(part).click()
    reading = scroll_to(page, selector)
    before = reading.bounding_box()["y"]

    def shift() -> float:
        return abs(reading.bounding_box()["y"] - before)

    publish(blog, "補記", 8.5, body="<p>長長的內文。</p>" * 12, is_key_event=True)
    expect(page.locator("#updates h3", has_text="補記")).to_have_count(1)
    assert shift() <= 1
    edit_blog(blog, headline="很長的標題" * 12)
    expect(page.locator("h1")).to_contain_text("很長的標題" * 12)
    assert shift() <= 1
    publishing.withdraw_update(blog.updates.get(heading="第9則"), by=SYSTEM, reason="x")
    expect(page.locator(".tombstone")).to_have_count(1)
    assert shift() <= 1
    approve(blog, "新的一則" * 20)
    expect(page.locator(".responses")).to_contain_text("新的一則" * 20)
    # The newest response is inserted first, above those that are being read.
    assert shift() <= 1


def test_resized_picture_does_not_move_what_is_being_read(server, new_page):
    cover(12, hero_image=make_image(alt="一幅圖"), standfirst="很長的導言" * 20, has_responses=True)
    page = new_page(viewport=PHONE)
    open_blog(page, server.url)
    reading = scroll_to(page, ".responses h2")
    before = reading.bounding_box()["y"]
    for height in (700, 40):
        # Simulate a picture, frame or font that arrives late and changes the layout.
        page.locator(".picture-hero img").evaluate(
            "(image, height) => { image.style.height = height }", f"{height}px"
        )
        wait_for(lambda height=height: page.locator(".picture-hero img").bounding_box()["height"] == height)
        wait_for(lambda: abs(reading.bounding_box()["y"] - before) <= 1)


def older_ids(page: Page, url: str) -> list[str]:
    """Return the IDs of the updates on the page of older updates that this page links to."""
    href = page.locator(".pages [rel=next]").get_attribute("href")
    other = page.context.new_page()
    other.goto(f"{url}/live/storm/{href}")
    ids = other.locator("li.update").evaluate_all("items => items.map((item) => item.dataset.id)")
    other.close()
    return ids


def newest_ids(blog: LiveBlog) -> list[str]:
    return [str(pk) for pk in blog.updates.visible().newest_first().values_list("pk", flat=True)]


def displayed_ids(page: Page) -> list[str]:
    return page.locator("li.update").evaluate_all("items => items.map((item) => item.dataset.id)")


def test_open_page_keeps_as_many_updates_as_a_fresh_one_and_links_to_the_rest(server, new_page):
    blog = cover(5)
    page = new_page(viewport=PHONE)
    open_blog(page, server.url)
    assert page.locator(".pages [rel=next]").count() == 0
    for i in range(40):
        publish(blog, f"新{i}", 20 + i)
    expect(page.locator("#updates h3").first).to_have_text("新39")
    ids = newest_ids(blog)
    assert displayed_ids(page) == ids[:20]
    assert older_ids(page, server.url) == ids[20:40]


def test_updates_being_read_are_trimmed_only_when_waiting_ones_are_inserted(server, new_page):
    blog = cover(12)
    page = new_page(viewport=PHONE)
    reading = blog.updates.get(heading="第2則")
    open_blog(page, server.url, reading=reading)
    for i in range(45):
        publish(blog, f"新{i}", 20 + i)
    pill = page.locator("[data-pill]")
    expect(pill).to_have_text("45 則新更新")
    expect(page.locator(f"#update-{reading.pk}")).to_be_in_viewport()
    assert "第0則" in headings(page)
    pill.click()
    expect(page.locator("h3", has_text="新44")).to_be_focused()
    ids = newest_ids(blog)
    assert displayed_ids(page) == ids[:20]
    assert older_ids(page, server.url) == ids[20:40]


def test_open_update_page_follows_withdrawal_restoration_and_erasure(server, page, console_errors):
    blog = cover(3)
    update = publish(blog, "秘密", 5, body="<p>秘密的內文。</p>")
    open_blog(page, server.url, path=f"/live/storm/{update.pk}/")
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    expect(page.locator("article")).to_contain_text(
        re.compile(r"此更新已於\d+日\d\d:\d\d撤回"), timeout=5_000
    )
    wait_for(lambda: "秘密" not in page.content(), 5)
    assert "秘密" not in page.title()
    publishing.restore_update(update, by=SYSTEM)
    expect(page.locator("h1")).to_have_text("秘密")
    publishing.correct_update(
        update, Content("改過", "<p>新。</p>", update.happened_at), by=SYSTEM, note="有誤"
    )
    expect(page.locator("h1")).to_have_text("改過")
    expect(page.locator(".corrections")).to_contain_text("有誤")
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    expect(page.locator("article .tombstone")).to_be_visible()
    assert "改過" not in page.content()
    assert all("410" in error for error in console_errors), console_errors
    console_errors.clear()


@pytest.mark.parametrize("verb", ["embargo", "undo", "withdraw the blog"])
def test_open_update_page_is_emptied_when_the_update_is_no_longer_public(server, page, console_errors, verb):
    blog = cover(3)
    update = publish(blog, "秘密", 5)
    open_blog(page, server.url, path=f"/live/storm/{update.pk}/")
    if verb == "embargo":
        edit_blog(blog, embargo_until_at=hongkong.now() + timedelta(days=1))
    elif verb == "undo":
        publishing.undo_publication(update, by=SYSTEM)
    else:
        publishing.withdraw_blog(blog, by=SYSTEM)
    expect(page.locator("article")).to_have_count(0)
    assert "秘密" not in page.content()
    console_errors.clear()


@pytest.mark.parametrize("hours", [3, -3])
@pytest.mark.parametrize("is_paused", [False, True])
def test_times_follow_the_clock_of_the_server(server, new_page, console_errors, hours, is_paused):
    blog = make_blog(slug="storm")
    now = hongkong.now()
    make_update(blog, happened_at=now - timedelta(minutes=2, seconds=10))
    page = new_page()
    if is_paused:
        page.goto(f"{server.url}/live/storm/")
        page.locator("[data-pause]").click()
    page.clock.install(time=datetime.now(tz=hongkong.ZONE) + timedelta(hours=hours))
    if is_paused:
        page.goto(f"{server.url}/live/storm/")
        expect(page.locator(".ago")).to_have_text(re.compile("^[2-4] 分鐘前$"))
        return
    # A stream that opens while the browser goes offline would stay open, because only requests are refused.
    with page.expect_response("**/stream?*"):
        page.goto(f"{server.url}/live/storm/")
    expect(page.locator(".ago")).to_have_text(re.compile("^[2-4] 分鐘前$"))
    page.context.set_offline(True)
    state = page.locator("[data-live-state]")
    expect(state).to_have_text(re.compile("^連線中斷"))
    displayed_time = re.search(r"\d\d:\d\d", state.inner_text())[0]
    # The page knows the server's clock from times in whole seconds.
    earliest = now - timedelta(seconds=2)
    times = [(earliest + timedelta(minutes=minutes)).strftime("%H:%M") for minutes in range(4)]
    assert displayed_time in times
    console_errors.clear()
