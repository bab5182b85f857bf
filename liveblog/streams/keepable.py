"""Rules for which answers may be kept, and for which requests: the same answer must suit every reader.

The addresses are listed, with their query in the one spelling that our own pages, scripts and sitemaps use.
Anything else is left to Django, so that nobody can fill the memory by making up queries. An address that is
not listed either depends on more than the log (embeds on the partners that may frame them, the news sitemap
on the date, oEmbed and search on free text, pictures on files), or is rarely requested.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from django.conf import settings

Headers = dict[bytes, bytes]

# One position of the log for each address: that of the blog, or that of all blogs (None).
_NAME: Final = r"[-a-zA-Z0-9_]{1,120}"
_SLUG: Final = rf"(?P<slug>{_NAME})"
_ID: Final = r"[1-9][0-9]{0,17}"
_FEED: Final = r"feed\.(?:atom|rss|json)"
_EDITION: Final = r"(?:/zh-hant|/zh-hans|/en)?"
_OF_BLOG: Final = re.compile(
    rf"{_EDITION}/live/{_SLUG}/"
    rf"(?:\?(?:before={_ID}|before={_ID}&text=1|text=1)"
    rf"|{_ID}/(?:\?text=1)?"
    rf"|(?:key-events|corrections)/(?:\?before={_ID})?"
    r"|changes\.json\?after=(?P<after>0|[1-9][0-9]{0,8})"
    rf"|{_FEED})?"
)
_OF_SITE: Final = re.compile(
    rf"{_EDITION}/(?:topics/{_NAME}/)?"
    rf"(?:\?(?:before={_NAME}|before={_NAME}&text=1|text=1)"
    rf"|{_FEED})?"
    rf"|/sitemap\.xml|/sitemap-(?:listings|live|updates)\.xml(?:\?p={_ID})?"
)

# Requests with one of these headers are left to Django: they are answered for one client, in part or
# conditionally on more than an ETag, or they have a body.
_PERSONAL: Final = frozenset(
    {
        b"authorization",
        b"content-length",
        b"expect",
        b"if-match",
        b"if-range",
        b"if-unmodified-since",
        b"range",
        b"transfer-encoding",
        b"upgrade",
    }
)
_METHODS: Final = ("GET", "HEAD")
_KEPT_STATUSES: Final = (200, 301, 410)
_UNSHARED: Final = ("no-store", "private")


class Address:
    """An address whose answers may be kept: the slug of its blog, or None, and the number in `?after=`."""

    __slots__ = ("after", "slug")

    def __init__(self, slug: str | None, after: int | None) -> None:
        self.slug = slug
        self.after = after


def address_of(path: str, query: bytes) -> Address | None:
    """Return the address if answers at it may be kept, else None."""
    url = f"{path}?{query.decode('latin-1')}" if query else path
    if match := _OF_BLOG.fullmatch(url):
        after = match["after"]
        return Address(match["slug"], None if after is None else int(after))
    return Address(None, None) if _OF_SITE.fullmatch(url) else None


class RequestRules:
    """The rules for requests, with the settings read once."""

    def __init__(self) -> None:
        # No public view reads a cookie, and readers may have cookies of other programs under the same domain.
        # But a request with one of our own cookies is an editor's.
        names = (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        self._own_cookies = tuple(f"{name}=".encode() for name in names)
        self._has_proxy_scheme = settings.SECURE_PROXY_SSL_HEADER is not None

    def headers_of(self, method: str, fields: Collection[tuple[bytes, bytes]]) -> Headers | None:
        """Return the request's headers by name if a kept answer may be sent to it, else None."""
        headers = dict(fields)
        if method not in _METHODS or len(headers) != len(fields) or not _PERSONAL.isdisjoint(headers):
            return None
        if b"if-modified-since" in headers and b"if-none-match" not in headers:
            return None
        cookies = headers.get(b"cookie")
        if cookies is not None and any(name in cookies for name in self._own_cookies):
            return None
        return headers

    def scheme_of(self, scheme: str, headers: Headers) -> str:
        """Return the scheme as Django reads it: it decides whether the answer has HSTS."""
        if self._has_proxy_scheme and b"x-forwarded-proto" in headers:
            proxy_schemes = headers[b"x-forwarded-proto"].split(b",", 1)
            return "https" if proxy_schemes[0].strip() == b"https" else "http"
        return scheme


def is_shared(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether an answer is the same for every reader, according to its own headers."""
    values = dict(headers)
    cache_control = values.get(b"cache-control", b"").decode("latin-1")
    vary = values.get(b"vary", b"accept-encoding").lower()
    return (
        b"set-cookie" not in values
        and vary == b"accept-encoding"
        and (status >= 500 or not any(word in cache_control for word in _UNSHARED))
    )


def may_be_kept(status: int, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Return whether an answer may be kept until the log moves on."""
    return status in _KEPT_STATUSES and is_shared(status, headers)
