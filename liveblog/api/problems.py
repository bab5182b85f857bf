"""Errors as RFC 9457 problems, whatever the client accepts. In English, as all that developers read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, NotAuthenticated, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler, set_rollback

from newsroom.busy import is_busy
from newsroom.http import cors
from newsroom.http.busy import until_free
from newsroom.http.caching import UNSTORED, lifetime_of
from newsroom.http.doors import language_of

CONTENT_TYPE: Final = "application/problem+json"
_DETAILS: Final = {
    400: "This request cannot be understood.",
    401: "This requires a partner's key.",
    403: "You have no access to this.",
    404: "There is nothing at this address.",
    413: "The request body is too large. With a partner's key the limit may be higher.",
    412: "The condition of this request is not met.",
    500: "The server failed to answer. The failure was recorded.",
    503: "The server is busy. Ask again in a moment.",
}


class Gone(APIException):
    """410: what was here has been withdrawn."""

    status_code = 410


class Conflict(APIException):
    """409: it was understood, and does not fit the state that things are in."""

    status_code = 409


class Unprocessable(ValidationError):
    """422: what was sent is well formed, and yet not to be had; `detail` as a ValidationError's."""

    status_code = 422


class AheadOfLog(APIException):
    """409: a cursor from the future; `number` is the last that the log has."""

    status_code = 409
    default_detail = "The log has not reached this number."

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def problem(request: HttpRequest, status: int, detail: str = "", **more: Any) -> HttpResponse:
    """Return a problem response about `request`; `more` are members that only some problems have."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _DETAILS[status],
        "instance": request.path,
    }
    response = JsonResponse(
        body | more,
        status=status,
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": lifetime_of(status)},
        json_dumps_params={"ensure_ascii": False},
    )
    return until_free(response) if status == 503 else response


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Handle exceptions for Django REST Framework. Return None for unexpected ones, which Django handles."""
    request = context["request"]
    if is_busy(error):
        # Roll the view's transaction back, as DRF's own handler does.
        set_rollback()
        return problem(request, 503)
    drf_response = exception_handler(error, context)
    if drf_response is None:
        return None
    status = drf_response.status_code
    if _is_unknown(error):
        status = 404 if request.method in SAFE_METHODS else 422
    response = problem(request, status, **_said_by(error))
    for header in ("Retry-After", "WWW-Authenticate"):
        if header in drf_response.headers:
            response.headers[header] = drf_response.headers[header]
    return response


def _said_by(error: Exception) -> dict[str, Any]:
    if isinstance(error, ValidationError) and isinstance(error.detail, dict):
        errors = dict(_flat(error.detail))
        return {"detail": f"Not understood: {', '.join(errors)}.", "errors": errors}
    if isinstance(error, ValidationError):
        return {"detail": " ".join(map(str, error.detail))}
    if isinstance(error, AheadOfLog):
        return {"detail": str(error.detail), "number": error.number}
    if isinstance(error, NotAuthenticated) or not isinstance(error, APIException):
        return {}
    return {"detail": str(error.detail)}


def _flat(errors: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """Each member's reasons under its whole name: `related_stories.1.url`."""
    if isinstance(errors, dict):
        for inner, nested in errors.items():
            is_about_all = inner == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flat(nested, (name or "body") if is_about_all else f"{name}.{inner}".lstrip("."))
    else:
        yield name, [str(reason) for reason in errors]


def _is_unknown(error: Exception) -> bool:
    """Whether all that is wrong is that something named, in a form that is right, is not to be had."""
    return isinstance(error, ValidationError) and set(_codes(error.get_codes())) == {"unknown"}


def _codes(codes: Any) -> Iterator[str]:
    if isinstance(codes, dict | list):
        for inner in codes.values() if isinstance(codes, dict) else codes:
            yield from _codes(inner)
    else:
        yield codes


# It does nothing, and a client that posts to a wrong address is to hear that, not of a token.
@csrf_exempt
@cors.read_anywhere
def unknown(request: HttpRequest) -> HttpResponse:
    """Any address under the API that no other route knows."""
    return problem(request, 404)


def answering(status: int, otherwise: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Django's handler for `status`: a problem under `/api/`, the site's page everywhere else.

    Pages are in the language of what was asked for.
    """

    def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.path.startswith("/api/"):
            response = cors.public_read(problem(request, status))
        else:
            with translation.override(language_of(request)):
                response = otherwise(request, *args, **kwargs)
        if any(isinstance(argument, DisallowedHost) for argument in (*args, *kwargs.values())):
            # Not every cache has the Host in its key: stored, the refusal would be served to everybody.
            response.headers["Cache-Control"] = UNSTORED
        return response

    return handler
