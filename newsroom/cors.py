"""Cross-origin reading (the Fetch standard's CORS): what is public may be read by scripts of any site."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse

# What a script may add to a public GET; anything else that needs asking first is refused.
_ASKED_FIRST: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


def public_read(response: HttpResponse) -> HttpResponse:
    """`response`, readable from every origin; browsers send and take no credentials where `*` stands."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def preflight() -> HttpResponse:
    """What a browser is told that asks before it sends a script's request."""
    return public_read(HttpResponse(status=204, headers=_ASKED_FIRST))


def read_anywhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of public GETs for scripts of any site; it answers OPTIONS, so it stands outside `public`."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return preflight() if request.method == "OPTIONS" else public_read(view(request, *args, **kwargs))

    return wrapped
