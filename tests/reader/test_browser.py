"""The public pages in a real browser: phone and desktop, light and dark, in each language."""

from __future__ import annotations

import gzip
import re
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Topic
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_update

WORDS = {
    "zh-hant": ("風暴", "八號信號生效 全港停課", "天文台改發八號信號", "市民應盡早完成防風措施。"),
    "zh-hans": ("风暴", "八号信号生效 全港停课", "天文台改发八号信号", "市民应尽早完成防风措施。"),
    "en": ("Storm", "No 8 signal in force and schools closed", "Signal raised", "Stay indoors."),
}
OTHER = {"zh-hant": "zh-hans", "zh-hans": "zh-hant"}
MIDNIGHT = datetime(2026, 3, 19, tzinfo=hongkong.ZONE)


def cover_storm(language: str = "zh-hant", updates: int = 8) -> LiveBlog:
    """A blog with one of everything that a page can show, over two days."""
    kicker, headline, heading, text = WORDS[language]
    image = make_image(alt=headline, caption=headline, credit=kicker)
    sensitive = make_image(alt=headline, is_sensitive=True)
    byline, _created = Byline.objects.get_or_create(name=kicker)
    topic, _created = Topic.objects.get_or_create(slug=f"topic-{language}", name=kicker)
    blog = make_blog(
        slug=f"storm-{language}",
        language=language,
        kicker=kicker,
        headline=headline,
        standfirst=text,
        summary=f"<ul><li>{text}</li></ul>",
        hero_image=image,
        bylines=(byline,),
        topics=(topic,),
        coverage_start_at=MIDNIGHT - timedelta(hours=2),
        stories=(Story(headline, 0, "https://example.com/"),),
        has_responses=True,
    )
    for i in range(updates):
        update = make_update(
            blog,
            "" if i == 2 else f"{heading} {i}",
            body=f"<p>{text}</p><ul><li>{text}</li></ul><table><tr><th>{kicker}</th><td>{i}</td></tr></table>",
            happened_at=MIDNIGHT + timedelta(minutes=5 + 20 * (i - 3)),
            has_clock_time=i != 1,
            is_key_event=i % 3 == 0,
            byline=byline,
            source=kicker,
            verification="unconfirmed" if i == 4 else "",
            images=(image,) if i == 6 else (sensitive,) if i == 7 else (),
            stories=(Story(headline, 1, "https://example.com/"), Story(text, 2)),
        )
        if i == 5:
            publishing.withdraw_update(update, by=SYSTEM, reason="x")
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note=text)
    publishing.correct_update(update, Content.of(update), by=SYSTEM, note=headline)
    publishing.pin_update(update, by=SYSTEM)
    return blog


def test_times_are_hong_kongs_wherever_the_reader_is(server, new_page):
    cover_storm()
    page = new_page(timezone_id="America/New_York", locale="en-US")
    page.goto(f"{server.url}/live/storm-zh-hant/")
    assert page.locator("#updates .update-time .clock").all_inner_texts() == [
        "【01:25】", "【01:05】", "【00:25】", "【00:05】", "【23:45】", "【23:05】",
    ]  # fmt: skip
    assert page.locator("#updates h2").all_inner_texts() == ["19日最新消息", "18日最新消息"]
    assert (
        page.locator('#update-4 time, [data-day="2026-03-19"] time')
        .first.get_attribute("datetime")
        .endswith("+08:00")
    )


def test_a_recent_update_says_how_long_ago_it_was(server, page):
    blog = make_blog()
    make_update(blog, happened_at=hongkong.now() - timedelta(minutes=5, seconds=10))
    page.goto(f"{server.url}/live/{blog.slug}/")
    expect(page.locator(".ago")).to_have_text("5 分鐘前")


