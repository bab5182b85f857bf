"""The layout of public pages, measured in a browser on a phone and on a desktop."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_update
from tests.reader.test_browser import cover_storm
from tests.reader.test_live_page import cover, publish

PHONE, DESKTOP = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
TABLE = "<table><tr><th>選區</th><th>{}</th></tr>{}</table>"


def box(page: Page, selector: str) -> dict[str, float]:
    return page.locator(selector).first.bounding_box()


def test_first_update_of_each_demo_blog_is_in_the_first_view(server, new_page):
    call_command("load_demo", verbosity=0)
    blogs = list(LiveBlog.objects.all())
    for viewport in (PHONE, DESKTOP):
        page = new_page(viewport=viewport)
        for blog in blogs:
            page.goto(server.url + blog.get_absolute_url())
            place = f"{blog.slug} at {viewport['width']}"
            assert box(page, "#updates li.update")["y"] <= viewport["height"], place
            lines = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).lineHeight)")
            assert box(page, "h1")["height"] <= 5 * lines, place
            hero = box(page, ".picture-hero img")
            if viewport is DESKTOP:
                assert hero["x"] > box(page, ".standfirst")["x"] + 200, place
            else:
                assert (hero["height"] <= 200) is blog.is_live, place


@pytest.mark.parametrize("length", [39, 51, 69, 76])
def test_headline_takes_at_most_four_lines_of_a_phone(server, new_page, length):
    headline = "立法會選舉投票結束點票通宵進行" * 9
    make_blog(slug="storm", kicker="選舉", headline=headline[: length - len("選舉︱")])
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    line = page.evaluate("parseFloat(getComputedStyle(document.querySelector('h1')).lineHeight)")
    kicker = box(page, "h1 .kicker")["height"]
    assert box(page, "h1")["height"] - kicker <= 4 * line + 1


def test_opening_a_section_moves_nothing_above_it(server, new_page):
    blog = cover(3, standfirst="很長的導言。" * 30, summary="<ul><li>第一點</li><li>第二點</li></ul>")
    publishing.pin_update(publish(blog, "置頂", 5, body="<p>很長的內文。</p>" * 9), by=SYSTEM)
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    expect(page.locator(".summary")).not_to_have_attribute("open", "")
    expect(page.locator(".summary-first")).to_have_text("第一點")
    expect(page.get_by_text("第二點")).to_be_hidden()
    line = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.standfirst p')).lineHeight)")
    assert box(page, ".standfirst p")["height"] <= 3 * line + 1
    assert page.locator(".pinned .prose p:visible").count() == 1
    for part, above in (
        (".standfirst .more summary", "h1"),
        (".summary > summary", ".standfirst p"),
        (".pinned .more summary", ".pinned h3"),
    ):
        before = box(page, above)
        page.locator(part).click()
        assert box(page, above)["y"] == before["y"], part
    assert box(page, ".standfirst p")["height"] > 3 * line + 1
    expect(page.get_by_text("第二點")).to_be_visible()
    assert page.locator(".pinned .prose p:visible").count() == 9


def test_front_page_of_30_running_blogs_takes_four_phone_screens(server, new_page):
    for i in range(32):
        blog = make_blog(
            slug=f"blog-of-front-{i}",
            kicker="立法會選舉",
            headline=f"第{i}區點票 候選人暫時領先 當局料深夜有結果",
            standfirst="導言。" * 40,
            hero_image=make_image() if i > 27 else None,
        )
        for k in range(3):
            make_update(blog, f"消息{k}", happened_at=hongkong.now() - timedelta(minutes=60 - i + k))
    page = new_page(viewport=PHONE)
    page.goto(server.url)
    rows = page.locator(".rows li")
    assert page.locator("li.card").count() + rows.count() == 30
    last = box(page, ".rows li:last-child")
    assert last["y"] + last["height"] <= 4 * PHONE["height"]
    assert all(44 <= row.bounding_box()["height"] <= 56 for row in rows.all())
    assert page.locator(".card-lead .latest li").count() == 3
    assert [card.locator(".latest li").count() for card in page.locator(".card:not(.card-lead)").all()] == [
        1
    ] * 3
    page.locator(".live-now [rel=next]").click()
    expect(rows).to_have_count(2)
    page.set_viewport_size(DESKTOP)
    page.goto(server.url)
    assert page.evaluate("getComputedStyle(document.querySelector('.card-lead h3')).fontSize") == "40px"


@pytest.mark.parametrize("width", [320, 375])
def test_larger_text_causes_no_sideways_scrolling_and_two_lines_of_masthead(server, new_page, width):
    cover_storm()
    cover_storm("en")
    page = new_page(viewport={"width": width, "height": 812}, bypass_csp=True)
    for path in ("/", "/live/storm-zh-hant/", "/live/storm-en/", "/search/?q=8"):
        page.goto(server.url + path)
        for percent in (100, 150, 200):
            page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%` }", percent)
            assert page.evaluate("document.documentElement.scrollWidth") == width, (path, percent)
            middles = page.locator(".masthead a").evaluate_all(
                "links => links.map((link) => link.getBoundingClientRect())"
                ".map(({ top, height }) => Math.round((top + height / 2) / 8))"
            )
            assert len(set(middles)) <= 2, (path, percent)
            assert page.evaluate("document.querySelector('.masthead-name').getClientRects().length") == 1


def test_largest_text_is_never_cut_off_on_the_narrowest_phone(server, new_page):
    blog = cover_storm()
    update = blog.updates.published().newest_first()[0]
    page = new_page(viewport={"width": 320, "height": 812}, bypass_csp=True)
    own = f"/live/{blog.slug}/"
    for path in (
        own,
        f"{own}{update.pk}/",
        f"{own}key-events/",
        f"{own}corrections/",
        f"{own}respond/",
        f"/embed/{blog.slug}/",
        "/search/?q=信號",
        "/topics/topic-zh-hant/",
    ):
        page.goto(server.url + path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
        cut = page.evaluate(
            """() => [...document.querySelectorAll("body :is(a, p, h1, h2, h3, span, time, button)")]
              .filter((element) => element.checkVisibility())
              .filter((element) => !element.closest(".key-events, .table, .skip, .unseen"))
              .filter((element) => element.getBoundingClientRect().right > 321)
              .map((element) => element.outerHTML.slice(0, 90))"""
        )
        assert cut == [], path
        for selector in (".masthead-name", ".live-title"):
            for words in page.locator(f"{selector}:visible").all():
                assert words.evaluate("({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth"), path


def test_tables_on_phones_align_numbers_and_scroll_below_the_first_column(server, new_page):
    blog = make_blog(slug="storm")
    wide = "".join(f"<tr><td>第{i}區</td>{'<td>1,284</td>' * 9}</tr>" for i in range(8))
    make_update(blog, "小", body=TABLE.format("票數", "<tr><td>港島</td><td>1,284</td></tr>"))
    make_update(blog, "大", body=TABLE.format("</th><th>".join("票數" for _ in range(9)), wide))
    page = new_page(viewport=PHONE)
    page.goto(f"{server.url}/live/storm/")
    large, small = page.locator(".table").all()
    cell = large.locator("td.number").first
    assert cell.evaluate("cell => getComputedStyle(cell).textAlign") == "right"
    assert cell.evaluate("cell => getComputedStyle(cell).fontVariantNumeric") == "tabular-nums"
    first = large.locator("td").first
    before = first.bounding_box()["x"]
    large.evaluate("table => { table.scrollLeft = 200 }")
    assert large.evaluate("table => table.scrollLeft") == 200
    assert first.bounding_box()["x"] == before
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    label = "cell => getComputedStyle(cell, '::before').content"
    assert small.locator("td.number").evaluate(label) == '"票數"'
    assert small.locator("td").first.evaluate("cell => getComputedStyle(cell).display") == "flex"
