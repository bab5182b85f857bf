"""Requests to an ASGI application in this process, without a server."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import brotli
from django.conf import settings

Application = Callable[..., Awaitable[None]]

_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda body: body,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


@dataclass(frozen=True)
class Reply:
    """A response: status, headers with lower-case names, and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> bytes:
        """Return the decoded body."""
        return _DECODERS[self.headers.get("content-encoding", "")](self.body)

    @property
    def text(self) -> str:
        return self.content.decode()


async def ask(application: Application, url: str, method: str = "GET", **headers: str) -> Reply:
    """Return the response to a request for this site. Names of headers are given with underscores."""
    path, _mark, query = url.partition("?")
    fields = {"host": settings.SITE_URL.partition("//")[2]} | headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()
        ],
    }
    requests = [{"type": "http.request", "body": b"", "more_body": False}]
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    await application(scope, receive, send)
    start, *rest = [message["type"] for message in messages]
    assert (start, {*rest}) == ("http.response.start", {"http.response.body"})
    body = b"".join(message.get("body", b"") for message in messages[1:])
    pairs = [(name.decode().lower(), value.decode("latin-1")) for name, value in messages[0]["headers"]]
    assert len(dict(pairs)) == len(pairs), pairs
    return Reply(messages[0]["status"], dict(pairs), body)
