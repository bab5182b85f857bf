"""Middleware: admin language, CSRF and sessions, cache headers, small polls, and a busy database."""

import logging
import re
from collections.abc import Callable
from typing import Final

from django import db
from django.conf import settings
from django.contrib.sessions import middleware as sessions
from django.contrib.sessions.exceptions import SessionInterrupted
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from django.middleware import csrf
from django.middleware.locale import LocaleMiddleware
from django.urls import get_resolver

from newsroom.busy import OneWait, is_busy
from newsroom.http import GetResponse, caching, security_headers
from newsroom.http.compression import MIN_BYTES
from newsroom.passwords import HashingBusyError

# The form of Django's session keys. Other cookie values must not reach the database: PostgreSQL rejects NUL.
_SESSION_KEY: Final = re.compile(r"[a-z0-9]{8,40}")

logger = logging.getLogger(__name__)


def _is_for_editors(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


class AdminLocaleMiddleware(LocaleMiddleware):
    """Locale middleware that uses Accept-Language in the admin only; public pages ignore it."""

    def process_request(self, request: HttpRequest) -> None:
        if _is_for_editors(request):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if _is_for_editors(request):
            return super().process_response(request, response)
        return response


def finish_headers(get_response: GetResponse) -> GetResponse:
    """Middleware: make sure that every response has a Cache-Control header and the security headers."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        is_public = not _is_for_editors(request)
        caching.finish(response, is_public=is_public)
        security_headers.protect(response, is_public=is_public)
        return response

    return middleware


class CsrfViewMiddleware(csrf.CsrfViewMiddleware):
    """Django's CSRF protection for the admin only, so that no cookie can affect a page in a shared cache.

    Elsewhere it would protect nothing, as no view uses cookies, and read-only views would respond to a POST
    with 403 instead of 405. The form for readers' responses checks the Origin itself.
    """

    def process_request(self, request: HttpRequest) -> None:
        if _is_for_editors(request):
            super().process_request(request)
        else:
            # Remove the cookie, because Django's error pages would read it again.
            request.COOKIES.pop(settings.CSRF_COOKIE_NAME, None)

    def process_view(
        self, request: HttpRequest, callback: Callable, args: tuple, kwargs: dict
    ) -> HttpResponseForbidden | None:
        return super().process_view(request, callback, args, kwargs) if _is_for_editors(request) else None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        return super().process_response(request, response) if _is_for_editors(request) else response


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's sessions, saved only in the admin and loaded only by well-formed keys."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        key = request.session.session_key
        if key is not None and not _SESSION_KEY.fullmatch(key):
            request.session = self.SessionStore(None)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not _is_for_editors(request):
            return response
        try:
            return super().process_response(request, response)
        except SessionInterrupted as interruption:
            # Django reports any database error as a session that was deleted in the meantime, a 400.
            update_error = interruption.__context__
            error = update_error.__context__ if update_error else None
            if error is None or not is_busy(error):
                raise
            return answer_busy(request, error)
        except db.Error as error:
            if not is_busy(error):
                raise
            return answer_busy(request, error)


# Headers that only protect pages, and headers that only protect content.
_PAGE_HEADERS: Final = (
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    # The page that polls has sent it.
    "Strict-Transport-Security",
    "X-Frame-Options",
)
_CONTENT_HEADERS: Final = (
    "Content-Security-Policy",
    "Cross-Origin-Resource-Policy",
    "X-Content-Type-Options",
)


def lean_polls(get_response: GetResponse) -> GetResponse:
    """Outermost middleware: remove headers that polls do not need, to keep idle polls under 300 bytes.

    An idle poll contains nothing but a number; one with content keeps the headers that protect it. Views mark
    these responses by `caching.mark_poll`.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if caching.is_poll(response):
            is_small = len(response.content) < MIN_BYTES and not response.has_header("Content-Encoding")
            is_idle = is_small and response.status_code in (200, 304)
            for header in (*_PAGE_HEADERS, *(_CONTENT_HEADERS if is_idle else ())):
                response.headers.pop(header, None)
            if is_idle and response.status_code == 200:
                # A response this small is never compressed, so it is the same for every client.
                _remove_vary(response, "Accept-Encoding")
        return response

    return middleware


def _remove_vary(response: HttpResponse, name: str) -> None:
    names = [other for other in response.headers.get("Vary", "").split(", ") if other != name]
    if any(names):
        response.headers["Vary"] = ", ".join(names)
    else:
        response.headers.pop("Vary", None)


def busy_database(get_response: GetResponse) -> GetResponse:
    """Middleware: respond 503 with Retry-After while the database or the password hasher is busy."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with db.connection.execute_wrapper(OneWait()):
            return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        cannot_answer_now = is_busy(exception) or isinstance(exception, HashingBusyError)
        return answer_busy(request, exception) if cannot_answer_now else None

    # Django looks for the other hooks of a middleware among its attributes.
    vars(middleware).update(process_exception=process_exception)
    return middleware


def answer_busy(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Respond 503 in the format that the client expects, by the `handler503` of the project's urls.py."""
    logger.warning("%s: the database is busy: %s", request.path, error)
    return get_resolver().resolve_error_handler(503)(request)
