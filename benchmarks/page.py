"""Benchmark: largest contentful paint and total blocking time of a live blog on a slow phone.

It runs in Chromium with the usual lab settings: 1.6 Mbit/s down, a round trip of 150 ms, a processor slowed
down four times, and an empty cache. The baseline in the same run is a page of the same site with the same
styles but hardly any content, which shows the minimum that the network and the browser need.

    python -m benchmarks page --loads 5
"""

from __future__ import annotations

import argparse
import statistics
from dataclasses import dataclass

from django.core.management import call_command
from playwright.sync_api import Browser, sync_playwright

from benchmarks.serving import newsroom
from liveblog.models import LiveBlog
from tests import chromium

PHONE = {"viewport": {"width": 375, "height": 667}, "device_scale_factor": 2, "is_mobile": True}
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
PROCESSOR_SLOWED = 4

# As in the definition of "total blocking time", the part of a task beyond 50 ms counts as blocking, but only
# after the first contentful paint.
OBSERVE = """
window.painted = 0;
window.tasks = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver(list => {
  window.tasks.push(...list.getEntries());
}).observe({type: "longtask", buffered: true});
"""
SEEN = """() => {
  const [first] = performance.getEntriesByName("first-contentful-paint");
  const after = window.tasks.filter(task => task.startTime >= first.startTime);
  return [window.painted, after.reduce((blocked, task) => blocked + task.duration - 50, 0)];
}
"""


@dataclass(frozen=True)
class Load:
    """Largest contentful paint and total blocking time in milliseconds; `size` in bytes on the wire."""

    painted: float
    blocked: float
    size: int


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks page")
    parser.add_argument("--loads", type=int, default=5)
    options = parser.parse_args(arguments)
    call_command("load_demo", verbosity=0)
    blog = LiveBlog.objects.live().newest_first().first()
    with newsroom() as (url, _pid), sync_playwright() as playwright:
        executable = chromium.find_chromium()
        if not executable:
            raise SystemExit("Chromium is missing. On Debian: apt-get install chromium fonts-noto-cjk")
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
        pages = {"live blog": f"{url}{blog.get_absolute_url()}", "almost empty page": f"{url}/search/"}
        loads = {
            name: [_load(browser, address) for _ in range(options.loads)] for name, address in pages.items()
        }
        browser.close()
    _print(loads)


def _load(browser: Browser, address: str) -> Load:
    context = browser.new_context(**PHONE)
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    received: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", NETWORK)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR_SLOWED})
    page.add_init_script(OBSERVE)
    page.goto(address, wait_until="load")
    # Wait two seconds, so that any remaining painting and tasks have begun.
    page.wait_for_timeout(2_000)
    painted, blocked = page.evaluate(SEEN)
    context.close()
    return Load(painted, blocked, int(sum(received)))


def _print(loads: dict[str, list[Load]]) -> None:
    print("| | LCP ms | TBT ms | KB received | LCP ÷ that of the almost empty page |\n|---|---|---|---|---|")
    least = statistics.median(load.painted for load in loads["almost empty page"])
    for name, seen in loads.items():
        painted = statistics.median(load.painted for load in seen)
        blocked = statistics.median(load.blocked for load in seen)
        size = statistics.median(load.size for load in seen) / 1024
        print(f"| {name} | {painted:.0f} | {blocked:.0f} | {size:.0f} | {painted / least:.2f} |")
