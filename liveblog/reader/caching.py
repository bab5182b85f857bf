"""Caching: the headers of public answers, their ETags, and 304s."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from liveblog.models import LiveBlog
from newsroom import __version__

PAGE: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
# Chromium obeys stale-while-revalidate in fetch(), which would show a poll what it has seen already.
POLL: Final = "public, max-age=0, s-maxage=2, stale-if-error=60"


def public(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for readers: GET and HEAD only, compressed, varying on nothing but Accept-Encoding."""

    @wraps(view)
    @require_safe
    @gzip_page
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ["Accept-Encoding"])
        response.headers.setdefault("Cache-Control", PAGE)
        return response

    return wrapped


def etag_of(blog: LiveBlog) -> str:
    """The state that an answer over one blog was made from: number, edition, glossary revision, release."""
    return f'W/"{blog.number}-{blog.language}-g0-{__version__}"'


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
    digest = hashlib.blake2b(response.content, digest_size=12).hexdigest()
    return answer(request, f'W/"{digest}-{__version__}"', lambda: response, cache_control)
