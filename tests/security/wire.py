"""A client that sends whatever it likes, and sees what becomes of its connection."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 30
MEGABYTE = 1024 * 1024


class Connection:
    """A connection to a running server, from any address of this machine."""

    def __init__(
        self,
        url: str,
        source: str = "127.0.0.1",
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "",
    ) -> None:
        """Connect to `url`; with `tls`, by the name `host`."""
        parts = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            # Before it connects: the other end is told then how much it may send, and keeps little itself for
            # a connection of short segments.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1_000)
        self.socket.bind((source, 0))
        self.socket.connect((parts.hostname, parts.port))
        self.host = host or parts.netloc
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_head(self, request: str, **headers: str) -> None:
        lines = [f"{request} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def flood(self, chunks: Iterable[bytes]) -> int:
        """Send until the server has enough; return how many bytes it took."""
        sent = 0
        for chunk in chunks:
            try:
                self.socket.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                break
            sent += len(chunk)
        return sent

    def read_response(self) -> Response:
        """Read one response with a Content-Length or chunks, and leave the connection open."""
        file = self.socket.makefile("rb")
        status = int(file.readline().split()[1])
        headers = {}
        while line := file.readline().decode().strip():
            name, _colon, value = line.partition(": ")
            headers[name.lower()] = value
        if headers.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(file.readline(), 16):
                body += file.read(size)
                file.readline()
            file.readline()
        else:
            body = file.read(int(headers.get("content-length", 0)))
        return Response(status, headers, body)

    def read_to_end(self) -> bytes:
        """Read until the server closes the connection, in order or by a reset."""
        received = bytearray()
        try:
            while data := self.socket.recv(65536):
                received += data
        except ConnectionResetError:
            pass
        return bytes(received)

    def is_held(self) -> bool:
        """Whether the server's end of the connection still belongs to a process."""
        own = f":{self.socket.getsockname()[1]:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        # The remote address, and the inode, which is 0 for a socket that no process holds.
        return any(row[2].endswith(own) and row[9] != "0" for row in rows)

    def read_statuses(self) -> list[int]:
        """Read to the end; return the status of each response."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.read_to_end())]


class Response:
    """What was answered."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process."""
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) * 1024
