"""Servers that are forks of one process, which has already imported the application (tests/forked.py).

Starting a server otherwise takes two seconds of processor time, and hundreds of tests need one of their own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import wait_for


class Fork:
    """A server process, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self._forks = forks
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and (status := self._forks.ask("status")):
            self.returncode = int(status)
        return self.returncode

    def wait(self, timeout: float) -> int:
        wait_for(lambda: self.poll() is not None, timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forks:
    """The process to fork, for one server at a time. Its port is fixed, because the settings contain it."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self._process = process
        self._fork: Fork | None = None
        self.port = port

    @property
    def is_free(self) -> bool:
        return self._fork is None or self._fork.poll() is not None

    def start(self, log: Path) -> Fork:
        self._fork = Fork(self, int(self.ask(f"start {log}")))
        return self._fork

    def ask(self, command: str) -> str:
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@contextmanager
def forking(environment: dict[str, str], place: Path, port: int) -> Iterator[Forks]:
    """Run the process to fork, with the settings in `environment`."""
    command = [sys.executable, "-m", "tests.forked", str(port)]
    with subprocess.Popen(
        command,
        cwd=place,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C must not end the servers before the tests close their connections.
        start_new_session=True,
    ) as process:
        # At the end of the commands the process ends, and with it the last server.
        yield Forks(process, port)
