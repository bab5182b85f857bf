"""Files through which the processes of a server share their figures (prometheus_client's multiprocess mode).

Several processes listen on one port, and whichever is asked for `/metrics` answers for all. Each writes its
own figures to memory-mapped files that are named after its process id.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import Final

from django.conf import settings

_FILE: Final = re.compile(r"[a-z_]+_(\d+)\.db")


def are_used() -> bool:
    return bool(settings.METRICS_TOKEN or settings.METRICS_NETWORKS)


def share() -> None:
    """Let this process share its figures. Call it before prometheus_client is imported, which decides it.

    Commands do not call it: each would leave files behind.
    """
    if are_used():
        settings.METRICS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.environ.update(PROMETHEUS_MULTIPROC_DIR=str(settings.METRICS_DIR))
        remove_ended()


def remove_ended() -> None:
    """Remove the files of processes that have ended: all files if no process runs, else only gauges.

    While a process of the same server runs, the counters of its predecessors stay, so that sums never fall.
    """
    paths = {
        path: int(match[1])
        for path in settings.METRICS_DIR.iterdir()
        if (match := _FILE.fullmatch(path.name))
    }
    running = {pid for pid in paths.values() if pid != os.getpid() and _is_running(pid)}
    for path, pid in paths.items():
        if pid not in running and (not running or path.name.startswith("gauge_")):
            with suppress(FileNotFoundError):
                path.unlink()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It belongs to another user.
        return True
    return True
