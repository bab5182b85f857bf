"""Benchmark: requests that no kept answer serves, by Django's ASGI handler or a thread pool with WSGI.

The ASGI handler starts a thread for each request. The pool has as many threads as there are database
connections. The requests, for a page, its 304 and a page of the API, have an `Authorization` header, so that
no kept answer is used. It needs `pip install a2wsgi`, which nothing else uses.

    python -m benchmarks handlers --rounds 5 --seconds 4
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.kept import Subject, ask, cover
from benchmarks.report import Row, ratios
from benchmarks.serving import cpu_of, newsroom
from tests.factories import make_key

THREADS = 10
UNKEPT = {"Authorization": "Basic cmVhZGVyOnNlY3JldA=="}


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks handlers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args(arguments)
    blog = cover()
    key = {"Authorization": f"Bearer {make_key('read')}"}
    rates: dict[tuple[str, str], list[float]] = {}
    costs: dict[tuple[str, str], list[float]] = {}
    with _servers() as servers:
        for _ in range(options.rounds):
            for handler, (url, pid) in servers.items():
                page = url + blog.get_absolute_url()
                etag = ask(page, {})[1]["etag"]
                for name, subject in {
                    "page": Subject("page", page, 200, UNKEPT),
                    "304": Subject("304", page, 304, UNKEPT | {"If-None-Match": etag}),
                    "API page": Subject("API page", f"{url}/api/v1/blogs/{blog.slug}/updates/", 200, key),
                }.items():
                    spent = cpu_of(pid)
                    subject.measure(options.seconds)
                    rate = subject.rates[-1]
                    rates.setdefault((name, handler), []).append(rate)
                    cost = (cpu_of(pid) - spent) * 1000 / (rate * options.seconds)
                    costs.setdefault((name, handler), []).append(cost)
    rows = []
    for name in ("page", "304", "API page"):
        asgi, wsgi = costs[name, "ASGI"], costs[name, "WSGI"]
        rows.append(Row(f"{name}: processor time of WSGI in a pool ÷ ASGI", ratios(wsgi, asgi)))
    rows += [Row(f"{name}, {handler}: ms of processor time", runs) for (name, handler), runs in costs.items()]
    return rows + [
        Row(f"{name}, {handler}: requests a second", runs, digits=0)
        for (name, handler), runs in rates.items()
    ]


@contextmanager
def _servers() -> Iterator[dict[str, tuple[str, int]]]:
    unlimited = {"API_KEY_REQUESTS_PER_MINUTE": "0"}
    pool = unlimited | {"HANDLER_THREADS": str(THREADS)}
    with newsroom(**unlimited) as asgi, newsroom("benchmarks.wsgi_site:application", **pool) as wsgi:
        yield {"ASGI": asgi, "WSGI": wsgi}
