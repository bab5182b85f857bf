"""Benchmark: time from the commit of an update until readers have it, on their streams and by a poll.

One process serves everybody. Besides the streams, one reader polls `changes.json` every ten milliseconds. The
processor time of idle streams, which only get heartbeats, is measured too, minus that of the process without
readers.

    python -m benchmarks delivery --readers 1000 5000 --messages 20 --seconds 20
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.request import urlopen

from benchmarks.crowd import crowd
from benchmarks.report import Row
from benchmarks.serving import cpu_of, newsroom
from benchmarks.stream import WARM_UP, allow_files, tokens
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.factories import make_blog

BODY = "<p>" + "颱風逼近，天文台預料風勢今晚逐漸增強，市民應盡早完成防風措施。" * 6 + "</p>"
FEW, MANY = 1_000, 5_000
POLL_SECONDS = 0.01


@dataclass
class Times:
    """Milliseconds from the commits to the readers, and microseconds of idle processor time per reader."""

    polls: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks delivery")
    parser.add_argument("--readers", type=int, nargs="+", default=[FEW, MANY])
    parser.add_argument("--messages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args(arguments)
    allow_files(max(options.readers) + 1_000)
    rows = []
    for readers in options.readers:
        times = _deliver(make_blog(slug=f"typhoon-{readers}"), readers, options.messages, options.seconds)
        few, many = readers == FEW, readers == MANY
        rows += [
            Row(
                f"commit → poll, ms, beside {readers:,} streams",
                times.polls,
                most=60 if few else None,
                digits=0,
                quantile=0.99,
            ),
            Row(
                f"commit → 99% of {readers:,} streams, ms",
                times.p99,
                most=60 if few else None,
                digits=0,
                quantile=0.99,
            ),
            Row(
                f"commit → last of {readers:,} streams, ms",
                times.last,
                most=75 if many else None,
                digits=0,
                quantile=0.9,
            ),
            Row(f"idle, {readers:,} streams: µs of processor time per reader and second", times.idle, most=2),
        ]
    return rows


def _deliver(blog: LiveBlog, readers: int, messages: int, seconds: float) -> Times:
    times = Times()
    with newsroom() as (url, pid):
        address = url + blog.get_absolute_url()
        with urlopen(f"{address}changes.json?after=0"):
            pass
        empty = _load_of(pid, seconds / 3)
        with crowd(f"{address}stream?after={blog.number}", readers) as people:
            for message in range(WARM_UP + messages):
                token = next(tokens)
                people.expect(token)
                poller = _Poller(address, LiveBlog.objects.get(pk=blog.pk).number)
                poller.thread.start()
                content = Content(f"消息{token}", BODY, hongkong.now())
                publishing.publish_update(blog, content, by=SYSTEM)
                committed = time.monotonic()
                arrivals = people.report()
                poller.thread.join()
                if message < WARM_UP:
                    continue
                times.polls.append((poller.arrived - committed) * 1000)
                times.p99.append((arrivals.p99 - committed) * 1000)
                times.last.append((arrivals.last - committed) * 1000)
            for _ in range(3):
                times.idle.append((_load_of(pid, seconds / 3) - empty) / readers * 1e6)
    return times


def _load_of(pid: int, seconds: float) -> float:
    """Return the share of a core that a process uses."""
    spent = cpu_of(pid)
    # The load is an average over this time.
    time.sleep(seconds)
    return (cpu_of(pid) - spent) / seconds


class _Poller:
    """A reader who polls until the number has grown. `arrived` is the time of that answer, 0 until then."""

    def __init__(self, address: str, number: int) -> None:
        self.arrived = 0.0
        self._url = f"{address}changes.json?after={number}"
        self._number = number
        self.thread = threading.Thread(target=self._poll)

    def _poll(self) -> None:
        while not self.arrived:
            with urlopen(self._url) as response:
                answer = json.load(response)
            if answer["number"] > self._number:
                self.arrived = time.monotonic()
            # Polling in a tight loop would put load on the server that is being measured.
            time.sleep(POLL_SECONDS)
