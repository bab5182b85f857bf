"""File descriptors: how many connections and streams this process may hold open.

Every connection takes one. Whoever uses them up would shut everybody out, so some are kept back for files and
the database, and streams, which stay open for hours, may take only part of the rest: pages are always
answered.
"""

from __future__ import annotations

import resource
from typing import Final

# For files, temporary uploads, listeners and the database; at most a quarter where there are few in all.
KEPT_BACK: Final = 512
# A connection costs memory too, about 20 KB, whatever the system would allow.
MAX_CONNECTIONS: Final = 50_000


def raise_limit() -> None:
    """Raise the soft limit to the hard one: the usual 1,024 is for programs that use select()."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def connection_limit() -> int:
    """Return how many connections this process accepts."""
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return min(soft - min(KEPT_BACK, soft // 4), MAX_CONNECTIONS)


def stream_limit() -> int:
    """Return how many of the connections may be streams."""
    return connection_limit() * 3 // 4
