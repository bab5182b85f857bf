"""Benchmark: requests and bytes of a page that is open on a phone all evening, for four hours.

Chromium emulates the phone and keeps the page open while the updates are published, one a second instead of
one every four minutes. The heartbeats of the remaining hours are added by calculation.

    python -m benchmarks evening --updates 60
"""

from __future__ import annotations

import argparse
import threading
import time

from django.db import connection
from playwright.sync_api import sync_playwright

from benchmarks.kept import BODY, cover
from benchmarks.report import Row
from benchmarks.serving import newsroom
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from liveblog.streams.hub import HEARTBEAT_SECONDS, encode
from newsroom import hongkong
from tests import chromium

HOURS = 4
# A heartbeat is a chunk of its own, with its size in hexadecimal and two line ends around it.
HEARTBEAT_BYTES = len(encode("heartbeat")) + 6


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks evening")
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--pause", type=float, default=1)
    options = parser.parse_args(arguments)
    blog = cover()
    headings = [f"晚間消息{serial}" for serial in range(options.updates)]
    executable = chromium.find_chromium()
    if not executable:
        raise SystemExit("Chromium is missing. On Debian: apt-get install chromium fonts-noto-cjk")
    with newsroom() as (url, _pid):
        publisher = _Publisher(blog, headings, options.pause)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
            page = browser.new_context(**playwright.devices["Pixel 7"]).new_page()
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            requests, sizes = [], []
            session.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
            session.on("Network.dataReceived", lambda event: sizes.append(event["encodedDataLength"]))
            session.on(
                "Network.responseReceived",
                lambda event: sizes.append(event["response"]["encodedDataLength"]),
            )
            page.goto(url + blog.get_absolute_url())
            publisher.start()
            page.get_by_text(headings[-1], exact=True).first.wait_for(state="attached", timeout=600_000)
            publisher.join()
            browser.close()
    heartbeats = HOURS * 3600 / HEARTBEAT_SECONDS * HEARTBEAT_BYTES
    return [
        Row(f"{options.updates} updates on a phone: requests", [len(requests)], most=20, digits=0),
        Row(
            f"{options.updates} updates on a phone, and {HOURS} hours of heartbeats: MB",
            [(sum(sizes) + heartbeats) / 1e6],
            most=1,
        ),
        Row("of that heartbeats: KB", [heartbeats / 1e3], digits=0),
    ]


class _Publisher(threading.Thread):
    """Publishes updates one after the other. Playwright's event loop keeps the main thread from queries."""

    def __init__(self, blog: LiveBlog, headings: list[str], pause: float) -> None:
        super().__init__(daemon=True)
        self._blog, self._headings, self._pause = blog, headings, pause

    def run(self) -> None:
        try:
            for heading in self._headings:
                publishing.publish_update(self._blog, Content(heading, BODY, hongkong.now()), by=SYSTEM)
                # The pace of the updates is part of what is measured.
                time.sleep(self._pause)
        finally:
            connection.close()
