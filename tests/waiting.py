"""Waiting for a condition, generously, instead of for a time; and where a server may listen meanwhile."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

Value = TypeVar("Value")


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
    """Return ports that differ; one after the other, `find_free_port` may return the same port twice."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [listener.getsockname()[1] for listener in listeners]


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]
