"""uvicorn's HTTP/1.1 protocol with the limits that it lacks: on heads, slow clients and unread bodies.

    uvicorn newsroom.asgi:application --http newsroom.http.protocol:BoundedProtocol

Everything that a client sends is counted as it arrives: request line, headers, trailers and chunk framing. A
request must arrive, and a response must be read, within a deadline, so that trickling bytes cannot keep a
connection open (slowloris). As in Apache's mod_reqtimeout, the deadline is extended for each kilobyte of body
received. The size of bodies is limited by `newsroom.http.bodies`, which knows the addresses.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, Final

import httptools
from django.conf import settings
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from newsroom.http import client_address, descriptors, prompt, shutdown

# `deploy/nginx.conf` has the same limits (large_client_header_buffers).
MAX_REQUEST_LINE: Final = 8 * 1024
MAX_HEAD: Final = 32 * 1024
MAX_HEADERS: Final = 100
# Pipelined requests that may wait for the response to an earlier one.
MAX_PIPELINED: Final = 16
# Allowed overhead of a body (chunk sizes, extensions and trailers): a base, and more per byte of the body.
MAX_FRAMING: Final = 16 * 1024
FRAMING_PER_BYTE: Final = 8
# Bytes per second; slower than any connection that can load a picture.
MIN_RATE: Final = 1024
# Connections of one client (other than a proxy) that are waiting for a complete request.
MAX_WAITING_PER_CLIENT: Final = 100
# Lingering close: after a refusal, discard some more input before closing. Closing immediately would reset
# the connection, and the client, or the proxy in front of us, might never see the response.
LINGER_SECONDS: Final = 2.0
LINGER_BYTES: Final = 1024 * 1024
# How long a shutdown waits for requests in transit on idle connections.
ENDING_SECONDS: Final = 0.3
RETRY_AFTER_SECONDS: Final = 5
# The key in a scope's extensions that marks requests received by this protocol. Under `abort` it has a
# function that closes the connection immediately and discards what has not been sent.
EXTENSION: Final = "newsroom.bounded"


class RefusedError(Exception):
    """Raised in a parser callback to stop the parser; `BoundedProtocol._refusal` holds the status."""


class Transport:
    """A transport wrapper that counts written bytes and lets the protocol decide how to close."""

    __slots__ = ("_protocol", "_transport", "written")

    def __init__(self, transport: asyncio.Transport, protocol: BoundedProtocol) -> None:
        self._transport = transport
        self._protocol = protocol
        self.written = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._protocol.is_lingering:
            self.written += len(data)
            self._transport.write(data)

    def is_closing(self) -> bool:
        return self._protocol.is_lingering or self._transport.is_closing()

    def close(self) -> None:
        if not self._protocol.linger():
            self._transport.close()


class BoundedProtocol(HttpToolsProtocol):
    """An HTTP/1.1 connection with limits on its requests and its time."""

    # Connections that are waiting for a complete request, longest waiting first: all of them, and by client.
    _waiting: ClassVar[dict[BoundedProtocol, None]] = {}
    _waiting_by_client: ClassVar[dict[client_address.Network, dict[BoundedProtocol, None]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Disable WebSockets: an upgrade would escape this protocol's limits, and nothing here uses them.
        self.ws_protocol_class = None
        self.is_lingering = False
        self._is_lost = self._is_ending = False
        self._refusal: HTTPStatus | None = None
        # Number of the request that is being received, counted per connection.
        self._number = 0
        self._is_receiving = False
        self._has_head = False
        self._line_size = self._head_size = self._wire_size = self._body_size = 0
        # Start of the current phase: waiting for a request, receiving its head, or receiving its body.
        self._since = self._checked_at = self.loop.time()
        self._unsent = 0
        self._stalled_since: float | None = None
        self._lingered = 0
        self._timer: asyncio.TimerHandle | None = None
        self._linger_timer: asyncio.TimerHandle | None = None
        # The response that is written once the request is complete, without the application.
        self._ready: prompt.Ready | None = None
        # None for a proxy, which many clients share: the limit per client does not apply to it.
        self._client: client_address.Network | None = None

    # Connections

    # override: as in uvicorn, the parameter is narrower than asyncio's BaseTransport.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._counter = Transport(transport, self)
        # arg-type: the wrapper delegates to asyncio's transport and does not inherit from it.
        super().connection_made(self._counter)  # type: ignore[arg-type]
        self._client = _direct_client(self.client[0] if self.client else "")
        self._schedule_check()
        self._wait()
        if len(self.connections) > descriptors.connection_limit():
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._stop_waiting()
        for timer in (self._timer, self._linger_timer):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def _wait(self) -> None:
        """Register as waiting; close the client's longest-waiting connection if it has too many."""
        self._waiting[self] = None
        if self._client is None:
            return
        of_client = self._waiting_by_client.setdefault(self._client, {})
        of_client[self] = None
        if len(of_client) > MAX_WAITING_PER_CLIENT:
            next(iter(of_client))._give_way()

    def _stop_waiting(self) -> None:
        self._waiting.pop(self, None)
        of_client = self._waiting_by_client.get(self._client) if self._client else None
        if self._client and of_client is not None:
            of_client.pop(self, None)
            if not of_client:
                del self._waiting_by_client[self._client]

    def _make_room(self) -> None:
        """Close the longest-waiting connection, or refuse this one if no other is waiting."""
        longest = next(iter(self._waiting))
        if longest is self:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            longest._give_way()

    def _give_way(self) -> None:
        self._stop_waiting()
        self.transport.abort()

    # Receiving

    def data_received(self, data: bytes) -> None:
        if self.is_lingering:
            self._lingered += len(data)
            if self._lingered > LINGER_BYTES:
                self.flow.pause_reading()
            return None
        self._unset_keepalive_if_required()
        number = self._number
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            return self._refuse(self._refusal or HTTPStatus.BAD_REQUEST)
        except httptools.HttpParserUpgrade:
            # Respond as if no upgrade had been requested, then close: what follows may not be HTTP.
            self.cycle.keep_alive = False
        if number and number != self._number:
            # Part of `data` belonged to the previous request, so start counting with the next call.
            return None
        return self._count(len(data))

    def _count(self, size: int) -> None:
        """Count a request's bytes on the wire; the parser does not report all of them to its callbacks."""
        if not self._is_receiving:
            return
        self._wire_size += size
        if not self._has_head and self._wire_size > MAX_HEAD:
            self._refuse(_HEAD_TOO_LARGE)
        elif self._has_head and self._wire_size > MAX_FRAMING + (1 + FRAMING_PER_BYTE) * self._body_size:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"abort": self.transport.abort}}
        self._number += 1
        self._is_receiving, self._has_head = True, False
        self._line_size = self._head_size = self._wire_size = self._body_size = 0
        self._since = self.loop.time()

    def on_url(self, url: bytes) -> None:
        self._line_size += len(url)
        if self._line_size > MAX_REQUEST_LINE:
            self._fail(HTTPStatus.REQUEST_URI_TOO_LONG)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            # Drop trailers: among the headers, one could pose as a header that a proxy sets or removes.
            return
        self._head_size += len(name) + len(value) + 4
        if self._head_size > MAX_HEAD or len(self.headers) >= MAX_HEADERS:
            self._fail(_HEAD_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= MAX_PIPELINED or self._is_malformed():
            self._fail(HTTPStatus.BAD_REQUEST)
        self._ready = self._find_ready()
        if self._ready is None:
            super().on_headers_complete()
            if self._is_ending:
                self.cycle.keep_alive = False
        self._has_head = True
        self._wire_size = 0
        self._since = self.loop.time()

    def _is_malformed(self) -> bool:
        """Return whether the target is not a path, or Host is repeated or missing (RFC 9112, 3.2)."""
        hosts = [name for name, _value in self.headers].count(b"host")
        return self.url == b"*" or hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1")

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_receiving = False
        self._stop_waiting()
        if self._ready is None:
            super().on_message_complete()
        else:
            self._write_ready(*self._ready)

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()
        if self.transport.is_closing() or not self._is_idle:
            return
        if self._is_receiving and self._has_head:
            # Responded before the body was read: nothing will read the rest, which could be endless.
            self.transport.close()
        else:
            self._wait()

    # Responses that are ready

    def _find_ready(self) -> prompt.Ready | None:
        """Return the response that is ready for this request, or None if writing bytes is not enough."""
        is_plain = self.parser.get_http_version() == "1.1" and not self.parser.should_upgrade()
        must_log = self.access_log or self.limit_concurrency is not None
        if not is_plain or must_log or self.root_path or not self._is_idle or self.flow.write_paused:
            return None
        url = httptools.parse_url(self.url)
        if b"%" in url.path:
            return None
        method = self.parser.get_method().decode("ascii")
        return prompt.find(
            method, url.path.decode("ascii"), url.query or b"", self.scheme or "http", self.headers
        )

    def _write_ready(self, status: HTTPStatus, head: bytes, body: bytes) -> None:
        self._ready = None
        lines = [STATUS_LINE[status]]
        for name, value in self.server_state.default_headers:
            lines += (name, b": ", value, b"\r\n")
        must_close = self._is_ending or not self.parser.should_keep_alive()
        lines += (head, b"connection: close\r\n\r\n" if must_close else b"\r\n", body)
        self.transport.write(b"".join(lines))
        if must_close:
            self.transport.close()
        self.on_response_complete()

    # Refusing and closing

    def shutdown(self) -> None:
        """Begin a graceful shutdown: tell the application, which ends its streams while uvicorn waits.

        The client of an idle connection may have sent a request that has not been read yet. Closing now would
        reset the connection, so answer what arrives within a moment, and close then.
        """
        self._is_ending = True
        if self._is_idle:
            self.loop.call_later(ENDING_SECONDS, self._close_idle)
        else:
            super().shutdown()
        shutdown.announce()

    def _close_idle(self) -> None:
        if self._is_idle and not self.transport.is_closing():
            self.transport.close()

    def _fail(self, status: HTTPStatus) -> None:
        self._refusal = status
        raise RefusedError

    def _refuse(self, status: HTTPStatus) -> None:
        """Respond with `status`, unless another response is under way, and close the connection."""
        self._stop_waiting()
        if self._may_answer and not self.transport.is_closing():
            self.transport.write(self._response(status))
        if self.cycle and not self.cycle.response_complete:
            # Tell the application that the client has disconnected.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.logger.debug("Refused %s with %d", self.client, status)
        self.transport.close()

    @property
    def _may_answer(self) -> bool:
        """Return whether the client would match a response sent now to the request being received."""
        if self.pipeline:
            return False
        if self._is_receiving and self._has_head:
            return not self.cycle.response_started
        return self._is_idle

    @property
    def _is_idle(self) -> bool:
        """Return whether all received requests have been responded to."""
        return self.cycle is None or self.cycle.response_complete

    def _response(self, status: HTTPStatus) -> bytes:
        reason = f"{status.phrase}\n".encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(reason)),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append((b"retry-after", b"%d" % RETRY_AFTER_SECONDS))
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        return b"".join([STATUS_LINE[status], *lines, b"\r\n", reason])

    def linger(self) -> bool:
        """Start a lingering close if the client is still sending; return whether the connection lingers."""
        if self.is_lingering:
            return True
        is_cut_short = self._is_receiving and not self._is_lost and self.transport.can_write_eof()
        if not is_cut_short or self.transport.is_closing():
            return False
        self.transport.write_eof()
        self.is_lingering = True
        self._stop_waiting()
        self.flow.resume_reading()
        self._linger_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        return True

    # Time

    def _schedule_check(self) -> None:
        self._timer = self.loop.call_later(settings.REQUEST_TIMEOUT / 4, self._check_time)

    def _check_time(self) -> None:
        now = self.loop.time()
        elapsed, self._checked_at = now - self._checked_at, now
        self._schedule_check()
        if self._is_stalled(now, elapsed):
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self.flow.read_paused:
            # The server has paused reading, so this time does not count against the client.
            self._since += elapsed
        elif self._is_receiving:
            if now - self._since > settings.REQUEST_TIMEOUT + self._body_size / MIN_RATE:
                self._refuse(HTTPStatus.REQUEST_TIMEOUT)
        elif self._is_idle and now - self._since > settings.REQUEST_TIMEOUT:
            self.transport.close()

    def _is_stalled(self, now: float, elapsed: float) -> bool:
        """Return whether the client has been reading the response too slowly for too long.

        This applies to streams, too: the page reconnects and resumes from its last number.
        """
        unsent = self.transport.get_write_buffer_size()
        sent_bytes = self._unsent + self._counter.written - unsent
        self._unsent, self._counter.written = unsent, 0
        if not unsent or sent_bytes >= MIN_RATE * elapsed:
            self._stalled_since = None
        elif self._stalled_since is None:
            self._stalled_since = now
        return self._stalled_since is not None and now - self._stalled_since > settings.REQUEST_TIMEOUT


_HEAD_TOO_LARGE: Final = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


def _direct_client(peer: str) -> client_address.Network | None:
    """Return the network of a directly connected client, or None for a proxy."""
    address = client_address.parse(peer)
    if address is None or client_address.is_proxy(address):
        return None
    return client_address.network_of(address)
