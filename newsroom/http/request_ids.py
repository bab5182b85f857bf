"""Request ids: one for each request, in the `X-Request-ID` of the response and in every log record.

A proxy's id is accepted if it is well formed, so that its log and ours can be joined; it proves nothing about
the client. The id is in a context variable, which tasks and Django's threads inherit from the request.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest, HttpResponse

from newsroom.http import GetResponse

if TYPE_CHECKING:
    # The formatters of logs import this module before models can be imported.
    from newsroom.http.bodies import Scope, Send

NAME: Final = "X-Request-ID"
ASGI_NAME: Final = b"x-request-id"
# Characters that are safe in a header, in a log line and in JSON. The length is that of two UUIDs at least.
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")
# Idle polls have to stay under 300 bytes, so they leave out an id that the client did not send.
_POLL: Final = re.compile(r".*/changes\.json|/api/v1/blogs/[^/]+/changes/")

current: Final[ContextVar[str]] = ContextVar("request_id", default="")


def accept(value: str) -> str:
    """Return a client's id if it is well formed, else an empty string."""
    return value if _WELL_FORMED.fullmatch(value) else ""


def new() -> str:
    return os.urandom(16).hex()


def begin(scope: Scope) -> str:
    """Set the id of an ASGI request for everything that its task logs; return the id to send back, or ""."""
    given_id = _given_in(scope["headers"])
    current.set(given_id or new())
    return "" if _POLL.fullmatch(scope["path"]) and not given_id else current.get()


def answering(send: Send, request_id: str) -> Send:
    """Return a `send` that adds the id to the response's headers."""

    async def send_with_id(message: Any) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (ASGI_NAME, request_id.encode())]
            message = {**message, "headers": headers}
        await send(message)

    return send_with_id


def of_stream() -> list[tuple[bytes, bytes]]:
    """Return the header for a stream, whose `send` is not wrapped: every event would pay for it."""
    return [(ASGI_NAME, current.get().encode())] if current.get() else []


def line_for(path: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Return the header line for a response that is written before any task exists; may be empty."""
    given_id = _given_in(headers)
    if not given_id and _POLL.fullmatch(path):
        return b""
    return b"%s: %s\r\n" % (ASGI_NAME, (given_id or new()).encode())


def identify(get_response: GetResponse) -> GetResponse:
    """Outermost middleware: set the id and send it back under WSGI, where no ASGI application has done so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if current.get():
            return get_response(request)
        given_id = accept(request.headers.get(NAME, ""))
        token = current.set(given_id or new())
        try:
            response = get_response(request)
            if given_id or not _POLL.fullmatch(request.path_info):
                response.headers[NAME] = current.get()
            return response
        finally:
            current.reset(token)

    return middleware


def _given_in(headers: Iterable[tuple[bytes, bytes]]) -> str:
    values = [value for name, value in headers if name == ASGI_NAME]
    return accept(values[0].decode("latin-1")) if len(values) == 1 else ""
