"""The site's identity: who publishes it, and where it stands."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from newsroom.text import chinese, markup
from newsroom.text.markup import Start, Token


def absolute(path: str) -> str:
    """The public address of a path of this site; an address that is whole already stays as it is."""
    return settings.SITE_URL + path if path.startswith("/") else path


def path_of(request: HttpRequest) -> str:
    """Return the path of the page that was asked for, as the site itself writes it.

    Another spelling of the same address, such as `/live/storm/007/`, gets into no answer that is shared.
    """
    match = request.resolver_match
    if match is None:
        return request.path
    return reverse(match.view_name, args=match.args or None, kwargs=match.kwargs or None)


def absolute_links(html: str) -> str:
    """Return HTML as it can be read elsewhere: links and pictures of this site by their public addresses."""
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
    """Return the tag: URI (RFC 4151) that names the page at `path`, wherever the site moves.

    An authority without a date of its own gets 2026, the year of the naming scheme.
    """
    authority = settings.TAG_AUTHORITY
    return f"tag:{authority}:{path}" if "," in authority else f"tag:{authority},2026:{path}"


def identity() -> dict[str, object]:
    """Return what templates print of the site, as `site`."""
    return {
        "name": settings.SITE_NAME,
        "url": settings.SITE_URL,
        "language": settings.SITE_LANGUAGE,
        "logo_url": settings.SITE_LOGO_URL,
        "contact": settings.SITE_CONTACT,
        "legal_links": settings.SITE_LEGAL_LINKS,
    }


def _root_of(path: str) -> str:
    edition = path.split("/")[1]
    is_converted = {edition, settings.SITE_LANGUAGE} == {chinese.TRADITIONAL, chinese.SIMPLIFIED}
    return f"/{edition}/" if is_converted else "/"


def site(request: HttpRequest) -> dict[str, object]:
    """Context processor: what every template knows. `root` is the front page in the script asked for."""
    return {"root": _root_of(request.path), "site": identity()}
