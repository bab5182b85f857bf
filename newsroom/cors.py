"""Public reads for scripts of other sites (https://fetch.spec.whatwg.org/): `*`, never with credentials.

`*` is the same for every reader, so that caches keep one answer; it lets no cookie along. Nothing else than
reading is ever allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

_METHODS: Final = "GET, HEAD, OPTIONS"
_REQUEST_HEADERS: Final = "Accept, Authorization, If-None-Match"
_READABLE_HEADERS: Final = "ETag, Link, Retry-After"
_DAY: Final = 24 * 60 * 60


def is_preflight(request: HttpRequest) -> bool:
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def preflight() -> HttpResponse:
    """What a browser is told before it sends a header that scripts may not send just so."""
    response = HttpResponse(status=204)
    response.headers["Access-Control-Allow-Methods"] = _METHODS
    response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
    response.headers["Access-Control-Max-Age"] = str(_DAY)
    return let_read(response)


def let_read(response: HttpResponse) -> HttpResponse:
    """Let any site's scripts read this answer. A poll's says no more than it must, to stay small."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    if not getattr(response, "is_poll", False) and response.status_code != 204:
        response.headers["Access-Control-Expose-Headers"] = _READABLE_HEADERS
    return response


def public_reads(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view whose answers any site's scripts may read. Goes outside of what refuses other methods."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return preflight() if is_preflight(request) else let_read(view(request, *args, **kwargs))

    return wrapped
