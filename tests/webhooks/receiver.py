"""A partner's receiver: a real HTTPS server on this machine, as well or as badly behaved as it is told."""

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
    """One request, as it came."""

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
    """`taken` are the requests that it answered 2xx, `seen` all of them."""

    port: int = 0
    behave: Answering = field(default=lambda handler: accept(handler))
    seen: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    # Set it to end what hangs.
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/hook?of=ours"

    def numbers(self, slug: str) -> list[int]:
        """Of the live blog's changes, in the order in which they were taken."""
        return [request.number for request in self.taken if request.slug == slug]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.request_seen = Received(self.path, headers, body)
        receiver = self.server.receiver
        receiver.seen.append(self.request_seen)
        receiver.behave(self)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        if 200 <= status < 300:
            self.server.receiver.taken.append(self.request_seen)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, receiver: Receiver, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.receiver = receiver
        self.tls = tls

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread: one that hangs holds up no other.
        with suppress(OSError), self.tls.wrap_socket(request, server_side=True) as secured:
            self.RequestHandlerClass(secured, client_address, self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may hang up."""


@contextmanager
def receiving(authority: trustme.CA) -> Iterator[Receiver]:
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
            receiver.let_go.set()
            server.shutdown()
            thread.join()


def accept(handler: Handler) -> None:
    handler.answer(204)


def fail(handler: Handler) -> None:
    handler.answer(500, b"Traceback: it broke")


def ask_for_patience(handler: Handler) -> None:
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
    handler.server.receiver.let_go.wait()
    handler.close_connection = True


def drip(handler: Handler) -> None:
    """A byte at a time, for ever: no single read takes long."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not handler.server.receiver.let_go.wait(0.05):
        handler.wfile.write(b".")
        handler.wfile.flush()


def drip_headers(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.receiver.let_go.wait(0.05):
        handler.wfile.write(b".")
        handler.wfile.flush()


def answer_for_ever(handler: Handler) -> None:
    """200, and a body without an end, as fast as it goes."""
    handler.server.receiver.taken.append(handler.request_seen)
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**12))
    handler.end_headers()
    while not handler.server.receiver.let_go.is_set():
        handler.wfile.write(b"giant " * 10_000)


def take_turns(*behaviours: Answering) -> Answering:
    """Each once, and then the last one again and again."""
    waiting = list(behaviours)
    return lambda handler: (waiting.pop(0) if len(waiting) > 1 else waiting[0])(handler)
