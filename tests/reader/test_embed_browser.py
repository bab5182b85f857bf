"""Embeds in a real browser: a partner's page on another origin, with the loader of a running newsroom."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FrameLocator, Page, Request, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Partner
from liveblog.publishing import SYSTEM, Content
from tests.environment import ROOT
from tests.factories import make_blog, make_image, make_update
from tests.waiting import wait_for

HEADLINES = {"zh-hant": "八號信號生效", "zh-hans": "八号信号生效", "en": "No 8 signal in force"}
# The loader limits the height of a frame to this range, in pixels.
MIN_HEIGHT, MAX_HEIGHT = 120, 720


def documented_snippet(language: str) -> str:
    """Return the only snippet in this language in docs/embedding.md, with the names of these tests."""
    (snippet,) = re.findall(
        rf"^```{language}\n(.*?)\n```$", (ROOT / "docs/embedding.md").read_text(), re.MULTILINE | re.DOTALL
    )
    snippet = snippet.replace("http://127.0.0.1:8000", "https://newsroom.example")
    return snippet.replace("east-shore-line", "storm").replace("East Shore line", "storm")


class Host:
    """A partner's site whose pages send a Content Security Policy that admits only the newsroom."""

    def __init__(self, newsroom: str) -> None:
        self.newsroom = newsroom
        self.pages: dict[str, str] = {}
        host = self
        # The policy that the documentation requires, plus 'self' for frames of the partner's own site.
        partner_policy = documented_snippet("csp").replace("https://newsroom.example", newsroom) + " 'self'"
        policy = f"default-src 'none'; img-src 'self'; connect-src {newsroom}; {partner_policy}"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(host.pages.get(self.path, "").encode())

            def log_message(self, *_arguments: object) -> None:
                """Log nothing, so that pytest prints only failures."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # Use another host name: a browser treats another port of the same host as the same site.
        self.origin = f"http://localhost:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def page(self, body: str, path: str = "/") -> str:
        """Serve a page with this body and return its URL."""
        self.pages[path] = f'<!doctype html><html lang="zh-HK"><title>夥伴</title><h1>夥伴</h1>{body}</html>'
        return self.origin + path

    def embed(self, slug: str = "storm", prefix: str = "", *, loads: bool = True) -> str:
        """Return the markup that the documentation tells partners to copy, with the loader if `loads`."""
        link, loader = (
            documented_snippet("html").replace("https://newsroom.example", self.newsroom).splitlines()
        )
        link = link.replace("/live/storm/", f"{prefix}/live/{slug}/").replace("Live: storm", f"直播 {slug}")
        return link + (loader if loads else "")


@pytest.fixture
def host(server) -> Iterator[Host]:
    """Yield the site of somebody who is not a partner yet."""
    host = Host(server.url)
    yield host
    host.server.shutdown()
    host.server.server_close()


@pytest.fixture
def partner(host: Host) -> Host:
    """Return a site whose origin is allowed to frame embeds."""
    Partner.objects.create(name="夥伴", embed_origins=host.origin)
    return host


def frame(page: Page, title: str = "直播 storm") -> FrameLocator:
    return page.frame_locator(f'iframe[title="{title}"]')


def height(page: Page, title: str = "直播 storm") -> int:
    return int(page.locator(f'iframe[title="{title}"]').get_attribute("height"))


def wait_until_taller(page: Page, than: int) -> int:
    """Wait until the frame is taller than `than` pixels and return its height."""
    wait_for(lambda: page.evaluate("() => Number(document.querySelector('iframe').height)") > than)
    return height(page)


def fill(blog: LiveBlog, count: int, paragraphs: int = 1) -> None:
    for i in range(count):
        make_update(blog, f"第{i}則", body="<p>內文。</p>" * paragraphs)


def test_embed_replaces_its_link_follows_updates_and_grows(partner, page, console_errors):
    blog = make_blog(slug="storm")
    page.goto(partner.page(partner.embed()))
    expect(frame(page).locator(".empty")).to_be_visible()
    before = wait_until_taller(page, MIN_HEIGHT)
    expect(page.locator("blockquote")).to_have_count(0)
    update = make_update(blog, "號外", body="<p>內文。</p>" * 4)
    expect(frame(page).locator("h3")).to_have_text(["號外"])
    after = wait_until_taller(page, before)
    # The frame is as tall as its content, so nothing scrolls.
    inside = frame(page).locator("html")
    assert inside.evaluate("root => root.scrollHeight <= root.clientHeight")
    assert inside.evaluate("root => root.clientHeight") == after < MAX_HEIGHT
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    expect(frame(page).locator(".tombstone")).to_be_visible()
    fill(blog, 4, paragraphs=8)
    expect(frame(page).locator("h3").first).to_have_text("第3則")
    wait_for(lambda: page.evaluate("() => Number(document.querySelector('iframe').height)") == MAX_HEIGHT)
    publishing.withdraw_blog(blog, by=SYSTEM)
    expect(frame(page).locator("h1")).to_have_text("此報道已撤回")
    # The browser logs each 410 response as a console error.
    assert all("410" in error for error in console_errors), console_errors
    console_errors.clear()


@pytest.mark.parametrize("width", [375, 1280])
def test_embedded_update_shows_its_correction_and_withdrawal(partner, new_page, console_errors, width):
    blog = make_blog(slug="storm", kicker="風暴", headline="八號信號生效")
    update = make_update(blog, "全港學校停課", body="<p>各校今日停課。</p>" * 3, images=(make_image(),))
    page = new_page(viewport={"width": width, "height": 800})
    page.goto(partner.page(partner.embed(f"storm/{update.pk}")))
    title = f"直播 storm/{update.pk}"
    card = frame(page, title)
    expect(card.locator("h1")).to_have_text("全港學校停課")
    expect(page.locator("blockquote")).to_have_count(0)
    wait_for(lambda: height(page, title) > MIN_HEIGHT)
    inside = card.locator("html")
    assert inside.evaluate("root => root.scrollWidth <= root.clientWidth")
    if folder := os.environ.get("KEEP_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/embedded-update-{width}.png")
    publishing.correct_update(update, replace(Content.of(update), heading="學校復課"), by=SYSTEM, note="復課")
    expect(card.locator("h1")).to_have_text("學校復課")
    expect(card.locator(".corrections")).to_contain_text("復課")
    update.refresh_from_db()
    publishing.withdraw_update(update, by=SYSTEM, reason="x")
    expect(card.locator(".tombstone")).to_be_visible()
    expect(card.locator("body")).not_to_contain_text("復課")
    blog.refresh_from_db()
    publishing.withdraw_blog(blog, by=SYSTEM)
    expect(card.locator("h1")).to_have_text("此報道已撤回")
    # The browser logs each 410 response as a console error.
    assert all("410" in error for error in console_errors), console_errors
    console_errors.clear()


def test_scripts_of_any_site_can_read_polls_streams_and_feeds(host, page):
    fill(make_blog(slug="storm"), 3)
    page.goto(host.page(""))
    snippet = documented_snippet("js").replace("https://newsroom.example", host.newsroom)
    assert page.evaluate(f"async () => {{ {snippet} }}") == [3, True, False]
    address = f"{host.newsroom}/live/storm"
    # If-None-Match makes the browser send a CORS preflight request first.
    feed_result = page.evaluate(
        """async (address) => {
          const feed = await fetch(`${address}/feed.json`, { headers: { "If-None-Match": '"x"' } });
          return [feed.status, (await feed.json()).items.length];
        }""",
        address,
    )
    assert feed_result == [200, 3]
    event = page.evaluate(
        """(address) => new Promise((resolve, reject) => {
          const stream = new EventSource(`${address}/stream?after=1`);
          stream.onmessage = (event) => { stream.close(); resolve(JSON.parse(event.data).number); };
          stream.onerror = reject;
        })""",
        address,
    )
    assert event == 4


def test_links_in_an_embed_open_in_a_new_tab(partner, page):
    make_update(make_blog(slug="storm"), "號外")
    address = partner.page(partner.embed())
    page.goto(address)
    with page.context.expect_page() as new_tab:
        frame(page).get_by_text("閱讀整篇報道").click()
    new_tab.value.wait_for_url(f"{partner.newsroom}/live/storm/")
    assert page.url == address


def test_repeated_loaders_create_one_frame_per_embed(partner, page):
    make_blog(slug="calm")
    fill(make_blog(slug="storm"), 5, paragraphs=5)
    others, foreign = ["甲", "乙", "丙"], '<a href="https://elsewhere.example/live/storm/">甲</a>'
    no_blog = f'<a href="{partner.newsroom}/search/">乙</a>'
    quotes = [f'<blockquote class="newsroom-embed">{text}</blockquote>' for text in (foreign, no_blog, "丙")]
    embeds = [partner.embed("calm"), partner.embed(), partner.embed("storm", "/zh-hans")]
    page.goto(partner.page("".join(quotes + embeds)))
    expect(page.locator("blockquote")).to_have_text(others)
    sources = page.locator("iframe").evaluate_all("frames => frames.map(frame => frame.src)")
    paths = ["/embed/calm/", "/embed/storm/", "/zh-hans/embed/storm/"]
    assert sources == [partner.newsroom + path for path in paths]
    expect(frame(page, "直播 calm").locator(".empty")).to_be_visible()
    assert MIN_HEIGHT < height(page, "直播 calm") < MAX_HEIGHT
    # Running the loader again converts embeds that the page added later.
    page.evaluate(
        "([html, src]) => { document.body.insertAdjacentHTML('beforeend', html);"
        " document.body.append(Object.assign(document.createElement('script'), { src })); }",
        [partner.embed("calm", "/zh-hans", loads=False), f"{partner.newsroom}/static/js/embed.js"],
    )
    expect(page.locator("iframe")).to_have_count(4)
    # A frame far down the page loads when the reader scrolls near it.
    page.locator("blockquote").last.evaluate("quote => quote.scrollIntoView()")
    expect(page.locator("blockquote")).to_have_text(others)


class Requests:
    """The streams and polls of a page and its frames; `most` is the highest number of concurrent polls."""

    def __init__(self, page: Page) -> None:
        self.streams: list[str] = []
        self.polls: list[str] = []
        self.running = self.most = 0
        page.on("request", self._start)
        for event in ("requestfinished", "requestfailed"):
            page.on(event, self._end)

    def _start(self, request: Request) -> None:
        if "/stream?" in request.url:
            self.streams.append(request.url)
        elif "changes.json" in request.url:
            self.polls.append(request.url)
            self.running += 1
            self.most = max(self.most, self.running)

    def _end(self, request: Request) -> None:
        self.running -= "changes.json" in request.url


def frames_of(partner: Host, slugs: list[str]) -> str:
    return "".join(
        f'<iframe title="{slug} {i}" src="{partner.newsroom}/embed/{slug}/"></iframe>'
        for i, slug in enumerate(slugs)
    )


def test_embeds_of_one_live_blog_share_a_stream_and_survive_removal_of_its_frame(partner, page):
    blog = make_blog(slug="storm")
    requests = Requests(page)
    with page.expect_request(re.compile("/stream")):
        page.goto(partner.page(frames_of(partner, ["storm"] * 8)))
    for i in range(8):
        expect(frame(page, f"storm {i}").locator(".empty")).to_be_visible()
    make_update(blog, "號外")
    for i in range(8):
        expect(frame(page, f"storm {i}").locator("h3")).to_have_text("號外")
    assert len(requests.streams) == 1
    # Any frame may hold the stream, so find the one that does before removing it.
    holder = next(
        i for i, inner in enumerate(page.frames[1:]) if inner.evaluate("'newsroom-exchange-1' in window")
    )
    with page.expect_request(re.compile("/stream")):
        page.evaluate("i => document.querySelectorAll('iframe')[i].remove()", holder)
    withdrawn = blog.updates.get()
    publishing.withdraw_update(withdrawn, by=SYSTEM, reason="x")
    for i in set(range(8)) - {holder}:
        expect(frame(page, f"storm {i}").locator(".tombstone")).to_be_visible()
    assert len(requests.streams) == 2


def test_embeds_of_eight_live_blogs_poll_one_at_a_time(partner, page):
    blogs = [make_blog(slug=f"storm-{i}") for i in range(8)]
    page.goto(partner.page(frames_of(partner, [blog.slug for blog in blogs])))
    for i, blog in enumerate(blogs):
        expect(frame(page, f"{blog.slug} {i}").locator(".empty")).to_be_visible()
    requests = Requests(page)
    for i, blog in enumerate(blogs):
        make_update(blog, f"第{i}則")
    for i, blog in enumerate(blogs):
        expect(frame(page, f"{blog.slug} {i}").locator("h3")).to_have_text(f"第{i}則")
    assert len({urlsplit(url).path for url in requests.polls}) == 8
    assert (requests.most, requests.streams) == (1, [])
    # Pausing all embeds but one lets the remaining one open a stream.
    with page.expect_request(re.compile("/stream")):
        for i in range(1, 8):
            frame(page, f"storm-{i} {i}").locator("[data-pause]").click()
    make_update(blogs[0], "號外")
    expect(frame(page, "storm-0 0").locator("h3").first).to_have_text("號外")
    assert {urlsplit(url).path for url in requests.streams} == {"/live/storm-0/stream"}


def test_loader_accepts_heights_only_from_its_own_frame(partner, page):
    make_blog(slug="calm")
    fill(make_blog(slug="storm"), 5, paragraphs=5)
    # This frame has the newsroom's origin, but the loader did not create it.
    own_frame = f'<iframe title="另一個" src="{partner.newsroom}/embed/storm/"></iframe>'
    page.goto(partner.page(partner.embed("calm") + own_frame + '<iframe title="外人" src="/other"></iframe>'))
    expect(frame(page, "直播 calm").locator(".empty")).to_be_visible()
    expect(frame(page, "另一個").locator("h3").first).to_be_visible()
    expect(page.locator("blockquote")).to_have_count(0)
    true_height = height(page, "直播 calm")
    page.evaluate("window.heard = []; addEventListener('message', (event) => heard.push(event.data?.height))")
    height_message = {"type": "newsroom-embed", "height": 555}
    # Send heights from the host's window and from each frame that the loader did not create.
    page.evaluate("message => postMessage(message, '*')", height_message)
    stranger = page.frame(url=re.compile("/other$"))
    stranger.evaluate("message => parent.postMessage(message, '*')", height_message | {"height": 556})
    other = page.frame(url=re.compile("/embed/storm/$"))
    other.evaluate("message => parent.postMessage(message, '*')", height_message | {"height": 557})
    wait_for(lambda: page.evaluate("() => [555, 556, 557].every((height) => heard.includes(height))"))
    assert height(page, "直播 calm") == true_height
    # Send unknown messages, then heights out of range, from the frame that the loader created.
    own = page.frame(url=re.compile("/embed/calm/$"))
    for message, expected in [
        ({"type": "other", "height": 300}, true_height),
        (None, true_height),
        ({"type": "newsroom-embed", "height": "high"}, true_height),
        ({"type": "newsroom-embed", "height": -5}, true_height),
        (height_message | {"height": 3}, MIN_HEIGHT),
        (height_message | {"height": 99_999}, MAX_HEIGHT),
    ]:
        own.evaluate("message => parent.postMessage(message, '*')", message)
        own.evaluate("() => parent.postMessage({ height: 'last' }, '*')")
        wait_for(lambda: page.evaluate("() => heard.at(-1) === 'last'"))
        assert height(page, "直播 calm") == expected
        page.evaluate("heard = []")


def test_site_that_is_not_a_partner_keeps_the_link(host, page, console_errors):
    make_update(make_blog(slug="storm"), "號外")
    with page.expect_event("console", lambda message: "frame-ancestors" in message.text):
        page.goto(host.page(host.embed()))
    expect(page.get_by_role("link", name="直播 storm")).to_be_visible()
    assert page.locator("iframe").bounding_box()["height"] <= 1
    assert all("frame-ancestors" in error or "Framing" in error for error in console_errors), console_errors
    console_errors.clear()


def test_embed_without_javascript_is_a_link(partner, new_page):
    make_update(make_blog(slug="storm"), "號外")
    page = new_page(java_script_enabled=False)
    page.goto(partner.page(partner.embed()))
    page.get_by_role("link", name="直播 storm").click()
    assert page.url == f"{partner.newsroom}/live/storm/"


def show_everything(language: str) -> LiveBlog:
    headline = HEADLINES[language]
    blog = make_blog(slug=language, language=language, headline=headline, kicker=headline[:2])
    for i in range(4):
        image = make_image(alt=headline, is_sensitive=i == 2)
        make_update(
            blog,
            "" if i == 1 else headline,
            body=f"<p>{headline}</p><ul><li>{headline}</li></ul>",
            is_key_event=i == 0,
            images=(image,) if i > 1 else (),
            source=headline,
        )
    publishing.withdraw_update(make_update(blog, headline), by=SYSTEM, reason="x")
    return blog


def test_embeds_have_no_accessibility_violations_or_horizontal_scrolling(server, new_page):
    for language in HEADLINES:
        show_everything(language)
    paths = [f"/embed/{language}/" for language in HEADLINES] + ["/zh-hans/embed/zh-hant/"]
    for scheme in ("light", "dark"):
        page = new_page(viewport={"width": 320, "height": 640}, color_scheme=scheme)
        for path in paths:
            page.goto(server.url + path)
            for width in (900, 375, 320):
                page.set_viewport_size({"width": width, "height": 640})
                assert page.evaluate("document.documentElement.scrollWidth") == width
            assert Axe().run(page).response["violations"] == []
