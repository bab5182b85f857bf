"""The process that decodes one uploaded picture: `python -m newsroom.picture_worker SOURCE SECONDS BYTES`.

It writes the stored picture and its renditions into the working directory and prints one line of JSON: the
picture's file name and size, or the reason for a refusal. Decoders are C code that handles untrusted input,
so this process holds no secrets, reads no settings, and has time and memory limits: whatever a file does to
it, the server only sees that it failed. Uploads are passed to Pillow nowhere else.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, UnidentifiedImageError

from newsroom.picture_headers import CostlyPicture, UnreadablePicture, check, check_size
from newsroom.picture_sizes import EXTENSIONS, widths_for

# No file written for a picture of 50 million pixels is larger.
_MAX_FILE: Final = 256 * 1024 * 1024
# Pages take precedence over pictures, but pictures still make progress on a busy machine.
_NICENESS: Final = 5

_ENCODINGS: Final[dict[str, dict[str, Any]]] = {
    "avif": {"format": "AVIF", "quality": 60, "speed": 8, "max_threads": 1},
    "webp": {"format": "WEBP", "quality": 80},
    "jpg": {"format": "JPEG", "quality": 82, "progressive": True, "optimize": True},
}
# Lossless uploads are stored losslessly.
_LOSSLESS: Final = {"PNG", "GIF"}
_KEPT_AS: Final[dict[str, dict[str, Any]]] = {
    "png": {"format": "PNG", "compress_level": 3},
    "jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
}
# Exceptions that decoders raise on malicious files. AVIF's raises RuntimeError.
UNREADABLE: Final = (
    UnreadablePicture,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
    RuntimeError,
    EOFError,
)


def main(source: str, seconds: str, size: str) -> None:
    """Print the result as JSON. Unexpected errors end the process with a non-zero status."""
    limit(seconds=int(seconds), size=int(size))
    try:
        picture, extension = decode(Path(source))
    except CostlyPicture as refusal:
        answer = {"refusal": refusal.reason}
    except UNREADABLE:
        answer = {"refusal": "unreadable"}
    else:
        answer = write(picture, extension)
    print(json.dumps(answer))


def limit(*, seconds: int, size: int) -> None:
    """Limit this process's CPU time, address space and file size, and lower its priority."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE, _MAX_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)


def write(picture: Image.Image, extension: str) -> dict[str, Any]:
    """Write the picture as `picture.EXTENSION` and its renditions as `WIDTH.EXTENSION`."""
    file_name = f"picture.{extension}"
    picture.save(file_name, **_KEPT_AS[extension])
    for width, resized in _resized(picture):
        for extension in EXTENSIONS:
            resized.save(f"{width}.{extension}", **_ENCODINGS[extension])
    return {"file_name": file_name, "width": picture.width, "height": picture.height}


def decode(source: Path) -> tuple[Image.Image, str]:
    """Return the first frame, upright, in sRGB on white and without metadata, and its file extension."""
    with source.open("rb") as file:
        header = check(file)
        file.seek(0)
        with warnings.catch_warnings():
            # Warnings about unusual pictures are of no use to an editor.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=[header.format]) as opened:
                # Check again: Pillow parses the header itself and allocates memory by its own result.
                check_size(*opened.size)
                picture = _plain(opened)
    check_size(*picture.size)
    return picture, "png" if header.format in _LOSSLESS else "jpg"


def _resized(picture: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    for width in widths_for(picture.width):
        height = max(1, round(picture.height * width / picture.width))
        yield width, picture.resize((width, height), Image.Resampling.LANCZOS)


def _plain(opened: Image.Image) -> Image.Image:
    profile = opened.info.get("icc_profile")
    # Work in place and drop each intermediate result: 50 million pixels take 200 MB per copy.
    ImageOps.exif_transpose(opened, in_place=True)
    if opened.mode.startswith("I"):
        # Scale 16-bit greyscale: Pillow's conversion would clip values above 255.
        upright = opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    else:
        upright = opened
    alpha = None
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        alpha, upright = upright.getchannel("A"), upright.convert("RGB")
    upright = _in_srgb(upright, profile)
    plain = Image.new("RGB", upright.size, "white")
    plain.paste(upright, mask=alpha)
    return plain


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture converted to sRGB by its colour profile; without a readable one, to plain RGB."""
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            # None is the result of a conversion in place only.
            return converted or picture
        except (ImageCms.PyCMSError, OSError):
            return picture.convert("RGB")
    return picture.convert("RGB")


if __name__ == "__main__":
    # Decode in one thread, so that the limits of the process bound the cost of a picture.
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    main(*sys.argv[1:])
