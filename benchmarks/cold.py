"""Benchmark: processor time and queries of a live page that is not kept, compared with a plain Django view.

"Nothing kept" is the first request after a start: no markup of an update and no conversion is in memory. "One
changed" is a request after an edit of one of the updates. The plain view reads and shows the same 20 updates
(`benchmarks.plain_view`). All run in this process, in turn, on PostgreSQL; the table shows this process's
processor time, which other work on the machine hardly affects.

    python -m benchmarks cold --rounds 15
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks import plain_view
from benchmarks.report import Row, ratios
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.presentation import editions, pieces
from liveblog.presentation.timeline import PAGE_SIZE
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_rich_blog

NOTHING_KEPT, ONE_CHANGED, PLAIN = "nothing kept", "one update changed", "plain view"
TARGETS = {NOTHING_KEPT: (8, 3.0), ONE_CHANGED: (4, 1.2)}


@dataclass
class Page:
    """A page and what to do before each request. `times` are seconds of processor time, one per round."""

    prepare: Callable[[LiveBlog], None]
    settings: dict[str, object] = field(default_factory=dict)
    queries: int = 0
    times: list[float] = field(default_factory=list)

    def measure(self, client: Client, blog: LiveBlog) -> None:
        self.prepare(blog)
        with override_settings(**self.settings):
            path = blog.get_absolute_url()
            started = time.process_time()
            response = client.get(path)
            self.times.append(time.process_time() - started)
            if response.status_code != 200:
                raise SystemExit(f"{path}: {response.status_code}")
            with CaptureQueriesContext(connection) as queries:
                self.prepare(blog) if not self.queries else None
                before = len(queries)
                client.get(path)
            self.queries = self.queries or len(queries) - before


def forget_everything(_blog: LiveBlog) -> None:
    pieces.forget()
    editions.forget()


def edit_one_update(blog: LiveBlog) -> None:
    update = blog.updates.order_by("-happened_at")[3]
    content = replace(Content.of(update), heading=f"第{blog.changes.count()}次修改")
    publishing.edit_update(update, content, by=SYSTEM)


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks cold")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    blog = make_rich_blog("storm", 2 * PAGE_SIZE)
    client = Client(SERVER_NAME="127.0.0.1")
    plain = {"ROOT_URLCONF": "benchmarks.plain_view", "MIDDLEWARE": plain_view.MIDDLEWARE}
    pages = {
        NOTHING_KEPT: Page(forget_everything),
        ONE_CHANGED: Page(edit_one_update),
        PLAIN: Page(lambda _blog: None, plain),
    }
    # Discard the first round, which compiles templates and patterns.
    for round_number in range(options.rounds + 1):
        for page in pages.values():
            page.measure(client, blog)
            if not round_number:
                page.times.clear()
    plain = pages.pop(PLAIN).times
    rows = []
    for name, page in pages.items():
        queries, ratio = TARGETS[name]
        rows += [
            Row(f"{name}: queries", [page.queries], most=queries, digits=0),
            Row(f"{name}: processor time ÷ the plain view", ratios(page.times, plain), most=ratio),
        ]
    times = {name: page.times for name, page in pages.items()} | {PLAIN: plain}
    return rows + [
        Row(f"{name}: ms", [1000 * spent for spent in runs], digits=1) for name, runs in times.items()
    ]
