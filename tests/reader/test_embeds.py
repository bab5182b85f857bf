"""Videos and posts of other sites: plain links until a reader asks for the frame."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from newsroom.text.external_media import FRAME_ORIGINS
from tests.factories import make_blog, make_update
from tests.reader.test_live_page import open_blog

VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
POST = "https://x.com/hkobservatory/status/1790000000000000001"
FRAME = "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"
BODY = f'<p>現場情況：</p><p><a href="{VIDEO}">天文台記者會</a></p>'


def make_blog_with_video(**details: object) -> LiveBlog:
    blog = make_blog(slug="storm", **details)
    make_update(blog, "記者會", body=BODY, happened_at=hongkong.now())
    return blog


@pytest.fixture
def open_page(new_page) -> Callable[..., tuple[Page, list[str]]]:
    """Return a function that returns a page with fake providers and the list of URLs requested from them."""

    def open_page(**options) -> tuple[Page, list[str]]:
        page, requested = new_page(**options), []

        def fulfill(route) -> None:
            requested.append(route.request.url)
            route.fulfill(content_type="text/html", body="<!doctype html><title>Player</title><p>Playing</p>")

        page.route(re.compile("|".join(map(re.escape, FRAME_ORIGINS))), fulfill)
        return page, requested

    return open_page


@pytest.mark.django_db
def test_feeds_api_and_pages_contain_a_plain_link(client):
    blog = make_blog_with_video()
    update = blog.updates.get()
    link = f'<a href="{VIDEO}" rel="noopener">天文台記者會</a>'
    feed = client.get("/live/storm/feed.json").json()
    assert link in feed["items"][0]["content_html"]
    assert "data-embed" not in json.dumps(feed)
    assert client.get(f"/api/v1/updates/{update.pk}/").json()["body"].endswith(f"<p>{link}</p>")
    for path in ("/live/storm/", f"/live/storm/{update.pk}/"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert f"frame-src {' '.join(FRAME_ORIGINS)}" in policy
        page = client.get(path).content.decode()
        assert f"<p>{link}</p>" in page
        assert "由 YouTube 載入影片" in page
        assert "iframe" not in page
        text_only = client.get(path, {"text": "1"}).content.decode()
        assert f"<p>{link}</p>" in text_only
        assert "data-embed" not in text_only
    simplified = client.get("/zh-hans/live/storm/").content.decode()
    assert f'data-embed="{FRAME}"' in simplified
    assert "从 YouTube 载入视频" in simplified


def test_nothing_is_fetched_from_a_provider_until_the_reader_asks(server, open_page):
    make_blog_with_video()
    page, requested = open_page()
    open_blog(page, server.url)
    page.wait_for_load_state("networkidle")
    assert requested == []
    expect(page.locator(".embed figcaption")).to_have_text("YouTube")
    expect(page.locator(".embed-note")).to_have_text("YouTube 屆時會得知你的網絡地址。")
    button = page.get_by_role("button", name="由 YouTube 載入影片")
    assert button.bounding_box()["height"] >= 44
    button.focus()
    page.keyboard.press("Enter")
    frame = page.locator("iframe")
    expect(frame).to_be_focused()
    expect(page.frame_locator("iframe").locator("p")).to_have_text("Playing")
    assert requested == [FRAME]
    assert frame.evaluate(
        """frame => [frame.title, frame.loading, frame.allowFullscreen, frame.referrerPolicy,
          frame.sandbox.contains("allow-top-navigation"), frame.sandbox.length > 0]"""
    ) == ["YouTube 影片", "lazy", True, "strict-origin-when-cross-origin", False, True]
    box = frame.bounding_box()
    assert abs(box["width"] / box["height"] - 16 / 9) < 0.02
    expect(page.locator(".embed a")).to_have_attribute("href", VIDEO)
    assert button.count() == 0


def test_embed_in_a_live_update_loads_on_request_and_leaves_on_withdrawal(server, open_page):
    blog = make_blog(slug="storm")
    make_update(blog, "第一則")
    page, requested = open_page()
    open_blog(page, server.url)
    update = make_update(blog, "貼文", body=f'<p><a href="{POST}">天文台</a></p>', happened_at=hongkong.now())
    page.get_by_role("button", name="由 X 載入帖文").click()
    expect(page.frame_locator("iframe.embed-post").locator("p")).to_have_text("Playing")
    assert requested == ["https://platform.twitter.com/embed/Tweet.html?id=1790000000000000001&dnt=true"]
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    expect(page.locator("iframe")).to_have_count(0)


def test_text_only_page_shows_plain_links_in_live_updates(server, open_page):
    blog = make_blog_with_video()
    page, requested = open_page()
    open_blog(page, server.url, path="/live/storm/?text=1")
    make_update(blog, "又一段", body=BODY, happened_at=hongkong.now())
    expect(page.locator(f'#updates a[href="{VIDEO}"]:visible')).to_have_count(2)
    expect(page.locator(".embed button:visible")).to_have_count(0)
    assert requested == []


def test_embed_without_javascript_has_a_link_and_no_button(server, open_page):
    make_blog_with_video()
    page, _requested = open_page(java_script_enabled=False)
    page.goto(f"{server.url}/live/storm/")
    expect(page.locator(".embed a")).to_be_visible()
    expect(page.locator(".embed button")).to_be_hidden()


@pytest.mark.parametrize("language", ["zh-hant", "zh-hans", "en"])
def test_embeds_are_accessible_before_and_after_they_are_loaded(server, open_page, language):
    update = make_blog_with_video(language=language, headline="1").updates.get()
    body = BODY + f'<p><a href="{POST}">1</a></p><p><a href="https://youtu.be/shorts/x">1</a></p>'
    publishing.edit_update(update, Content("1", body, update.happened_at), by=SYSTEM)
    page, _requested = open_page(viewport={"width": 320, "height": 640}, color_scheme="dark")
    open_blog(page, server.url)
    for loaded in range(3):
        expect(page.locator("iframe")).to_have_count(loaded)
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        if loaded < 2:
            page.locator("[data-embed]").first.click()
