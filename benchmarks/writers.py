"""Benchmark: publishing by eight writers at once, on one live blog and on eight, against a bare transaction.

The bare transaction locks a row and inserts three others, which is the minimum for a numbered log with a
revision. Each writer is a thread with a connection of its own. Commits wait for the disk, which is part of
publishing.

    python -m benchmarks writers --rounds 3 --seconds 4
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable

from django.db import connection, transaction

from benchmarks.report import Row, ratios
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.factories import make_blog

WRITERS = 8
BODY = "<p>天文台表示，八號烈風或暴風信號會維持至明日正午，市民應留在安全地方。</p>" * 3
# The bare transaction writes the same text.
BARE = """
CREATE TABLE IF NOT EXISTS bare_parent (id int PRIMARY KEY, number int NOT NULL);
CREATE TABLE IF NOT EXISTS bare_child (
    id bigserial PRIMARY KEY, parent int REFERENCES bare_parent, text text
);
CREATE INDEX IF NOT EXISTS bare_by_parent ON bare_child (parent, id);
INSERT INTO bare_parent SELECT n, 0 FROM generate_series(0, 7) n ON CONFLICT DO NOTHING;
"""


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks writers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args(arguments)
    blogs = [make_blog() for _ in range(WRITERS)]
    with connection.cursor() as cursor:
        cursor.execute(BARE)
    rates: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for name, write in {
            "bare, one": lambda _writer: _write_bare(0),
            "ours, one": lambda _writer: _publish(blogs[0]),
            "bare, eight": _write_bare,
            "ours, eight": lambda writer: _publish(blogs[writer]),
        }.items():
            rates.setdefault(name, []).append(_rate(write, options.seconds))
    one, eight = (ratios(rates[f"ours, {blogs}"], rates[f"bare, {blogs}"]) for blogs in ("one", "eight"))
    return [
        Row("8 writers on one live blog ÷ a bare transaction", one, least=0.5),
        Row("8 writers on 8 live blogs ÷ a bare transaction", eight, least=0.7),
        *(Row(f"{name}: transactions a second", runs, digits=0) for name, runs in rates.items()),
    ]


def _rate(write: Callable[[int], None], seconds: float) -> float:
    """Return how many times per second all writers together have written."""
    counts = [0] * WRITERS
    deadline = time.monotonic() + seconds

    def work(writer: int) -> None:
        try:
            while time.monotonic() < deadline:
                write(writer)
                counts[writer] += 1
        finally:
            connection.close()

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.monotonic() - started)


def _write_bare(parent: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT number FROM bare_parent WHERE id = %s FOR UPDATE", [parent])
        for _ in range(3):
            cursor.execute("INSERT INTO bare_child (parent, text) VALUES (%s, %s)", [parent, BODY])


def _publish(blog: LiveBlog) -> None:
    publishing.publish_update(blog, Content("消息", BODY, hongkong.now()), by=SYSTEM)
