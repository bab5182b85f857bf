"""Start of a server on a listening socket that it inherits, as from systemd (sd_listen_fds(3))."""

from __future__ import annotations

import shlex
import socket
import subprocess
from collections.abc import Sequence
from typing import Any

# The first descriptor that systemd passes on (SD_LISTEN_FDS_START).
FIRST_DESCRIPTOR = 3


def start_on(listener: socket.socket, command: Sequence[str], **options: Any) -> subprocess.Popen:
    """Start `command` with the listening socket as descriptor 3."""
    descriptor = listener.fileno()
    shell = ["bash", "-c", f"exec {shlex.join(command)} {FIRST_DESCRIPTOR}<&{descriptor}"]
    return subprocess.Popen(shell, pass_fds=[descriptor], **options)
