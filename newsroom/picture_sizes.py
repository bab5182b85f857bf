"""The renditions that are made of each picture: their widths in pixels and their formats."""

from __future__ import annotations

from typing import Final

from newsroom.picture_headers import MAX_RENDITION_WIDTH

WIDTHS: Final = (320, 640, 1024, MAX_RENDITION_WIDTH)
MEDIA_TYPES: Final = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}
EXTENSIONS: Final = tuple(MEDIA_TYPES)


def widths_for(width: int) -> list[int]:
    """Return the widths to make of a picture `width` pixels wide: never wider than itself."""
    smaller = [candidate for candidate in WIDTHS if candidate < width]
    return smaller if len(smaller) == len(WIDTHS) else [*smaller, width]
