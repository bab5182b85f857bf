"""Errors as RFC 9457 problems, whatever the client accepts. In English, as all that developers read."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from psycopg_pool import PoolTimeout
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.views import exception_handler

from newsroom.caching import POLL

CONTENT_TYPE: Final = "application/problem+json"
_DETAILS: Final = {
    400: "This request cannot be understood.",
    403: "This is not open to you.",
    404: "There is nothing at this address.",
    412: "The condition of this request is not met.",
    500: "The server failed to answer. The failure was recorded.",
    503: "The server is busy. Ask again in a moment.",
}


class Gone(APIException):
    """410: what was here has been withdrawn."""

    status_code = 410


class AheadOfLog(APIException):
    """409: a cursor from the future; `number` is the last that the log has."""

    status_code = 409
    default_detail = "The log has not reached this number."

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def problem(request: HttpRequest, status: int, detail: str = "", **more: Any) -> HttpResponse:
    """A problem about `request`; `more` are the members that only some problems have."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _DETAILS[status],
        "instance": request.path,
    }
    return JsonResponse(
        body | more,
        status=status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store" if status >= 500 else POLL},
        json_dumps_params={"ensure_ascii": False},
    )


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Django REST Framework's exception handler; None leaves to Django what nobody foresaw."""
    request = context["request"]
    if isinstance(error, OperationalError) and isinstance(error.__cause__, PoolTimeout):
        response = problem(request, 503)
        response.headers["Retry-After"] = "2"
        return response
    known = exception_handler(error, context)
    if known is None:
        return None
    response = problem(request, known.status_code, **_said_by(error))
    for header in ("Retry-After", "WWW-Authenticate"):
        if header in known.headers:
            response.headers[header] = known.headers[header]
    return response


def _said_by(error: Exception) -> dict[str, Any]:
    if isinstance(error, ValidationError) and isinstance(error.detail, dict):
        names = ", ".join(error.detail)
        return {"detail": f"Not understood: {names}.", "errors": error.detail}
    if isinstance(error, ValidationError):
        return {"detail": " ".join(map(str, error.detail))}
    if isinstance(error, AheadOfLog):
        return {"detail": str(error.detail), "number": error.number}
    if isinstance(error, Http404) or not isinstance(error, APIException):
        return {}
    return {"detail": str(error.detail)}


def unknown(request: HttpRequest) -> HttpResponse:
    """Any address under the API that no other route knows."""
    return problem(request, 404)


def answering(status: int, otherwise: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django's handler for `status`: a problem under `/api/`, the site's page everywhere else."""

    def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.path.startswith("/api/"):
            return problem(request, status)
        return otherwise(request, *args, **kwargs)

    return handler
