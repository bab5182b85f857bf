"""In which format somebody asks: scripts and programs get JSON, browsers get pages."""

from __future__ import annotations

import re
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults

# What readers' scripts and other sites' programs read.
_JSON_PATH: Final = re.compile(r".*\.json|/oembed")


def as_json(request: HttpRequest, status: int, reason: str) -> HttpResponse | None:
    """Return a refusal for the desk's scripts, polls and oEmbed; None for whoever wants a page."""
    if request.headers.get("Accept", "").startswith("application/json"):
        return JsonResponse({"errors": {"": [reason]}}, status=status)
    if _JSON_PATH.fullmatch(request.path):
        return JsonResponse({"error": reason}, status=status)
    return None


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The project's `handler400`, except under the API."""
    reason = _("The address or the data sent with it is malformed.")
    return as_json(request, 400, reason) or defaults.bad_request(request, exception)
