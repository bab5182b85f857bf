"""Benchmark: first paint of a long live blog's desk, and delay from publishing there to readers.

It runs in Chromium with a signed-in editor. The first paint of a desk with 2,000 updates is compared with
that of a desk with 20, loaded alternately in the same run. Then the editor publishes several updates with the
keyboard chord, while one reader has a stream open and another polls for changes. The table shows the
milliseconds from the key press to each reader.

    python -m benchmarks desk --loads 9 --chords 15
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.serving import newsroom
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, BlogDetails, Content
from tests import chromium
from tests.waiting import wait_for

SHORT, LONG = 20, 2_000
BODY = "<p>天文台表示，八號烈風或暴風信號會維持至明日正午，市民應留在安全地方。</p>" * 3
# Record when Ctrl+Enter was pressed, by the clock that the readers' side uses too.
NOTE_CHORD = """
addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") window.pressedAt = Date.now();
}, { capture: true });
"""
FIRST_PAINT = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks desk")
    parser.add_argument("--loads", type=int, default=9)
    parser.add_argument("--chords", type=int, default=15)
    options = parser.parse_args(arguments)
    # Use the database before starting the browser: Playwright leaves an event loop running in this thread,
    # and Django refuses synchronous queries in a thread with a running loop.
    blogs = {updates: _cover(updates) for updates in (SHORT, LONG)}
    session = _session()
    with newsroom() as (url, _pid), sync_playwright() as playwright:
        executable = chromium.find_chromium()
        if not executable:
            raise SystemExit("Chromium is missing. On Debian: apt-get install chromium fonts-noto-cjk")
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
        context = browser.new_context(base_url=url)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
        paints: dict[int, list[float]] = {updates: [] for updates in blogs}
        # Skip the first load of each desk, which fills the browser's cache.
        for load in range(options.loads + 1):
            for updates, blog in blogs.items():
                paint = _first_paint(context, blog)
                if load:
                    paints[updates].append(paint)
        waits = _publish(context, url, blogs[LONG], options.chords)
        browser.close()
    _print(paints, waits)


def _cover(updates: int) -> LiveBlog:
    """Create a running live blog with that many updates, one minute apart; return it."""
    details = BlogDetails(slug=f"desk-{updates}", language="zh-hant", headline="八號信號生效", kicker="風暴")
    blog = publishing.start_coverage(publishing.create_blog(details, by=SYSTEM), by=SYSTEM)
    now = timezone.now()
    for i in range(updates):
        content = Content(f"第{i}則消息", BODY, now - timedelta(minutes=updates - i))
        publishing.publish_update(blog, content, by=SYSTEM)
    return blog


def _session() -> str:
    """Sign in a new editor; return the session key."""
    editor = User.objects.create_user("editor", is_staff=True)
    editor.groups.add(Group.objects.get(name="Editor"))
    client = Client()
    client.force_login(editor)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _open(context: BrowserContext, blog: LiveBlog) -> Page:
    page = context.new_page()
    page.add_init_script(NOTE_CHORD)
    page.goto(reverse("desk:desk", args=[blog.pk]), wait_until="load")
    page.wait_for_selector(".tiptap")
    return page


def _first_paint(context: BrowserContext, blog: LiveBlog) -> float:
    page = _open(context, blog)
    painted = wait_for(lambda: page.evaluate(FIRST_PAINT))
    page.close()
    return painted


def _publish(context: BrowserContext, url: str, blog: LiveBlog, chords: int) -> dict[str, list[float]]:
    """Publish updates by chord; return the milliseconds to the readers' stream and to their poll."""
    page = _open(context, blog)
    waits: dict[str, list[float]] = {"the readers’ stream": [], "the readers’ poll": []}
    public = f"{url}{blog.get_absolute_url()}"
    for i in range(chords):
        number = int(page.locator("[data-desk]").get_attribute("data-number"))
        heading = f"號外{i}"
        page.locator("#id_heading").fill(heading)
        page.keyboard.press("Enter")
        page.keyboard.insert_text("天文台剛剛公布。")
        followers = [
            _Follower(_in_stream, public, number, heading),
            _Follower(_in_poll, public, number, heading),
        ]
        for follower in followers:
            follower.is_ready.wait(timeout=30)
        page.keyboard.press("Control+Enter")
        for follower, seen in zip(followers, waits.values(), strict=True):
            follower.join(timeout=30)
            seen.append(follower.seen_at - page.evaluate("window.pressedAt"))
        page.locator(".row h3", has_text=heading).wait_for()
    return waits


class _Follower(Thread):
    """A reader waiting for an update; `seen_at` is its arrival in milliseconds since 1970."""

    def __init__(self, follow: Callable[..., None], public: str, number: int, heading: str) -> None:
        super().__init__(daemon=True)
        self._arguments = (follow, public, number, heading)
        self.is_ready = Event()
        self.seen_at = 0.0
        self.start()

    def run(self) -> None:
        follow, *arguments = self._arguments
        follow(self, *arguments)
        self.seen_at = time.time() * 1000


def _in_stream(follower: _Follower, public: str, number: int, heading: str) -> None:
    with urlopen(f"{public}stream?after={number}") as stream:
        follower.is_ready.set()
        for line in stream:
            if line.startswith(b"data:") and heading in str(json.loads(line[5:])):
                return


def _in_poll(follower: _Follower, public: str, number: int, heading: str) -> None:
    while True:
        with urlopen(f"{public}changes.json?after={number}") as answer:
            updates = json.load(answer).get("updates", [])
        follower.is_ready.set()
        if any(update["heading"] == heading for update in updates):
            return
        # Polling in a tight loop would put load on the server that is being measured.
        time.sleep(0.01)


def _print(paints: dict[int, list[float]], waits: dict[str, list[float]]) -> None:
    print("| desk with | first paint ms | ÷ the short one |\n|---|---|---|")
    short = statistics.median(paints[SHORT])
    for updates, seen in paints.items():
        painted = statistics.median(seen)
        print(f"| {updates:,} updates | {painted:.0f} | {painted / short:.2f} |")
    print("\n| from Ctrl+Enter to | p50 ms | slowest ms |\n|---|---|---|")
    for where, seen in waits.items():
        print(f"| {where} | {statistics.median(seen):.0f} | {max(seen):.0f} |")
