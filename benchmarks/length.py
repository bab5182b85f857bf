"""Benchmark: processor time and bytes of a long live blog's answers, compared with those of a short one.

The short live blog has 200 updates and 20 key events, which is less than a page of them; the long one has by
default 20,000 and 1,000. Each answer is requested in this process, in turn for both, first in full and then
conditionally. The fastest of several rounds counts, to reduce the influence of other work on the machine. The
table shows ratios of the long live blog to the short one: this process's processor time, the total time with
the database's, and bytes.

    python -m benchmarks length --updates 20000 --key-events 1000 --rounds 15
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from liveblog.models import LiveBlog
from tests.factories import make_long_blog

SHORT = (200, 20)
PATHS = {
    "page": "/live/{slug}/",
    "older page": "/live/{slug}/?before={middle}",
    "permalink": "/live/{slug}/{middle}/",
    "all key events": "/live/{slug}/key-events/?before={middle}",
    "poll with a change": "/live/{slug}/changes.json?after={last}",
    "idle poll": "/live/{slug}/changes.json?after={number}",
    "feed": "/live/{slug}/feed.atom",
    "embed": "/embed/{slug}/",
    "API: live blog": "/api/v1/blogs/{slug}/",
    "API: its updates": "/api/v1/blogs/{slug}/updates/",
    "API: its changes": "/api/v1/blogs/{slug}/changes/?after={last}",
}


@dataclass
class Cost:
    """The least cost of one answer so far; times in seconds."""

    queries: int = 0
    size: int = 0
    processor: float = float("inf")
    whole: float = float("inf")


@dataclass
class Answer:
    name: str
    paths: list[str]
    headers: list[dict[str, str]] = field(default_factory=lambda: [{}, {}])
    costs: list[Cost] = field(default_factory=lambda: [Cost(), Cost()])


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks length")
    parser.add_argument("--updates", type=int, default=20_000)
    parser.add_argument("--key-events", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    blogs = [make_long_blog("short", *SHORT), make_long_blog("longs", options.updates, options.key_events)]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(SERVER_NAME="127.0.0.1")
    answers = [Answer(name, [address_of(path, blog) for blog in blogs]) for name, path in PATHS.items()]
    answers += [_conditional(client, answer) for answer in answers]
    for _round in range(options.rounds):
        for answer in answers:
            for path, headers, cost in zip(answer.paths, answer.headers, answer.costs, strict=True):
                _measure(client, path, headers, cost)
    _print(answers)


def address_of(path: str, blog: LiveBlog) -> str:
    middle = blog.updates.order_by("happened_at")[blog.updates.count() * 4 // 5].pk
    return path.format(slug=blog.slug, pk=blog.pk, middle=middle, number=blog.number, last=blog.number - 1)


def _conditional(client: Client, answer: Answer) -> Answer:
    """Return the same answer, requested with its ETag."""
    headers = [{"If-None-Match": client.get(path).headers["ETag"]} for path in answer.paths]
    return Answer(f"304: {answer.name}", answer.paths, headers)


def _measure(client: Client, path: str, headers: dict[str, str], cost: Cost) -> None:
    with CaptureQueriesContext(connection) as queries:
        started, processor = time.perf_counter(), time.process_time()
        response = client.get(path, headers=headers)
        cost.processor = min(cost.processor, time.process_time() - processor)
        cost.whole = min(cost.whole, time.perf_counter() - started)
        cost.queries = len(queries)
    cost.size = len(response.content)


def _print(answers: list[Answer]) -> None:
    print("| long ÷ short | queries | ms, short | processor | whole | bytes |")
    print("|---|---|---|---|---|---|")
    for answer in answers:
        short, long = answer.costs
        queries = f"{short.queries}" if short.queries == long.queries else f"{short.queries}, {long.queries}"
        ratios = (long.processor / short.processor, long.whole / short.whole)
        size = f"{long.size / short.size:.2f}" if short.size else "none"
        cells = [answer.name, queries, f"{short.processor * 1000:.1f}", *(f"{r:.2f}" for r in ratios), size]
        print(f"| {' | '.join(cells)} |")
