"""How large a request's body may be, decided before it is read.

Django reads a body to its end, onto the disk, before it looks at the address or at who is asking. So the
limit stands ahead of it, on the ASGI side: pages take no body, everything else little, unless an `Allowance`
says that an address takes more from somebody whose credentials are good. A body that is too large is never
read further: Django gets the request without it, and `refuse_large_body` answers in the format of whoever
asks.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Awaitable, Callable, Mapping
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

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# A reader's response, a log-in, and what nobody has a use for: enough for any form that a stranger may send.
DEFAULT_BYTES: Final = 64 * 1024
# The bodies that are being received or worked on at one time, in this process, from strangers and from
# others.
MAX_BYTES_OF_STRANGERS: Final = 64 * 1024 * 1024
MAX_BYTES_OF_KNOWN: Final = 1024 * 1024 * 1024
_WITHOUT_BODY: Final = ("GET", "HEAD", "OPTIONS", "TRACE", "CONNECT")
# Where the refusal stands in the ASGI scope.
REFUSAL: Final = "newsroom.body_refusal"
_SESSION_KEY: Final = re.compile(r"[a-z0-9]{8,40}")


@dataclass(frozen=True)
class Allowance:
    """Addresses that take larger bodies, from clients for whom `has_credentials` is true.

    `has_credentials` may ask the database. `of_strangers` is what anybody may send, for answers that need the
    body of a request from somebody who has been signed out meanwhile.
    """

    path: re.Pattern[str]
    size: int
    has_credentials: Callable[[Scope], bool]
    of_strangers: int = DEFAULT_BYTES


class BodyLimits:
    """An ASGI application around another one, which it lets read no more than it should.

    The first of the allowances whose path matches counts.
    """

    def __init__(self, application: Application, allowances: list[Allowance]) -> None:
        self._application = application
        self._allowances = allowances
        # Bytes that are held, by whether the client's credentials are good.
        self.held = {False: 0, True: 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._application(scope, receive, send)
        body = _Body(self.held, self._allowance_of(scope), scope, receive, send)
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
    """The body of one request, while it is received."""

    def __init__(
        self, held: dict[bool, int], allowance: Allowance, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._held = held
        self._allowance = allowance
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = allowance.of_strangers
        self._is_known = False
        self._is_over = False
        self._size = 0

    async def check_declared_length(self) -> None:
        """Refuse by the headers alone, so that `Expect: 100-continue` is never answered with "go on"."""
        headers = dict(self._scope["headers"])
        if b"transfer-encoding" in headers:
            await self._check(1)
        elif (length := headers.get(b"content-length", b"0")).isdigit():
            await self._check(int(length))

    async def receive(self) -> dict[str, Any]:
        if self._is_over:
            # Nothing more is read; the connection ends with the response.
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
        """Return the end of a body that is not read any further."""
        self._is_over = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and REFUSAL in self._scope:
            message = message | {"headers": [*message.get("headers", []), (b"connection", b"close")]}
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
    """Return False: for addresses that take nothing more from anybody."""
    return False


def has_staff_session(scope: Scope) -> bool:
    """Whether the request comes with the session of somebody who may use the admin."""
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
    """Return the status that a request's body was refused with, if it was."""
    return scope.get(REFUSAL)


def refuse_large_body(get_response: Callable[[HttpRequest], HttpResponse]):
    """Answer requests whose body was refused, by the project's handler for the status.

    A method that the address does not serve gets the 405 that it gets without a body.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        status = refusal_of(getattr(request, "scope", {}))
        if status is None or not _is_served(request):
            return get_response(request)
        return get_resolver().resolve_error_handler(status.value)(request)

    return middleware


def _is_served(request: HttpRequest) -> bool:
    """Whether the address may serve the method: only a view that is a class says which ones it has."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return True
    view_class = getattr(view, "view_class", None)
    method = "get" if request.method == "HEAD" else str(request.method).lower()
    return view_class is None or hasattr(view_class, method)


def too_large(request: HttpRequest) -> HttpResponse:
    """The project's `handler413`, except under the API."""
    if request.headers.get("Accept", "").startswith("application/json"):
        reason = _("Nothing was saved. Send less, or sign in again if you have been signed out.")
        response = JsonResponse({"errors": {"": [reason]}}, status=413)
    else:
        response = render(request, "413.html", status=413)
    response.headers["Cache-Control"] = "no-store"
    return response
