"""Waiting for conditions instead of fixed times, and free ports for servers."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from random import SystemRandom
from typing import TypeVar

Value = TypeVar("Value")
# Hypothesis and pytest plugins seed the `random` module identically in every process.
_ports = SystemRandom()


def wait_for(condition: Callable[[], Value], seconds: float = 30) -> Value:
    """Return the first truthy result of `condition`; raise AssertionError after `seconds` without one."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < deadline, f"Still not so after {seconds:.0f} seconds: {condition}"
        time.sleep(0.02)
    return result


def wait_until_listening(process: subprocess.Popen, port: int) -> None:
    """Return once the port accepts connections; raise AssertionError if `process` ended instead."""

    def is_listening() -> bool:
        assert process.poll() is None, f"The server ended with status {process.returncode}."
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_for(is_listening)


def find_free_ports(number: int) -> list[int]:
    """Return distinct free ports that no outgoing connection takes before a server listens on them.

    They are below the ephemeral range of outgoing connections, and chosen at random, because other test
    processes look for ports at the same time.
    """
    ports: set[int] = set()
    while len(ports) < number:
        port = _ports.randrange(10_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports.add(port)
    return list(ports)


def find_free_port() -> int:
    return find_free_ports(1)[0]
