"""503: what somebody is told while the database is busy, in the format in which they asked."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _

from newsroom.busy import RETRY_AFTER_SECONDS, is_busy
from newsroom.http.doors import as_json

_EDITION: Final = re.compile(r"/(zh-hant|zh-hans)/")
# A page must not print these, not even to whoever sent them.
_SECRET: Final = re.compile(r"password|secret|otp|code", re.IGNORECASE)


def busy(request: HttpRequest) -> HttpResponse:
    """The project's `handler503`, except under the API."""
    with translation.override(_language_of(request)):
        response = _in_format_of(request)
    return until_free(response)


def until_free(response: HttpResponse) -> HttpResponse:
    """Say in the headers of a 503 when to come back, and that nobody may keep it."""
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def unless_busy(
    otherwise: Callable[..., HttpResponse], handler503: Callable[..., HttpResponse]
) -> Callable[..., HttpResponse]:
    """Django's `handler500`, which becomes a 503 for what a busy database made fail outside of a view."""

    def handler(request: HttpRequest) -> HttpResponse:
        return (handler503 if is_busy(sys.exception()) else otherwise)(request)

    return handler


def _language_of(request: HttpRequest) -> str:
    edition = _EDITION.match(request.path)
    return edition[1] if edition else translation.get_language()


def _in_format_of(request: HttpRequest) -> HttpResponse:
    reason = _("The newsroom is busy. Nothing was saved. Please try again in a few seconds.")
    page = {"sent": _sent(request)}
    return as_json(request, 503, reason) or render(request, "503.html", page, status=503)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """What was typed, to be sent again, where this site's own form sent it; files cannot be given back."""
    is_ours = request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not is_ours or request.FILES:
        return []
    sent = [(name, value) for name, values in request.POST.lists() for value in values]
    return [] if any(_SECRET.search(name) for name, _value in sent) else sent
