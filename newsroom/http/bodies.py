"""Limits on the size of request bodies, enforced before a body is read.

Django spools a whole body to disk before it looks at the path or the credentials, so the limit is enforced in
front of it, in ASGI. GET requests may have no body and others a small one, unless an `Allowance` lets clients
with valid credentials send more to an address. Reading stops once a body is too large: Django gets the
request without the body, and `refuse_large_body` responds in the format that the client expects.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, get_resolver, resolve
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from newsroom.http import GetResponse

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Enough for every form that an anonymous client may send, such as a reader's response or a log-in.
DEFAULT_BYTES: Final = 64 * 1024
# Total size of the bodies that this process holds at one time, from anonymous and from authenticated clients.
MAX_BYTES_OF_STRANGERS: Final = 64 * 1024 * 1024
MAX_BYTES_OF_KNOWN: Final = 1024 * 1024 * 1024
_WITHOUT_BODY: Final = ("GET", "HEAD", "OPTIONS", "TRACE", "CONNECT")
# The key of the refusal in the ASGI scope.
REFUSAL: Final = "newsroom.body_refusal"
_SESSION_KEY: Final = re.compile(r"[a-z0-9]{8,40}")


@dataclass(frozen=True)
class Allowance:
    """Paths that accept bodies of up to `size` bytes from clients with valid credentials.

    `has_credentials` may query the database. Anybody may send `of_strangers` bytes: some responses repeat the
    body to a user whose session has expired.
    """

    path: re.Pattern[str]
    size: int
    has_credentials: Callable[[Scope], bool]
    of_strangers: int = DEFAULT_BYTES


class BodyLimits:
    """ASGI middleware that bounds what an application can read of a request's body.

    The first allowance whose path matches applies.
    """

    def __init__(self, application: Application, allowances: list[Allowance]) -> None:
        self._application = application
        self._allowances = allowances
        # Bytes held, keyed by whether the client has valid credentials.
        self._held_bytes = {False: 0, True: 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._application(scope, receive, send)
        body = _Body(self._held_bytes, self._allowance_of(scope), scope, receive, send)
        try:
            await body.check_declared_length()
            return await self._application(scope, body.receive, body.send)
        finally:
            body.release()

    def _allowance_of(self, scope: Scope) -> Allowance:
        if scope["method"] in _WITHOUT_BODY:
            return _NOTHING
        for allowance in self._allowances:
            if allowance.path.fullmatch(scope["path"]):
                return allowance
        return _LITTLE


class _Body:
    """The body of one request while it is being received."""

    def __init__(
        self, held_bytes: dict[bool, int], allowance: Allowance, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._held = held_bytes
        self._allowance = allowance
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = allowance.of_strangers
        self._is_known = False
        self._is_over = False
        self._size = 0

    async def check_declared_length(self) -> None:
        """Refuse by the headers alone, so that a client that sent `Expect: 100-continue` gets no 100."""
        headers = dict(self._scope["headers"])
        if b"transfer-encoding" in headers:
            await self._check(1)
        elif (length := headers.get(b"content-length", b"0")).isdigit():
            await self._check(int(length))

    async def receive(self) -> dict[str, Any]:
        if self._is_over:
            # Block for ever: nothing more is read, and the connection closes with the response.
            await asyncio.Event().wait()
        if REFUSAL in self._scope:
            return self._end()
        message = await self._receive()
        size = len(message.get("body", b""))
        await self._check(self._size + size)
        if REFUSAL in self._scope:
            return self._end()
        self._size += size
        self._held[self._is_known] += size
        return message

    def _end(self) -> dict[str, Any]:
        """Return the message that ends the body for the application, of which no more is read."""
        self._is_over = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and REFUSAL in self._scope:
            message = {**message, "headers": [*message.get("headers", []), (b"connection", b"close")]}
        await self._send(message)

    def release(self) -> None:
        self._held[self._is_known] -= self._size

    async def _check(self, size: int) -> None:
        if size > self._limit and not self._is_known and size <= self._allowance.size:
            await self._check_credentials()
        if size > self._limit:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        most = MAX_BYTES_OF_KNOWN if self._is_known else MAX_BYTES_OF_STRANGERS
        if self._held[self._is_known] + size - self._size > most:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)

    async def _check_credentials(self) -> None:
        try:
            is_known = await _ask_database(self._allowance.has_credentials, self._scope)
        except DatabaseError:
            return self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        if is_known:
            self._held[False] -= self._size
            self._held[True] += self._size
            self._is_known, self._limit = True, self._allowance.size
        return None

    def _refuse(self, status: HTTPStatus) -> None:
        self._scope.setdefault(REFUSAL, status)


@sync_to_async(thread_sensitive=False)
def _ask_database(question: Callable[[Scope], bool], scope: Scope) -> bool:
    try:
        return question(scope)
    finally:
        connections.close_all()


def has_no_credentials(_scope: Scope) -> bool:
    """Return False, for addresses where no credentials allow a larger body."""
    return False


def has_staff_session(scope: Scope) -> bool:
    """Return whether the request has the session of a user who may use the admin."""
    try:
        request = ASGIRequest(scope, io.BytesIO())
    except UnicodeDecodeError:
        return False
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not _SESSION_KEY.fullmatch(key):
        return False
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(key)
    request.user = get_user(request)
    return admin.site.has_permission(request)


_EVERYWHERE: Final = re.compile(".*", re.DOTALL)
_NOTHING: Final = Allowance(_EVERYWHERE, 0, has_no_credentials, of_strangers=0)
_LITTLE: Final = Allowance(_EVERYWHERE, DEFAULT_BYTES, has_no_credentials)


def refusal_of(scope: Mapping[str, Any]) -> HTTPStatus | None:
    """Return the status with which the request's body was refused, or None."""
    return scope.get(REFUSAL)


def refuse_large_body(get_response: GetResponse) -> GetResponse:
    """Middleware: respond to a refused body with the project's error handler for its status.

    A method that the view does not support still gets 405.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        status = refusal_of(getattr(request, "scope", {}))
        if status is None or not _is_served(request):
            return get_response(request)
        return get_resolver().resolve_error_handler(status.value)(request)

    return middleware


def _is_served(request: HttpRequest) -> bool:
    """Return whether the view supports the method; True if unknown, as for all but class-based views."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return True
    view_class = getattr(view, "view_class", None)
    method = "get" if request.method == "HEAD" else str(request.method).lower()
    return view_class is None or hasattr(view_class, method)


def too_large(request: HttpRequest) -> HttpResponse:
    """Return the 413 response, as the project's `handler413` (except under the API)."""
    if request.headers.get("Accept", "").startswith("application/json"):
        reason = _("Nothing was saved. Send less, or sign in again if you have been signed out.")
        response: HttpResponse = JsonResponse({"errors": {"": [reason]}}, status=413)
    else:
        response = render(request, "413.html", status=413)
    response.headers["Cache-Control"] = "no-store"
    return response
