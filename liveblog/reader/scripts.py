"""The two scripts of Chinese pages: which addresses they stand at, and the way from one to the other."""

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

# What a reader takes along to the other script.
_KEPT: Final = ("q", "in", "before", "text")
_REDIRECTED: Final = (*_KEPT, "after", "sent")
# The parameters that each page uses, besides `text`.
_KNOWN: Final = {
    "front": ("before",),
    "topic": ("before",),
    "blog": ("before",),
    "search": ("q", "in", "before"),
}


def plain_address(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the view raise AtPlainAddress, which sends readers on for good."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except AtPlainAddress:
            path = path_of(request).removeprefix(f"/{kwargs['edition']}")
            return HttpResponsePermanentRedirect(path + canonical_query(request.GET, _REDIRECTED))

    return wrapped


def site_language(edition: str | None) -> str:
    """The language of a page over several blogs. Raises Http404 for an edition that there is not."""
    if edition is None:
        return settings.SITE_LANGUAGE
    if edition == settings.SITE_LANGUAGE:
        raise AtPlainAddress
    if Language(settings.SITE_LANGUAGE).other_script != edition:
        raise Http404
    return edition


@dataclass(frozen=True)
class Script:
    """One script that the page can be read in."""

    language: Language
    path: str
    # The address that search engines list the page under: of the text-only page too.
    canonical_path: str
    is_current: bool
    is_original: bool

    @property
    def name(self) -> str:
        """In its own words, as one looks for it."""
        return "繁體" if self.language == Language.ZH_HANT else "简体"

    @property
    def label(self) -> str:
        return "繁" if self.language == Language.ZH_HANT else "简"


def scripts_of(request: HttpRequest, written_in: str, edition: str | None) -> list[Script]:
    """The page at `request` in both scripts, Traditional first; empty unless it is written in Chinese."""
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
    name = request.resolver_match.url_name
    query = request.GET.copy()
    if not query.get("before"):
        query.pop("before", None)
    elif name in ("blog", "search"):
        query["before"] = str(int(query["before"]))
    return path_of(request) + canonical_query(query, _KNOWN.get(name, ()))


def _known_of(request: HttpRequest) -> tuple[str, ...]:
    """Return the query parameters that this page uses; links must not repeat any others."""
    names = _KNOWN.get(request.resolver_match.url_name, ())
    return (*names, "text") if request.GET.get("text") == "1" else names
