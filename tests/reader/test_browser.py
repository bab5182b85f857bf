"""The public pages in a real browser: phone and desktop, light and dark, in each language."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Request, expect

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Topic
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_update
from tests.waiting import wait_for

WORDS = {
    "zh-hant": ("風暴", "八號信號生效 全港停課", "天文台改發八號信號", "市民應盡早完成防風措施。"),
    "zh-hans": ("风暴", "八号信号生效 全港停课", "天文台改发八号信号", "市民应尽早完成防风措施。"),
    "en": ("Storm", "No 8 signal in force and schools closed", "Signal raised", "Stay indoors."),
}
OTHER = {"zh-hant": "zh-hans", "zh-hans": "zh-hant"}
MIDNIGHT = datetime(2026, 3, 19, tzinfo=hongkong.ZONE)


def cover_storm(language: str = "zh-hant", updates: int = 8) -> LiveBlog:
    """Return a blog over two days with one of everything that a page can show."""
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
            bylines=(byline,),
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


def test_times_are_in_hong_kong_time_in_any_reader_time_zone(server, new_page):
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


def test_recent_update_shows_its_age(server, page):
    blog = make_blog()
    make_update(blog, happened_at=hongkong.now() - timedelta(minutes=5, seconds=10))
    page.clock.install()
    page.goto(f"{server.url}/live/{blog.slug}/")
    expect(page.locator(".ago")).to_have_text("5 分鐘前")
    # An open connection would tell the page the time of the server, which does not pass any faster.
    page.locator("[data-pause]").click()
    page.clock.run_for(61_000)
    expect(page.locator(".ago")).to_have_text("6 分鐘前")


PHONE, DESKTOP = {"width": 375, "height": 667}, {"width": 1280, "height": 800}


def test_page_parts_appear_in_order_on_phone_and_desktop(server, new_page):
    blog = cover_storm()
    for viewport in (PHONE, DESKTOP):
        page = new_page(viewport=viewport)
        page.goto(f"{server.url}/live/storm-zh-hant/")
        parts = [
            ".head .badge", "h1 .kicker", "h1", ".meta", ".standfirst", ".picture-hero img", ".summary",
            ".pinned", "#updates", ".related", ".responses",
        ]  # fmt: skip
        for part in parts:
            expect(page.locator(part)).to_have_count(1)
            expect(page.locator(part)).to_be_visible()
        tops = [page.locator(part).bounding_box()["y"] for part in parts[2:]]
        assert tops == sorted(tops)
        expect(page.locator("h1")).to_have_text("風暴︱八號信號生效 全港停課")
        # The related story at position 1 comes right after the first paragraph.
        passages = page.locator("#updates .prose").first.locator("> *:not(figure)")
        assert passages.nth(0).inner_text() == "市民應盡早完成防風措施。"
        expect(passages.nth(1)).to_have_class("story")
    publishing.end_coverage(blog, by=SYSTEM)
    page.reload()
    expect(page.locator(".badge")).to_have_count(0)


def test_key_events_are_visible_without_scrolling(server, new_page):
    cover_storm()
    for viewport in (PHONE, DESKTOP):
        page = new_page(viewport=viewport)
        page.goto(f"{server.url}/live/storm-zh-hant/")
        box = page.locator(".key-events ol li").first.bounding_box()
        assert box["y"] + box["height"] <= viewport["height"]
        href = page.locator(".key-events a").first.get_attribute("href")
        page.locator(".key-events a").first.click()
        assert page.url == server.url + href


def test_days_have_headings_and_updates_have_accessible_names(server, page):
    cover_storm("en")
    start = datetime(2026, 7, 31, 12, tzinfo=hongkong.ZONE)
    blog = make_blog(slug="long", coverage_start_at=start)
    for hours in (1, 25):
        make_update(blog, "消息", happened_at=start + timedelta(hours=hours))
    page.goto(f"{server.url}/live/long/")
    assert page.locator("#updates h2").all_inner_texts() == ["8月1日最新消息", "31日最新消息"]
    page.goto(f"{server.url}/live/storm-en/")
    assert page.locator("#updates h2").all_inner_texts() == ["Updates: 19 March", "Updates: 18 March"]
    names = page.evaluate(
        """() => [...document.querySelectorAll('#updates ol[role="list"] > li > article')]
          .map((article) => document.getElementById(article.getAttribute("aria-labelledby")))
          .map((name) => name.textContent.trim())"""
    )
    assert len(names) == page.locator("#updates li.update").count()
    assert all(names)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_accessibility_violations_or_horizontal_scrolling(
    server, new_page, console_errors, language, scheme
):
    blog = cover_storm(language)
    update, gone = blog.updates.published().first(), blog.updates.get(status="withdrawn")
    withdrawn = make_blog(language=language)
    publishing.withdraw_blog(withdrawn, by=SYSTEM)
    page = new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    for path in (
        "/",
        f"/live/{blog.slug}/",
        f"/live/{blog.slug}/?before={update.pk}",
        f"/live/{blog.slug}/{update.pk}/",
        f"/live/{blog.slug}/{gone.pk}/",
        f"/topics/topic-{language}/",
        f"/live/{blog.slug}/respond/",
        f"/live/{blog.slug}/corrections/",
        f"/live/{blog.slug}/key-events/",
        f"/live/{blog.slug}/?text=1",
        f"/search/?q={WORDS[language][2][:6]}",
        f"/search/?q=none&in={blog.slug}",
        "/search/",
        f"/live/{withdrawn.slug}/",
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
    # The browser logs the three expected 404 and 410 responses as console errors.
    assert len(console_errors) == 3
    console_errors.clear()


def test_controls_are_large_enough_to_touch(server, new_page):
    update = cover_storm().updates.published().first()
    cover_storm("en")
    page = new_page(viewport=PHONE)
    blog = "/live/storm-zh-hant/"
    for path in (
        blog,
        f"{blog}{update.pk}/",
        f"{blog}respond/",
        f"{blog}corrections/",
        f"{blog}key-events/",
        f"/zh-hans{blog}",
        "/live/storm-en/",
        "/",
        "/search/?q=8",
    ):
        page.goto(server.url + path)
        # WCAG 2.5.8 exempts links within a sentence, but not the link of a related story.
        small = page.evaluate(
            """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), textarea")]
              .filter((target) => !target.closest(".prose") || target.closest(".story, .cover"))
              .filter((target) => !target.closest(".trap"))
              .map((target) => [target.textContent.trim(), target.getBoundingClientRect()])
              .filter(([, box]) => box.height && (box.height < 44 || box.width < 44))
              .map(([text, box]) => `${text}: ${box.width} by ${box.height}`)"""
        )
        assert small == [], path


def test_pages_are_readable_without_javascript(server, new_page):
    blog = cover_storm(updates=25)
    page = new_page(java_script_enabled=False)
    page.goto(f"{server.url}/live/{blog.slug}/")
    expect(page.locator("#updates li.update")).to_have_count(20)
    page.locator('a[rel="next"]').click()
    expect(page.locator("#updates li.update")).to_have_count(5)
    page.locator("#updates .update-time a").first.click()
    expect(page.locator("h1")).to_contain_text("天文台改發八號信號")
    share = page.locator("a.share").get_attribute("href")
    assert re.fullmatch(r"mailto:\?subject=[^&]+&body=http[^&]+", share)


def test_sharing_copies_the_link_if_the_browser_cannot_share(server, new_page):
    blog = cover_storm()
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script("delete Navigator.prototype.share")
    page.goto(f"{server.url}/live/{blog.slug}/")
    link = page.locator("#updates a.share").first
    link.click()
    expect(link).to_have_text("已複製連結")
    assert page.evaluate("navigator.clipboard.readText()") == link.get_attribute("data-url")


def test_sharing_falls_back_to_email(server, page):
    cover_storm()
    page.add_init_script(
        """delete Navigator.prototype.share;
        Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
        addEventListener("click", (event) => {
          window.isLeftToTheBrowser = !event.defaultPrevented;
          event.preventDefault();
        });"""
    )
    page.goto(f"{server.url}/live/storm-zh-hant/")
    link = page.locator("#updates a.share").first
    link.click()
    assert page.evaluate("window.isLeftToTheBrowser")
    assert link.get_attribute("href").startswith("mailto:?subject=")


def test_skip_links_focus_the_main_content_and_the_updates(server, page):
    cover_storm()
    for turns, target in ((1, "main"), (2, "updates")):
        page.goto(f"{server.url}/live/storm-zh-hant/?text=1")
        for _turn in range(turns):
            page.keyboard.press("Tab")
        skip = page.locator(f'.skip[href="#{target}"]')
        expect(skip).to_be_focused()
        expect(skip).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.locator(f"#{target}")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#updates .update").first.locator("a").first).to_be_focused()


def test_pages_set_no_cookie_and_stay_within_their_budgets(server, page):
    """Measure the transferred bytes of a real demo blog with 20 updates and its pictures."""
    call_command("load_demo", verbosity=0)
    blog = max(LiveBlog.objects.all(), key=lambda blog: blog.updates.published().count())
    requests: list[Request] = []
    page.on("requestfinished", lambda request: requests.append(request))
    with page.expect_response(re.compile("changes.json")) as poll_info:
        page.goto(server.url + blog.get_absolute_url())
    poll_info.value.finished()
    assert page.locator("#updates li.update").count() == 20
    assert page.context.cookies() == []
    sizes_by_type = {"document": [], "script": [], "stylesheet": []}
    for request in requests:
        if request.resource_type in sizes_by_type:
            assert request.response().headers["content-encoding"] == "br"
            sizes_by_type[request.resource_type].append(request.sizes()["responseBodySize"])
    document, script, style = (sizes for sizes in sizes_by_type.values())
    assert (len(document), len(script), len(style)) == (1, 1, 1)
    assert document[0] <= 40 * 1024
    assert script[0] <= 12 * 1024
    assert style[0] <= 10 * 1024
    expect(page.locator("script[src]")).to_have_count(1)
    expect(page.locator("script[src]")).to_have_attribute("type", "module")
    assert [request.url for request in requests if request.resource_type == "font"] == []
    assert page.evaluate("document.fonts.size") == 0
    idle = poll_info.value.request.sizes()
    assert poll_info.value.json() == {"number": blog.number, "has_more": False}
    assert idle["responseHeadersSize"] + idle["responseBodySize"] <= 300


def test_page_load_causes_no_layout_shift(server, new_page):
    blog = cover_storm()
    for viewport in (PHONE, DESKTOP):
        page = new_page(viewport=viewport)
        page.add_init_script(
            """window.shift = 0;
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) window.shift += entry.value;
            }).observe({ type: "layout-shift", buffered: true });"""
        )
        page.goto(f"{server.url}/live/{blog.slug}/")
        # The event stream stays open, so the network never becomes idle.
        expect(page.locator(".ago, [data-live-state]").first).to_be_visible()
        pictures_loaded = "[...document.images].every((image) => image.complete || image.loading === 'lazy')"
        wait_for(lambda page=page, pictures_loaded=pictures_loaded: page.evaluate(pictures_loaded))
        assert page.evaluate("window.shift") <= 0.002


def test_times_never_wrap_but_long_urls_do(server, new_page):
    blog = make_blog(headline="https://example.com/" + "a" * 180)
    make_update(blog, "長" * 60, body=f"<p>https://example.com/{'b' * 300}</p>")
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(f"{server.url}/live/{blog.slug}/")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert page.evaluate("document.querySelector('.clock').getClientRects().length") == 1
