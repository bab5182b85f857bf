"""Open pages compared with freshly loaded ones, after every verb and for each kind of page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.factories import edit_blog, make_blog, make_image, make_update
from tests.reader.test_embeds import BODY
from tests.waiting import wait_for

START = datetime(2026, 3, 18, 23, 50, tzinfo=hongkong.ZONE)

# Compare the server's markup, ignoring additions by scripts, sections that readers open, and white space.
COMPARE = """async () => {
  const normal = (page) => {
    const own = 'meta[property], meta[name="description"], meta[name="robots"], meta[name^="twitter:"],'
      + 'link[rel="canonical"], link[rel="alternate"]';
    const head = [...page.head.querySelectorAll(own)].map((element) => element.outerHTML).sort();
    // An open timeline drops its linked data with the first change: crawlers load pages anew.
    const isFollowed = page.querySelector("main [data-update]");
    const data = page.querySelector('script[type="application/ld+json"]');
    const linked = (isFollowed && data?.textContent) ?? "";
    const main = page.querySelector("main").cloneNode(true);
    for (const added of main.querySelectorAll(".ago, [data-live-bar]")) added.remove();
    for (const element of main.querySelectorAll("*")) {
      element.removeAttribute("open");
      element.removeAttribute("tabindex");
      if (!element.classList.length) element.removeAttribute("class");
    }
    const lines = main.outerHTML.replace(/\\s+/g, " ").replace(/> </g, "><").split(/(?=<)/);
    return [page.documentElement.lang, page.title, ...head, linked, ...lines.map((line) => line.trim())];
  };
  const answer = await fetch(location.href, { cache: "no-store" });
  const fresh = normal(new DOMParser().parseFromString(await answer.text(), "text/html"));
  const open = normal(document);
  const at = fresh.findIndex((line, i) => line !== open[i]);
  if (at < 0 && fresh.length === open.length) return "";
  const from = Math.max(0, (at < 0 ? fresh.length : at) - 3);
  const excerpt = (lines) => lines.slice(from, from + 9).join("\\n");
  return `${location.href}\\nopen: ${excerpt(open)}\\nfresh: ${excerpt(fresh)}`;
}"""


def cover(language: str = "zh-hant") -> LiveBlog:
    """Return a blog over midnight with every kind of content and more updates than fit on a page."""
    image = make_image(alt="颱風", caption="颱風", credit="記者")
    byline = Byline.objects.create(name="陳大文", role="記者")
    topic = Topic.objects.create(slug="storms", name="風暴")
    blog = make_blog(
        slug="storm",
        language=language,
        kicker="風暴",
        headline="八號信號",
        standfirst="市民應留在室內。",
        summary="<p>全港停課</p>",
        hero_image=image,
        bylines=(byline,),
        topics=(topic,),
        coverage_start_at=START,
        stories=(Story("相關報道", 0, "https://example.com/"),),
        has_responses=True,
    )
    for i in range(25):
        publish(blog, i, is_key_event=i % 8 == 7, bylines=(byline,), images=(image,) if i == 20 else ())
    publishing.pin_update(update_of(blog, "第16則"), by=SYSTEM)
    return blog


def publish(blog: LiveBlog, minute: float, heading: str = "", **content: Any) -> Update:
    content = {"body": BODY if minute == 16 else "<p>內文。</p>"} | content
    at = START + timedelta(minutes=minute)
    return make_update(blog, heading or f"第{minute}則", happened_at=at, **content)


def update_of(blog: LiveBlog, heading: str) -> Update:
    return blog.updates.get(heading=heading)


def verbs(blog: LiveBlog, own: Update) -> dict[str, Callable[[], object]]:
    """Return every verb with a visible effect, to be run in this order; `own` has a page of its own open."""

    def change(update: Update, correct: str = "", **content: Any) -> Callable[[], object]:
        def edit() -> object:
            row = Update.objects.get(pk=update.pk)
            new = replace(Content.of(row), **content)
            if correct:
                return publishing.correct_update(row, new, by=SYSTEM, note=correct)
            return publishing.edit_update(row, new, by=SYSTEM)

        return edit

    def do(verb: str, update: Update, **options: Any) -> Callable[[], object]:
        row = Update.objects.get
        return lambda: getattr(publishing, verb)(row(pk=update.pk), by=SYSTEM, **options)

    later, pinned, plain = update_of(blog, "第20則"), update_of(blog, "第16則"), update_of(blog, "第22則")
    undone: list[Update] = []
    response = publishing.submit_response(blog, name="讀者", text="一\n\n二 $$ $&")
    image, byline, topic = blog.hero_image, blog.bylines.get(), blog.topics.get()
    return {
        "publish": lambda: publish(blog, 30, "新一 $$ $&"),
        "publish below": lambda: publish(blog, 18.5, "補記"),
        "publish far below": lambda: publish(blog, -5, "很舊"),
        "publish and undo": lambda: undone.append(publish(blog, 31, "誤發")),
        "undo": lambda: publishing.undo_publication(undone[0], by=SYSTEM),
        "edit": change(plain, heading="改過", body="<p>一</p><p>二</p>"),
        "edit without a heading": change(plain, heading=""),
        "edit without a clock time": change(plain, has_clock_time=False),
        "move": change(later, happened_at=START + timedelta(minutes=23.5)),
        "move over midnight": change(later, happened_at=START + timedelta(minutes=9.5)),
        "correct": change(own, correct="數字有誤", heading="更正一"),
        "correct again": change(own, correct="又有誤", body="<p>更正二</p>"),
        "edit the pinned": change(pinned, heading="置頂改過"),
        "unpin": do("unpin_update", pinned),
        "pin": do("pin_update", own),
        "mark": do("mark_key_event", own),
        "unmark": do("unmark_key_event", own),
        "withdraw": do("withdraw_update", own, reason="x"),
        "restore": do("restore_update", own),
        "headline": lambda: edit_blog(blog, headline="$$ 新的 $& 標題"),
        "kicker": lambda: edit_blog(blog, kicker=""),
        "standfirst": lambda: edit_blog(blog, standfirst="一\n二"),
        "summary": lambda: edit_blog(blog, summary="<ul><li>一</li><li>二</li></ul>"),
        "no hero": lambda: edit_blog(blog, hero_image=None),
        "hero": lambda: edit_blog(blog, hero_image=image),
        "no responses": lambda: edit_blog(blog, has_responses=False),
        "responses": lambda: edit_blog(blog, has_responses=True),
        "stories": lambda: edit_blog(blog, stories=(Story("另一篇", 0, "https://example.com/b"),)),
        "approve": lambda: publishing.approve_response(response, by=SYSTEM),
        "withdraw a response": lambda: publishing.withdraw_response(response, by=SYSTEM),
        "byline": lambda: publishing.edit_byline(byline, by=SYSTEM, name="陳大文", role="駐京記者"),
        "topic": lambda: publishing.edit_topic(topic, by=SYSTEM, name="颱風"),
        "picture": lambda: publishing.edit_image(image, by=SYSTEM, alt="新說明", caption="新", credit=""),
        "sensitive": lambda: publishing.edit_image(image, by=SYSTEM, alt="新說明", is_sensitive=True),
        "start of coverage": lambda: edit_blog(blog, coverage_start_at=START - timedelta(days=40)),
        "end": lambda: publishing.end_coverage(LiveBlog.objects.get(pk=blog.pk), by=SYSTEM),
        "correct after the end": change(plain, correct="事後更正", heading="終"),
        "restart": lambda: publishing.start_coverage(LiveBlog.objects.get(pk=blog.pk), by=SYSTEM),
        "publish after the restart": lambda: publish(blog, 40, "重開"),
        "erase": do("erase_update", own, reason="法庭命令"),
    }


def assert_pages_match_fresh_ones(pages: list[Page], verb: str, *, is_polling: bool) -> None:
    for page in pages:
        if is_polling:
            # After the end of coverage a page polls once a minute, and at once when it comes back online.
            page.evaluate("dispatchEvent(new Event('online'))")
        differences: list[str] = []

        def is_equal(page: Page = page, differences: list[str] = differences) -> bool:
            differences.append(page.evaluate(COMPARE))
            return not differences[-1]

        try:
            wait_for(is_equal, 20)
        except AssertionError:
            pytest.fail(f"After {verb}: {differences[-1]}")


def test_open_pages_match_fresh_ones_after_every_verb(server, new_page, console_errors):
    blog = cover()
    own = update_of(blog, "第21則")
    paths = [
        "/live/storm/",
        "/zh-hans/live/storm/",
        "/live/storm/?text=1",
        f"/live/storm/?before={update_of(blog, '第19則').pk}",
        f"/live/storm/{own.pk}/",
        "/embed/storm/",
    ]
    pages = []
    for path in paths:
        # Each page holds a stream and a browser opens six connections to a site, so use separate profiles.
        page = new_page()
        page.goto(server.url + path)
        pages.append(page)
    is_polling = False
    for verb, perform in verbs(blog, own).items():
        perform()
        is_polling = verb == "end" or (is_polling and verb != "publish after the restart")
        assert_pages_match_fresh_ones(pages, verb, is_polling=is_polling)
    # The browser logs the 410 response when the page of the withdrawn update is requested again.
    assert all("410" in error for error in console_errors), console_errors
    console_errors.clear()
