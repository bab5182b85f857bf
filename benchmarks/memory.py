"""Benchmark: memory of a server process while many long live blogs are read.

Each live blog's newest page, an older page, a poll and a feed are read, in both scripts, over and over. The
figure must stop growing, because the store of kept answers is bounded.

    python -m benchmarks memory --blogs 100 --updates 2000 --seconds 60
"""

from __future__ import annotations

import argparse
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

from benchmarks.kept import CODING, ask
from benchmarks.report import Row
from benchmarks.serving import memory_of, newsroom
from liveblog.models import LiveBlog
from tests.factories import make_long_blog

READERS = 8
ACCEPTS = {"Accept-Encoding": CODING}


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory")
    parser.add_argument("--blogs", type=int, default=100)
    parser.add_argument("--updates", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args(arguments)
    blogs = [
        make_long_blog(f"storm-{serial}", options.updates, max(1, options.updates // 50))
        for serial in range(options.blogs)
    ]
    paths = [path for blog in blogs for path in _paths(blog)]
    sizes = []
    with newsroom() as (url, pid), ThreadPoolExecutor(READERS) as pool:
        sizes.append(memory_of(pid))
        addresses = itertools.cycle(url + path for path in paths)
        for _ in range(6):
            deadline = time.monotonic() + options.seconds / 6
            while time.monotonic() < deadline:
                batch = list(itertools.islice(addresses, 200))
                list(pool.map(lambda address: ask(address, ACCEPTS), batch))
            sizes.append(memory_of(pid))
    name = f"{options.blogs} live blogs of {options.updates:,} updates being read"
    return [
        Row(f"{name}: MB", [size / 1e6 for size in sizes[1:]], most=250, digits=0, quantile=1),
        Row("the same process before the first request: MB", [sizes[0] / 1e6], digits=0),
    ]


def _paths(blog: LiveBlog) -> list[str]:
    middle = blog.updates.order_by("pk")[blog.updates.count() // 2].pk
    pages = ["", f"?before={middle}", f"{middle}/", f"changes.json?after={blog.number - 1}", "feed.atom"]
    return [f"{edition}/live/{blog.slug}/{page}" for edition in ("", "/zh-hans") for page in pages]
