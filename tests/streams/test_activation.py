"""Restarts of a server whose socket systemd holds."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from tests.activation import start_on
from tests.conftest import ending
from tests.environment import DATA_DIR, ROOT
from tests.factories import make_blog, make_update
from tests.waiting import wait_for

READERS = 8
RESTARTS = 2
# A busy machine takes minutes to start a server.
PATIENCE = 240


def unit_command() -> list[str]:
    """Return the command of the systemd unit, with this Python."""
    unit = (ROOT / "deploy/newsroom.service").read_text().replace("\\\n", "")
    [command] = re.findall(r"^ExecStart=\S+ (.*)$", unit, re.MULTILINE)
    return [sys.executable, "-m", "uvicorn", *shlex.split(command)]


@contextmanager
def serving_on(listener: socket.socket, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    log = DATA_DIR / f"server-{listener.getsockname()[1]}.log"
    with log.open("ab") as output:
        process = start_on(
            listener, unit_command(), cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output
        )
    with ending(process, log):
        yield process


class Readers:
    """Readers who keep requesting a page, each time over a new connection. `answers` counts statuses."""

    def __init__(self, port: int, path: str) -> None:
        self.answers: Counter[int | str] = Counter()
        self._port, self._path = port, path
        self._must_stop = threading.Event()
        self._threads = [threading.Thread(target=self._read, daemon=True) for _ in range(READERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Return once all readers have their last answer, so a server must be running."""
        self._must_stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self) -> None:
        while not self._must_stop.is_set():
            connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            try:
                connection.request("GET", self._path, headers={"Connection": "close"})
                response = connection.getresponse()
                response.read()
                self.answers[response.status] += 1
            except OSError as error:
                self.answers[repr(error)] += 1
            finally:
                connection.close()


def test_no_connection_is_refused_while_the_server_restarts(transactional_db, production_environment):
    blog = make_blog(slug="storm")
    make_update(blog)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        port = listener.getsockname()[1]
        environment = production_environment | {"SITE_URL": f"http://127.0.0.1:{port}"}
        readers = Readers(port, "/live/storm/")
        for restart in range(RESTARTS + 1):
            # Readers keep connecting between two servers, while nothing accepts.
            before = readers.answers.total()
            with serving_on(listener, environment):
                wait_for(lambda before=before: readers.answers.total() >= before + 10 * READERS, PATIENCE)
                if restart == RESTARTS:
                    readers.stop()
    assert set(readers.answers) == {200}
