"""Server restarts with many open pages, which run the real connection code of the reader pages."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import pytest

from tests.conftest import serving
from tests.environment import ROOT
from tests.factories import make_blog
from tests.security.proxies import simple_nginx
from tests.waiting import find_free_port, wait_for

PAGES = 200
# Seconds from the first reconnection until 99% of the pages must be back.
BACK_WITHIN = 5
# Width in milliseconds of the bins in which simultaneous events are counted.
BIN = 10
# Without jitter, all pages would fall into one bin. Allow for some: a busy machine may pause node briefly.
SPIKE = PAGES // 4
PATIENCE = 120


@dataclass
class Crowd:
    """Open pages in a node process, and the kind and Unix time of each event that `crowd.mjs` reports."""

    process: subprocess.Popen
    events: list[tuple[str, float]] = field(default_factory=list)

    def read(self) -> None:
        for line in self.process.stdout:
            event = json.loads(line)
            self.events.append((event["kind"], event["at"] / 1_000))

    def times(self, kind: str, since: float = 0, until: float = math.inf) -> list[float]:
        return sorted(at for name, at in list(self.events) if name == kind and since <= at <= until)


@contextmanager
def open_crowd(url: str, number: int, pages: int = PAGES) -> Iterator[Crowd]:
    node = shutil.which("node")
    if not node:
        pytest.skip("There is no node on this machine.")
    command = [node, str(ROOT / "tests/js/crowd.mjs"), url, str(pages), str(number)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        crowd = Crowd(process)
        thread = Thread(target=crowd.read, daemon=True)
        thread.start()
        try:
            yield crowd
        finally:
            process.stdin.close()
            thread.join()


@contextmanager
def nginx(upstream: str, place: Path) -> Iterator[str]:
    """Run nginx in front of `upstream` and yield its URL. It returns 502 while the upstream is down."""
    location = (
        f"proxy_pass {upstream};"
        ' proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;'
    )
    with simple_nginx(place, location) as url:
        yield url


def largest_bin(times: list[float]) -> int:
    """Return how many of the times fall into the fullest bin of `BIN` milliseconds."""
    return max(Counter(int(at * 1_000 // BIN) for at in times).values(), default=0)


# Run this alone, because readers are promised these five seconds and other tests would use the processor.
@pytest.mark.alone
@pytest.mark.parametrize("is_proxied", [False, True], ids=["directly", "behind nginx"])
def test_pages_reconnect_within_5_seconds_of_a_restart_but_not_all_at_once(
    transactional_db, production_environment, tmp_path, is_proxied
):
    blog, port = make_blog(slug="storm"), find_free_port()
    with serving(production_environment, port=port) as server, ExitStack() as stack:
        url = stack.enter_context(nginx(server.url, tmp_path)) if is_proxied else server.url
        with open_crowd(f"{url}/live/storm/", blog.number) as crowd:
            wait_for(lambda: len(crowd.times("open")) == PAGES, PATIENCE)
            server.process.terminate()
            wait_for(lambda: len(crowd.times("ended")) == PAGES, PATIENCE)
            server.process.wait(timeout=PATIENCE)
            ended = crowd.times("ended")
            with serving(production_environment, port=port):
                wait_for(lambda: len(crowd.times("open", since=ended[0])) >= PAGES, PATIENCE)
                back = crowd.times("open", since=ended[0])

    # The first page to reconnect shows when the server accepted connections again.
    assert len(back) == PAGES
    assert back[int(PAGES * 0.99) - 1] - back[0] <= BACK_WITHIN
    for kind in ("ended", "stream", "poll"):
        assert largest_bin(crowd.times(kind, ended[0], back[-1])) <= SPIKE, kind
