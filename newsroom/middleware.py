"""What stands around every request: the admin's language, and an answer when the database has no room."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from psycopg_pool import PoolTimeout


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
    """Answer 503 with Retry-After when the connection pool had nothing free in time."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError) and isinstance(exception.__cause__, PoolTimeout):
            return render(request, "503.html", status=503, headers={"Retry-After": "2"})
        return None

    middleware.process_exception = process_exception
    return middleware
