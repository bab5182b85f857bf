"""Responses that the protocol writes immediately, without a task, from bytes that an application has ready.

uvicorn starts a task for each request and checks and joins the headers of each response. For bytes that were
sent a moment ago, this is most of the work. An application still answers the same requests in ASGI, under any
other server; a callable registered here is only called first.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from newsroom.http import request_ids

Header = tuple[bytes, bytes]
# Called with method, path, query, scheme and headers. Returns the head from the second line on, without the
# empty line at its end, and the body; None if the application has no bytes ready.
Ready = tuple[HTTPStatus, bytes, bytes]
Answerer = Callable[[str, str, bytes, str, list[Header]], Ready | None]

_answerers: Final[list[Answerer]] = []


def answer_first(answerer: Answerer) -> None:
    """Let `answerer` answer requests before they reach the application."""
    _answerers[:] = [answerer]


def find(method: str, path: str, query: bytes, scheme: str, headers: list[Header]) -> Ready | None:
    """Return the response that is ready for a request without a body, or None."""
    ready = _answerers[0](method, path, query, scheme, headers) if _answerers else None
    if ready is None:
        return None
    status, head, body = ready
    return status, head + request_ids.line_for(path, headers), body
