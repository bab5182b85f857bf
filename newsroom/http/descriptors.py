"""Limits on open connections and streams, derived from the process's limit on file descriptors.

Every connection takes a descriptor, and a client that used them all up would shut out everybody else. So some
are reserved for files and the database, and streams, which stay open for hours, may take only part of the
rest, so that pages can always be served.
"""

from __future__ import annotations

import resource
from typing import Final

# Reserved for files, temporary uploads, listeners and the database; at most a quarter of all descriptors.
KEPT_BACK: Final = 512
# A cap regardless of the system's limit: each connection also takes about 20 KB of memory.
MAX_CONNECTIONS: Final = 50_000


def raise_limit() -> None:
    """Raise the soft limit to the hard limit. The usual soft limit of 1,024 exists for select()."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connection_limit() -> int:
    """Return how many connections this process accepts."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(soft - min(KEPT_BACK, soft // 4), MAX_CONNECTIONS)


def stream_limit() -> int:
    """Return how many of these connections may be streams."""
    return connection_limit() * 3 // 4
