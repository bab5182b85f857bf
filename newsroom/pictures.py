"""Pictures: checking what was uploaded and making the renditions that readers get."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

WIDTHS: Final = (320, 640, 1024, 1600)
FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
MAX_BYTES: Final = 25 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000

_ENCODINGS: Final = {
    "avif": {"format": "AVIF", "quality": 60, "speed": 8},
    "webp": {"format": "WEBP", "quality": 80},
    "jpg": {"format": "JPEG", "quality": 82, "progressive": True, "optimize": True},
}
EXTENSIONS: Final = tuple(_ENCODINGS)
MEDIA_TYPES: Final = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}


def widths_for(width: int) -> list[int]:
    """The widths to make of a picture `width` pixels wide: never wider than itself."""
    smaller = [candidate for candidate in WIDTHS if candidate < width]
    return smaller if len(smaller) == len(WIDTHS) else [*smaller, width]


def check(file: BinaryIO) -> None:
    """Refuse what is no picture, or too large to open safely. The type is read from the content.

    Raises ValidationError in the editor's words. Leaves `file` at its start.
    """
    file.seek(0, 2)
    if file.tell() > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 25 MB."))
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ValidationError(_("The picture has more than 50 million pixels."))
                picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(_("The picture has more than 50 million pixels.")) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValidationError(
            _("This file is not a picture that can be read: use JPEG, PNG, WebP, AVIF or GIF.")
        ) from error
    finally:
        file.seek(0)


def renditions(file: BinaryIO) -> Iterator[tuple[int, str, bytes]]:
    """Each rendition as width in pixels, file extension and bytes, with no metadata (EXIF, GPS) in it."""
    with Image.open(file, formats=FORMATS) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    for width in widths_for(upright.width):
        height = max(1, round(upright.height * width / upright.width))
        resized = upright.resize((width, height), Image.Resampling.LANCZOS)
        resized.info.clear()
        for extension, options in _ENCODINGS.items():
            encoded = BytesIO()
            resized.save(encoded, **options)
            yield width, extension, encoded.getvalue()
