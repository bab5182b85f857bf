"""Marks of single updates and other details of the page's layout, measured in a browser."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from liveblog import publishing
from liveblog.presentation.reading import KEY_EVENTS_SHOWN
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.desk.composing import forget_refusals
from tests.factories import make_blog, make_update
from tests.reader.test_layout import DESKTOP, PHONE, TABLE, box
from tests.stories import make_election_night

ACCENT = {"light": "rgb(179, 19, 27)", "dark": "rgb(255, 122, 112)"}
AMBER = {"light": "rgb(138, 75, 0)", "dark": "rgb(255, 196, 107)"}
LIVE_HEADLINE = "立法會選舉投票結束點票通宵進行" * 9


def colour_of(element: Locator) -> str:
    return str(element.evaluate("element => getComputedStyle(element).color"))


def height_of_line(page: Page, selector: str) -> float:
    return float(
        page.locator(selector).first.evaluate("element => parseFloat(getComputedStyle(element).lineHeight)")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_unconfirmed_update_is_amber_with_its_source_wherever_it_is_shown(server, new_page, scheme):
    blog = make_blog(slug="storm")
    table = TABLE.format("票數", "<tr><td>港島</td><td>1,284</td></tr>")
    update = make_update(blog, "票箱遺失", body=table, verification="unconfirmed", source="讀者報料")
    page = new_page(viewport=PHONE, color_scheme=scheme)
    for path in ("/live/storm/", f"/live/storm/{update.pk}/", "/embed/storm/"):
        page.goto(server.url + path)
        mark = page.locator(".mark-unconfirmed")
        expect(mark).to_have_text(re.compile(r"^\s*未經證實\s*來源：\s*讀者報料\s*$"))
        assert colour_of(mark) == AMBER[scheme], path
        # The source stands in the mark alone, and a table in such an update is laid out like any other.
        assert "讀者報料" not in page.locator(".update-foot").first.inner_text()
        number = page.locator(".table td.number")
        assert number.evaluate("cell => getComputedStyle(cell, '::before').content") == '"票數"'


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_update_has_exactly_one_red_element(server, new_page, scheme):
    blog = make_blog(slug="storm")
    plain, key = make_update(blog, "一般"), make_update(blog, "要點", is_key_event=True)
    page = new_page(viewport=DESKTOP, color_scheme=scheme)
    page.goto(f"{server.url}/live/storm/")
    for update, reds in ((plain, [True, False]), (key, [False, True])):
        row = page.locator(f"#update-{update.pk}")
        colours = [colour_of(row.locator(part)) for part in (".update-time .clock", "h3")]
        assert [colour == ACCENT[scheme] for colour in colours] == reds
    assert colour_of(page.locator(".key-events .key-time")) == ACCENT[scheme]
    assert colour_of(page.locator(".key-events .key-heading")) != ACCENT[scheme]


def test_correction_is_marked_beside_the_time_and_its_note_stands_above_the_text(server, new_page):
    update = make_update(make_blog(slug="storm"), "五人受傷")
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note="傷者應為五人。")
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    mark, time = box(page, ".update .mark"), box(page, ".update .clock")
    assert abs(mark["y"] + mark["height"] / 2 - time["y"] - time["height"] / 2) <= 6
    expect(page.locator(".update .mark")).to_have_text("已更正")
    assert box(page, ".update h3")["y"] < box(page, ".corrections")["y"] < box(page, ".prose")["y"]
    expect(page.locator(".corrections")).to_have_text(re.compile(r"更正\s+\d+日 \d\d:\d\d\s+傷者應為五人。"))


def test_foot_of_an_update_has_one_word_and_its_time_is_the_permalink(server, new_page):
    update = make_update(make_blog(slug="storm"), "消息")
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    expect(page.locator(".update-foot")).to_have_text(re.compile(r"^\s*分享\s*$"))
    page.locator(".update-time a").click()
    expect(page).to_have_url(f"{server.url}/live/storm/{update.pk}/")


def test_headline_steps_down_from_40_and_70_characters(server, new_page):
    page = new_page(viewport=DESKTOP)
    sizes = []
    for length in (39, 40, 69, 70):
        make_blog(slug=f"of-{length}", headline=LIVE_HEADLINE[:length])
        page.goto(f"{server.url}/live/of-{length}/")
        sizes.append(page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).fontSize)"))
    assert [round(size / sizes[0], 3) for size in sizes] == [1, 0.875, 0.875, 0.7]


def test_phone_has_the_kicker_on_a_line_of_its_own_and_the_state_on_one_line(server, new_page):
    blog = make_blog(slug="storm", kicker="天氣", headline="八號信號生效")
    update = make_update(blog, "消息")
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note="更正。")
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    kicker = box(page, "h1 .kicker")
    assert kicker["width"] > 300
    assert box(page, "h1")["height"] >= kicker["height"] + height_of_line(page, "h1") - 1
    assert box(page, ".head .flags")["height"] <= 45


def test_page_of_older_updates_has_a_head_of_two_lines(server, new_page):
    blog = make_blog(slug="storm", kicker="選舉", headline=LIVE_HEADLINE[:60])
    updates = [make_update(blog, f"第{index}則") for index in range(25)]
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/?before={updates[5].pk}")
    assert box(page, "h1")["height"] <= 1.5 * height_of_line(page, "h1")
    assert box(page, ".head")["height"] <= 80


def test_table_that_scrolls_has_a_shadow_and_one_that_fits_has_none(server, new_page):
    blog = make_blog(slug="storm")
    row = f"<tr><td>第一區</td>{'<td>1,284</td>' * 9}</tr>"
    make_update(blog, "大", body=TABLE.format("</th><th>".join("票數" for _ in range(9)), row))
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    table = page.locator(".table")
    assert table.evaluate("table => table.scrollWidth > table.clientWidth")
    assert "gradient" in table.evaluate("table => getComputedStyle(table).backgroundImage")


def test_response_form_counts_characters_left_and_explains_the_use_of_the_name(
    server, new_page, console_errors
):
    make_blog(slug="storm", has_responses=True)
    page = new_page(viewport=PHONE, locale="en-GB")
    page.goto(f"{server.url}/live/storm/respond/")
    expect(page.get_by_text("姓名只會與回應一同刊出，不作其他用途。")).to_be_visible()
    count = page.locator(".count")
    expect(count).to_be_hidden()
    page.locator("textarea").fill("字" * 440)
    expect(count).to_contain_text("60")
    # The browser would complain in its own language, English.
    page.locator("textarea").fill("")
    page.get_by_role("button", name="送出").click()
    expect(page.locator(".refusal").first).to_have_text(re.compile("[一-鿿]"))
    forget_refusals(console_errors, 400)


def test_election_night_reads_well_on_phone_and_desktop(server, new_page):
    """40 key events, a table of five columns, corrections and 30 running live blogs."""
    make_election_night()
    for index in range(29):
        blog = make_blog(kicker="選舉", headline=f"第{index + 1}區點票 候選人暫時領先")
        make_update(blog, "點票完成", happened_at=hongkong.now() - timedelta(minutes=90 + index))
    for viewport in (PHONE, DESKTOP):
        page = new_page(viewport=viewport)
        page.goto(server.url)
        assert page.locator(".live-now li:is(.card, .rows li)").count() == 30
        page.locator(".card-lead h3 a").click()
        expect(page.locator("#updates li.update").first).to_be_in_viewport()
        assert page.locator(".key-events li").count() == KEY_EVENTS_SHOWN
        table = page.locator("#updates .table").first
        table.scroll_into_view_if_needed()
        assert table.locator("td.number").count() == 24
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        page.locator(".head a[href$='/corrections/']").click()
        expect(page.locator(".corrected li")).to_have_count(1)
        page.go_back()
        page.get_by_role("link", name="全部要點").click()
        expect(page.locator(".latest li")).to_have_count(40)
