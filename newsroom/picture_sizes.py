"""The widths, in pixels, and the formats of the renditions of each picture."""

from __future__ import annotations

from typing import Final

from newsroom.picture_headers import MAX_RENDITION_WIDTH

WIDTHS: Final = (320, 640, 1024, MAX_RENDITION_WIDTH)
MEDIA_TYPES: Final = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
EXTENSIONS: Final = tuple(MEDIA_TYPES)


def widths_for(width: int) -> tuple[int, ...]:
    """Return the widths of the renditions of a picture `width` pixels wide; none wider than the picture."""
    smaller = tuple(candidate for candidate in WIDTHS if candidate < width)
    return smaller if len(smaller) == len(WIDTHS) else (*smaller, width)
