"""Benchmark: processor time and bytes of answers of live blogs of 20 to 100,000 updates.

Each answer is requested in this process, in turn for all lengths, round after round. The rows are the ratios
of the longest live blog to one of 200 updates. 2% of the updates are key events, but at least 66, which fill
the list of them. `docs/performance.md` plots the times by length.

    python -m benchmarks lengths --lengths 20 200 2000 20000 100000 --rounds 7
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from benchmarks.length import PATHS, address_of
from benchmarks.report import Row, ratios
from liveblog import publishing
from liveblog.models import LiveBlog, SearchEntry
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from newsroom.text import chinese, html
from tests.factories import make_long_blog

SHORT = 200
ANSWERS = PATHS | {
    "search": "/search/?q=烈風&in={slug}",
    "desk": "/admin/liveblog/liveblog/{pk}/desk/",
}
PUBLISH = "publish"


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks lengths")
    parser.add_argument("--lengths", type=int, nargs="+", default=[20, SHORT, 2_000, 20_000, 100_000])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)
    blogs = {length: _make_blog(length) for length in sorted({SHORT, *options.lengths})}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.create_superuser("chief"))
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    sizes: dict[tuple[str, int], int] = {}
    # Discard the first round, which fills caches.
    for round_number in range(options.rounds + 1):
        for name, path in [*ANSWERS.items(), (PUBLISH, "")]:
            for length, blog in blogs.items():
                started = time.process_time()
                size = _ask(client, path, blog) if path else _publish(blog)
                spent = time.process_time() - started
                if round_number:
                    times[name, length].append(spent * 1000)
                    sizes[name, length] = size
    longest = max(blogs)
    rows = []
    for name in [*ANSWERS, PUBLISH]:
        label = f"{name}: {longest:,} ÷ {SHORT} updates"
        rows.append(Row(f"{label}, processor", ratios(times[name, longest], times[name, SHORT]), most=1.3))
        if name != PUBLISH:
            rows.append(Row(f"{label}, bytes", [sizes[name, longest] / sizes[name, SHORT]], most=1.3))
    return rows + [
        Row(f"{name}, {length} updates: ms of processor time", runs, digits=1)
        for (name, length), runs in times.items()
    ]


def _make_blog(length: int) -> LiveBlog:
    blog = make_long_blog(f"storm-{length}", length, min(length, max(66, length // 50)))
    SearchEntry.objects.bulk_create(
        (
            SearchEntry(
                blog=blog,
                update=row,
                part=0,
                tokens=" ".join(chinese.bigrams(f"{row.heading}\n{html.plain_text(row.body)}")),
            )
            for row in blog.updates.iterator()
        ),
        batch_size=1_000,
    )
    return blog


def _ask(client: Client, path: str, blog: LiveBlog) -> int:
    address = address_of(path, LiveBlog.objects.get(pk=blog.pk))
    response = client.get(address)
    if response.status_code != 200:
        raise SystemExit(f"{address}: {response.status_code}")
    return len(response.content)


def _publish(blog: LiveBlog) -> int:
    publishing.publish_update(blog, Content("消息", "<p>烈風</p>", hongkong.now()), by=SYSTEM)
    return 0
