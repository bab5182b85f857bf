"""Benchmark: delay and processor time of sending an update to all streams of one process.

It is compared with nginx with nchan and with django-eventstream, in the same run and with the same bytes.

    python -m benchmarks stream --readers 1000 5000 10000 --messages 12

It needs Debian's packages nginx and libnginx-mod-nchan, and installs django-eventstream by itself.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from benchmarks.crowd import Arrivals, Crowd, crowd
from benchmarks.report import Row
from benchmarks.serving import cpu_of, log_of, memory_of, newsroom, running
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.presentation import delta, reading
from liveblog.publishing import SYSTEM, BlogDetails, Content
from newsroom import hongkong
from tests.environment import ROOT
from tests.waiting import find_free_port

MODULES = ("/usr/lib/nginx/modules", "/usr/local/lib/nginx/modules", "/usr/lib64/nginx/modules")
EVENTSTREAM = "django-eventstream==5.3.4"
WARM_UP = 2
MANY = 10_000
FEW = 20
BODY = "<p>" + "颱風逼近，天文台預料風勢今晚逐漸增強，市民應盡早完成防風措施。" * 6 + "</p>"

tokens = (f"token{serial:06}" for serial in itertools.count())


class Subject(Protocol):
    """A server to measure: its stream's URL and its process id."""

    name: str
    stream: str
    pid: int

    def publish(self, token: str) -> float:
        """Publish a message; return its time in seconds of the monotonic clock."""

    def handed_over_at(self, published_at: float, arrivals: Arrivals) -> float:
        """Return when the server had the bytes that it sent to its readers."""


@dataclass
class Newsroom:
    """The newsroom. `publish` calls the verb, which commits rows and a change for the server to read."""

    blog: LiveBlog
    url: str
    pid: int
    name: str = "newsroom"

    @property
    def stream(self) -> str:
        return f"{self.url}{self.blog.get_absolute_url()}stream?after={self.blog.number}"

    def publish(self, token: str) -> float:
        publishing.publish_update(self.blog, Content(f"消息{token}", BODY, hongkong.now()), by=SYSTEM)
        return time.monotonic()

    def handed_over_at(self, published_at: float, arrivals: Arrivals) -> float:
        readings = [float(line) for line in log_of(urlsplit(self.url).port).read_text().splitlines()]
        return max(moment for moment in readings if moment < arrivals.first)


@dataclass
class Broker:
    """A message broker. `publish` POSTs an event of the newsroom's to it."""

    name: str
    url: str
    pid: int
    template: str

    @property
    def stream(self) -> str:
        return f"{self.url}/stream"

    def publish(self, token: str) -> float:
        began_at = time.monotonic()
        body = self.template.replace("TOKEN", token).encode()
        with urlopen(Request(f"{self.url}/publish", body, {"Content-Type": "text/plain"})) as answer:
            assert answer.status < 300
        return began_at

    def handed_over_at(self, published_at: float, arrivals: Arrivals) -> float:
        return published_at


@dataclass(frozen=True)
class Delivery:
    """Measurements of one message, in seconds.

    `p50`, `p99` and `last` count from when the server had the bytes. `since_publishing` is the last arrival,
    counted from the commit (for a broker, from the POST). `cpu` is the server's processor time.
    """

    p50: float
    p99: float
    last: float
    since_publishing: float
    cpu: float


def deliver(subject: Subject, people: Crowd) -> Delivery:
    token = next(tokens)
    people.expect(token)
    cpu = cpu_of(subject.pid)
    published_at = subject.publish(token)
    arrivals = people.report()
    handed_over_at = subject.handed_over_at(published_at, arrivals)
    times = (arrivals.p50, arrivals.p99, arrivals.last)
    return Delivery(
        *(moment - handed_over_at for moment in times),
        since_publishing=arrivals.last - published_at,
        cpu=cpu_of(subject.pid) - cpu,
    )


@dataclass
class Trial:
    """A server with all of its readers. `memory` is the number of bytes per reader."""

    subject: Subject
    people: Crowd
    memory: float
    deliveries: list[Delivery] = field(default_factory=list)

    def middle(self, name: str) -> float:
        return statistics.median(getattr(delivery, name) for delivery in self.deliveries)


@contextmanager
def trial(server: AbstractContextManager[Subject], readers: int) -> Iterator[Trial]:
    with server as subject:
        with crowd(subject.stream, FEW) as people:
            # Exclude memory that the server allocates once, for its first readers.
            deliver(subject, people)
        empty = memory_of(subject.pid)
        with crowd(subject.stream, readers) as people:
            for _ in range(WARM_UP):
                deliver(subject, people)
            yield Trial(subject, people, (memory_of(subject.pid) - empty) / readers)


@contextmanager
def our_newsroom(blog: LiveBlog) -> Iterator[Newsroom]:
    with newsroom("benchmarks.newsroom_site:application") as (url, pid):
        blog.refresh_from_db()
        yield Newsroom(blog, url, pid)


