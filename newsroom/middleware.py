"""What stands around every request: the admin's language, small polls, an answer without a database."""

import logging
from collections.abc import Callable

from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from psycopg_pool import PoolTimeout

from newsroom.passwords import HashingBusyError

logger = logging.getLogger(__name__)


class AdminLocaleMiddleware(LocaleMiddleware):
    """Editors get the admin in their browser's language; public pages never look at Accept-Language."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith("/admin/"):
            super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.path_info.startswith("/admin/"):
            return super().process_response(request, response)
        return response


_PAGE_HEADERS = (
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
)


def lean_polls(get_response: Callable[[HttpRequest], HttpResponse]):
    """Take the headers that only guard pages off a poll's answer: an idle poll is to stay under 300 bytes.

    Views mark such an answer with `is_poll`.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(response, "is_poll", False):
            for header in _PAGE_HEADERS:
                response.headers.pop(header, None)
        return response

    return middleware


def busy_database(get_response: Callable[[HttpRequest], HttpResponse]):
    """Answer 503 with Retry-After while the database cannot be had: the pool is empty, or it was cut off.

    The same answer while too many passwords wait to be hashed.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, HashingBusyError):
            logger.warning("%s: too many passwords wait to be hashed", request.path)
        elif isinstance(exception, OperationalError) and is_out_of_reach(exception):
            logger.warning("%s: the database cannot be had: %s", request.path, exception)
        else:
            return None
        response = render(request, "503.html", status=503)
        response.headers["Retry-After"] = "2"
        return response

    middleware.process_exception = process_exception
    return middleware


def is_out_of_reach(error: OperationalError) -> bool:
    """Whether it is the connection that failed, not what was asked of it."""
    is_cut_off = connection.connection is not None and not connection.is_usable()
    return is_cut_off or isinstance(error.__cause__, PoolTimeout)
