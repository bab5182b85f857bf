"""Caching: the headers of public answers, their ETags, and 304s."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from liveblog.reader.scripts import plain_address
from newsroom.caching import PAGE, etag_of_body


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for readers: GET and HEAD only, compressed, varying on nothing but Accept-Encoding."""

    view = plain_address(view)

    @wraps(view)
    @require_safe
    @gzip_page
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Accept-Encoding"])
        response.headers.setdefault("Cache-Control", PAGE)
        return response

    return wrapped


def answer(
    request: HttpRequest, etag: str, render: Callable[[], HttpResponse], cache_control: str = PAGE
) -> HttpResponse:
    """304 where the reader has this state already, else what `render` gives, under `etag`."""
    response = get_conditional_response(request, etag=etag) or render()
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = cache_control
    return response


def answer_by_body(request: HttpRequest, response: HttpResponse, cache_control: str = PAGE) -> HttpResponse:
    """For answers over several blogs, which have no one number: the ETag is a hash of the body."""
    return answer(request, etag_of_body(response.content), lambda: response, cache_control)
