"""The site's identity and URLs."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from newsroom.text import chinese, markup
from newsroom.text.markup import Start, Token


def absolute(path: str) -> str:
    """Return the public URL of a path of this site; return absolute URLs unchanged."""
    return settings.SITE_URL + path if path.startswith("/") else path


def path_of(request: HttpRequest) -> str:
    """Return the canonical path of the requested page.

    Other spellings of it, such as `/live/storm/007/`, must not get into cached responses.
    """
    match = request.resolver_match
    if match is None:
        return request.path
    return reverse(match.view_name, args=match.args or None, kwargs=match.kwargs or None)


def absolute_links(html: str) -> str:
    """Return HTML for use on other sites, with absolute URLs of this site's links and pictures."""
    return markup.write(_with_absolute_links(markup.read(html)))


def _with_absolute_links(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        if isinstance(token, Start) and token.tag in ("a", "img"):
            attributes = (
                (name, absolute(value) if name in ("href", "src") and value and value[:2] != "//" else value)
                for name, value in token.attributes
            )
            token = Start(token.tag, tuple(attributes))
        yield token


def tag_uri(path: str) -> str:
    """Return the tag: URI (RFC 4151) of the page at `path`, which survives a move of the site.

    An authority without a date of its own gets 2026, the year of the naming scheme.
    """
    authority = settings.TAG_AUTHORITY
    return f"tag:{authority}:{path}" if "," in authority else f"tag:{authority},2026:{path}"


def identity() -> dict[str, object]:
    """Return the template variable `site`."""
    return {
        "name": settings.SITE_NAME,
        "url": settings.SITE_URL,
        "language": settings.SITE_LANGUAGE,
        "logo_url": settings.SITE_LOGO_URL,
        "contact": settings.SITE_CONTACT,
        "legal_links": settings.SITE_LEGAL_LINKS,
    }


def languages() -> tuple[str, ...]:
    """Return the languages of pages that cover several live blogs: three, or just English."""
    return ("en",) if settings.SITE_LANGUAGE == "en" else (chinese.TRADITIONAL, chinese.SIMPLIFIED, "en")


def root_in(language: str) -> str:
    """Return the path of the front page in `language`, or of the site's own if it has none."""
    is_own = language == settings.SITE_LANGUAGE or language not in languages()
    return "/" if is_own else f"/{language}/"


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor: add `site`, and `root`, the front page in the requested script."""
    return {"root": root_in(request.path.split("/")[1]), "site": identity()}
