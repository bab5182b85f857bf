"""The stream endpoint: a live blog's log as Server-Sent Events, answered in ASGI ahead of Django."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs

from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection
from django.http import Http404

from liveblog.presentation.addresses import AtPlainAddress, Withdrawn, find_blog
from liveblog.presentation.delta import TOO_FAR_BEHIND
from liveblog.presentation.views import Head
from liveblog.streams.hub import Abort, Followed, Hub, Reader, encode, message_of
from liveblog.visibility import PUBLIC
from newsroom.http import bodies, security_headers
from newsroom.http.bodies import Receive, Send
from newsroom.http.hosts import is_known_host
from newsroom.http.parameters import whole_number
from newsroom.http.protocol import EXTENSION
from newsroom.http.stream_limits import RETRY_AFTER_SECONDS, StreamLimits

RETRY_MILLISECONDS: Final = 3_000

_PATH: Final = re.compile(
    r"(?:/(?P<edition>zh-hant|zh-hans))?(?P<plain>/live/(?P<slug>[-a-zA-Z0-9_]+)/stream)"
)
# Allow any origin, because partners' scripts may follow streams too and cookies are never read.
_ANY_ORIGIN: Final = (b"access-control-allow-origin", b"*")
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    _ANY_ORIGIN,
    # Without this header, nginx holds events back until its buffer is full.
    (b"x-accel-buffering", b"no"),
]


def is_stream(scope: dict[str, Any]) -> bool:
    return scope["type"] == "http" and _PATH.fullmatch(scope["path"]) is not None


class Streams:
    """The ASGI callable for `/live/<slug>/stream`, with and without the prefix of an edition."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limits = StreamLimits()
        # Lookups in progress, by slug and edition.
        self._lookups: dict[tuple[str, str | None], asyncio.Task[Head]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        refuse = partial(_refuse, scope, send)
        headers = dict(scope["headers"])
        if not is_known_host(headers.get(b"host", b"").decode("latin-1")):
            return await refuse(400, "This site is not served under that name.")
        if scope["method"] not in ("GET", "HEAD"):
            return await refuse(405, "A stream is read by GET.", (b"allow", b"GET, HEAD"))
        if not self._hub.is_running:
            return await refuse(503, "Streams are not available.", (b"retry-after", b"5"))
        if refusal := bodies.refusal_of(scope):
            return await refuse(refusal, "A stream takes no request body.")
        number = _cursor(headers, scope["query_string"])
        if number is None:
            return await refuse(400, "Give the last number you know: Last-Event-ID or ?after=N.")
        with self._limits.admit(scope) as refusal:
            if refusal:
                retry = (b"retry-after", b"%d" % RETRY_AFTER_SECONDS)
                return await refuse(refusal, "Too many streams are open. Poll changes.json.", retry)
            return await self._open(scope, receive, send, number)

    async def _open(self, scope: dict[str, Any], receive: Receive, send: Send, number: int) -> None:
        refuse = partial(_refuse, scope, send)
        is_desk = b"desk" in scope["query_string"].split(b"&")
        match = _PATH.fullmatch(scope["path"])
        # `is_stream` has matched the path.
        assert match is not None
        try:
            edition = match["edition"]
            blog = await self._look_up(match["slug"], edition)
            if number > blog.number:
                # The lookup may have begun before this reader received the number elsewhere.
                blog = await _find(match["slug"], edition)
        except DatabaseError:
            return await refuse(503, "The newsroom's database is busy.", (b"retry-after", b"2"))
        except Http404:
            return await refuse(404, "There is no such live blog, or it is not read in that script.")
        except AtPlainAddress:
            query = f"?after={number}{'&desk' if is_desk else ''}"
            return await refuse(301, "", (b"location", f"{match['plain']}{query}".encode()))
        except Withdrawn:
            return await refuse(410, "This live blog was withdrawn.")
        # A 204 tells EventSource not to reconnect.
        if blog.has_ended and number >= blog.number:
            return await refuse(204)
        headers = [*_HEADERS, *security_headers.of_stream(scope)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] == "HEAD":
            return await send({"type": "http.response.body", "body": b""})
        if (
            number > blog.number
            or blog.row.is_lost(number)
            or blog.row.changes_after(number) > TOO_FAR_BEHIND
        ):
            return await send({"type": "http.response.body", "body": encode("reload")})
        first = f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        await send({"type": "http.response.body", "body": first, "more_body": True})
        reader = partial(self._hub.follow, (blog.pk, edition), number, send, *_abort_of(scope))
        return await self._follow((blog.pk, edition), partial(reader, is_counted=not is_desk), receive, send)

    async def _look_up(self, slug: str, edition: str | None) -> Head:
        """Call `_find` once for concurrent requests: after a restart, all readers of a blog reconnect."""
        key = slug, edition
        if key not in self._lookups:
            self._lookups[key] = asyncio.create_task(_find(slug, edition))
            self._lookups[key].add_done_callback(lambda _task: self._lookups.pop(key, None))
        return await asyncio.shield(self._lookups[key])

    async def _follow(
        self,
        followed: Followed,
        register: Callable[[], Awaitable[Reader | None]],
        receive: Receive,
        send: Send,
    ) -> None:
        reader = None
        try:
            reader = await register()
            while reader and (await receive())["type"] != "http.disconnect":
                pass
        except DatabaseError:
            # The reader reconnects by itself, with its last number.
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            # Either the hub dropped this reader, or the server is stopping and the response has to end, too.
            if reader is None:
                raise
            if not reader.is_dropped:
                reader.push(message_of(b"", is_last=True))
        finally:
            if reader:
                self._hub.leave(followed, reader)


def _abort_of(scope: dict[str, Any]) -> list[Abort]:
    """Return the function that aborts the request's connection, if the server gives one."""
    extension = scope.get("extensions", {}).get(EXTENSION, {})
    return [extension["abort"]] if "abort" in extension else []


def _cursor(headers: dict[bytes, bytes], query: bytes) -> int | None:
    """Return the last number that the reader knows, or None if the request does not give a valid one."""
    value = headers.get(b"last-event-id", b"").decode("latin-1")
    if not value:
        values = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("after", ["0"])
        value = values[0] if len(values) == 1 else ""
    return whole_number(value, digits=9)


@sync_to_async(thread_sensitive=False)
def _find(slug: str, edition: str | None) -> Head:
    """Return the live blog if the public may follow it; raise the same exceptions as `find_blog`."""
    try:
        return find_blog(PUBLIC, slug, edition)
    finally:
        connection.close()


async def _refuse(
    scope: dict[str, Any], send: Send, status: int, reason: str = "", *headers: tuple[bytes, bytes]
) -> None:
    body = json.dumps({"error": reason}).encode() if reason else b""
    all_headers = [
        (b"content-type", b"application/json"),
        (b"cache-control", b"no-store"),
        _ANY_ORIGIN,
        *security_headers.of_stream(scope),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
