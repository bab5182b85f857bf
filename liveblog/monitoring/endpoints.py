"""`/healthz`, `/readyz` and `/metrics`, answered ahead of Django.

Load balancers send requests by IP address and over plain HTTP, so neither the Host nor the scheme is checked.
The answers must not depend on Django's threads, all of which may be busy with readers. `/readyz` tells
strangers only the names of failing checks, and all requests within a second share one check.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

from liveblog.monitoring import figures, health
from newsroom.http import GetResponse, client_address
from newsroom.http.bodies import Receive, Scope, Send
from newsroom.http.client_address import Address

# Seconds for which all requests share one result, and the time limit of a check in seconds.
FRESH_SECONDS: Final = 1.0
READY_TIMEOUT_SECONDS: Final = 3.0
METRICS_TIMEOUT_SECONDS: Final = 10.0
_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_JSON: Final = "application/json"


class Answer(NamedTuple):
    status: HTTPStatus
    body: bytes
    content_type: str = _JSON
    headers: Mapping[str, str] = {}


class Asker:
    """A runner that calls a function in a separate thread, one call at a time, and shares a recent result."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._future: Future[Any] | None = None
        self._asked_at = 0.0

    def ask(self) -> Future[Any]:
        """Return the run in progress or begun within the last second, or else begin one."""
        with self._lock:
            future = self._future
            is_old = time.monotonic() - self._asked_at >= FRESH_SECONDS
            if future is None or (is_old and future.done()):
                self._asked_at = time.monotonic()
                self._future = future = Future()
                # A daemon, so that a database that never answers does not keep the process from exiting.
                threading.Thread(target=self._run, args=[future], name="monitoring", daemon=True).start()
            return future

    def forget(self) -> None:
        """Let the next request begin a new run."""
        with self._lock:
            self._future = None

    def _run(self, future: Future[Any]) -> None:
        try:
            result = self._work()
        except Exception as error:  # noqa: BLE001
            # Pass any error on to the requests that wait for the result.
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            connection.close()


readiness: Final = Asker(health.failures)
_figures: Final = Asker(figures.exposition)


def is_monitored(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"] in _PATHS


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a monitored path, as an ASGI application."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    address = client_address.of_scope(scope)
    response = _refusal(scope["path"], scope["method"], headers, address)
    if response is None and scope["path"] == "/healthz":
        response = _HEALTHY
    elif response is None:
        asker, timeout = _asker_of(scope["path"])
        try:
            result = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(asker.ask())), timeout)
            response = _answer_of(scope["path"], result)
        except TimeoutError:
            response = _TIMED_OUT
    fields = _fields(response)
    start = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": start})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})


def answer_monitors(get_response: GetResponse) -> GetResponse:
    """Middleware: give the same answers under WSGI, before anything checks the Host."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info not in _PATHS:
            return get_response(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        address = client_address.of_request(request)
        response = _refusal(request.path_info, request.method or "", headers, address)
        response = response or _answer_in_thread(request.path_info)
        return HttpResponse(response.body, status=response.status, headers=_fields(response))

    return middleware


def _answer_in_thread(path: str) -> Answer:
    if path == "/healthz":
        return _HEALTHY
    asker, timeout = _asker_of(path)
    try:
        return _answer_of(path, asker.ask().result(timeout))
    except FutureTimeoutError:
        return _TIMED_OUT


def _refusal(path: str, method: str, headers: Mapping[str, str], address: Address) -> Answer | None:
    """Return the error response to a request that is not allowed, or None if it is."""
    if path == "/metrics":
        if not settings.METRICS_TOKEN and not settings.METRICS_NETWORKS:
            return _error(HTTPStatus.NOT_FOUND)
        networks = [ipaddress.ip_network(text) for text in settings.METRICS_NETWORKS]
        if networks and not any(address in network for network in networks):
            return _error(HTTPStatus.FORBIDDEN)
        if settings.METRICS_TOKEN and not _has_token(headers.get("authorization", "")):
            return _error(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"})
    if method not in ("GET", "HEAD"):
        return _error(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
    return None


def _has_token(authorization: str) -> bool:
    scheme, _space, token = authorization.partition(" ")
    is_equal = secrets.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return scheme.lower() == "bearer" and is_equal


def _asker_of(path: str) -> tuple[Asker, float]:
    return (_figures, METRICS_TIMEOUT_SECONDS) if path == "/metrics" else (readiness, READY_TIMEOUT_SECONDS)


def _answer_of(path: str, result: Any) -> Answer:
    if path == "/metrics":
        return Answer(HTTPStatus.OK, result, figures.CONTENT_TYPE)
    return _unready(result) if result else Answer(HTTPStatus.OK, _json({"status": "ok"}))


def _unready(failures: list[str]) -> Answer:
    return Answer(
        HTTPStatus.SERVICE_UNAVAILABLE,
        _json({"status": "unavailable", "failed": failures}),
        headers={"Retry-After": "5"},
    )


def _error(status: HTTPStatus, headers: Mapping[str, str] = {}) -> Answer:
    return Answer(status, _json({"error": status.phrase}), headers=headers)


def _json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


def _fields(response: Answer) -> dict[str, str]:
    return {
        "Content-Type": response.content_type,
        "Content-Length": str(len(response.body)),
        **_HEADERS,
        **response.headers,
    }


_HEALTHY: Final = Answer(HTTPStatus.OK, _json({"status": "ok"}))
# Checks that time out nearly always wait for the database.
_TIMED_OUT: Final = _unready(["database"])
