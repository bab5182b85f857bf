"""Cross-origin reading (the Fetch standard's CORS): what is public may be read by scripts of any site."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse

# What a browser is told that asks before it sends a script's request.
_ALLOWED = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


def public_read(response: HttpResponse) -> HttpResponse:
    """`response`, readable from every origin; browsers send and take no credentials where `*` stands."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def read_anywhere(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of public GETs for scripts of any site; it answers OPTIONS, so it stands outside `public`."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        is_asking = request.method == "OPTIONS"
        answer = HttpResponse(status=204, headers=_ALLOWED) if is_asking else view(request, *args, **kwargs)
        return public_read(answer)

    return wrapped
