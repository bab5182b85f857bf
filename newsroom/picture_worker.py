"""The process that decodes one uploaded picture: `python -m newsroom.picture_worker SOURCE SECONDS BYTES`.

It writes the picture that is kept and its renditions into the working directory, and prints one line of JSON:
what the picture is called and how large it is, or the reason why there is none. Decoders are written in C and
are fed by strangers, so the process holds no secret, reads no setting, and has limits of time and memory:
whatever a file does to it, the server that started it only reads that it failed. Nothing else in the server
hands an upload to Pillow.
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

# Nothing that is kept of a picture of 50 million pixels is larger.
_MAX_FILE: Final = 256 * 1024 * 1024
# Pages come before pictures, which still get done on a busy machine.
_NICENESS: Final = 5

_ENCODINGS: Final[dict[str, dict[str, Any]]] = {
    "avif": {"format": "AVIF", "quality": 60, "speed": 8, "max_threads": 1},
    "webp": {"format": "WEBP", "quality": 80},
    "jpg": {"format": "JPEG", "quality": 82, "progressive": True, "optimize": True},
}
# What was sent without loss is kept without loss.
_LOSSLESS: Final = {"PNG", "GIF"}
_KEPT_AS: Final[dict[str, dict[str, Any]]] = {
    "png": {"format": "PNG", "compress_level": 3},
    "jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
}
# What decoders have been seen to raise on files that were made to harm: RuntimeError is AVIF's.
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
    """Print the answer; whatever is not foreseen ends the process with a status that is not zero."""
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
    """Bound the processor time, the address space and the files of this process, and let others go first."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MAX_FILE, _MAX_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_NICENESS)


def write(picture: Image.Image, extension: str) -> dict[str, Any]:
    """Write the picture as `picture.EXTENSION` and its renditions as `WIDTH.EXTENSION`."""
    kept = f"picture.{extension}"
    picture.save(kept, **_KEPT_AS[extension])
    for width, resized in _resized(picture):
        for extension in EXTENSIONS:
            resized.save(f"{width}.{extension}", **_ENCODINGS[extension])
    return {"kept": kept, "width": picture.width, "height": picture.height}


def decode(source: Path) -> tuple[Image.Image, str]:
    """The first frame, upright, in sRGB, on white, with nothing else of the file; and what it is kept as."""
    with source.open("rb") as file:
        header = check(file)
        file.seek(0)
        with warnings.catch_warnings():
            # Of a picture that is merely odd they say nothing that an editor could use.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=[header.format]) as opened:
                # The decoder's own reading of the header is what it allocates memory by.
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
    # In place, and each step in place of the one before: 50 million pixels take 200 MB each time.
    ImageOps.exif_transpose(opened, in_place=True)
    if opened.mode.startswith("I"):
        # 16 bits of grey: Pillow would cut off what is brighter than 255.
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


if __name__ == "__main__":
    # One thread: what a picture costs is then what its process is limited to.
    AvifImagePlugin.DECODE_MAX_THREADS = 1
    main(*sys.argv[1:])
