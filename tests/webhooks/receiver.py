"""A partner's webhook receiver: a local HTTPS server whose responses, good or bad, the test chooses."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme


@dataclass(frozen=True)
class Received:
    """One request as received."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def change(self) -> dict[str, Any]:
        return self.json["data"]["change"]

    @property
    def number(self) -> int:
        return self.change["number"]

    @property
    def slug(self) -> str:
        return self.json["data"]["blog"]["slug"]


Answering = Callable[["Handler"], None]


@dataclass
class Receiver:
    """A receiver and its log: `requests` are all requests, `accepted_requests` those answered with 2xx."""

    port: int = 0
    behave: Answering = field(default=lambda handler: accept(handler))
    requests: list[Received] = field(default_factory=list)
    accepted_requests: list[Received] = field(default_factory=list)
    # Set this to end responses that hang or drip.
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook?of=ours"

    def numbers(self, slug: str) -> list[int]:
        """Return the numbers of a live blog's accepted changes, in order of arrival."""
        return [request.number for request in self.accepted_requests if request.slug == slug]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.received = Received(self.path, headers, body)
        receiver = self.server.receiver
        receiver.requests.append(self.received)
        receiver.behave(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        if 200 <= status < 300:
            self.server.receiver.accepted_requests.append(self.received)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, receiver: Receiver, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.receiver = receiver
        self.tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        # This runs in the connection's own thread, so a handshake that hangs does not block the others.
        with suppress(OSError), self.tls.wrap_socket(request, server_side=True) as secured:
            self.RequestHandlerClass(secured, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore errors, because clients may hang up."""


@contextmanager
def run_receiver(authority: trustme.CA) -> Iterator[Receiver]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    receiver = Receiver()
    with Server(receiver, tls) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.release.set()
            server.shutdown()
            thread.join()


def accept(handler: Handler) -> None:
    handler.answer(204)


def fail(handler: Handler) -> None:
    handler.answer(500, b"Traceback: it broke")


def ask_for_backoff(handler: Handler) -> None:
    handler.answer(429, Retry_After="120")


def redirect(handler: Handler) -> None:
    handler.answer(301, Location="/elsewhere")


def close_in_mid_body(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"so far")
    handler.close_connection = True


def hang_up(handler: Handler) -> None:
    handler.close_connection = True


def hang(handler: Handler) -> None:
    handler.server.receiver.release.wait()
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """Send one byte at a time without end, so that no single read takes long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.receiver.release.wait(0.05):
        handler.wfile.write(b".")
        handler.wfile.flush()


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.receiver.release.wait(0.05):
        handler.wfile.write(b".")
        handler.wfile.flush()


def answer_for_ever(handler: Handler) -> None:
    """Respond with 200 and an endless body, as fast as possible."""
    handler.server.receiver.accepted_requests.append(handler.received)
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    while not handler.server.receiver.release.is_set():
        handler.wfile.write(b"giant " * 10_000)


def take_turns(*behaviours: Answering) -> Answering:
    """Return a behaviour that uses each of `behaviours` once, then repeats the last one."""
    waiting = list(behaviours)
    return lambda handler: (waiting.pop(0) if len(waiting) > 1 else waiting[0])(handler)
