"""Server processes to measure, and their use of memory and processor time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment import DATA_DIR, ROOT
from tests.waiting import find_free_port, wait_until_listening

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def log_of(port: int) -> Path:
    """Return the log file of the server on `port`."""
    return DATA_DIR / f"server-{port}.log"


@contextmanager
def running(command: list[str | Path], port: int, **environment: str) -> Iterator[subprocess.Popen]:
    """Start a server process and yield it once it listens on `port`.

    Its output goes to a log file. Raise SystemExit with the log if the server does not start.
    """
    log = log_of(port)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output
        )
    try:
        try:
            wait_until_listening(process, port)
        except AssertionError as failure:
            raise SystemExit(f"{failure}\n{log.read_text()}") from failure
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def newsroom(
    application: str = "newsroom.asgi:application", port: int | None = None, **environment: str
) -> Iterator[tuple[str, int]]:
    """Serve the newsroom as in production, on this process's database; yield its URL and process id."""
    port = port or find_free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", application, f"--port={port}"]
    # All readers come from one address here.
    ours = {"SITE_URL": url, "STREAMS_PER_ADDRESS": "0"}
    limits = "--http=newsroom.http.protocol:BoundedProtocol"
    options = [
        limits,
        "--lifespan=on",
        "--no-access-log",
        "--no-proxy-headers",
        "--timeout-graceful-shutdown=3",
    ]
    with running([*command, *options, "--log-level=warning"], port, **ours | environment) as process:
        yield url, process.pid


def memory_of(pid: int) -> int:
    """Return the resident memory of a process in bytes: private and shared memory, without mapped files."""
    status = Path(f"/proc/{pid}/status").read_text()
    return sum(int(size) for size in re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB$", status, re.M)) * 1024


def cpu_of(pid: int) -> float:
    """Return the processor time of a process so far in seconds: user time plus system time."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND
