"""Pictures: what is taken of an upload, and the renditions that readers get.

Not the file that was sent is kept but the picture in it: upright, in sRGB on white, re-encoded. So no place,
camera or name of a source stays anywhere, nothing rides along behind the picture, and what is kept has the
size of what is shown. Who needs the file itself, to verify it, keeps it elsewhere.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

WIDTHS: Final = (320, 640, 1024, 1600)
FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")
MAX_BYTES: Final = 25 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000
# WebP's own limit; no rendition may be higher.
MAX_RENDITION_HEIGHT: Final = 16_383

_ENCODINGS: Final = {
    "avif": {"format": "AVIF", "quality": 60, "speed": 8},
    "webp": {"format": "WEBP", "quality": 80},
    "jpg": {"format": "JPEG", "quality": 82, "progressive": True, "optimize": True},
}
EXTENSIONS: Final = tuple(_ENCODINGS)
MEDIA_TYPES: Final = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}

# What was sent without loss is kept without loss.
_LOSSLESS: Final = {"PNG", "GIF"}
_KEPT_AS: Final = {
    "png": {"format": "PNG", "compress_level": 3},
    "jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
}
# What decoders have been seen to raise on files that were made to harm: RuntimeError is AVIF's.
_UNREADABLE: Final = (UnidentifiedImageError, OSError, SyntaxError, ValueError, RuntimeError, EOFError)


def widths_for(width: int) -> list[int]:
    """The widths to make of a picture `width` pixels wide: never wider than itself."""
    smaller = [candidate for candidate in WIDTHS if candidate < width]
    return smaller if len(smaller) == len(WIDTHS) else [*smaller, width]


def taken(file: BinaryIO) -> tuple[str, bytes]:
    """What to keep of an upload: the extension of its form, and its bytes. The type is read from the content.

    Raises ValidationError, in the editor's words, for what is no picture or too large to open safely.
    """
    file.seek(0, 2)
    if file.tell() > MAX_BYTES:
        raise ValidationError(_("The picture is larger than 25 MB."))
    file.seek(0)
    try:
        with warnings.catch_warnings():
            # Of a picture that is merely odd they say nothing that an editor could use.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    # By what the file says of itself, before anything is decoded.
                    raise ValidationError(_("The picture has more than 50 million pixels."))
                extension = "png" if opened.format in _LOSSLESS else "jpg"
                picture = _plain(opened)
                if picture.height * min(1, WIDTHS[-1] / picture.width) > MAX_RENDITION_HEIGHT:
                    raise ValidationError(_("The picture is too high for its width: cut it into several."))
                return extension, _encoded(picture, _KEPT_AS[extension])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValidationError(_("The picture has more than 50 million pixels.")) from error
    except _UNREADABLE as error:
        raise ValidationError(
            _("This file is not a picture that can be read: use JPEG, PNG, WebP, AVIF or GIF.")
        ) from error


def renditions(file: BinaryIO) -> Iterator[tuple[int, str, bytes]]:
    """Each rendition of a picture that was kept, as width in pixels, file extension and bytes."""
    with Image.open(file, formats=FORMATS) as opened:
        picture = opened.convert("RGB")
    for width in widths_for(picture.width):
        height = max(1, round(picture.height * width / picture.width))
        resized = picture.resize((width, height), Image.Resampling.LANCZOS)
        for extension, encoding in _ENCODINGS.items():
            yield width, extension, _encoded(resized, encoding)


def _plain(opened: Image.Image) -> Image.Image:
    """The first frame, upright, in sRGB, on white, and with nothing else of the file."""
    profile = opened.info.get("icc_profile")
    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I"):
        # 16 bits of grey: Pillow would cut off what is brighter than 255.
        upright = upright.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    alpha = None
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        alpha, upright = upright.getchannel("A"), upright.convert("RGB")
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(_in_srgb(upright, profile), mask=alpha)
    return plain


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Converted by its colour profile, which is not kept; as it is where there is none that can be read."""
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            return ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            return picture.convert("RGB")
    return picture.convert("RGB")


def _encoded(picture: Image.Image, encoding: dict[str, object]) -> bytes:
    encoded = BytesIO()
    picture.save(encoded, **encoding)
    return encoded.getvalue()
