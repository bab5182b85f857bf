"""Benchmark: pages behind deploy/nginx.conf, and pages while an update is published every second.

The reference is a file with the same compressed bytes that the same nginx sends, with the same TLS and log.
The log shows which answers came from the newsroom: at most one per URL and two seconds, at any load. While
updates are published, the server itself is measured: its rate, and the age of the oldest answer.

    python -m benchmarks proxied --rounds 3 --seconds 4
"""

from __future__ import annotations

import argparse
import math
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from benchmarks.kept import CODING, OF_SERVER, Subject, ask, cover
from benchmarks.report import Row, ratios
from benchmarks.serving import newsroom
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.security.proxies import NAME, PRODUCTION, Authority, nginx
from tests.waiting import find_free_port

ACCEPTS = {"Accept-Encoding": CODING}
FRESH_SECONDS = 2


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks proxied")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args(arguments)
    blog = cover()
    with newsroom() as (url, _pid):
        page = url + blog.get_absolute_url()
        quiet, busy = (Subject(name, page, 200, ACCEPTS) for name in ("quiet", "while publishing"))
        oldest = []
        for _ in range(options.rounds):
            quiet.measure(options.seconds)
            with _publishing(blog, page) as ages:
                busy.measure(options.seconds)
            oldest.append(max(ages, default=math.inf))
        _status, headers, body = ask(page, ACCEPTS)
    return [
        *_behind_nginx(blog, headers, body, options.rounds, options.seconds),
        Row("page while an update a second is published ÷ quiet", ratios(busy.rates, quiet.rates), least=0.7),
        Row("the oldest answer meanwhile, in seconds", oldest, most=FRESH_SECONDS, quantile=1),
    ]


def _behind_nginx(
    blog: LiveBlog, headers: dict[str, str], body: bytes, rounds: int, seconds: int
) -> list[Row]:
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsroom-proxied-")))
        place.chmod(0o755)
        Authority().issue(place)
        (place / "page").write_bytes(body)
        url, _pid = stack.enter_context(newsroom(**PRODUCTION))
        port, _plain = stack.enter_context(nginx(place, url, edits(place, headers)))
        address = f"https://127.0.0.1:{port}"
        cached = Subject("cache", address + blog.get_absolute_url(), 200, ACCEPTS | {"Host": NAME})
        static = Subject("file", f"{address}/page", 200, ACCEPTS | {"Host": NAME})
        # The first connection fills the cache.
        cached.measure(1, is_checked=False)
        cached.rates.clear()
        misses = []
        log = place / "access.log"
        for _ in range(rounds):
            static.measure(seconds, is_checked=False)
            before = Counter(log.read_text().split())
            started = time.monotonic()
            cached.measure(seconds, is_checked=False)
            windows = 1 + (time.monotonic() - started) / FRESH_SECONDS
            answers = Counter(log.read_text().split()) - before
            misses.append(sum(answers[name] for name in ("MISS", "EXPIRED", "REVALIDATED")) / windows)
    return [
        Row("behind nginx's cache ÷ nginx's static file", ratios(cached.rates, static.rates), least=0.85),
        Row("requests to the newsroom for each URL and 2 s", misses, most=1),
        Row("behind nginx's cache: requests a second", cached.rates, digits=0),
        Row("nginx's static file: requests a second", static.rates, digits=0),
    ]


def edits(place: Path, headers: dict[str, str]) -> dict[str, str]:
    """Serve the file next to the newsroom, log only the source of answers, and accept requests by address."""
    others = {name: value for name, value in headers.items() if name not in (*OF_SERVER, "content-type")}
    lines = "".join(f"add_header {name} '{value}';" for name, value in others.items() if "'" not in value)
    location = f"location = /page {{ root {place}; default_type 'text/html; charset=utf-8'; {lines} }}"
    return {
        r"listen 127\.0\.0\.1:\d+ ssl http2 default_server": f"listen 127.0.0.1:{find_free_port()} ssl http2",
        r"^    access_log (.*);$": r"    log_format source $upstream_cache_status; access_log \1 source;",
        r"^        location = /metrics {": f"        {location}\n        location = /metrics {{",
        r"limit_conn connections 400;": "",
    }


@dataclass
class _Publisher:
    blog: LiveBlog
    page: str
    ages: list[float] = field(default_factory=list)
    must_stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Publish an update every second, and measure when the page has it."""
        try:
            while not self.must_stop.wait(0.2):
                started = time.monotonic()
                heading = f"消息{time.time_ns()}"
                publishing.publish_update(self.blog, Content(heading, "", hongkong.now()), by=SYSTEM)
                committed = time.monotonic()
                while heading.encode() not in ask(self.page, {})[2]:
                    # Asking in a tight loop would put load on the server that is being measured.
                    time.sleep(0.01)
                self.ages.append(time.monotonic() - committed)
                # Together with the wait above, this makes one update per second.
                time.sleep(max(0, 0.8 - (time.monotonic() - started)))
        finally:
            connection.close()


@contextmanager
def _publishing(blog: LiveBlog, page: str) -> Iterator[list[float]]:
    publisher = _Publisher(blog, page)
    thread = threading.Thread(target=publisher.run)
    thread.start()
    try:
        yield publisher.ages
    finally:
        publisher.must_stop.set()
        thread.join()
