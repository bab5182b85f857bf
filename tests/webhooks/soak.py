"""Two servers under load while everything fails that can fail; `make soak` runs it and prints figures.

Editors publish through the API with idempotency keys and schedule updates; readers follow by streams and by
polls; a webhook's receiver keeps a copy. Meanwhile servers are killed, PostgreSQL crashes or loses all
connections, readers stop reading, and the receiver fails. At the end nothing may be lost or doubled.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Change, LiveBlog, OwedFiles, Update, WebhookCursor
from liveblog.models.partner import Scope
from liveblog.publishing import SYSTEM, Content
from newsroom.busy import again_while_busy
from tests.environment import TEST_DATABASE_URL
from tests.factories import make_blog, make_image, make_key
from tests.history import Event, History, problems_in
from tests.page_content import PageContent
from tests.streams.readers import Reader, following
from tests.waiting import wait_for
from tests.webhooks import receiver as behaviours
from tests.webhooks.conftest import make_webhook

MINUTES = float(os.environ.get("SOAK_MINUTES", "20"))
EDITORS, STREAMS, POLLS = 3, 40, 20
# Seconds between two faults, and between two publications of one editor.
CALM, PAUSE = 4.0, 0.5
SECONDS_TO_CONVERGE = 240


class Recording(Reader):
    """A reader that records each load and each event in order."""

    def load(self, page: PageContent) -> None:
        super().load(page)
        self.events.append(Event(page.number, is_load=True))

    def apply(self, delta: dict[str, Any]) -> None:
        updates = tuple(update["id"] for update in delta["updates"])
        self.events.append(Event(delta["number"], updates))
        super().apply(delta)

    @property
    def events(self) -> list[Event]:
        return self.__dict__.setdefault("recorded", [])


@dataclass
class Editors:
    """Threads that publish one update after another, each until it is acknowledged."""

    servers: list[str]
    key: str
    history: History
    statuses: Counter[str] = field(default_factory=Counter)
    unexpected: list[tuple[int, bytes]] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def work(self, editor: int) -> None:
        serial = 0
        while not self.is_over.wait(PAUSE):
            serial += 1
            key = f"{editor}-{serial}"
            self.history.acknowledged[key] = self._publish(key)

    def _publish(self, key: str) -> int:
        """Send the same request, to any server, until one acknowledges it; return the update."""
        while True:
            with suppress(OSError, HTTPException, ValueError):
                status, body = self._post(key)
                self.statuses[str(status)] += 1
                if status in (200, 201):
                    pk: int = json.loads(body)["id"]
                    return pk
                if status not in (503, 409, 429):
                    self.unexpected.append((status, body))
            self.statuses["sent again"] += 1
            time.sleep(0.2)

    def _post(self, key: str) -> tuple[int, bytes]:
        client = HTTPConnection(urlsplit(random.choice(self.servers)).netloc, timeout=15)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        body = json.dumps({"status": "published", "heading": key, "body": f"<p>{'颱風逼近。' * 40}</p>"})
        try:
            client.request("POST", "/api/v1/blogs/storm/updates/", body, headers)
            response = client.getresponse()
            return response.status, response.read()
        finally:
            client.close()


@dataclass
class Faults:
    """The faults, provoked in turn, with their counts."""

    nodes: list[Any]
    start: Callable[..., Any]
    servers: list[str]
    readers: list[Recording]
    receiver: Any
    count: Counter[str] = field(default_factory=Counter)

    def run(self, deadline: float) -> None:
        faults = [
            self.kill_a_server, self.cut_connections, self.stall_readers, self.fail_the_receiver,
            self.crash_the_database, self.exhaust_connections, self.silence_the_receiver,
        ]  # fmt: skip
        while time.monotonic() < deadline:
            for fault in faults:
                if time.monotonic() < deadline:
                    fault()
                    self.count[fault.__name__.replace("_", " ")] += 1
                    time.sleep(CALM)
                    self.recover()

    def recover(self) -> None:
        self.receiver.release.set()
        self.receiver.behave = behaviours.accept
        for reader in self.readers:
            reader.is_stalled = False

    def kill_a_server(self) -> None:
        index = random.randrange(len(self.nodes))
        self.nodes[index].process.kill()
        self.nodes[index].process.wait(timeout=20)
        self.nodes[index] = self.start()
        self.servers[index] = self.nodes[index].url

    def cut_connections(self) -> None:
        with administrator() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def crash_the_database(self) -> None:
        """Kill one of PostgreSQL's processes: it ends all others and recovers from its write-ahead log."""
        with administrator() as admin:
            os.kill(admin.info.backend_pid, signal.SIGKILL)

        def is_back() -> bool:
            with suppress(psycopg.OperationalError), administrator():
                return True
            return False

        wait_for(is_back, 60)

    def exhaust_connections(self) -> None:
        """Take all remaining connections of PostgreSQL for a moment."""
        connections: list[psycopg.Connection] = []
        with suppress(psycopg.OperationalError):
            while len(connections) < 300:
                connections.append(psycopg.connect(TEST_DATABASE_URL))
        time.sleep(1)
        for each in connections:
            each.close()

    def stall_readers(self) -> None:
        for reader in random.sample(self.readers, len(self.readers) // 4):
            reader.is_stalled = True

    def fail_the_receiver(self) -> None:
        self.receiver.behave = behaviours.fail

    def silence_the_receiver(self) -> None:
        self.receiver.release.clear()
        self.receiver.behave = behaviours.hang


@contextmanager
def administrator() -> Iterator[psycopg.Connection]:
    with suppress(psycopg.OperationalError):
        with psycopg.connect(TEST_DATABASE_URL, autocommit=True, connect_timeout=5) as admin:
            yield admin
        return
    raise psycopg.OperationalError("PostgreSQL does not answer.")


def schedule_now_and_then(blog: LiveBlog, is_over: threading.Event) -> None:
    """Schedule updates, with and without a picture; the servers' own loops publish them."""
    image = make_image()
    serial = 0
    while not is_over.wait(4):
        serial += 1
        images = (image,) if serial % 2 else ()
        content = Content(f"預約{serial}", images=images)
        with suppress(Exception):
            again_while_busy(
                lambda content=content: publishing.schedule_update(
                    blog, content, timezone.now() + timedelta(seconds=2), by=SYSTEM
                )
            )
    connection.close()


@pytest.fixture
def durable(transactional_db: None) -> None:
    """Let COMMIT wait for the write-ahead log, which the tests' server skips for speed."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" SET synchronous_commit = on')
    connection.close()


def test_nothing_is_lost_or_doubled(durable, start_server, receiver, partner, trusted_file, capsys):
    # A new webhook gets only later changes.
    make_webhook(partner, receiver)
    blog = make_blog(slug="storm")
    key = make_key(Scope.WRITE_PUBLISH, blogs=[blog])

    def start() -> Any:
        return start_server(
            SITE_URL="http://127.0.0.1", WEBHOOK_TEST_HOSTS="localhost", SSL_CERT_FILE=str(trusted_file)
        )

    nodes = [start(), start()]
    servers = [node.url for node in nodes]
    readers = [Recording(servers, "/live/storm/", by_stream=i < STREAMS) for i in range(STREAMS + POLLS)]
    for reader in readers[:10]:
        reader.buffered = 4_096
    history = History(first_number=blog.number)
    editors = Editors(servers, key, history)
    threads = [threading.Thread(target=editors.work, args=[number]) for number in range(EDITORS)]
    threads.append(threading.Thread(target=schedule_now_and_then, args=[blog, editors.is_over]))
    faults = Faults(nodes, start, servers, readers, receiver)
    started = time.monotonic()
    with following(readers, patience=MINUTES * 60 + 2 * SECONDS_TO_CONVERGE + 60):
        for thread in threads:
            thread.start()
        faults.run(started + MINUTES * 60)
        minutes = (time.monotonic() - started) / 60
        editors.is_over.set()
        for thread in threads:
            thread.join()
        connection.close()
        try:
            wait_for(lambda: not Update.objects.scheduled().exists(), SECONDS_TO_CONVERGE)
            blog.refresh_from_db()
            settled = WebhookCursor.objects.filter(number=blog.number)
            wait_for(settled.exists, SECONDS_TO_CONVERGE)
            wait_for(lambda: all(reader.number >= blog.number for reader in readers), SECONDS_TO_CONVERGE)
            wait_for(lambda: not OwedFiles.objects.exists(), SECONDS_TO_CONVERGE)
        finally:
            for reader in readers:
                reader.target = min(blog.number, reader.number)

    changes = Change.objects.filter(blog=blog).order_by("number")
    history.log = list(changes.values_list("number", "kind", "update"))
    history.clients = {f"reader {index}": reader.events for index, reader in enumerate(readers)}
    history.deliveries = receiver.numbers("storm")
    problems = problems_in(history)
    published = Counter(update for _number, kind, update in history.log if kind == "published")
    lost = set(history.acknowledged.values()) - set(published)
    headings = Counter(Update.objects.filter(blog=blog).values_list("heading", flat=True))
    doubled = [heading for heading, times in headings.items() if times > 1]
    events = sum(len(reader.events) for reader in readers)
    with capsys.disabled():
        print(
            f"\nLoad held for {minutes:.1f} minutes: {EDITORS} editors on 2 servers, {STREAMS} streams, ",
            end="",
        )
        print(f"{POLLS} polling pages, 1 webhook; {len(history.log)} changes, {events} receipts, ", end="")
        print(f"{len(receiver.requests)} deliveries tried.")
        print(f"Faults survived: {faults.count.total()}:", end=" ")
        print(", ".join(f"{name} {times}" for name, times in faults.count.items()) + ".")
        print(
            f"Requests by status: {dict(editors.statuses)}; reconnections {sum(r.returns for r in readers)}."
        )
        print(f"Acknowledged {len(history.acknowledged)}, lost {len(lost)}, doubled {len(doubled)};", end=" ")
        print(f"problems that the history checker found: {len(problems)}.")
    assert (problems, editors.unexpected) == ([], [])
    assert (lost, doubled) == (set(), [])
