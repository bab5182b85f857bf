"""CORS (the Fetch standard): scripts of any site may read public responses, and nothing else.

The allowed origin is always `*`, so that caches can keep one response for all readers. It also rules out
credentials.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse

from newsroom.http.caching import is_poll

# Headers of the response to a preflight request.
_ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Accept, Authorization, If-Modified-Since, If-None-Match",
    "Access-Control-Max-Age": "86400",
}
_READABLE_HEADERS: Final = "ETag, Link, Retry-After"


def is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight() -> HttpResponse:
    return public_read(HttpResponse(status=204, headers=_ALLOWED))


def public_read(response: HttpResponse) -> HttpResponse:
    """Make `response` readable from every origin. Polls expose no further headers, to stay small."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    if not is_poll(response) and response.status_code != 204:
        response.headers["Access-Control-Expose-Headers"] = _READABLE_HEADERS
    return response


def read_anywhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let scripts of any site GET this view. It also answers OPTIONS, so apply it outside of `public`."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "OPTIONS":
            return preflight()
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            response.headers["Allow"] += ", OPTIONS"
        return public_read(response)

    return wrapped
