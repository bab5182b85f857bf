"""Benchmark: many readers come back after the server was restarted.

The readers run the reader pages' own connection code in Node.js (`tests/js/crowd.mjs`). Measured from the
moment the new server accepts connections: the time until all streams are open again, how evenly they arrive,
and how much of a core the server uses.

    python -m benchmarks comeback --readers 10000 --rounds 1
"""

from __future__ import annotations

import argparse
import statistics
import threading
import time
from collections import Counter
from contextlib import ExitStack

from benchmarks.report import Row
from benchmarks.serving import cpu_of, newsroom
from benchmarks.stream import allow_files
from liveblog.models import LiveBlog
from tests.factories import make_blog
from tests.streams.test_restart import open_crowd
from tests.waiting import find_free_port, wait_for

PATIENCE = 300


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks comeback")
    parser.add_argument("--readers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args(arguments)
    allow_files(2 * options.readers + 1_000)
    blog = make_blog(slug="storm")
    rounds = [_restart(blog, options.readers) for _ in range(options.rounds)]
    seconds, peaks, busiest = (list(values) for values in zip(*rounds, strict=True))
    return [
        Row(f"{options.readers:,} streams open again, s", seconds, most=10, digits=1),
        Row("the fullest second ÷ the mean", peaks, most=2),
        Row("seconds in a row above 1 core", busiest, most=5, digits=0),
    ]


def _restart(blog: LiveBlog, readers: int) -> tuple[float, float, float]:
    """Return the seconds until all are back, the fullest second over the mean, and the longest full load."""
    port = find_free_port()
    with ExitStack() as stack:
        with newsroom(port=port) as (url, _pid):
            address = f"{url}/live/{blog.slug}/"
            crowd = stack.enter_context(open_crowd(address, blog.number, readers))
            wait_for(lambda: len(crowd.times("open")) >= readers, PATIENCE)
            ended = time.time()
        with newsroom(port=port) as (_url, pid):
            load = _Load(pid)
            wait_for(lambda: len(crowd.times("open", since=ended)) >= readers, PATIENCE)
            back = crowd.times("open", since=ended)[:readers]
            load.stop()
    by_second = Counter(int(at - back[0]) for at in back)
    mean = statistics.mean(by_second.get(second, 0) for second in range(int(back[-1] - back[0]) + 1))
    return back[-1] - back[0], max(by_second.values()) / mean, load.longest


class _Load(threading.Thread):
    """A meter of the longest time, in seconds, for which a process uses more than one core."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.longest = 0
        self._pid = pid
        self._must_stop = threading.Event()
        self.start()

    def run(self) -> None:
        in_a_row, spent = 0, cpu_of(self._pid)
        while not self._must_stop.wait(1):
            before, spent = spent, cpu_of(self._pid)
            in_a_row = in_a_row + 1 if spent - before > 1 else 0
            self.longest = max(self.longest, in_a_row)

    def stop(self) -> None:
        self._must_stop.set()
        self.join()
