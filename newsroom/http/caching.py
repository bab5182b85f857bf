"""What public answers tell caches: how long to keep them, and what state they were made from."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.http import HttpResponse
from django.utils import timezone

from newsroom import release

PAGE: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
# Zero is said, because caches have defaults of their own where nothing is said (Varnish: ten seconds). And
# Chromium obeys stale-while-revalidate in fetch(), which would show a poll what it has seen already.
POLL: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=0, stale-if-error=60"
UNSTORED: Final = "no-store"
PERSONAL: Final = "private, no-store"

# Refusals that depend on more than the address: on the client, the request's headers or its body. Stored
# under the address, one of them would be served to everybody.
_DEPENDS_ON_REQUEST: Final = frozenset(
    {401, 403, 406, 407, 408, 411, 412, 413, 415, 416, 417, 421, 422, 425, 426, 428, 429, 431}
)
_WITHOUT_CONTENT: Final = (204, 304)


def lifetime_of(status: int) -> str:
    """Return the Cache-Control of a public answer with this status that says nothing itself."""
    return UNSTORED if status >= 500 or status in _DEPENDS_ON_REQUEST else POLL


def finish(response: HttpResponse, *, is_public: bool) -> None:
    """Complete the headers of any answer, whoever made it.

    Without a Cache-Control, Varnish would keep a 404 or a permanent redirect for two minutes, and a live blog
    that was asked for a moment too early would stay missing.
    """
    response.headers.setdefault("Cache-Control", lifetime_of(response.status_code) if is_public else PERSONAL)
    if response.status_code in _WITHOUT_CONTENT:
        # RFC 9110, section 8.6: no 204 has a Content-Length, and a 304 none but that of the 200.
        response.headers.pop("Content-Length", None)
        response.headers.pop("Content-Type", None)


def etag_of_body(body: bytes) -> str:
    """Return the ETag of an answer over several blogs, which have no one number.

    The release is part of it because it also determines headers, such as the scripts that the policy names.
    """
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}-{release.digest()}"'


# By then whatever else was dated within the same second has been committed too, on every machine.
_SETTLES: Final = timedelta(seconds=3)


def is_settled(modified_at: datetime) -> bool:
    """Whether nothing can be dated within the same second any more."""
    return timezone.now() - modified_at >= _SETTLES


def last_modified(modified_at: datetime) -> int:
    """`Last-Modified` in seconds since 1970, never earlier than it was said to be before.

    HTTP dates know seconds only, so a withdrawal would hide behind the date of what was published in the same
    second. Until a date has settled the second before is named: whoever asks again with that gets the whole.
    Nothing is older than the release, which may not be the one that answered before.
    """
    return max(int(modified_at.timestamp()) - (not is_settled(modified_at)), release.built_at())
