"""Parameters as strangers send them, and the one place that parses them: what it does not know, it refuses.

PostgreSQL takes no NUL and no half of a character, SQLite no integer beyond 64 bits, Python's `int` any digit
of any script. So nothing that was sent reaches a query before it has been through here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import unquote_to_bytes, urlencode

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, DisallowedHost
from django.db import DataError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import get_resolver

from newsroom.http.hosts import is_known_host

MAX_SLUG: Final = 120
_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+")
# Of the query string alone; servers bound the whole request line.
_MAX_QUERY: Final = 8_000
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_ADMIN: Final = "/admin/"
# What drivers raise for an integer, a time or a text that their database does not have. Our own views never
# get so far; the admin's lists, filters and prefilled forms do, with whatever stands in their address.
_UNUSABLE: Final = (DataError, OverflowError, UnicodeEncodeError)

logger = logging.getLogger(__name__)


def whole_number(text: str | None, digits: int = 18) -> int | None:
    """Parse a non-negative integer of at most `digits` ASCII digits; return None if it is not one.

    18 digits always fit a row's id, in either database.
    """
    is_one = text and text.isascii() and text.isdecimal() and len(text) <= digits
    return int(text) if is_one else None


def parameter(query: QueryDict, name: str) -> str | None:
    """Return a parameter, None where there is none. Raises BadRequest when it is given twice."""
    values = query.getlist(name)
    if len(values) > 1:
        raise BadRequest(f"{name} is given more than once")
    return values[0] if values else None


def number(query: QueryDict, name: str, digits: int = 18) -> int | None:
    """Return a whole number, None where there is none. Raises BadRequest for anything else."""
    text = parameter(query, name)
    if text is None:
        return None
    value = whole_number(text, digits)
    if value is None:
        raise BadRequest(f"{name} is no whole number")
    return value


def slug(query: QueryDict, name: str) -> str:
    """Return a slug, empty where there is none. Raises BadRequest for anything else."""
    text = parameter(query, name) or ""
    if text and not (_SLUG.fullmatch(text) and len(text) <= MAX_SLUG):
        raise BadRequest(f"{name} is no slug")
    return text


def words(query: QueryDict, name: str, most: int) -> str:
    """Return text with single spaces, cut to `most` characters."""
    return " ".join((parameter(query, name) or "").split())[:most]


def canonical_query(query: QueryDict, names: Iterable[str]) -> str:
    """Write the parameters among `names` as `?a=1&b=2`, sorted by name; empty where there are none.

    Shared answers print addresses: rebuilt like this, they are the same for all that ask for the same.
    """
    known = [(name, query[name]) for name in sorted(names) if name in query]
    return f"?{urlencode(known)}" if known else ""


def refuse_malformed(get_response: Callable[[HttpRequest], HttpResponse]):
    """Middleware: refuse with 400 what no view should ever see, before any of them looks at it.

    That is a query or path with NUL or with bytes that are no UTF-8, a form in another encoding, and a Host
    that there cannot be. A header never decides how the query is read: with `Content-Type: …; charset=utf-7`
    anybody could spell there what is refused here, and have a shared answer made from it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        # Django's own setter first decodes what was sent, in the very encoding that must not be used.
        request._encoding = "utf-8"
        return get_response(request)

    def process_view(request: HttpRequest, *_view: object) -> None:
        charset = request.content_params.get("charset", "utf-8").lower().replace("_", "-")
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
        # With its traceback: should it be a fault of ours, it is not to be hidden.
        logger.error("%s: a value that cannot be used", request.path, exc_info=error)
        return get_resolver().resolve_error_handler(400)(request, error)

    middleware.process_view = process_view
    middleware.process_exception = process_exception
    return middleware


def _is_unusable(request: HttpRequest, error: Exception) -> bool:
    """Whether Django's admin failed on a value that stood in the address or in a form."""
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        # Years before the calendar, in lists; and ids that are none, which forms look up to show them again.
        is_asking = request.method in ("GET", "HEAD") and bool(request.GET)
        return is_asking or "expected a number but got" in str(error)
    return isinstance(error, _UNUSABLE)


def _refuse_in_admin(request: HttpRequest) -> None:
    """Refuse what Django's admin, which reads its parameters itself, would take to the database as it is.

    That is any field by a regular expression, whose cost whoever sends it chooses, and rows by no id.
    """
    if any(name.endswith("regex") for name in request.GET):
        raise BadRequest("a list searched by a regular expression")
    is_action = request.method == "POST" and (request.resolver_match.url_name or "").endswith("_changelist")
    chosen = request.POST.getlist(ACTION_CHECKBOX_NAME) if is_action else []
    if any(whole_number(pk) is None for pk in chosen):
        raise BadRequest("rows by no id")


def _refuse_malformed_query(query: str) -> None:
    if len(query) > _MAX_QUERY:
        raise BadRequest("the query is too long")
    sent = unquote_to_bytes(query.encode("latin-1", "replace"))
    if b"\0" in sent:
        raise BadRequest("NUL in the query")
    try:
        sent.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the query is no UTF-8") from error
