"""The web app manifest (https://www.w3.org/TR/appmanifest/)."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from liveblog.models.blog import Language
from liveblog.reader.caching import answer_by_body, public
from liveblog.reader.scripts import site_language
from newsroom.http.caching import POLL

_SIZES: Final = (192, 512)
# The page's background colour in light mode (static/css/reader.css).
_GROUND: Final = "#ffffff"


@public
def manifest(request: HttpRequest, edition: str | None = None) -> HttpResponse:
    """Return the manifest of the site in one script.

    An app starts in the script that it was installed in.
    """
    language = site_language(edition)
    with translation.override(language):
        description = _("Running stories, minute by minute")
    start = reverse("reader:front", args=[edition] if edition else [])
    body = {
        "id": start,
        "name": settings.SITE_NAME,
        "short_name": settings.SITE_NAME,
        "description": description,
        "lang": Language(language).tag,
        "dir": "ltr",
        "start_url": start,
        "scope": "/",
        "display": "minimal-ui",
        "theme_color": _GROUND,
        "background_color": _GROUND,
        "categories": ["news"],
        "icons": [
            {"src": static("icon.svg"), "sizes": "any", "type": "image/svg+xml"},
            *(_icon("icon", size, "any") for size in _SIZES),
            *(_icon("maskable", size, "maskable") for size in _SIZES),
        ],
    }
    response = JsonResponse(
        body, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False}
    )
    return answer_by_body(request, response, POLL)


def _icon(name: str, size: int, purpose: str) -> dict[str, str]:
    src = static(f"icons/{name}-{size}.png")
    return {"src": src, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
