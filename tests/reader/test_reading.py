"""Ways to read a page: in either script, text only, with covered pictures, in print and in dark mode."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_update
from tests.reader.test_browser import cover_storm
from tests.reader.test_live_page import open_blog
from tests.waiting import wait_for

PHONE = {"width": 375, "height": 667}
BLOG = "/live/storm-zh-hant/"


def pictures_loaded_by(page: Page) -> list[str]:
    """Return a list that collects the URLs of pictures that the page requests from now on."""
    requested: list[str] = []
    page.on("request", lambda request: "/media/" in request.url and requested.append(request.url))
    return requested


def test_script_switch_leads_to_the_other_edition_and_back(server, page):
    cover_storm()
    page.goto(server.url + BLOG)
    scripts = page.get_by_role("navigation", name="字體")
    expect(scripts.get_by_role("link")).to_have_text(["繁", "简"])
    expect(scripts.locator("[aria-current]")).to_have_text("繁")
    scripts.get_by_text("简").click()
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(page.locator("h1")).to_contain_text("八号信号生效 全港停课")
    expect(page.locator(".converted")).to_contain_text("由机器转换")
    page.get_by_role("link", name="阅读繁体原文").click()
    assert page.url == server.url + BLOG
    expect(page.locator(".converted")).to_have_count(0)


def test_open_page_shows_updates_in_its_own_edition(server, page):
    blog = make_blog(slug="storm")
    make_update(blog, "第一則")
    open_blog(page, server.url, path="/zh-hans/live/storm/")
    update = make_update(blog, "頭髮花白的長者獲救", body="<p>後來發現。</p>")
    expect(page.locator("#updates h3").first).to_have_text("头发花白的长者获救")
    publishing.edit_update(update, Content("長者脫險", "<p>後來</p>", update.happened_at), by=SYSTEM)
    expect(page.locator("#updates h3").first).to_have_text("长者脱险")
    assert (
        page.evaluate("document.querySelector('#updates').textContent.match(/[頭髮長後發現脫險則]/g)") is None
    )


def test_text_only_page_loads_no_pictures_even_for_live_updates(server, page):
    blog = cover_storm(updates=25)
    requested = pictures_loaded_by(page)
    page.goto(server.url + BLOG)
    page.get_by_role("link", name="純文字版").click()
    assert requested != []
    requested.clear()
    with page.expect_response(re.compile("changes.json")):
        page.reload()
    expect(page.locator(".picture-alt").first).to_have_text("圖片： 八號信號生效 全港停課")
    image = make_image(alt="浪湧上岸")
    make_update(blog, "新消息", happened_at=hongkong.now(), images=(image,))
    expect(page.locator("#updates .picture-alt").first).to_have_text("圖片： 浪湧上岸")
    # Editing the hero picture repaints the region of the page that contains it.
    publishing.edit_image(blog.hero_image, by=SYSTEM, alt="巨浪")
    expect(page.locator('[data-region="lead"] .picture-alt')).to_have_text("圖片： 巨浪")
    page.get_by_role("link", name="較早消息").click()
    expect(page.locator("#updates li.update")).not_to_have_count(0)
    assert requested == []
    assert page.locator("img").count() == 0


def test_sensitive_picture_is_covered_until_the_reader_opens_it(server, new_page):
    blog = make_blog(hero_image=make_image(alt="廢墟中的傷者", is_sensitive=True))
    make_update(blog, "救援", images=(make_image(alt="傷者", is_sensitive=True),))
    for java_script_enabled in (True, False):
        page = new_page(viewport=PHONE, java_script_enabled=java_script_enabled)
        requested = pictures_loaded_by(page)
        page.goto(f"{server.url}/live/{blog.slug}/")
        page.wait_for_load_state("networkidle")
        cover = page.locator(".cover").first
        expect(cover).to_contain_text("敏感圖片 廢墟中的傷者")
        expect(cover.locator("img")).to_be_hidden()
        # Browsers ignore lazy loading without scripting (HTML standard, "lazy loading attributes").
        assert requested == [] or not java_script_enabled
        cover.locator("summary").click()
        expect(cover.locator("img")).to_be_visible()
        wait_for(lambda page=page: page.evaluate("document.querySelector('.cover img').naturalWidth > 0"))
        assert len(requested) == 1 or not java_script_enabled
        # The front page leaves the sensitive picture out, and links on other sites show the drawn card.
        page.goto(f"{server.url}/")
        assert page.locator("img").count() == 0
        page.goto(f"{server.url}/live/{blog.slug}/")
        shared = page.locator('meta[property="og:image"]').get_attribute("content")
        assert re.search(r"/card-[0-9a-f]{16}\.png$", shared)


def test_pictures_are_avif_with_dimensions_and_lazy_except_for_the_hero(server, page):
    cover_storm()
    page.goto(server.url + BLOG)
    hero = page.locator(".picture-hero img")
    wait_for(lambda: page.evaluate("document.querySelector('.picture-hero img').currentSrc"))
    assert page.evaluate("document.querySelector('.picture-hero img').currentSrc").endswith(".avif")
    assert hero.get_attribute("loading") is None
    assert hero.get_attribute("fetchpriority") == "high"
    others = page.locator("img:not(.picture-hero img)")
    assert others.count() > 0
    for index in range(others.count()):
        assert others.nth(index).get_attribute("loading") == "lazy"
        assert others.nth(index).get_attribute("width")
        assert others.nth(index).get_attribute("height")


def test_update_page_has_neighbours_and_open_graph_tags(server, page):
    blog = make_blog(slug="storm", hero_image=make_image())
    updates = [make_update(blog, f"第{i}則", body="<p>內文一句。</p>") for i in range(4)]
    page.goto(f"{server.url}/live/storm/{updates[1].pk}/")
    expect(page).to_have_title("第1則｜標題 - Newsroom")
    expect(page.locator(".neighbours a")).to_have_text(["較新 第2則", "較早 第0則", "最新 第3則"])
    card = {
        name: page.locator(f'meta[property="og:{name}"]').get_attribute("content")
        for name in ("title", "description", "url", "type")
    }
    assert card == {
        "title": "第1則",
        "description": "內文一句。",
        "url": f"{server.url}/live/storm/{updates[1].pk}/",
        "type": "article",
    }
    assert page.locator('meta[name="twitter:card"]').get_attribute("content") == "summary_large_image"


def test_search_results_lead_to_the_update(server, page):
    cover_storm()
    page.goto(f"{server.url}/")
    page.get_by_role("link", name="搜尋").click()
    page.get_by_role("searchbox").fill("风措")
    page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("風措")
    page.locator(".found a").first.click()
    assert re.fullmatch(rf"{server.url}{BLOG}\d+/", page.url)
    page.goto(server.url + BLOG)
    page.get_by_role("searchbox").fill("停火")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("找不到「停火」")
    assert "in=storm-zh-hant" in page.url


def test_chinese_text_has_the_fonts_and_typography_of_its_script(server, page):
    cover_storm()
    look = """() => {
      const style = getComputedStyle(document.querySelector("#updates .prose p:not([class])"));
      const heading = getComputedStyle(document.querySelector("#updates h3"));
      return [style.fontFamily.split(",")[0].replaceAll('"', ""), style.fontSize, style.lineHeight,
        style.textAutospace, style.lineBreak, heading.textSpacingTrim];
    }"""
    page.goto(server.url + BLOG)
    assert page.evaluate(look) == ["PingFang HK", "17px", "29.75px", "normal", "strict", "trim-start"]
    page.goto(f"{server.url}/zh-hans{BLOG}")
    assert page.evaluate(look)[0] == "PingFang SC"


def test_dark_mode_is_dark_and_print_is_white(server, new_page):
    cover_storm()
    background = "() => getComputedStyle(document.body).backgroundColor"
    page = new_page(color_scheme="dark")
    page.goto(server.url + BLOG)
    assert page.evaluate(background) == "rgb(18, 20, 23)"
    page.emulate_media(media="print")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    for part in (".live-bar", ".search-form", ".pages", ".scripts", ".share", ".to-search"):
        assert not page.locator(part).first.is_visible(), part
    assert page.locator("#updates h3").first.is_visible()


def test_viewport_allows_zooming(server, page):
    cover_storm()
    page.goto(server.url + BLOG)
    assert (
        page.locator('meta[name="viewport"]').get_attribute("content")
        == "width=device-width, initial-scale=1"
    )


def test_reduced_motion_disables_animations(server, new_page):
    blog = cover_storm()
    page = new_page(viewport=PHONE, reduced_motion="reduce")
    open_blog(page, server.url, path=BLOG, reading=blog.updates.published().last())
    make_update(blog, "新消息", happened_at=hongkong.now())
    page.locator("[data-pill]").click()
    expect(page.locator("#updates h3").first).to_be_focused()
    assert page.evaluate("document.getAnimations().length") == 0


def test_focused_elements_are_outlined_and_never_under_the_bar(server, new_page):
    cover_storm()
    page = new_page(viewport=PHONE)
    open_blog(page, server.url, path=BLOG)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.locator("#updates a").last.focus()
    problems = []
    for key in ["Shift+Tab"] * 40 + ["Tab"] * 40:
        page.keyboard.press(key)
        problems.append(
            page.evaluate(
                """() => {
                  const focused = document.activeElement;
                  const style = getComputedStyle(focused);
                  const bar = document.querySelector("[data-live-bar]");
                  const isUnder = focused.closest("#updates")
                    && focused.getBoundingClientRect().top < bar.getBoundingClientRect().bottom - 1;
                  const isSeen = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 3;
                  return isUnder || !isSeen ? focused.outerHTML : null;
                }"""
            )
        )
    assert [element for element in problems if element] == []


SPY_ON_STREAMS = """
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(url) { super(url); window.streams.push(this); }
};
"""
OPEN_STREAMS = "window.streams.filter((stream) => stream.readyState !== EventSource.CLOSED).length"


def polls_of(page: Page) -> list[str]:
    """Return a list that collects the URLs of polls that the page sends from now on."""
    polls: list[str] = []
    page.on("request", lambda request: "changes.json" in request.url and polls.append(request.url))
    return polls


def run_until_polled(page: Page, polls: list[str], *, within: int) -> None:
    """Advance the clock second by second until the page polls, for at most `within` seconds.

    Advance it no further than necessary, because a poll in flight has a timeout.
    """
    before = len(polls)
    for _second in range(within):
        page.clock.run_for(1_000)
        if len(polls) > before:
            return


def test_a_hidden_tab_closes_its_stream_and_polls_once_a_minute(server, page):
    blog = make_blog(slug="storm")
    make_update(blog, "第一則")
    page.clock.install()
    page.add_init_script(
        SPY_ON_STREAMS + "Object.defineProperty(document, 'hidden', { get: () => window.isHidden ?? false });"
    )
    open_blog(page, server.url)
    wait_for(lambda: page.evaluate(f"{OPEN_STREAMS} === 1"))
    polls = polls_of(page)
    page.evaluate("window.isHidden = true; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate(OPEN_STREAMS) == 0
    # Pages poll 36 to 60 seconds after the last answer, so that they drift apart.
    page.clock.run_for(30_000)
    assert polls == []
    run_until_polled(page, polls, within=40)
    assert len(polls) == 1
    make_update(blog, "新消息")
    page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#updates h3").first).to_have_text("新消息")
    wait_for(lambda: page.evaluate(f"{OPEN_STREAMS} === 1"))


def test_page_of_ended_coverage_polls_once_a_minute(server, page):
    blog = make_blog(slug="storm")
    make_update(blog, "第一則")
    page.clock.install()
    page.add_init_script(SPY_ON_STREAMS)
    open_blog(page, server.url)
    wait_for(lambda: page.evaluate(f"{OPEN_STREAMS} === 1"))
    polls = polls_of(page)
    publishing.end_coverage(blog, by=SYSTEM)
    expect(page.locator(".badge")).to_have_count(0)
    wait_for(lambda: page.evaluate(f"{OPEN_STREAMS} === 0"))
    page.clock.run_for(30_000)
    assert polls == []
    publishing.edit_update(blog.updates.get(), Content("改過", happened_at=hongkong.now()), by=SYSTEM)
    run_until_polled(page, polls, within=40)
    expect(page.locator("#updates h3").first).to_have_text("改過")
    assert len(polls) == 1
    publishing.start_coverage(blog, by=SYSTEM)
    run_until_polled(page, polls, within=70)
    expect(page.locator(".badge")).to_have_text("直播")
    wait_for(lambda: page.evaluate(f"{OPEN_STREAMS} === 1"))


def test_passages_in_another_language_have_a_lang_attribute(server, page):
    english = make_blog(slug="ferry", language="en", headline="Ferry runs again")
    blog = make_blog(slug="storm", successor=english, has_responses=True)
    update = make_update(
        blog,
        "Port Authority statement",
        body="<p>署方聲明：</p><blockquote><p>The port &amp; its piers are shut.</p></blockquote>"
        "<p>iPhone 與 AI</p>",
        stories=(Story("Ferry timetable", 3, "https://example.com/"),),
    )
    make_update(english, "港務局聲明", body="<p>It said:</p><p>颱風逼近。</p><p>台风临近。</p>")
    response = publishing.submit_response(blog, name="John Smith", text="Stay safe")
    publishing.approve_response(response, by=SYSTEM)
    tagged = """() => [...document.querySelectorAll("main [lang]")]
      .map((element) => [element.lang, element.textContent.trim()])"""
    page.goto(f"{server.url}/live/storm/")
    assert page.locator("html").get_attribute("lang") == "zh-Hant-HK"
    assert page.evaluate(tagged) == [
        ["en", "Ferry runs again"],
        ["en", "Port Authority statement"],
        ["en", "The port & its piers are shut."],
        ["en", "Ferry timetable"],
        ["en", "John Smith"],
        ["en", "Stay safe"],
    ]
    page.goto(f"{server.url}/zh-hans/live/storm/{update.pk}/")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert ["en", "The port & its piers are shut."] in page.evaluate(tagged)
    page.goto(f"{server.url}/live/ferry/")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.evaluate(tagged) == [
        ["zh-Hant-HK", "標題"],
        ["zh-Hant-HK", "港務局聲明"],
        ["zh-Hant-HK", "颱風逼近。"],
        ["zh-Hans", "台风临近。"],
    ]
    page.goto(f"{server.url}/")
    assert page.locator('li.card[lang="en"] h3').inner_text() == "Ferry runs again"
    assert page.locator('li.card[lang="en"] .badge').get_attribute("lang") == "zh-hant"


def test_sharing_uses_the_share_sheet_of_the_browser_if_available(server, page):
    cover_storm()
    page.add_init_script("Navigator.prototype.share = async (what) => { window.shared = what; };")
    page.goto(server.url + BLOG)
    link = page.locator("#updates a.share").first
    link.click()
    assert page.evaluate("window.shared") == {
        "url": link.get_attribute("data-url"),
        "title": link.get_attribute("data-title"),
    }
