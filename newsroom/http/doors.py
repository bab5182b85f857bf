"""Error responses in the format that the client expects: JSON for scripts, pages for browsers."""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views import defaults

# Paths that are fetched by readers' scripts and other sites' programs.
_JSON_PATH: Final = re.compile(r".*\.json|/oembed")
# The attribute of a request with the language that `set_language` set.
_LANGUAGE: Final = "_error_language"
_EDITION: Final = re.compile(r"/(zh-hant|zh-hans|en)/")


def set_language(request: HttpRequest, language: str) -> None:
    """Set the language of error responses to `request`, normally the language of the requested live blog."""
    setattr(request, _LANGUAGE, language)


def language_of(request: HttpRequest) -> str:
    """Return the language of an error response: the live blog's, else the edition's, else the active one."""
    edition = _EDITION.match(request.path)
    language = getattr(request, _LANGUAGE, edition and edition[1])
    return language or translation.get_language() or settings.LANGUAGE_CODE


def as_json(request: HttpRequest, status: int, reason: str) -> HttpResponse | None:
    """Return an error as JSON for the desk's scripts, polls and oEmbed; None if the client wants a page."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"errors": {"": [reason]}}, status=status)
    if _JSON_PATH.fullmatch(request.path):
        return JsonResponse({"error": reason}, status=status)
    return None


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the 400 response, as the project's `handler400` (except under the API)."""
    reason = _("The address or the data sent with it is malformed.")
    return as_json(request, 400, reason) or defaults.bad_request(request, exception)
