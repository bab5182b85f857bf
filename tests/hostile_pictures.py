"""Picture files that cost far more to decode than their size suggests, and files with false headers."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image as Picture


def encoded(picture: Picture.Image, form: str, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_header(width: int, height: int) -> bytes:
    """Return a PNG of 69 bytes; decoders allocate the whole picture before they notice missing data."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 8)) + chunk(b"IEND", b"")


def png_that_says(width: int, height: int) -> bytes:
    """Return a PNG of a few kilobytes that decodes to `width` × `height` black pixels."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes((width + 7) // 8 + 1)) for _row in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_with(*chunks: bytes) -> bytes:
    """Return a small PNG with the given chunks before its data."""
    whole = encoded(Picture.new("RGB", (8, 8)), "PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def text_bomb(name: bytes, size: int) -> bytes:
    """Return a chunk of compressed text (`zTXt`, `iTXt`) or profile (`iCCP`) that unpacks to `size` bytes."""
    packed = zlib.compress(b"a" * size, 9)
    head = {b"zTXt": b"k\0\0", b"iCCP": b"k\0\0", b"iTXt": b"k\0\1\0\0\0"}[name]
    return chunk(name, head + packed)


def jpeg_with_scans(scans: int, size: tuple[int, int] = (64, 64)) -> bytes:
    """Return a progressive JPEG that repeats its last scan until it has `scans` scans."""
    whole = encoded(Picture.linear_gradient("L").resize(size).convert("RGB"), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    count = whole.count(b"\xff\xda")
    return whole[:-2] + whole[last:-2] * (scans - count) + whole[-2:]


def jpeg_that_says(width: int, height: int) -> bytes:
    whole = bytearray(encoded(Picture.new("RGB", (64, 64)), "JPEG"))
    frame = whole.index(b"\xff\xc0")
    struct.pack_into(">HH", whole, frame + 5, height, width)
    return bytes(whole)


def gif_that_says(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    whole = bytearray(encoded(Picture.new("P", (8, 8)), "GIF"))
    struct.pack_into("<HH", whole, 6, *screen)
    descriptor = whole.index(b"\x2c", 13 + (3 << (whole[10] & 7) + 1))
    struct.pack_into("<HH", whole, descriptor + 5, *frame)
    return bytes(whole)


def webp_that_says(width: int, height: int) -> bytes:
    """Return an animated WebP, whose decoder allocates two canvases of the size in the header."""
    frames = [Picture.new("RGB", (8, 8), color) for color in ("red", "blue")]
    whole = bytearray(encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    whole[24:27] = (width - 1).to_bytes(3, "little")
    whole[27:30] = (height - 1).to_bytes(3, "little")
    return bytes(whole)


def avif_that_says(width: int, height: int) -> bytes:
    whole = bytearray(encoded(Picture.new("RGB", (64, 64)), "AVIF"))
    struct.pack_into(">II", whole, whole.index(b"ispe") + 8, width, height)
    return bytes(whole)
