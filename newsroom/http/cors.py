"""Cross-origin reading (the Fetch standard's CORS): what is public may be read by scripts of any site.

`*` is the same for every reader, so that caches keep one answer; no credentials go with it.
Nothing else than reading is ever allowed.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final

from django.http import HttpRequest, HttpResponse

# What a browser is told that asks before it sends a script's request.
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
    """`response`, readable from every origin. A poll's says no more than it must, to stay small."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    if not getattr(response, "is_poll", False) and response.status_code != 204:
        response.headers["Access-Control-Expose-Headers"] = _READABLE_HEADERS
    return response


def read_anywhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of public GETs for scripts of any site; it answers OPTIONS, so it stands outside `public`."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "OPTIONS":
            return preflight()
        response = view(request, *args, **kwargs)
        if response.status_code == 405:
            response.headers["Allow"] += ", OPTIONS"
        return public_read(response)

    return wrapped
