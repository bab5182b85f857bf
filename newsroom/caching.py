"""What public answers tell caches: how long to keep them, and what state they were made from."""

from __future__ import annotations

import hashlib
from typing import Final

from newsroom import __version__

PAGE: Final = "public, max-age=0, s-maxage=2, stale-while-revalidate=2, stale-if-error=60"
# Chromium obeys stale-while-revalidate in fetch(), which would show a poll what it has seen already.
POLL: Final = "public, max-age=0, s-maxage=2, stale-if-error=60"


def etag_of_body(body: bytes) -> str:
    """For answers over several blogs, which have no one number."""
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}-{__version__}"'
