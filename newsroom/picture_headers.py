"""Header parsing of uploaded pictures: format, size and number of JPEG scans, without decoding anything.

Files that would be too expensive are rejected here before a decoder sees them. Only the standard library is
used, memory does not grow with the file, and the number of reads is bounded.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import IO, Final

MAX_PIXELS: Final = 50_000_000
MAX_RENDITION_WIDTH: Final = 1600
# WebP's limit, which applies to every rendition.
MAX_RENDITION_HEIGHT: Final = 16_383
# JPEG allows at most 65,535 pixels per side, and JPEG uploads are stored as JPEG.
MAX_WIDTH: Final = 65_000
MAX_WIDTH_TO_HEIGHT: Final = 2_000
# Encoders write about ten. A decoder goes over all pixels for each scan, so many scans are expensive.
MAX_JPEG_SCANS: Final = 40
# A photograph takes a few hundred reads: one per segment, and its data in pieces of 64 KB.
MAX_READS: Final = 5_000

_PIECE: Final = 64 * 1024
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_AVIF_BRANDS: Final = {b"avif", b"avis"}
# The start of frame of each JPEG process; C4, C8 and CC mean something else.
_START_OF_FRAME: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TEMPORARY, _START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0x01, 0xD8, 0xD9, 0xDA
# A marker in or after entropy-coded data, other than a stuffed FF, padding or a restart marker.
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

# Name, position and length of the content of an ISO media file's box.
Box = tuple[bytes, int, int]


class UnreadablePicture(ValueError):
    """Raised for a file without the header of an accepted format."""


class CostlyPicture(ValueError):
    """Raised if decoding would cost too much; `reason` is `many_pixels`, `tall`, `wide` or `many_scans`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Header:
    """The declared properties of a file; `width` and `height` are in pixels, before any rotation."""

    format: str
    width: int
    height: int
    scans: int = 1


def check(file: IO[bytes]) -> Header:
    """Return a seekable file's header. Raises UnreadablePicture, or CostlyPicture if it is too expensive."""
    header = read(file)
    check_size(header.width, header.height)
    if header.scans > MAX_JPEG_SCANS:
        raise CostlyPicture("many_scans")
    return header


def check_size(width: int, height: int) -> None:
    """Raise CostlyPicture if a picture of this size is too expensive to decode and resize."""
    if width < 1 or height < 1:
        raise UnreadablePicture("no pixels")
    if width * height > MAX_PIXELS:
        raise CostlyPicture("many_pixels")
    if height * min(1, MAX_RENDITION_WIDTH / width) > MAX_RENDITION_HEIGHT:
        raise CostlyPicture("tall")
    if width > min(MAX_WIDTH, MAX_WIDTH_TO_HEIGHT * height):
        raise CostlyPicture("wide")


def read(file: IO[bytes]) -> Header:
    """Return a seekable file's header. Raises UnreadablePicture if the format is not accepted."""
    reader = _Reader(file)
    try:
        start = reader.read(0, 32)
        if start.startswith(b"\xff\xd8\xff"):
            return _read_jpeg(reader)
        if start.startswith(_PNG):
            return _read_png(start)
        if start.startswith((b"GIF87a", b"GIF89a")):
            return _read_gif(reader)
        if start.startswith(b"RIFF") and start[8:12] == b"WEBP":
            return _read_webp(start)
        if start[4:8] == b"ftyp":
            return _read_avif(reader)
    except (struct.error, IndexError) as error:
        raise UnreadablePicture("a truncated header") from error
    raise UnreadablePicture("no known signature")


