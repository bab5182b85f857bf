"""The languages and scripts of pages: their URLs, and links from one to the others."""

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
from newsroom.site import languages, path_of

# Query parameters that links to the other script keep.
_KEPT: Final = ("q", "in", "before", "state", "text")
_REDIRECTED: Final = (*_KEPT, "after", "sent")
# Pages of the whole site, which exist in all of its languages; `?in=` makes a search one of a live blog.
_OF_SITE: Final = ("front", "topic", "search")
# The query parameters of each page, besides `text`.
_KNOWN: Final = {
    "front": ("before",),
    "topic": ("before",),
    "blog": ("before",),
    "key_events": ("before",),
    "corrections": ("before",),
    "search": ("q", "in", "before", "state"),
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
    if edition not in languages():
        raise Http404
    return edition


# Names, and labels of the links.
_NAMES: Final = {
    Language.ZH_HANT: ("繁體", "繁"),
    Language.ZH_HANS: ("简体", "简"),
    Language.EN: ("English", "EN"),
}


@dataclass(frozen=True)
class Script:
    """A language or script in which the page is available."""

    language: Language
    path: str
    # The URL under which search engines list the page; the text-only page has the same one.
    canonical_path: str
    is_current: bool
    is_original: bool

    @property
    def name(self) -> str:
        """Return the script's name in the script itself, for readers who look for it."""
        return _NAMES[self.language][0]

    @property
    def label(self) -> str:
        return _NAMES[self.language][1]


def scripts_of(request: HttpRequest, written_in: str, edition: str | None) -> list[Script]:
    """Return the requested page's languages, Traditional Chinese first; empty if it has just one."""
    own = Language(written_in)
    is_of_site = _view_name(request) in _OF_SITE and not request.GET.get("in")
    available = languages() if is_of_site else (own, own.other_script)
    in_order = [language for language in Language if language in available]
    if len(in_order) == 1:
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
        for language in in_order
    ]


def canonical_path(request: HttpRequest) -> str:
    """Return the page's canonical address: each page of a sequence (`?before=`) has its own.

    The view has validated the query.
    """
    name = _view_name(request)
    query = request.GET.copy()
    if not query.get("before"):
        query.pop("before", None)
    elif name in ("blog", "key_events", "corrections", "search"):
        query["before"] = str(int(str(query["before"])))
    return path_of(request) + canonical_query(query, _KNOWN.get(name, ()))


def _view_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match and match.url_name) or ""


def _known_of(request: HttpRequest) -> tuple[str, ...]:
    """Return the query parameters that this page uses; links must not repeat any others."""
    names = _KNOWN.get(_view_name(request), ())
    return (*names, "text") if request.GET.get("text") == "1" else names
