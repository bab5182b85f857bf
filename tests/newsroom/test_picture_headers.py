"""Picture headers, which are read as decoders read them but in a bounded number of steps."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

from newsroom import picture_headers
from newsroom.picture_headers import CostlyPicture, Header, UnreadablePicture
from tests.hostile_pictures import (
    avif_that_says,
    encoded,
    gif_that_says,
    jpeg_that_says,
    jpeg_with_scans,
    png_header,
    png_that_says,
    webp_that_says,
)

SIZE = (70, 41)
NOISE = Picture.effect_noise(SIZE, 60)


class CountingFile(BytesIO):
    """A file that counts its reads and the bytes that were read."""

    reads = 0
    total = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.reads += 1
        self.total += len(data)
        return data


def frames(form: str) -> bytes:
    second = Picture.new("RGB", SIZE, "red")
    return encoded(NOISE.convert("RGB"), form, save_all=True, append_images=[second])


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (encoded(NOISE, "JPEG"), Header("JPEG", *SIZE)),
        (encoded(NOISE.convert("RGB"), "JPEG", progressive=True), Header("JPEG", *SIZE, 10)),
        (encoded(NOISE.convert("CMYK"), "JPEG", comment=b"\xff\xda" * 9), Header("JPEG", *SIZE)),
        (encoded(NOISE, "JPEG", restart_marker_blocks=1), Header("JPEG", *SIZE)),
        (encoded(NOISE, "JPEG", exif=b"Exif\0\0" + bytes(60_000)), Header("JPEG", *SIZE)),
        (frames("MPO"), Header("JPEG", *SIZE)),
        (encoded(NOISE, "PNG"), Header("PNG", *SIZE)),
        (frames("PNG"), Header("PNG", *SIZE)),
        (encoded(NOISE, "GIF", comment=b"c" * 3_000), Header("GIF", *SIZE)),
        (frames("GIF"), Header("GIF", *SIZE)),
        (gif_that_says((10, 10), (30, 20)), Header("GIF", 30, 20)),
        (encoded(NOISE, "WEBP"), Header("WEBP", *SIZE)),
        (encoded(NOISE, "WEBP", lossless=True), Header("WEBP", *SIZE)),
        (frames("WEBP"), Header("WEBP", *SIZE)),
        (encoded(NOISE, "AVIF"), Header("AVIF", *SIZE)),
        (encoded(NOISE.convert("RGBA"), "AVIF"), Header("AVIF", *SIZE)),
        (frames("AVIF"), Header("AVIF", *SIZE)),
    ],
    ids=[
        "JPEG", "progressive", "a comment of markers", "restart markers", "long EXIF", "MPO", "PNG", "APNG",
        "GIF", "animated GIF", "GIF with a larger frame", "WebP", "lossless WebP", "animated WebP", "AVIF",
        "AVIF with alpha", "AVIF sequence",
    ],
)  # fmt: skip
def test_header_matches_what_the_decoder_reads(content, header):
    assert picture_headers.check(BytesIO(content)) == header
    with Picture.open(BytesIO(content)) as picture:
        assert picture.size == (header.width, header.height)


@pytest.mark.parametrize("scans", [20, picture_headers.MAX_JPEG_SCANS])
def test_scans_are_counted(scans):
    assert picture_headers.check(BytesIO(jpeg_with_scans(scans))).scans == scans


# Refusals

COSTLY = {
    "a 69-byte PNG": (png_header(1, 50_000_000), "tall"),
    "a lying strip": (png_header(50_000_000, 1), "wide"),
    "a wide JPEG": (jpeg_that_says(65_500, 700), "wide"),
    "a PNG of a terapixel": (png_header(2**31 - 1, 2**31 - 1), "many_pixels"),
    "a JPEG of four gigapixels": (jpeg_that_says(65_535, 65_535), "many_pixels"),
    "a GIF screen": (gif_that_says((65_535, 65_535), (8, 8)), "many_pixels"),
    "a GIF frame beyond its screen": (gif_that_says((8, 8), (65_535, 65_535)), "many_pixels"),
    "a WebP canvas": (webp_that_says(16_383, 16_383), "many_pixels"),
    "an AVIF": (avif_that_says(30_000, 30_000), "many_pixels"),
    "a standing AVIF": (avif_that_says(1, 40_000_000), "tall"),
    "41 scans": (jpeg_with_scans(41), "many_scans"),
    "3,000 scans": (jpeg_with_scans(3_000), "many_scans"),
}


@pytest.mark.parametrize(("content", "reason"), COSTLY.values(), ids=COSTLY)
def test_costly_picture_is_refused_by_its_header(content, reason):
    file = CountingFile(content)
    with pytest.raises(CostlyPicture) as refusal:
        picture_headers.check(file)
    assert refusal.value.reason == reason
    assert file.reads <= 150


JPEG_FRAME = encoded(NOISE, "JPEG")[2:]
UNREADABLE = {
    "nothing": b"",
    "a signature alone": b"\xff\xd8\xff",
    "a PNG signature alone": b"\x89PNG\r\n\x1a\n",
    "no pixels": png_header(0, 10),
    "HTML": b"<html><script>alert(1)</script></html>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "TIFF": encoded(NOISE, "TIFF"),
    "BMP": encoded(NOISE, "BMP"),
    "ICO": encoded(NOISE, "ICO"),
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "PDF before a JPEG": b"%PDF-1.4\n" + encoded(NOISE, "JPEG"),
    "an MP4 film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40),
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40),
    "a WAV": b"RIFF\x24\0\0\0WAVEfmt " + bytes(40),
    "two frames": encoded(NOISE, "JPEG")[:-2] + JPEG_FRAME,
    "a picture in a picture": encoded(NOISE, "JPEG")[:-2] + encoded(NOISE, "JPEG"),
    "a height to come later": jpeg_that_says(64, 0),
}
# The largest accepted file has room for millions of these parts, so reading must stop early.
MANY_PARTS = {
    "JPEG segments": lambda count: b"\xff\xd8" + b"\xff\xe1\0\2" * count + JPEG_FRAME,
    "JPEG segments without data": lambda count: b"\xff\xd8\xff\xe0\0\2" + b"\xff\x01" * count + JPEG_FRAME,
    "GIF extensions": lambda count: encoded(NOISE, "GIF")[:13] + b"\x21\xfe\0" * count,
    "GIF sub-blocks": lambda count: b"GIF89a\1\0\1\0\0\0\0\x21\xfe" + b"\1a" * count,
    "boxes": lambda count: b"\0\0\0\x10ftypavif\0\0\0\0" + b"\0\0\0\x08free" * count,
    "boxes in a box": lambda count: (
        b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\0meta\0\0\0\0" + b"\0\0\0\x08free" * count
    ),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_file_without_a_picture_header_is_refused(content):
    with pytest.raises(UnreadablePicture):
        picture_headers.check(BytesIO(content))


@pytest.mark.parametrize("parts", MANY_PARTS.values(), ids=MANY_PARTS)
def test_number_of_reads_does_not_grow_with_the_number_of_parts(parts):
    steps = []
    for count in (500_000, 1_000_000):
        file = CountingFile(parts(count))
        with pytest.raises(UnreadablePicture):
            picture_headers.check(file)
        steps.append(file.reads)
    assert steps[0] == steps[1] <= picture_headers.MAX_READS


def test_data_with_many_stuffed_bytes_is_read_once():
    start = encoded(NOISE, "JPEG")
    for count in (1_000_000, 2_000_000):
        file = CountingFile(start[:-2] + b"\xff\0" * count + b"\xff\xd9")
        assert picture_headers.check(file).scans == 1
        assert file.total < len(file.getvalue()) + 20 * 64 * 1024


@settings(max_examples=300)
@given(
    seed=st.sampled_from(
        [encoded(NOISE.convert("RGB"), form) for form in ("JPEG", "PNG", "GIF", "WEBP", "AVIF")]
    ),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8),
    end=st.integers(0, 3000),
)
def test_a_damaged_header_is_read_or_refused(seed, changes, end):
    content = bytearray(seed)
    for position, value in changes:
        content[position % len(content)] = value
    file = CountingFile(bytes(content[:end]))
    try:
        header = picture_headers.check(file)
    except (UnreadablePicture, CostlyPicture):
        return
    finally:
        assert file.reads <= picture_headers.MAX_READS
    assert 1 <= header.width * header.height <= picture_headers.MAX_PIXELS


def test_large_picture_within_the_limit_is_accepted():
    assert picture_headers.check(BytesIO(png_that_says(10_000, 5_000))) == Header("PNG", 10_000, 5_000)
