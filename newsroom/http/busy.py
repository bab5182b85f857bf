"""503 responses while the database is busy, in the format that the client expects."""

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
from newsroom.http.doors import as_json, language_of

# Values of these fields must never be printed, not even to the user who sent them.
_SECRET: Final = re.compile(r"password|secret|otp|code", re.IGNORECASE)


def busy(request: HttpRequest) -> HttpResponse:
    """Return the 503 response, as the project's `handler503` (except under the API)."""
    with translation.override(language_of(request)):
        response = _in_format_of(request)
    return until_free(response)


def until_free(response: HttpResponse) -> HttpResponse:
    """Add Retry-After and `Cache-Control: no-store` to a 503."""
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response


def unless_busy(
    otherwise: Callable[..., HttpResponse], handler503: Callable[..., HttpResponse]
) -> Callable[..., HttpResponse]:
    """Return a `handler500` that responds with 503 if a busy database caused the error outside of a view."""

    def handler(request: HttpRequest) -> HttpResponse:
        return (handler503 if is_busy(sys.exception()) else otherwise)(request)

    return handler


def _in_format_of(request: HttpRequest) -> HttpResponse:
    reason = _("The newsroom is busy. Nothing was saved. Please try again in a few seconds.")
    page = {"sent": _sent(request)}
    return as_json(request, 503, reason) or render(request, "503.html", page, status=503)


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the submitted fields so that they can be resubmitted.

    The result is empty if the site's own form did not send them, or if there are files or secrets among them.
    """
    is_ours = request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "same-origin"
    if not is_ours or request.FILES:
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    return [] if any(_SECRET.search(name) for name, _value in fields) else fields
