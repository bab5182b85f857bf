"""Delivery of one POST request to a URL that a user chose, guarded against SSRF, within one overall timeout.

The name is resolved once, every address is checked, and the connection goes to an address that was checked,
so that DNS rebinding gains nothing. No redirect is followed, no proxy is used and no connection is reused.
"""

from __future__ import annotations

import asyncio
import email.utils
import socket
import ssl
import time
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

import h11
from django.utils import timezone
from django.utils.encoding import iri_to_uri

from newsroom.http.addresses import is_opened_for_tests, is_public

# Overall timeout, from the DNS lookup to the end of the response.
SECONDS: Final = 15.0
# Limit for the response body; the connection is closed without reading the rest.
ANSWER_BYTES: Final = 4_096
# Timeout for one address, which leaves time to try the next address of the name.
CONNECT_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Answer:
    """The response to a request. `status` is None without a usable response; `error` then says why."""

    milliseconds: int
    status: int | None = None
    text: str = ""
    error: str = ""
    # Seconds from the Retry-After header, unchecked.
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """Return a short reason why the request failed."""
        return self.error or f"HTTP {self.status}"


class Refused(Exception):
    """An attempt to send to an address that is not allowed."""


async def post(url: str, headers: dict[str, str], body: bytes) -> Answer:
    """Send a POST request and return the beginning of its response, or an Answer with the network error."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(SECONDS):
            status, text, retry_after = await _exchange(urlsplit(url), headers, body)
    except TimeoutError:
        return Answer(_since(started), error=f"No whole answer within {SECONDS:.0f} seconds")
    except Refused as refusal:
        return Answer(_since(started), error=str(refusal)[:300])
    except (OSError, ValueError, h11.ProtocolError) as error:
        return Answer(_since(started), error=str(error)[:300] or type(error).__name__)
    return Answer(_since(started), status, text, retry_after=_seconds(retry_after))


async def _exchange(url: SplitResult, headers: dict[str, str], body: bytes) -> tuple[int, str, str]:
    reader, writer = await _connect(url)
    try:
        connection = h11.Connection(h11.CLIENT)
        request_headers = {
            "host": _host_of(url),
            "content-length": str(len(body)),
            "connection": "close",
            **headers,
        }
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        request = h11.Request(method="POST", target=iri_to_uri(target), headers=list(request_headers.items()))
        writer.write(connection.send(request) + connection.send(h11.Data(body)))
        writer.write(connection.send(h11.EndOfMessage()))
        # Do not drain the writer: a receiver may respond before it has read everything.
        return await _read_answer(connection, reader)
    finally:
        writer.transport.abort()


async def _read_answer(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[int, str, str]:
    """Return the status, the beginning of the body and Retry-After. Raise if the response is truncated."""
    status, retry_after, text = 0, "", bytearray()
    while len(text) < ANSWER_BYTES:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(ANSWER_BYTES))
        elif isinstance(event, h11.Response):
            status = event.status_code
            retry_after = next(
                (value.decode("latin-1") for name, value in event.headers if name == b"retry-after"), ""
            )
        elif isinstance(event, h11.Data):
            text += event.data
        elif isinstance(event, h11.EndOfMessage):
            break
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionError("The receiver closed the connection without an answer")
    # PostgreSQL text cannot contain NUL.
    return status, text[:ANSWER_BYTES].decode(errors="replace").replace("\0", "�"), retry_after


async def _connect(url: SplitResult) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, is_tls = url.hostname or "", url.scheme == "https"
    if not is_tls and not is_opened_for_tests(host):
        raise Refused("Not sent: only https is")
    port = url.port or (443 if is_tls else 80)
    addresses = await _addresses(host, port)
    tls, name = (_trusted(), host) if is_tls else (None, None)
    failure = "the name has no address"
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name)
        except OSError as error:
            failure = str(error) or f"none within {CONNECT_SECONDS:.0f} seconds"
    raise ConnectionError(f"No connection: {failure}")


async def _addresses(host: str, port: int) -> list[str]:
    """Return all addresses of a name. Raise Refused if any of them is not public."""
    address_infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_rest, address in address_infos))
    non_public = [address for address in addresses if not is_public(address)]
    if non_public and not is_opened_for_tests(host):
        raise Refused(f"Not sent: {host} is at {non_public[0]}, which is not on the public Internet")
    return addresses


@cache
def _trusted() -> ssl.SSLContext:
    """Return a TLS context that trusts the system's certificates, or those in SSL_CERT_FILE."""
    return ssl.create_default_context()


def _host_of(url: SplitResult) -> str:
    """Return the value of the Host header."""
    host = url.hostname or ""
    host = host if host.isascii() else host.encode("idna").decode()
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{url.port}" if url.port else host


def _seconds(retry_after: str) -> float | None:
    """Return Retry-After, seconds or a date (RFC 9110, 10.2.3), in seconds; None if it is neither."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return (email.utils.parsedate_to_datetime(retry_after) - timezone.now()).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
