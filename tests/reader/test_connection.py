"""Recovery of an open page from a broken connection."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.publishing import SYSTEM
from tests.factories import make_blog, make_update
from tests.streams.tcp_proxy import TcpProxy, proxying

# Milliseconds: the limit for noticing a half-open connection; after SILENCE the watchdog has fired.
NOTICED_WITHIN = 45_000
SILENCE = 28_500
# Seconds: a restart of RESTART must not be reported to readers; an outage longer than GRACE must be.
RESTART = 3
GRACE = 10
FOLLOWING, LOST = "自動更新中", re.compile("^連線中斷")
# Record when, by its own clock, the page first reports a lost connection.
WATCH = """() => {
  window.lostAt = null;
  const state = document.querySelector(".coverage");
  new MutationObserver(() => { if (state.classList.contains("is-lost")) window.lostAt ??= Date.now(); })
    .observe(state, { attributes: true, subtree: true, childList: true });
}"""


@pytest.fixture
def proxy(start_server: Callable) -> Iterator[TcpProxy]:
    """Yield a proxy between the browser and a newsroom whose SITE_URL is the proxy's address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = start_server(SITE_URL=f"http://127.0.0.1:{listener.getsockname()[1]}")
    with proxying(listener, urlsplit(server.url).port) as proxy:
        yield proxy


def follow(page: Page, proxy: TcpProxy, path: str = "/live/storm/") -> None:
    """Open the page and wait until it has a stream."""
    with page.expect_response(re.compile("/stream")):
        page.goto(proxy.url + path)
    page.evaluate(WATCH)


@pytest.mark.parametrize("path", ["/live/storm/", "/embed/storm/"])
def test_page_on_a_half_open_connection_polls_and_shows_takedowns(proxy, page, console_errors, path):
    blog = make_blog(slug="storm")
    secret = make_update(blog, "秘密")
    page.clock.install()
    follow(page, proxy, path)
    expect(page.locator("h3")).to_have_text("秘密")
    proxy.silence(new_ones=False)
    silent_at = page.evaluate("Date.now()")
    publishing.withdraw_update(secret, by=SYSTEM, reason="x")
    page.clock.run_for(SILENCE)
    # The browser may still send a poll on a silent connection that it kept alive.
    expect(page.locator(".tombstone")).to_be_visible()
    assert page.evaluate("Date.now()") - silent_at <= NOTICED_WITHIN
    expect(page.locator("[data-live-state]")).to_have_text(FOLLOWING)
    # The proxy forwards the new stream that the page opens.
    page.clock.run_for(5_000)
    make_update(blog, "新一")
    expect(page.locator("h3")).to_have_text("新一")
    console_errors.clear()


def test_page_without_responses_reports_this_within_45_seconds_and_recovers(proxy, page, console_errors):
    blog = make_blog(slug="storm")
    page.clock.install()
    follow(page, proxy)
    expect(page.locator("[data-live-state]")).to_have_text(FOLLOWING)
    proxy.silence(new_ones=True)
    silent_at = page.evaluate("Date.now()")
    make_update(blog, "新一")
    page.clock.run_for(SILENCE)
    expect(page.locator("[data-live-state]")).to_have_text(LOST)
    assert page.evaluate("lostAt") - silent_at <= NOTICED_WITHIN
    proxy.forward()
    # Hanging requests end at their timeout; later requests succeed.
    page.clock.run_for(NOTICED_WITHIN)
    expect(page.locator("h3")).to_have_text("新一", timeout=NOTICED_WITHIN)
    expect(page.locator("[data-live-state]")).to_have_text(FOLLOWING)
    console_errors.clear()


@pytest.mark.parametrize("path", ["/live/storm/", "/embed/storm/"])
def test_restart_of_3_seconds_is_not_reported_and_loses_no_update(proxy, page, console_errors, path):
    blog = make_blog(slug="storm")
    follow(page, proxy, path)
    proxy.go_away()
    make_update(blog, "新一")
    time.sleep(RESTART)
    polls: list[str] = []
    page.on("response", lambda response: "changes.json" in response.url and polls.append(response.url))
    with page.expect_response(re.compile("/stream")):
        proxy.come_back()
    expect(page.locator("h3")).to_have_text("新一")
    make_update(blog, "新二")
    expect(page.locator("h3")).to_have_text(["新二", "新一"])
    assert page.evaluate("lostAt") is None
    # The page caught up through its stream, without a poll.
    assert polls == []
    console_errors.clear()


def test_outage_longer_than_the_grace_period_is_reported(proxy, page, console_errors):
    make_blog(slug="storm")
    follow(page, proxy)
    proxy.go_away()
    expect(page.locator("[data-live-state]")).to_have_text(LOST, timeout=(GRACE + 10) * 1_000)
    proxy.come_back()
    expect(page.locator("[data-live-state]")).to_have_text(FOLLOWING)
    console_errors.clear()
