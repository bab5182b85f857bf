"""Strict parsing of untrusted query parameters. Every parameter is parsed here before it reaches a query.

PostgreSQL rejects NUL and lone surrogates, SQLite rejects integers beyond 64 bits, and Python's `int` accepts
digits of any script.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterable
from typing import Final
from urllib.parse import unquote_to_bytes, urlencode

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, DisallowedHost
from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import get_resolver

from newsroom.http import GetResponse
from newsroom.http.hosts import is_known_host

MAX_SLUG: Final = 120
_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+")
# Limits the query string alone; the server bounds the whole request line.
_MAX_QUERY: Final = 8_000
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_ADMIN: Final = "/admin/"
# Raised by database drivers for integers, times or text that the database cannot represent. Our own views
# validate first; the admin's lists, filters and prefilled forms pass on whatever is in their address.
_UNUSABLE: Final = (DataError, OverflowError, UnicodeEncodeError)

logger = logging.getLogger(__name__)


def whole_number(text: str | None, digits: int = 18) -> int | None:
    """Parse a non-negative integer of at most `digits` ASCII digits; return None if it is not one.

    18 digits always fit a row's id, in either database.
    """
    if text and text.isascii() and text.isdecimal() and len(text) <= digits:
        return int(text)
    return None


def parameter(query: QueryDict, name: str) -> str | None:
    """Return a parameter, or None if it is missing. Raises BadRequest if it is given more than once."""
    values = query.getlist(name)
    if len(values) > 1:
        raise BadRequest(f"{name} is given more than once")
    return values[0] if values else None


def number(query: QueryDict, name: str, digits: int = 18) -> int | None:
    """Return a whole number, or None if it is missing. Raises BadRequest for anything else."""
    text = parameter(query, name)
    if text is None:
        return None
    value = whole_number(text, digits)
    if value is None:
        raise BadRequest(f"{name} is not a whole number")
    return value


def slug(query: QueryDict, name: str) -> str:
    """Return a slug, or an empty string if it is missing. Raises BadRequest for anything else."""
    text = parameter(query, name) or ""
    if text and not (_SLUG.fullmatch(text) and len(text) <= MAX_SLUG):
        raise BadRequest(f"{name} is not a slug")
    return text


def choice(query: QueryDict, name: str, choices: Collection[str]) -> str:
    """Return one of `choices`, or an empty string if it is missing. Raises BadRequest for anything else."""
    text = parameter(query, name) or ""
    if text and text not in choices:
        raise BadRequest(f"{name} must be one of {', '.join(choices)}")
    return text


def words(query: QueryDict, name: str, most: int) -> str:
    """Return text with single spaces, cut to `most` characters."""
    return " ".join((parameter(query, name) or "").split())[:most]


def canonical_query(query: QueryDict, names: Iterable[str]) -> str:
    """Return the parameters among `names` as `?a=1&b=2`, sorted by name; empty if there are none.

    Cached pages print their own URL. In this canonical form it does not depend on who requested them first.
    """
    pairs = [(name, query[name]) for name in sorted(names) if name in query]
    return f"?{urlencode(pairs)}" if pairs else ""


def refuse_malformed(get_response: GetResponse) -> GetResponse:
    """Middleware: respond 400 to malformed requests before any view sees them.

    These are queries and paths with NUL, queries that are not UTF-8, forms in another encoding, and unknown
    Hosts. The query is always decoded as UTF-8; otherwise a client could use `Content-Type: …; charset=utf-7`
    to smuggle refused characters past these checks and poison a cached response.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        # Bypass the setter of `encoding`, which would first decode the request in the declared encoding.
        vars(request)["_encoding"] = "utf-8"
        return get_response(request)

    def process_view(request: HttpRequest, *_view: object) -> None:
        charset = (request.content_params or {}).get("charset", "utf-8").lower().replace("_", "-")
        is_form = request.content_type in _FORMS and request.method not in ("GET", "HEAD", "OPTIONS")
        if is_form and charset not in ("utf-8", "utf8"):
            raise BadRequest("the form is not UTF-8")
        if not is_known_host(request.get_host()):
            raise DisallowedHost(request.get_host())
        _refuse_malformed_query(request.META.get("QUERY_STRING", ""))
        if "\0" in request.path:
            raise BadRequest("NUL in the path")
        if request.path_info.startswith(_ADMIN):
            _refuse_in_admin(request)

    def process_exception(request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not (request.path_info.startswith(_ADMIN) and _is_unusable(request, error)):
            return None
        # Log the traceback, in case the error is a bug of ours.
        logger.error("%s: a value that cannot be used", request.path, exc_info=error)
        handler: Callable[..., HttpResponse] = get_resolver().resolve_error_handler(400)
        return handler(request, error)

    # Django looks for the other hooks of a middleware among its attributes.
    vars(middleware).update(process_view=process_view, process_exception=process_exception)
    return middleware


def _is_unusable(request: HttpRequest, error: Exception) -> bool:
    """Return whether Django's admin failed on a value from the address or a form."""
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        # Lists fail on years outside of the calendar, and redisplayed forms on ids that are not numbers.
        is_asking = request.method in ("GET", "HEAD") and bool(request.GET)
        return is_asking or "expected a number but got" in str(error)
    return isinstance(error, _UNUSABLE)


def _refuse_in_admin(request: HttpRequest) -> None:
    """Refuse parameters that Django's admin would pass to the database without validation.

    These are lookups by regular expression, whose cost the client would choose, and actions on rows whose ids
    are not numbers.
    """
    if any(name.endswith("regex") for name in request.GET):
        raise BadRequest("a list searched by a regular expression")
    name = request.resolver_match.url_name if request.resolver_match else None
    is_action = request.method == "POST" and (name or "").endswith("_changelist")
    ids = request.POST.getlist(ACTION_CHECKBOX_NAME) if is_action else []
    if any(whole_number(pk) is None for pk in ids):
        raise BadRequest("rows by no id")


def _refuse_malformed_query(query: str) -> None:
    if len(query) > _MAX_QUERY:
        raise BadRequest("the query is too long")
    raw = unquote_to_bytes(query.encode("latin-1", "replace"))
    if b"\0" in raw:
        raise BadRequest("NUL in the query")
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the query is not UTF-8") from error
