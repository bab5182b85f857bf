"""Cache headers of public responses: lifetimes and validators."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone

from newsroom import release

PAGE: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
# Name stale-while-revalidate=0 explicitly: caches have a default of their own (ten seconds in Varnish), and
# Chromium applies any other value to fetch(), and polls would get a response that they have already seen.
POLL: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"
UNSTORED: Final = "no-store"
PERSONAL: Final = "private, no-store"

# Errors that depend on more than the URL: on the client, the request's headers or its body. A cache would
# store them under the URL and serve them to everybody.
_DEPENDS_ON_REQUEST: Final = frozenset(
    {401, 403, 406, 407, 408, 411, 412, 413, 415, 416, 417, 421, 422, 425, 426, 428, 429, 431}
)
_WITHOUT_CONTENT: Final = (204, 304)
_IS_POLL: Final = "is_poll"


def lifetime_of(status: int) -> str:
    """Return the default Cache-Control of a public response with this status."""
    return UNSTORED if status >= 500 or status in _DEPENDS_ON_REQUEST else POLL


def mark_poll(response: HttpResponse) -> None:
    """Mark the response to a poll: it gets only the headers that polls need."""
    setattr(response, _IS_POLL, True)


def is_poll(response: HttpResponse) -> bool:
    return bool(getattr(response, _IS_POLL, False))


def finish(response: HttpResponseBase, *, is_public: bool) -> None:
    """Add the missing Cache-Control to a response, and remove the headers that its status forbids.

    Without a Cache-Control, Varnish would keep a 404 or a permanent redirect for two minutes, and a live blog
    that was requested a moment too early would stay missing.
    """
    response.headers.setdefault("Cache-Control", lifetime_of(response.status_code) if is_public else PERSONAL)
    if response.status_code in _WITHOUT_CONTENT:
        # RFC 9110, section 8.6: a 204 must not have a Content-Length, and a 304 only that of the 200.
        response.headers.pop("Content-Length", None)
        response.headers.pop("Content-Type", None)


def etag_of(content: bytes) -> str:
    """Return the ETag of a response that has no single log number, from its body or what determines it.

    The release is part of it because it also determines headers, such as the Content Security Policy's list
    of scripts.
    """
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}-{release.digest()}"'


# After this time, every other change dated within the same second has been committed, on every machine.
_SETTLES: Final = timedelta(seconds=3)


def is_settled(modified_at: datetime) -> bool:
    """Return whether no other change can still be dated within the same second."""
    return timezone.now() - modified_at >= _SETTLES


def last_modified(modified_at: datetime) -> int:
    """Return `Last-Modified` in seconds since 1970; for one page it never goes backwards.

    HTTP dates have a resolution of one second, so a withdrawal could hide behind a publication in the same
    second. Until the date has settled, return the second before it: a client that revalidates with that date
    gets the whole response. The date is never earlier than the release, because an earlier response may have
    come from another release.
    """
    return max(int(modified_at.timestamp()) - (not is_settled(modified_at)), release.built_at())