def test_key_events_stand_in_the_first_viewport_of_a_phone(server, new_page):
    cover_storm()
    page = new_page(viewport={"width": 375, "height": 667})
    page.goto(f"{server.url}/live/storm-zh-hant/")
    box = page.locator(".key-events li").first.bounding_box()
    assert box["y"] + box["height"] <= 667
    href = page.locator(".key-events a").first.get_attribute("href")
    page.locator(".key-events a").first.click()
    assert page.url == server.url + href


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_violations_and_do_not_scroll_sideways(
    server, new_page, console_errors, language, scheme
):
    blog = cover_storm(language)
    update, gone = blog.updates.published().first(), blog.updates.get(status="withdrawn")
    page = new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    for path in (
        "/",
        f"/live/{blog.slug}/",
        f"/live/{blog.slug}/?before={update.pk}",
        f"/live/{blog.slug}/{update.pk}/",
        f"/live/{blog.slug}/{gone.pk}/",
        f"/topics/topic-{language}/",
        f"/live/{blog.slug}/respond/",
        f"/live/{blog.slug}/?text=1",
        f"/search/?q={WORDS[language][2][:6]}",
        f"/search/?q=none&in={blog.slug}",
        *(
            []
            if language == "en"
            else [
                f"/{OTHER[language]}/live/{blog.slug}/",
                f"/{OTHER[language]}/live/{blog.slug}/{update.pk}/",
            ]
        ),
        "/zh-hans/",
        "/nothing-here/",
    ):
        page.goto(server.url + path)
        results = Axe().run(page)
        assert results.violations_count == 0, f"{path}: {results.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
    # The browser reports each 404 and 410 as an error, which they are meant to be here.
    assert len(console_errors) == 2
    console_errors.clear()


def test_controls_are_large_enough_to_touch(server, new_page):
    cover_storm()
    page = new_page(viewport={"width": 375, "height": 667})
    page.goto(f"{server.url}/live/storm-zh-hant/")
    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, summary")]
          .filter((target) => !target.closest(".prose, .story, figcaption, .skip"))
          .map((target) => [target.textContent.trim(), target.getBoundingClientRect()])
          .filter(([, box]) => box.height && box.height < 44)
          .map(([text, box]) => `${text}: ${box.height}`)"""
    )
    assert small == []


def test_everything_reads_without_javascript(server, new_page):
    blog = cover_storm(updates=25)
    page = new_page(java_script_enabled=False)
    page.goto(f"{server.url}/live/{blog.slug}/")
    assert page.locator("#updates li.update").count() == 20
    page.locator('a[rel="next"]').click()
    assert page.locator("#updates li.update").count() == 5
    page.locator("#updates .permalink").first.click()
    expect(page.locator("h1")).to_contain_text("天文台改發八號信號")
    share = page.locator("a.share").get_attribute("href")
    assert re.fullmatch(r"mailto:\?subject=[^&]+&body=http[^&]+", share)


def test_sharing_copies_the_address_where_the_browser_cannot_share(server, new_page):
    blog = cover_storm()
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script("delete Navigator.prototype.share")
    page.goto(f"{server.url}/live/{blog.slug}/")
    link = page.locator("#updates a.share").first
    link.click()
    expect(link).to_have_text("已複製連結")
    assert page.evaluate("navigator.clipboard.readText()") == link.get_attribute("data-url")


def test_the_keyboard_reaches_the_updates_past_the_head(server, page):
    blog = cover_storm()
    page.goto(f"{server.url}/live/{blog.slug}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_pages_set_no_cookie_and_stay_within_their_budgets(server, page):
    blog = cover_storm(updates=20)
    sizes: dict[str, int] = {}

    def measure(response) -> None:
        kind = response.request.resource_type
        sizes[kind] = sizes.get(kind, 0) + len(gzip.compress(response.body()))

    page.on("response", measure)
    page.goto(f"{server.url}/live/{blog.slug}/")
    page.wait_for_load_state("networkidle")
    assert page.context.cookies() == []
    assert sizes["script"] <= 12 * 1024
    assert sizes["stylesheet"] <= 10 * 1024
    assert sizes["document"] <= 40 * 1024
    assert "font" not in sizes


def test_nothing_shifts_while_the_page_loads(server, new_page):
    blog = cover_storm()
    page = new_page(viewport={"width": 375, "height": 667})
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(f"{server.url}/live/{blog.slug}/")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("window.shift") <= 0.002


def test_times_never_break_and_long_addresses_wrap(server, new_page):
    blog = make_blog(headline="https://example.com/" + "a" * 180)
    make_update(blog, "長" * 60, body=f"<p>https://example.com/{'b' * 300}</p>")
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{server.url}/live/{blog.slug}/")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.querySelector('.clock').getClientRects().length") == 1