@contextmanager
def nginx_with_nchan(template: str) -> Iterator[Broker]:
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    module = next((Path(place, "ngx_nchan_module.so") for place in MODULES if Path(place).is_dir()), None)
    if not binary or not module or not module.exists():
        raise SystemExit("nginx with nchan is missing. On Debian: apt-get install nginx libnginx-mod-nchan")
    port = find_free_port()
    with tempfile.TemporaryDirectory(prefix="newsroom-nchan-") as place:
        written = (ROOT / "benchmarks" / "nchan.conf").read_text()
        for name, value in {"PORT": port, "PLACE": place, "MODULE": module}.items():
            written = written.replace(name, str(value))
        configuration = Path(place, "nginx.conf")
        configuration.write_text(written)
        Path(place).chmod(0o755)
        with running([binary, "-p", place, "-c", configuration], port) as process:
            (worker,) = _children_of(process.pid)
            yield Broker("nginx + nchan", f"http://127.0.0.1:{port}", worker, template)


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def django_eventstream(template: str) -> Iterator[Broker]:
    port = find_free_port()
    with tempfile.TemporaryDirectory(prefix="newsroom-eventstream-") as place:
        venv.create(place, with_pip=True)
        python = Path(place, "bin", "python")
        # Use the newsroom's versions of everything else.
        locked = [f"{name}=={_version_of(name)}" for name in ("django", "uvicorn", "uvloop", "httptools")]
        install = [python, "-m", "pip", "install", EVENTSTREAM, *locked]
        done = subprocess.run(install, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        command = [python, "-m", "uvicorn", "benchmarks.eventstream_site:application", f"--port={port}"]
        options = [
            "--lifespan=off",
            "--no-access-log",
            "--log-level=warning",
            "--timeout-graceful-shutdown=3",
        ]
        with running([*command, *options], port, DJANGO_SETTINGS_MODULE="") as process:
            yield Broker("django-eventstream", f"http://127.0.0.1:{port}", process.pid, template)


def _version_of(package: str) -> str:
    return importlib.metadata.version(package)


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks stream")
    parser.add_argument("--readers", type=int, nargs="+", default=[1_000, 5_000, 10_000])
    parser.add_argument("--messages", type=int, default=12)
    options = parser.parse_args(arguments)
    allow_files(max(options.readers) + 1_000)
    blog = publishing.create_blog(
        BlogDetails(slug="typhoon", headline="颱風逼近", language="zh-hant"), by=SYSTEM
    )
    publishing.start_coverage(blog, by=SYSTEM)
    first = publishing.publish_update(blog, Content("消息TOKEN", BODY, hongkong.now()), by=SYSTEM)
    view = reading.blog_in(LiveBlog.objects.complete().get(pk=blog.pk), None)
    changes = delta.of_page(delta.after(view, first.number - 1))
    template = json.dumps(changes, ensure_ascii=False, separators=(",", ":"))
    print(
        f"One event: {len(template.encode()):,} bytes."
        f" {options.messages} messages each, the middle one told.\n"
    )
    rows: list[Row] = []
    for readers in options.readers:
        servers = (our_newsroom(blog), nginx_with_nchan(template), django_eventstream(template))
        with ExitStack() as stack:
            trials = [stack.enter_context(trial(server, readers)) for server in servers]
            # Alternate between the servers, so that other work on the machine affects all of them alike.
            for _ in range(options.messages):
                for one in trials:
                    one.deliveries.append(deliver(one.subject, one.people))
        _print(trials, readers)
        rows += _rows(trials, readers)
    return rows


def _rows(trials: list[Trial], readers: int) -> list[Row]:
    ours, nchan, eventstream = trials
    is_many = readers >= MANY
    beside = [f"{readers:,} streams: p99 ÷ nchan's", f"{readers:,} streams: django-eventstream's p99 ÷ ours"]
    ours_p99, nchan_p99, eventstream_p99 = (
        [delivery.p99 * 1000 for delivery in one.deliveries] for one in trials
    )
    return [
        Row(beside[0], [ours.middle("p99") / nchan.middle("p99")], most=1.1 if is_many else None),
        Row(beside[1], [eventstream.middle("p99") / ours.middle("p99")], least=15 if is_many else None),
        Row(
            f"{readers:,} streams: KB a connection",
            [ours.memory / 1024],
            most=12 if is_many else None,
            digits=1,
        ),
        Row(f"{readers:,} streams: p99 ms, newsroom", ours_p99, digits=0),
        Row(f"{readers:,} streams: p99 ms, nginx + nchan", nchan_p99, digits=0),
        Row(f"{readers:,} streams: p99 ms, django-eventstream", eventstream_p99, digits=0),
    ]


def allow_files(count: int) -> None:
    """Raise the limit on open files: each connection is one, here and in each server."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        raise SystemExit(f"This machine allows {hard} open files; {count} are needed (ulimit -n).")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


COLUMNS = ("KB a connection", "p50 ms", "p99 ms", "last ms", "CPU s / 10,000", "p99: ours ÷ it")


def _print(trials: list[Trial], readers: int) -> None:
    ours = trials[0]
    print(f"### {readers:,} readers on one process\n")
    print(f"| | {' | '.join(COLUMNS)} |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for one in trials:
        times = [f"{one.middle(name) * 1000:.0f}" for name in ("p50", "p99", "last")]
        cpu = sum(delivery.cpu for delivery in one.deliveries) / (len(one.deliveries) * readers) * 10_000
        ratio = ours.middle("p99") / one.middle("p99")
        cells = [one.subject.name, f"{one.memory / 1024:.1f}", *times, f"{cpu:.3f}", f"{ratio:.2f}"]
        print(f"| {' | '.join(cells)} |")
    since = ours.middle("since_publishing") * 1000
    print(f"\nFrom the commit to the last reader: {since:.0f} ms.\n", flush=True)
