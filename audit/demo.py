"""The demo newsroom to audit, and its responses."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml import html

from tests.environment import ROOT
from tests.waiting import find_free_port, wait_for, wait_until_listening

# A page of each kind that the public site does not link to.
UNLINKED: Final = ["/embed/east-shore-line/", "/admin/login/", "/api/v1/docs/", "/api/v1/blogs/", "/nowhere/"]
MOST_ANSWERS: Final = 400
# Path segments that are not names of live blogs, updates or topics.
_FIXED: Final = {
    "zh-hans",
    "zh-hant",
    "live",
    "topics",
    "search",
    "embed",
    "respond",
    "key-events",
    "corrections",
    "api",
    "v1",
    "docs",
    "blogs",
}
_SKIPPED: Final = ("/media/", "/static/", "/admin/")


@dataclass(frozen=True)
class Answer:
    """The newsroom's response at `path`."""

    path: str
    status: int
    content_type: str
    body: bytes

    @property
    def is_page(self) -> bool:
        return self.content_type.startswith("text/html")


@contextmanager
def demo_newsroom() -> Iterator[str]:
    """Serve the demo from a temporary directory; yield its URL."""
    with tempfile.TemporaryDirectory(prefix="newsroom-audit-") as directory:
        port = find_free_port()
        url = f"http://127.0.0.1:{port}"
        environment = os.environ | {
            "DEMO": "true",
            "DATA_DIR": directory,
            "ENV_FILE": str(Path(directory) / ".env"),
            "DATABASE_URL": f"sqlite:///{directory}/newsroom.sqlite3",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "SITE_URL": url,
            "SITE_CONTACT": "desk@example.com",
            "WEBSUB_HUB": "https://hub.example/",
            "API_REQUESTS_PER_MINUTE": "0",
        }
        with (Path(directory) / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
            try:
                # The server listens at once, but responds only after it has loaded the demo.
                wait_until_listening(process, port)
                wait_for(lambda: _is_up(url), 180)
                yield url
            finally:
                process.terminate()
                process.wait(timeout=30)


def _is_up(url: str) -> bool:
    try:
        return fetch(url, "/").status == 200
    except OSError:
        return False


def fetch(url: str, path: str) -> Answer:
    request = urllib.request.Request(url + path, headers={"accept": "text/html,*/*;q=0.8"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(path, answer.status, answer.headers["Content-Type"] or "", answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(path, error.code, error.headers["Content-Type"] or "", error.read())


def crawl(url: str) -> list[Answer]:
    """Return the responses of all pages that the front page leads to by links, and of UNLINKED."""
    waiting = ["/", *UNLINKED]
    known = set(waiting)
    answers = []
    while waiting and len(answers) < MOST_ANSWERS:
        answer = fetch(url, waiting.pop(0))
        answers.append(answer)
        if answer.is_page and answer.status == 200:
            new = [path for path in _links(url, answer) if path not in known]
            known.update(new)
            waiting += new
    return answers


def sample(answers: list[Answer]) -> list[Answer]:
    """Return two pages of each kind, because slow checkers need not see every update's page."""
    counts: Counter[tuple[str, ...]] = Counter()
    pages = []
    for answer in answers:
        path, _mark, query = answer.path.partition("?")
        names = sorted(name for name, _value in parse_qsl(query))
        kind = (*(part if part in _FIXED else "*" for part in path.split("/")), *names)
        counts[kind] += 1
        if answer.is_page and counts[kind] <= 2:
            pages.append(answer)
    return pages


def _links(url: str, page: Answer) -> list[str]:
    """Return the paths on this site that a page links to, each once."""
    addresses = html.fromstring(page.body).xpath("//a/@href | //link[@rel='alternate' or @rel='next']/@href")
    whole = (urlsplit(urljoin(url + page.path, address)) for address in addresses)
    paths = [
        parts.path + (f"?{parts.query}" if parts.query else "")
        for parts in whole
        if f"{parts.scheme}://{parts.netloc}" == url and not parts.path.startswith(_SKIPPED)
    ]
    return list(dict.fromkeys(paths))
