"""Many writers on a database that another process keeps locking: each update is published exactly once."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Event
from urllib.parse import urlsplit

import pytest

from liveblog.models import Change, Update
from liveblog.models.partner import Scope
from tests.factories import make_blog, make_key
from tests.hogging import hogged

WRITERS, UPDATES_EACH = 8, 12


class Writer:
    """A partner's tool that retries after a 503 with the same idempotency key."""

    def __init__(self, url: str, key: str) -> None:
        self.address = urlsplit(url)
        self.key = key
        self.statuses: Counter[int] = Counter()

    def write(self, writer: int) -> None:
        connection = HTTPConnection(self.address.hostname, self.address.port, timeout=120)
        for turn in range(UPDATES_EACH):
            heading = f"{writer}-{turn}"
            while (status := self._post(connection, heading)) == 503:
                pass
            assert status in (200, 201), status
        connection.close()

    def _post(self, connection: HTTPConnection, heading: str) -> int:
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": heading,
        }
        body = json.dumps({"status": "published", "heading": heading})
        connection.request("POST", "/api/v1/blogs/storm/updates/", body, headers)
        response = connection.getresponse()
        response.read()
        self.statuses[response.status] += 1
        if response.status == 503:
            assert response.headers["Retry-After"] == "2"
        return response.status


def hog_in_bursts(is_over: Event) -> int:
    """Take the lock repeatedly, as a management command in another process would; return the bursts."""
    bursts = 0
    while not is_over.is_set() or not bursts:
        with hogged():
            is_over.wait(0.3)
        bursts += 1
        # Let the waiting writers have a turn.
        is_over.wait(0.1)
    return bursts


@pytest.mark.django_db(transaction=True)
def test_writers_on_a_locked_database_all_succeed_and_publish_each_update_once(start_server):
    blog = make_blog(slug="storm")
    # Use a short database timeout, so that some requests get 503.
    server = start_server(DATABASE_WAIT_SECONDS="1")
    writer = Writer(server.url, make_key(Scope.WRITE_PUBLISH, blogs=[blog]))
    is_over = Event()
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        hog = threads.submit(hog_in_bursts, is_over)
        try:
            list(threads.map(writer.write, range(WRITERS)))
        finally:
            is_over.set()
        assert hog.result()
    headings = [f"{number}-{turn}" for number in range(WRITERS) for turn in range(UPDATES_EACH)]
    assert sorted(Update.objects.values_list("heading", flat=True)) == sorted(headings)
    assert set(writer.statuses) <= {200, 201, 503}
    assert writer.statuses[201] == len(headings)
    numbers = Change.objects.filter(blog=blog).after(0).values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(headings) + 2))
