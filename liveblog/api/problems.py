"""Errors as RFC 9457 problem details, regardless of Accept, and always in English."""

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
    """410: the resource was withdrawn."""

    status_code = 410


class Conflict(APIException):
    """409: the request conflicts with the current state."""

    status_code = 409


class Unprocessable(ValidationError):
    """422: the request is well formed but not acceptable; `detail` is like that of a ValidationError."""

    status_code = 422


class PreconditionFailed(APIException):
    """412: a condition in the request's headers does not hold."""

    status_code = 412


class AheadOfLog(APIException):
    """409: the requested number is beyond the log; `number` is the last number of the log."""

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
        # Roll back the view's transaction, like DRF's own handler.
        set_rollback()
        return problem(request, 503)
    drf_response = exception_handler(error, context)
    if drf_response is None:
        return None
    status = drf_response.status_code
    if _is_unknown(error):
        status = 404 if request.method in SAFE_METHODS else 422
    response = problem(request, status, **_members_of(error))
    for header in ("Retry-After", "WWW-Authenticate"):
        if header in drf_response.headers:
            response.headers[header] = drf_response.headers[header]
    return response


def _members_of(error: Exception) -> dict[str, Any]:
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
    """Yield each member's errors with its full name, such as `related_stories.1.url`."""
    if isinstance(errors, dict):
        for inner, nested in errors.items():
            is_about_all = inner == api_settings.NON_FIELD_ERRORS_KEY
            yield from _flat(nested, (name or "body") if is_about_all else f"{name}.{inner}".lstrip("."))
    else:
        yield name, [str(reason) for reason in errors]


def _is_unknown(error: Exception) -> bool:
    """Return whether the only errors are well-formed references to unknown rows."""
    return isinstance(error, ValidationError) and set(_codes(error.get_codes())) == {"unknown"}


def _codes(codes: Any) -> Iterator[str]:
    if isinstance(codes, dict | list):
        for inner in codes.values() if isinstance(codes, dict) else codes:
            yield from _codes(inner)
    else:
        yield codes


# Exempt it from CSRF checks: it changes nothing, and a POST to a wrong URL should get 404, not 403.
@csrf_exempt
@cors.read_anywhere
def unknown(request: HttpRequest) -> HttpResponse:
    """Respond 404 to an unknown URL under the API."""
    return problem(request, 404)


def answering(status: int, otherwise: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return an error handler for `status`: a problem under `/api/`, the response of `otherwise` elsewhere.

    Pages are in the language of the requested live blog or edition.
    """

    def handler(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.path.startswith("/api/"):
            response = cors.public_read(problem(request, status))
        else:
            with translation.override(language_of(request)):
                response = otherwise(request, *args, **kwargs)
        if any(isinstance(argument, DisallowedHost) for argument in (*args, *kwargs.values())):
            # Some caches omit Host from their key and would serve a stored error to everybody.
            response.headers["Cache-Control"] = UNSTORED
        return response

    return handler
