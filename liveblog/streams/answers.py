"""Answers as they are kept: ASGI messages that are built once and sent to every reader."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from django.utils.http import parse_etags

from liveblog.streams.keepable import is_shared, may_be_kept
from liveblog.streams.positions import Mark, Position
from newsroom.http import prompt, request_ids
from newsroom.http.bodies import Application, Scope
from newsroom.http.compression import compress_thoroughly

Header = tuple[bytes, bytes]
Message = dict[str, Any]

# Headers of a 200 that a 304 leaves out, because they describe the body or are added when it is rendered.
_OF_BODY: Final = frozenset(
    {
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"content-security-policy",
        b"cross-origin-resource-policy",
        b"link",
        b"permissions-policy",
        b"reporting-endpoints",
        b"x-content-type-options",
        b"x-robots-tag",
    }
)
_VARIES: Final = (b"vary", b"Accept-Encoding")
_NOTHING: Final[Message] = {"type": "http.response.body", "body": b""}
# A date within the second of a change is replaced by the next one (`newsroom.http.caching.last_modified`).
SETTLING_SECONDS: Final = 5.0
# Bytes that an answer takes besides its body, roughly.
OVERHEAD: Final = 4_096


class Incomplete(Exception):
    """A response that has no complete body, or that is not the same for every reader."""


class Answer:
    """One response of Django's in one content coding, with the position of the log read before it.

    `expires_at`, in seconds since 1970, is None if the answer may be sent until the log moves on.
    """

    __slots__ = (
        "_body",
        "_etag",
        "_head",
        "_headers",
        "_not_modified",
        "_not_modified_head",
        "_start",
        "_status",
        "expires_at",
        "is_kept",
        "mark",
        "position",
        "size",
    )

    def __init__(
        self, status: int, headers: list[Header], body: bytes, position: Position, mark: Mark
    ) -> None:
        values = dict(headers)
        self._status = HTTPStatus(status)
        self._headers = headers
        self._body: Message = {"type": "http.response.body", "body": body}
        self._start = _start(status, headers)
        self._etag = values.get(b"etag") if status == 200 else None
        others = [header for header in headers if header[0] not in _OF_BODY and header[0] != b"vary"]
        self._not_modified = _start(304, [*others, _VARIES])
        self._head = _lines(headers)
        self._not_modified_head = _lines([*others, _VARIES])
        self.position = position
        self.mark = mark
        self.is_kept = may_be_kept(status, headers)
        self.expires_at = _expiry_of(values.get(b"last-modified"))
        self.size = len(body) + OVERHEAD

    @property
    def is_outdated(self) -> bool:
        """Return whether the log has moved since just before the rows were read, or the answer expired."""
        is_over = self.expires_at is not None and time.time() >= self.expires_at
        return is_over or self.mark != self.position.mark

    def messages(self, method: str, etags: bytes | None) -> tuple[Message, Message]:
        """Return the response's start and body; a 304 if `etags`, from If-None-Match, contains its ETag."""
        if self._is_known_by(etags):
            return self._not_modified, _NOTHING
        return self._start, _NOTHING if method == "HEAD" else self._body

    def bytes_for(self, method: str, etags: bytes | None) -> prompt.Ready:
        """Return the response of `messages` as bytes."""
        if self._is_known_by(etags):
            return HTTPStatus.NOT_MODIFIED, self._not_modified_head, b""
        return self._status, self._head, b"" if method == "HEAD" else self._body["body"]

    def _is_known_by(self, etags: bytes | None) -> bool:
        return etags is not None and self._etag is not None and _matches(etags, self._etag)

    def compressed(self, coding: str) -> Answer:
        """Return the answer compressed as Django would do it, or unchanged if Django would not."""
        if (b"vary", b"Accept-Encoding") not in self._headers:
            return self
        body = compress_thoroughly(self._body["body"], coding)
        if body is None:
            return self
        headers = [header for header in self._headers if header[0] != b"content-length"]
        headers += [(b"content-encoding", coding.encode()), (b"content-length", b"%d" % len(body))]
        return Answer(self._status, headers, body, self.position, self.mark)


def _start(status: int, headers: list[Header]) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def _lines(headers: list[Header]) -> bytes:
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


def _matches(if_none_match: bytes, etag: bytes) -> bool:
    """Return whether If-None-Match contains the ETag, by weak comparison (RFC 9110, section 13.1.2)."""
    if if_none_match == etag:
        return True
    etags = parse_etags(if_none_match.decode("latin-1"))
    opaque_etag = etag.decode("latin-1").removeprefix("W/")
    return etags == ["*"] or any(known.removeprefix("W/") == opaque_etag for known in etags)


def _expiry_of(last_modified: bytes | None) -> float | None:
    """Return when a response with this Last-Modified expires because another date may follow."""
    if last_modified is None:
        return None
    settled_at = parsedate_to_datetime(last_modified.decode("latin-1")).timestamp() + SETTLING_SECONDS
    return settled_at if settled_at > time.time() else None


async def read_response(application: Application, scope: Scope, position: Position, mark: Mark) -> Answer:
    """Return the response of an ASGI application. Raise Incomplete if readers cannot share it."""
    messages: list[Message] = []
    requests: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        # This client never disconnects; the application cancels its own wait for that.
        return requests.pop() if requests else await asyncio.get_running_loop().create_future()

    async def send(message: Mapping[str, Any]) -> None:
        messages.append(dict(message))

    await application(scope, receive, send)
    if len(messages) < 2 or messages[-1].get("more_body", False):
        raise Incomplete(scope["path"])
    headers = [(name.lower(), value) for name, value in messages[0]["headers"]]
    # Drop the request id, which belongs to the one request that this was rendered for.
    headers = [header for header in headers if header[0] != request_ids.ASGI_NAME]
    status = messages[0]["status"]
    if not is_shared(status, headers):
        raise Incomplete(scope["path"])
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return Answer(status, headers, body, position, mark)