class _Reader:
    """A file reader with a bounded number of reads, against headers made of a million parts."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._reads = 0
        self.size = file.seek(0, 2)

    def read(self, position: int, size: int) -> bytes:
        self._reads += 1
        if self._reads > MAX_READS:
            raise UnreadablePicture("too many parts")
        self._file.seek(position)
        return self._file.read(size)


def _read_png(start: bytes) -> Header:
    """Read IHDR, which must be the first chunk (PNG, third edition, 11.2.1)."""
    if start[12:16] != b"IHDR":
        raise UnreadablePicture("PNG without IHDR at its start")
    return Header("PNG", *struct.unpack_from(">II", start, 16))


def _read_jpeg(reader: _Reader) -> Header:
    """Read the frame size and count the scans (ITU-T T.81, Annex B).

    Counting stops at the end of the first image, or once there are more than MAX_JPEG_SCANS.
    """
    size: tuple[int, int] | None = None
    scans, position = 0, 2
    while scans <= MAX_JPEG_SCANS:
        marker, position = _next_marker(reader, position)
        if marker in (None, _END_OF_IMAGE):
            break
        if marker == _TEMPORARY:
            continue
        (length,) = struct.unpack(">H", reader.read(position, 2))
        if marker == _START_OF_IMAGE or length < 2:
            raise UnreadablePicture("JPEG segments out of order")
        if marker in _START_OF_FRAME:
            if size is not None:
                raise UnreadablePicture("JPEG with two frames")
            height, width = struct.unpack(">HH", reader.read(position + 3, 4))
            size = width, height
        elif marker == _START_OF_SCAN:
            scans += 1
        position += length
    if size is None:
        raise UnreadablePicture("JPEG without a frame")
    return Header("JPEG", *size, scans)


def _next_marker(reader: _Reader, position: int) -> tuple[int | None, int]:
    """Return the code of the first marker from `position` on, or None, and the position after it."""
    while len(piece := reader.read(position, _PIECE)) > 1:
        if match := _MARKER.search(piece):
            return piece[match.start() + 1], position + match.end()
        # A marker may straddle two pieces.
        position += len(piece) - 1
    return None, position


def _read_gif(reader: _Reader) -> Header:
    """Read the logical screen's size, or the first frame's if it is larger (GIF89a, sections 18 to 26)."""
    width, height, flags = struct.unpack("<HHB", reader.read(6, 5))
    position = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    while (introducer := reader.read(position, 1)) == b"\x21":
        position += 2
        while length := reader.read(position, 1)[0]:
            position += 1 + length
        position += 1
    if introducer != b"\x2c":
        raise UnreadablePicture("GIF without a frame")
    left, top, frame_width, frame_height = struct.unpack("<HHHH", reader.read(position + 1, 8))
    return Header("GIF", max(width, left + frame_width), max(height, top + frame_height))


def _read_webp(start: bytes) -> Header:
    """Read the size of the canvas (VP8X) or of the single picture (RFC 9649, section 2)."""
    kind, data = start[12:16], start[20:]
    if kind == b"VP8X":
        width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (4, 7))
    elif kind == b"VP8L" and data[0] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 1)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 6))
    else:
        raise UnreadablePicture("WebP without a picture at its start")
    return Header("WEBP", width, height)


def _read_avif(reader: _Reader) -> Header:
    """Read the largest declared size (`ispe`), of the picture or a tile (ISO/IEC 14496-12 and 23008-12)."""
    boxes = _boxes(reader, 0, reader.size)
    name, position, length = boxes[0]
    if name != b"ftyp" or not _is_avif(reader.read(position, min(length, 256))):
        raise UnreadablePicture("an ISO media file that is not AVIF")
    _name, position, length = _first(boxes, b"meta")
    # `meta` is a full box: version and flags precede its child boxes.
    boxes = _boxes(reader, position + 4, position + length)
    for name in (b"iprp", b"ipco"):
        _name, position, length = _first(boxes, name)
        boxes = _boxes(reader, position, position + length)
    sizes = [struct.unpack(">II", reader.read(at + 4, 8)) for name, at, _length in boxes if name == b"ispe"]
    if not sizes:
        raise UnreadablePicture("AVIF without a size")
    return Header("AVIF", *max(sizes, key=lambda size: size[0] * size[1]))


def _is_avif(ftyp: bytes) -> bool:
    brands = {ftyp[:4], *(ftyp[at : at + 4] for at in range(8, len(ftyp), 4))}
    return not brands.isdisjoint(_AVIF_BRANDS)


def _first(boxes: list[Box], name: bytes) -> Box:
    match = next((box for box in boxes if box[0] == name), None)
    if match is None:
        raise UnreadablePicture("AVIF without the boxes that say its size")
    return match


def _boxes(reader: _Reader, position: int, end: int) -> list[Box]:
    """Return the boxes from `position` up to `end`."""
    boxes = []
    while position + 8 <= end:
        size, name = struct.unpack(">I4s", reader.read(position, 8))
        head = 8
        if size == 1:
            head = 16
            (size,) = struct.unpack(">Q", reader.read(position + 8, 8))
        elif size == 0:
            size = end - position
        if size < head:
            raise UnreadablePicture("a box shorter than its head")
        boxes.append((name, position + head, min(size, end - position) - head))
        position += size
    return boxes
