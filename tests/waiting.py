"""Waiting for a condition, generously, instead of for a time; and where a server may listen meanwhile."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from random import SystemRandom
from typing import TypeVar

Value = TypeVar("Value")
# Hypothesis and pytest plugins seed the module's own generator alike in every process.
_ports = SystemRandom()


def wait_for(condition: Callable[[], Value], seconds: float = 30) -> Value:
    """The first truthy answer of `condition`; AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"Still not so after {seconds:.0f} seconds: {condition}"
        time.sleep(0.02)
    return answer


def wait_until_listening(process: subprocess.Popen, port: int) -> None:
    """Return once something accepts connections on the port; AssertionError when `process` ended instead."""

    def is_listening() -> bool:
        assert process.poll() is None, f"The server ended with status {process.returncode}."
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(is_listening)


def find_free_ports(number: int) -> list[int]:
    """Return ports that differ, and that no outgoing connection takes before a server listens on them.

    They are below the range that the system gives to outgoing connections, and drawn at random, because other
    test processes look for ports at the same time.
    """
    ports: set[int] = set()
    while len(ports) < number:
        port = _ports.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.add(port)
    return list(ports)


def find_free_port() -> int:
    return find_free_ports(1)[0]
