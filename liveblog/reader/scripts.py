"""The two scripts of Chinese pages: their URLs, and links from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect

from liveblog.models.blog import Language
from liveblog.presentation.addresses import AtPlainAddress
from newsroom.http.parameters import canonical_query
from newsroom.site import path_of

# Query parameters that links to the other script keep.
_KEPT: Final = ("q", "in", "before", "text")
_REDIRECTED: Final = (*_KEPT, "after", "sent")
# The query parameters of each page, besides `text`.
_KNOWN: Final = {
    "front": ("before",),
    "topic": ("before",),
    "blog": ("before",),
    "key_events": ("before",),
    "search": ("q", "in", "before"),
}


def plain_address(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Redirect permanently to the URL without an edition if the view raises AtPlainAddress."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AtPlainAddress:
            path = path_of(request).removeprefix(f"/{kwargs['edition']}")
            return HttpResponsePermanentRedirect(path + canonical_query(request.GET, _REDIRECTED))

    return wrapped


def site_language(edition: str | None) -> str:
    """Return the language of a page that covers several blogs.

    Raise AtPlainAddress if the edition is the site's own language, and Http404 if the edition does not exist.
    """
    if edition is None:
        return settings.SITE_LANGUAGE
    if edition == settings.SITE_LANGUAGE:
        raise AtPlainAddress
    if Language(settings.SITE_LANGUAGE).other_script != edition:
        raise Http404
    return edition


@dataclass(frozen=True)
class Script:
    """A script in which the page is available."""

    language: Language
    path: str
    # The URL under which search engines list the page; the text-only page has the same one.
    canonical_path: str
    is_current: bool
    is_original: bool

    @property
    def name(self) -> str:
        """Return the script's name in the script itself, for readers who look for it."""
        return "繁體" if self.language == Language.ZH_HANT else "简体"

    @property
    def label(self) -> str:
        return "繁" if self.language == Language.ZH_HANT else "简"


def scripts_of(request: HttpRequest, written_in: str, edition: str | None) -> list[Script]:
    """Return the requested page's scripts, Traditional first; empty if it is not written in Chinese."""
    own = Language(written_in)
    if own.other_script is None:
        return []
    prefix = f"/{edition}" if edition else ""
    path = path_of(request) + canonical_query(request.GET, _known_of(request))
    path, canonical = path.removeprefix(prefix), canonical_path(request).removeprefix(prefix)
    return [
        Script(
            language,
            path if language == own else f"/{language}{path}",
            canonical if language == own else f"/{language}{canonical}",
            language == (edition or own),
            language == own,
        )
        for language in (Language.ZH_HANT, Language.ZH_HANS)
    ]


def canonical_path(request: HttpRequest) -> str:
    """Return the page's canonical address: each page of a sequence (`?before=`) has its own.

    The view has validated the query.
    """
    name = _view_name(request)
    query = request.GET.copy()
    if not query.get("before"):
        query.pop("before", None)
    elif name in ("blog", "key_events", "search"):
        query["before"] = str(int(str(query["before"])))
    return path_of(request) + canonical_query(query, _KNOWN.get(name, ()))


def _view_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match and match.url_name) or ""


def _known_of(request: HttpRequest) -> tuple[str, ...]:
    """Return the query parameters that this page uses; links must not repeat any others."""
    names = _KNOWN.get(_view_name(request), ())
    return (*names, "text") if request.GET.get("text") == "1" else names
