"""How soon does a reader on a slow phone see a live blog, and does the page's script get in the way?

Measured in Chromium as laboratories do: 1.6 Mbit/s down, 150 ms there and back, a processor four times
slower, nothing cached. Beside the live blog, in the same run, a page of the same site with the same style but
hardly any content: what the network and the browser take at least.

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

# A task longer than 50 ms keeps the reader's finger waiting, and what is over it blocks; before anything is
# to be seen, nobody is kept waiting by it (as "total blocking time" is defined).
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
    """Milliseconds: to the largest contentful paint, and blocked in total. `size`: bytes on the wire."""

    painted: float
    blocked: float
    size: int


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks page")
    parser.add_argument("--loads", type=int, default=5)
    asked = parser.parse_args(arguments)
    call_command("load_demo", verbosity=0)
    blog = LiveBlog.objects.live().newest_first().first()
    with newsroom() as (url, _pid), sync_playwright() as playwright:
        executable = chromium.find_chromium()
        if not executable:
            raise SystemExit("Chromium is missing. On Debian: apt-get install chromium fonts-noto-cjk")
        browser = playwright.chromium.launch(executable_path=executable, args=chromium.ARGUMENTS)
        pages = {"live blog": f"{url}{blog.get_absolute_url()}", "hardly anything": f"{url}/search/"}
        loads = {
            name: [_load(browser, address) for _ in range(asked.loads)] for name, address in pages.items()
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
    # Two quiet seconds: what is still to be painted or run would have begun.
    page.wait_for_timeout(2_000)
    painted, blocked = page.evaluate(SEEN)
    context.close()
    return Load(painted, blocked, int(sum(received)))


def _print(loads: dict[str, list[Load]]) -> None:
    print("| | LCP ms | TBT ms | KB received | LCP: it ÷ hardly anything |\n|---|---|---|---|---|")
    least = statistics.median(load.painted for load in loads["hardly anything"])
    for name, seen in loads.items():
        painted = statistics.median(load.painted for load in seen)
        blocked = statistics.median(load.blocked for load in seen)
        size = statistics.median(load.size for load in seen) / 1024
        print(f"| {name} | {painted:.0f} | {blocked:.0f} | {size:.0f} | {painted / least:.2f} |")
