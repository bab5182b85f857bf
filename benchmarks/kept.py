"""Benchmark: requests per second for kept answers: a live page, its 304, and an idle poll.

nginx sends the same compressed bytes from a file, and its own 304s; a bare Django view returns the same bytes
under the same server as the newsroom. wrk measures all of them in turn, several times, on the same machine.

    python -m benchmarks kept --rounds 5 --seconds 4

It needs Debian's packages nginx and wrk.
"""

from __future__ import annotations

import argparse
import getpass
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.utils import timezone

from benchmarks.report import Row, ratios
from benchmarks.serving import newsroom, running
from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM, BlogDetails, Content
from tests.environment import ROOT
from tests.waiting import find_free_port

UPDATES = 20
BODY = "<p>天文台表示，八號烈風或暴風信號會維持至明日正午，市民應留在安全地方，並盡早完成防風措施。</p>" * 3
CODING = "gzip"
# Pages and polls per second of other programs, measured elsewhere on such a machine, each with the target.
ELSEWHERE = [("WordPress with Automattic's plugin", 57, 300, 131, 200), ("wagtail-live", 49, 300, 864, 30)]
# Headers that each server writes itself, or that are meaningless when another server sends them.
OF_SERVER = ("connection", "content-length", "date", "etag", "last-modified", "server")


@dataclass
class Subject:
    """A URL to measure. `rates` are requests per second, one for each round."""

    name: str
    url: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def measure(self, seconds: int, *, is_checked: bool = True) -> None:
        if is_checked:
            self._check()
        fields = [part for name, value in self.headers.items() for part in ("-H", f"{name}: {value}")]
        command = [program("wrk"), "-t1", "-c32", "--timeout=60s", f"-d{seconds}s", *fields, self.url]
        report = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        errors = re.search(r"Socket errors:.*|Non-2xx.*", report)
        # wrk counts a 304 as an answer like any other.
        if errors and self.status == 200:
            raise SystemExit(f"{self.name}: {errors[0]}")
        self.rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", report)[1]))

    def _check(self) -> None:
        status = ask(self.url, self.headers)[0]
        if status != self.status:
            raise SystemExit(f"{self.name}: {status} and not {self.status}")


def program(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        raise SystemExit(f"{name} is missing. On Debian: apt-get install nginx wrk")
    return program


def ask(url: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    try:
        response = urlopen(Request(url, headers=headers))
    except HTTPError as error:
        response = error
    with response:
        return (
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            response.read(),
        )


@contextmanager
def nginx(place: Path, headers: dict[str, str]) -> Iterator[str]:
    """Serve the files in `place` with these headers; yield the URL."""
    port = find_free_port()
    written = (ROOT / "benchmarks" / "static.conf").read_text()
    for name, value in {"PORT": port, "PLACE": place, "USER": getpass.getuser()}.items():
        written = written.replace(name, str(value))
    others = {name: value for name, value in headers.items() if name != "content-type"}
    lines = [f"add_header {name} {json.dumps(value)};\n" for name, value in others.items()]
    (place / "headers").write_text("".join(lines))
    (place / "nginx.conf").write_text(written)
    with running([program("nginx"), "-p", place, "-c", place / "nginx.conf"], port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def bare_view(place: Path) -> Iterator[str]:
    """Serve the page by a Django view under the newsroom's server; yield the URL."""
    port = find_free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.bare_site:application", f"--port={port}"]
    options = ["--lifespan=off", "--no-access-log", "--log-level=warning", "--no-proxy-headers"]
    files = {"PAGE": str(place / "page"), "HEADERS": str(place / "headers.json")}
    with running([*command, *options], port, DJANGO_SETTINGS_MODULE="", **files):
        yield f"http://127.0.0.1:{port}"


def cover() -> LiveBlog:
    """Create a running live blog of one page, with a key event; return it."""
    details = BlogDetails(slug="storm", language="zh-hant", headline="八號信號生效", kicker="風暴")
    blog = publishing.start_coverage(publishing.create_blog(details, by=SYSTEM), by=SYSTEM)
    for serial in range(UPDATES):
        content = Content(f"第{serial}則消息", BODY, timezone.now(), is_key_event=serial == 0)
        publishing.publish_update(blog, content, by=SYSTEM)
    blog.refresh_from_db()
    return blog


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks kept")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args(arguments)
    blog = cover()
    accepts = {"Accept-Encoding": CODING}
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsroom-kept-")))
        place.chmod(0o755)
        site, _pid = stack.enter_context(newsroom())
        url = site + blog.get_absolute_url()
        _status, headers, body = ask(url, accepts)
        shared = {name: value for name, value in headers.items() if name not in OF_SERVER}
        (place / "page").write_bytes(body)
        (place / "headers.json").write_text(json.dumps(shared))
        static = stack.enter_context(nginx(place, shared))
        bare = stack.enter_context(bare_view(place))
        static_etag = ask(f"{static}/page", accepts)[1]["etag"]
        subjects = [
            Subject("page: nginx, the same bytes from a file", f"{static}/page", 200, accepts),
            Subject("page: bare Django view of the same bytes", f"{bare}/page", 200, accepts),
            Subject("page: kept answer", url, 200, accepts),
            Subject("304: nginx", f"{static}/page", 304, accepts | {"If-None-Match": static_etag}),
            Subject("304: kept answer", url, 304, accepts | {"If-None-Match": headers["etag"]}),
            Subject("idle poll: kept answer", f"{url}changes.json?after={blog.number}", 200, accepts),
        ]
        for _ in range(options.rounds):
            for subject in subjects:
                subject.measure(options.seconds)
    return _rows(subjects, len(body))


def _rows(subjects: list[Subject], size: int) -> list[Row]:
    static, bare, page, nginx_304, our_304, poll = subjects
    rows = [
        Row("page ÷ nginx's static file", ratios(page.rates, static.rates), least=0.35),
        Row("page ÷ bare Django view of the bytes", ratios(page.rates, bare.rates), least=15),
        Row("304 ÷ nginx's 304", ratios(our_304.rates, nginx_304.rates), least=0.40),
        Row("idle poll ÷ nginx's 304", ratios(poll.rates, nginx_304.rates), least=0.40),
    ]
    for name, pages, pages_least, polls, polls_least in ELSEWHERE:
        ours = [rate / pages for rate in page.rates]
        rows.append(Row(f"page ÷ {name}'s {pages} a second", ours, least=pages_least, digits=0))
        ours = [rate / polls for rate in poll.rates]
        rows.append(Row(f"poll ÷ {name}'s {polls} a second", ours, least=polls_least, digits=0))
    rows += [Row(f"{subject.name}: requests a second", subject.rates, digits=0) for subject in subjects]
    return [*rows, Row(f"page of {UPDATES} updates: bytes as {CODING}", [size], digits=0)]
