"""A raw HTTP client that can send malformed requests and observe the state of its connection."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

PATIENCE = 30
MEGABYTE = 1024 * 1024
KILOBYTES = 64 * b"x" * 1024


class Connection:
    """A connection to a running server, from any loopback address."""

    def __init__(
        self,
        url: str,
        source: str = "127.0.0.1",
        receive_buffer: int | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "",
    ) -> None:
        """Connect to `url`; with `tls`, verify the certificate for `host`."""
        parts = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            # Set these before connecting, when the receive window is announced. Short segments make the
            # server keep a small send buffer.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1_000)
        self.socket.bind((source, 0))
        self.socket.connect((parts.hostname, parts.port))
        self.host = host or parts.netloc
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        # One buffer for all responses: what is read too far belongs to the next one.
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_head(self, request: str, **headers: str) -> None:
        lines = [f"{request} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def flood(self, chunks: Iterable[bytes]) -> int:
        """Send chunks until they run out or the server closes the connection; return the bytes sent."""
        total = 0
        for chunk in chunks:
            try:
                self.socket.sendall(chunk)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                break
            total += len(chunk)
        return total

    def read_response(self) -> Response:
        """Read one response, by Content-Length or chunked, and leave the connection open."""
        file = self._file
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
        """Read until the server closes or resets the connection."""
        received = bytearray()
        try:
            while data := self._file.read1(65536):
                received += data
        except ConnectionResetError:
            pass
        return bytes(received)

    def is_held(self) -> bool:
        """Return whether a process still holds the server's end of the connection."""
        suffix = f":{self.socket.getsockname()[1]:04X}"
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        # Column 2 is the remote address, column 9 the inode, which is 0 for a socket that no process holds.
        return any(row[2].endswith(suffix) and row[9] != "0" for row in rows)

    def read_statuses(self) -> list[int]:
        """Read to the end; return the status of each response."""
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.read_to_end())]


class Response:
    """A response: status, headers with lower-case names, and body."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body


def memory_of(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    return int(re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)[1]) * 1024


def is_served(url: str) -> bool:
    """Return whether the server at `url` answers a new connection."""
    with Connection(url) as connection:
        connection.send_head("GET /robots.txt")
        return connection.read_response().status == 200
