"""Caching of public responses: headers, ETags and 304s."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from liveblog.reader.scripts import plain_address
from liveblog.visibility import State
from newsroom.http.caching import PAGE, etag_of, is_settled, last_modified
from newsroom.http.compression import compressed


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Make `view` a public one: GET and HEAD only, compressed, varying on Accept-Encoding alone."""

    view = plain_address(view)

    @wraps(view)
    @require_safe
    @compressed
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response.headers.setdefault("Cache-Control", PAGE)
        return response

    return wrapped


def is_conditional(request: HttpRequest) -> bool:
    """Return whether the answer may be a 304, so that reading more than the ETag may be unnecessary."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def answer(
    request: HttpRequest,
    etag: str,
    render: Callable[[], HttpResponse],
    cache_control: str = PAGE,
    modified_at: datetime | None = None,
    *,
    is_dated: bool = True,
) -> HttpResponse:
    """Return a 304 if the client already has this state, else the response of `render` with `etag`.

    `modified_at` becomes the Last-Modified date. Clients without an ETag may revalidate by that date unless
    `is_dated` is False, for responses that can change without a change in the log.
    """
    by_date = modified_at is not None and is_dated and is_settled(modified_at)
    date = last_modified(modified_at) if modified_at else None
    known = get_conditional_response(request, etag=etag, last_modified=date if by_date else None)
    response = known or render()
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = cache_control
    if date is not None:
        response.headers["Last-Modified"] = http_date(date)
    return response


def answer_by_state(
    request: HttpRequest,
    state: State,
    render: Callable[[], HttpResponse],
    cache_control: str = PAGE,
    modified_at: datetime | None = None,
    *,
    is_dated: bool = True,
    extra: str = "",
) -> HttpResponse:
    """Return a 304 if the client already has this state of several live blogs, else the response of `render`.

    `extra` is everything else that the response depends on. Read `state` before any other row.
    """
    etag = etag_of(f"{state.key}-{extra}".encode())
    return answer(request, etag, render, cache_control, modified_at, is_dated=is_dated and state.is_dated)


def answer_by_body(request: HttpRequest, response: HttpResponse, cache_control: str = PAGE) -> HttpResponse:
    """Return `response` or a 304, with a hash of the body as the ETag.

    Use this for responses that depend on no live blog.
    """
    return answer(request, etag_of(response.content), lambda: response, cache_control)
