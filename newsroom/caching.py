"""What public answers tell caches: how long to keep them, and what state they were made from."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from newsroom import __version__

PAGE: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
# Chromium obeys stale-while-revalidate in fetch(), which would show a poll what it has seen already.
POLL: Final = "public, max-age=0, s-maxage=2, stale-if-error=60"


def etag_of_body(body: bytes) -> str:
    """For answers over several blogs, which have no one number."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}-{__version__}"'


# By then whatever else was dated within the same second has been committed too, on every machine.
_SETTLES: Final = timedelta(seconds=3)


def is_settled(modified_at: datetime) -> bool:
    """Whether nothing can be dated within the same second any more."""
    return timezone.now() - modified_at >= _SETTLES


def last_modified(modified_at: datetime) -> int:
    """`Last-Modified` in seconds since 1970, never earlier than it was said to be before.

    HTTP dates know seconds only, so a withdrawal would hide behind the date of what was published in the same
    second. Until a date has settled the second before is named: whoever asks again with that gets the whole.
    """
    return int(modified_at.timestamp()) - (not is_settled(modified_at))
