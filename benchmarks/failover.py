"""Benchmark: two web nodes behind nginx, and a PostgreSQL primary with a synchronous standby, under load.

Readers follow the log by polls through nginx while updates are published. One node is killed and started
again, both are restarted in turn, and the primary is killed and its standby promoted. Afterwards every
acknowledged publication must be stored, and each reader must have received every change once, in order.

    python -m benchmarks failover --readers 8
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg
from django.conf import settings
from django.db import Error, connection

from benchmarks.report import Row
from benchmarks.serving import running
from liveblog import publishing
from liveblog.models import Change, LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.environment import ROOT
from tests.factories import make_blog
from tests.postgres import find_binaries, unprivileged
from tests.security.proxies import NAME, PRODUCTION, Authority, nginx
from tests.waiting import find_free_ports, wait_for

SECONDS_BETWEEN = 4
PATIENCE = 120


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks failover")
    parser.add_argument("--readers", type=int, default=8)
    options = parser.parse_args(arguments)
    outcome = _fail_over(options.readers)
    return [
        Row("acknowledged publications that are missing", [outcome.missing], most=0, digits=0),
        Row("changes that a reader never got", [outcome.lost], most=0, digits=0),
        Row("changes that a reader got twice or out of order", [outcome.repeated], most=0, digits=0),
        Row("errors to readers while there was a primary", [outcome.errors], most=0, digits=0),
        Row("errors to readers without a primary, as 503", [outcome.errors_without_primary], digits=0),
        Row("answers to readers", [outcome.answers], digits=0),
        Row("publications acknowledged", [outcome.acknowledged], digits=0),
        Row("publications refused while a primary was missing", [outcome.refused], digits=0),
        Row("seconds without a publication at the failover", [outcome.pause], digits=1),
    ]


@dataclass(frozen=True)
class Outcome:
    missing: int
    lost: int
    repeated: int
    errors: int
    errors_without_primary: int
    answers: int
    acknowledged: int
    refused: int
    pause: float


def _fail_over(count: int) -> Outcome:
    primary = Path(unquote(urlsplit(os.environ["DATABASE_URL"]).netloc.partition("@")[2]))
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsroom-failover-")))
        place.chmod(0o755)
        standby = stack.enter_context(_standby(primary, place / "standby"))
        blog = make_blog(slug="storm")
        hosts = ",".join(quote(str(server), safe="") for server in (primary, standby))
        url = f"postgresql://postgres@{hosts}/postgres?target_session_attrs=read-write"
        _connect_to_either(primary, standby)
        ports = find_free_ports(2)
        nodes = [stack.enter_context(ExitStack()) for _ in ports]
        first, _second = (
            node.enter_context(_web(port, url)) for node, port in zip(nodes, ports, strict=True)
        )
        Authority().issue(place)
        upstream = f"http://127.0.0.1:{ports[0]}"
        public, _plain = stack.enter_context(nginx(place, upstream, _edits(ports[1]), _two_nodes()))
        readers = [Reader(public, blog.number) for _ in range(count)]
        publisher = Publisher(blog)
        for worker in (*readers, publisher):
            worker.start()
        # Let readers and the publisher run for a while between the faults.
        time.sleep(SECONDS_BETWEEN)
        first.kill()
        for node, port in ((0, ports[0]), (0, ports[0]), (1, ports[1])):
            nodes[node].close()
            time.sleep(SECONDS_BETWEEN)
            nodes[node].enter_context(_web(port, url))
        _promote(primary, standby)
        wait_for(lambda: publisher.has_published_since(publisher.failed_at), PATIENCE)
        time.sleep(SECONDS_BETWEEN)
        publisher.stop()
        last = LiveBlog.objects.get(pk=blog.pk).number
        wait_for(lambda: all(reader.number == last for reader in readers), PATIENCE)
        for reader in readers:
            reader.stop()
        return _outcome(blog, readers, publisher)


def _outcome(blog: LiveBlog, readers: list[Reader], publisher: Publisher) -> Outcome:
    headings = set(Update.objects.filter(blog=blog).values_list("heading", flat=True))
    numbers = set(Change.objects.filter(blog=blog, update__isnull=False).values_list("number", flat=True))
    errors = [moment for reader in readers for moment, _error in reader.errors]
    # Readers notice the new primary a little later than the editor does.
    begin, end = publisher.failed_at - publisher.longest_pause, publisher.recovered_at + SECONDS_BETWEEN / 2
    without_primary = sum(begin <= moment <= end for moment in errors)
    for reader in readers:
        print(*(f"{error}: {moment - begin:.1f} s" for moment, error in reader.errors), sep="\n")
    return Outcome(
        missing=len(set(publisher.acknowledged) - headings),
        lost=sum(len(numbers - set(reader.numbers)) for reader in readers),
        repeated=sum(reader.numbers != sorted(set(reader.numbers)) for reader in readers),
        errors=len(errors) - without_primary,
        errors_without_primary=without_primary,
        answers=sum(reader.answers for reader in readers),
        acknowledged=len(publisher.acknowledged),
        refused=publisher.refused,
        pause=publisher.longest_pause,
    )


@contextmanager
def _standby(primary: Path, place: Path) -> Iterator[Path]:
    """Copy the primary and follow it; from then on a commit waits for the standby."""
    binaries, as_user = find_binaries()[0], unprivileged()
    place.mkdir()
    if as_user:
        os.chown(place, as_user["user"], as_user["group"])
    source = f"host={primary} user=postgres application_name=standby"
    copy = [binaries / "pg_basebackup", "-D", place / "data", "-R", "-d", source, "--checkpoint=fast"]
    subprocess.run(copy, check=True, cwd=place, **as_user)
    command = [
        binaries / "postgres",
        "-D",
        place / "data",
        "-k",
        place,
        "-h",
        "",
        "-c",
        "max_connections=200",
    ]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=place, stdout=log, stderr=log, start_new_session=True, **as_user
        )
    try:
        with psycopg.connect(host=str(primary), user="postgres", autocommit=True) as session:
            session.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            session.execute("SELECT pg_reload_conf()")
            is_followed = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
            wait_for(lambda: session.execute(is_followed).fetchone(), PATIENCE)
        yield place
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=PATIENCE)


def _promote(primary: Path, standby: Path) -> None:
    """Kill the primary and promote the standby, which has no standby of its own."""
    process_id = int((primary / "data/postmaster.pid").read_text().splitlines()[0])
    os.kill(process_id, signal.SIGKILL)
    with psycopg.connect(host=str(standby), user="postgres", autocommit=True) as session:
        session.execute("SELECT pg_promote()")
        session.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        session.execute("SELECT pg_reload_conf()")


def _connect_to_either(primary: Path, standby: Path) -> None:
    """Let this process, too, connect to whichever server is the primary."""
    connection.close()
    connection.close_pool()
    for values in (settings.DATABASES["default"], connection.settings_dict):
        values["HOST"] = f"{primary},{standby}"
        values["OPTIONS"] = values["OPTIONS"] | {"target_session_attrs": "read-write"}


@contextmanager
def _web(port: int, url: str) -> Iterator[subprocess.Popen]:
    command = [sys.executable, "-m", "uvicorn", "newsroom.asgi:application", f"--port={port}"]
    command += ["--http=newsroom.http.protocol:BoundedProtocol", "--lifespan=on", "--no-access-log"]
    command += ["--no-proxy-headers", "--timeout-graceful-shutdown=3", "--log-level=warning"]
    with running(command, port, DATABASE_URL=url, **PRODUCTION) as process:
        yield process


def _two_nodes() -> str:
    """Return nginx's configuration as in deploy/compose.yaml, but with the first node at its old address."""
    command = ["sed", "--file", ROOT / "deploy/two-nodes.sed", ROOT / "deploy/nginx.conf"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return text.replace("web1:8000", "127.0.0.1:8000")


def _edits(other_port: int) -> dict[str, str]:
    unused = find_free_ports(1)[0]
    return {
        "web2:8000": f"127.0.0.1:{other_port}",
        # The readers here name no host in TLS, so the server that rejects them gets a port of its own.
        r"listen 127\.0\.0\.1:\d+ ssl http2 default_server": f"listen 127.0.0.1:{unused} ssl http2",
    }


class Worker(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.must_stop = threading.Event()

    def stop(self) -> None:
        self.must_stop.set()
        self.join()


class Reader(Worker):
    """A page that polls. `numbers` are those of the updates it received, in that order."""

    def __init__(self, port: int, number: int) -> None:
        super().__init__()
        self.number = number
        self.numbers: list[int] = []
        self.answers = 0
        self.errors: list[tuple[float, int | str]] = []
        self._port = port
        self._tls = ssl.create_default_context()
        self._tls.check_hostname, self._tls.verify_mode = False, ssl.CERT_NONE

    def run(self) -> None:
        while not self.must_stop.wait(0.2):
            link = HTTPSConnection("127.0.0.1", self._port, timeout=PATIENCE, context=self._tls)
            try:
                link.request("GET", f"/live/storm/changes.json?after={self.number}", headers={"Host": NAME})
                response = link.getresponse()
                body = response.read()
                self.answers += 1
                if response.status not in (200, 304):
                    self.errors.append((time.monotonic(), response.status))
                if response.status == 200:
                    answer = json.loads(body)
                    self.numbers += sorted(update["number"] for update in answer.get("updates", []))
                    self.number = answer["number"]
            except (OSError, HTTPException) as error:
                self.errors.append((time.monotonic(), repr(error)))
            finally:
                link.close()


@dataclass
class _Gap:
    since: float = field(default_factory=time.monotonic)
    longest: float = 0.0


class Publisher(Worker):
    """An editor who publishes all the time, and publishes something new after a failure."""

    def __init__(self, blog: LiveBlog) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.refused = 0
        self.failed_at = self.recovered_at = float("inf")
        self._blog = blog
        self._gap = _Gap()

    @property
    def longest_pause(self) -> float:
        return self._gap.longest

    def has_published_since(self, moment: float) -> bool:
        return self._gap.since > moment

    def run(self) -> None:
        while not self.must_stop.wait(0.1):
            heading = f"消息{time.time_ns()}"
            try:
                publishing.publish_update(self._blog, Content(heading, "", hongkong.now()), by=SYSTEM)
            except (Error, psycopg.Error, OSError):
                self.refused += 1
                self.failed_at = min(self.failed_at, time.monotonic())
                with suppress(Error):
                    connection.close()
            else:
                self.acknowledged.append(heading)
                now = time.monotonic()
                if self.failed_at < now:
                    self.recovered_at = min(self.recovered_at, now)
                self._gap.longest, self._gap.since = max(self._gap.longest, now - self._gap.since), now
        connection.close()
