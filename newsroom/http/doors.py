"""Error responses in the format that the client expects: JSON for scripts, pages for browsers."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults

# Addresses that readers' scripts and other sites' programs fetch.
_JSON_PATH: Final = re.compile(r".*\.json|/oembed")


def as_json(request: HttpRequest, status: int, reason: str) -> HttpResponse | None:
    """Return an error as JSON for the desk's scripts, polls and oEmbed; None if the client wants a page."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"errors": {"": [reason]}}, status=status)
    if _JSON_PATH.fullmatch(request.path):
        return JsonResponse({"error": reason}, status=status)
    return None


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's `handler400`, except under the API."""
    reason = _("The address or the data sent with it is malformed.")
    return as_json(request, 400, reason) or defaults.bad_request(request, exception)
