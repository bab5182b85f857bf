"""Benchmark: streams, pages and publishing together on one server process.

5,000 streams are open, 5,000 page requests arrive per second, and an update is published every two seconds.
wrk sends the requests at that pace from 500 connections. Every reader must get every update.

    python -m benchmarks mixed --seconds 600 --rounds 1
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import time

from benchmarks.crowd import crowd
from benchmarks.kept import CODING, cover, program
from benchmarks.report import Row
from benchmarks.serving import newsroom
from benchmarks.stream import allow_files, tokens
from liveblog import publishing
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.environment import ROOT

CONNECTIONS = 500
EVERY_SECONDS = 2


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks mixed")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--readers", type=int, default=5_000)
    parser.add_argument("--requests", type=int, default=5_000, help="a second")
    options = parser.parse_args(arguments)
    allow_files(options.readers + 2_000)
    blog = cover()
    p95, errors, rates, last = [], [], [], []
    with newsroom() as (url, _pid):
        address = url + blog.get_absolute_url()
        with crowd(f"{address}stream?after={blog.number}", options.readers) as people:
            delay = {"DELAY": str(1000 * CONNECTIONS // options.requests)}
            accepts = f"Accept-Encoding: {CODING}"
            command = [program("wrk"), "-t1", f"-c{CONNECTIONS}", f"-d{options.seconds}s", "-H", accepts]
            command += ["-s", str(ROOT / "benchmarks/paced.lua"), address]
            for _ in range(options.rounds):
                with subprocess.Popen(
                    command, stdout=subprocess.PIPE, text=True, env=os.environ | delay
                ) as load:
                    while load.poll() is None:
                        started = time.monotonic()
                        token = next(tokens)
                        people.expect(token)
                        content = Content(f"消息{token}", "", hongkong.now())
                        publishing.publish_update(blog, content, by=SYSTEM)
                        committed = time.monotonic()
                        last.append((people.report().last - committed) * 1000)
                        # The pace of the updates is part of the load.
                        time.sleep(max(0.0, EVERY_SECONDS - (time.monotonic() - started)))
                    result = re.search(r"RESULT (\S+) (\S+) (\S+)", load.stdout.read())
                for figures, value in zip((p95, errors, rates), result.groups(), strict=True):
                    figures.append(float(value))
    return [
        Row(f"{options.readers:,} streams and pages: errors", errors, most=0, digits=0, quantile=1),
        Row("p95 of a page, ms", p95, most=120, digits=1),
        Row("page requests a second", rates, least=0.95 * options.requests, digits=0),
        Row("commit → last stream meanwhile, ms", last, digits=0),
    ]
