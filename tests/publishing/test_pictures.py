"""Uploaded pictures: metadata, orientation, colours, file names and refusals."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage, storages
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Picture
from PIL import ImageCms

from liveblog import publishing
from liveblog.models import Image
from liveblog.publishing import SYSTEM
from newsroom import picture_worker, pictures
from newsroom.picture_headers import CostlyPicture
from tests.factories import make_blog, make_update
from tests.hostile_pictures import (
    encoded,
    jpeg_with_scans,
    png_header,
    png_that_says,
    png_with,
    text_bomb,
    webp_that_says,
)

pytestmark = pytest.mark.usefixtures("in_english")

RED, GREEN, WHITE = (200, 30, 30), (30, 160, 60), (255, 255, 255)
UNREADABLE = "This file is not a picture that can be read: use JPEG, PNG, WebP, AVIF or GIF."
TOO_MANY_PIXELS = "The picture has more than 50 million pixels."
TOO_HIGH = "The picture is too high for its width: cut it into several."
TOO_WIDE = "The picture is too wide for its height: cut it into several."
TOO_MANY_SCANS = "This JPEG has too many progressive scans: save it again as an ordinary JPEG."


def upload(content: bytes, name: str = "picture.jpg") -> Image:
    with publishing.prepare_image(SimpleUploadedFile(name, content), by=SYSTEM) as prepared:
        return publishing.add_image(prepared, by=SYSTEM, alt="圖")


def public_renditions(image: Image) -> dict[str, Picture.Image]:
    """Publish the picture; return its widest public rendition in each format."""
    make_update(make_blog(), images=(image,))
    renditions = {}
    for extension in pictures.EXTENSIONS:
        with storages["public"].open(image.rendition_path(image.widths[-1], extension)) as file:
            renditions[extension] = Picture.open(BytesIO(file.read()))
            renditions[extension].load()
    return renditions


def stored_files(image: Image) -> dict[str, bytes]:
    """Publish the picture; return the content of all its private and public files by name."""
    make_update(make_blog(), images=(image,))
    contents = {}
    for storage in (default_storage, storages["public"]):
        names = [image.file.name] if storage is default_storage else []
        for width in image.widths:
            for extension in pictures.EXTENSIONS:
                path = image.rendition_path(width, extension)
                names.append(f"renditions/{path}" if storage is default_storage else path)
        for name in names:
            with storage.open(name) as file:
                contents[name] = file.read()
    return contents


def is_near(color: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    return all(abs(one - other) <= 6 for one, other in zip(color, expected, strict=True))


def photograph(orientation: int = 1) -> bytes:
    """Return a JPEG of 400 × 300 pixels, green on the left, with the metadata that phones write."""
    picture = Picture.new("RGB", (400, 300), RED)
    picture.paste(GREEN, (0, 0, 200, 300))
    exif = Picture.Exif()
    exif[0x0112] = orientation
    exif[0x010F], exif[0x013B] = "SecretCam", "Secret Source"
    exif.get_ifd(0x8825).update({1: "N", 2: (22.0, 18.0, 5.0), 3: "E", 4: (114.0, 10.0, 8.0)})
    xmp = b"<x:xmpmeta>Secret place</x:xmpmeta>"
    return encoded(picture, "JPEG", exif=exif, comment=b"Secret comment", xmp=xmp)


@pytest.mark.django_db(transaction=True)
def test_stored_files_contain_no_metadata():
    original = photograph()
    assert Picture.open(BytesIO(original)).getexif().get_ifd(0x8825)
    image = upload(original, "Secret Source 2026-03-19.jpg")
    files = stored_files(image)
    assert len(files) == 1 + 2 * 3 * len(image.widths)
    for name, content in files.items():
        assert "Secret" not in name
        assert b"Secret" not in content, name
        with Picture.open(BytesIO(content)) as picture:
            assert dict(picture.getexif()) == {}, name
            assert not {"exif", "xmp", "comment", "icc_profile"} & set(picture.info), name


@pytest.mark.django_db(transaction=True)
def test_rotated_picture_is_stored_upright():
    image = upload(photograph(orientation=6))
    assert (image.width, image.height, image.widths) == (300, 400, (300,))
    for extension, picture in public_renditions(image).items():
        assert picture.size == (300, 400), extension
        # The left half of the sensor is the upper half of the picture.
        colors = [picture.convert("RGB").getpixel(point) for point in ((150, 50), (150, 350))]
        assert is_near(colors[0], GREEN), extension
        assert is_near(colors[1], RED), extension


def palette_with_alpha() -> bytes:
    return encoded(Picture.new("RGBA", (64, 48), (255, 0, 0, 0)).quantize(4), "PNG")


def profile_that_does_not_fit() -> bytes:
    """Return a PNG whose colour profile is for another colour space than the picture's."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return encoded(Picture.new("RGB", (64, 48), RED), "PNG", icc_profile=profile)


def two_in_one(form: str) -> bytes:
    second = Picture.new("RGB", (64, 48), GREEN)
    return encoded(Picture.new("RGB", (64, 48), RED), form, save_all=True, append_images=[second])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("content", "color", "kept_as"),
    [
        (encoded(Picture.new("RGBA", (64, 48), (0, 0, 0, 0)), "PNG"), WHITE, "png"),
        (encoded(Picture.new("LA", (64, 48), (0, 0)), "PNG"), WHITE, "png"),
        (palette_with_alpha(), WHITE, "png"),
        (encoded(Picture.new("P", (64, 48), 0), "PNG", transparency=0), WHITE, "png"),
        (encoded(Picture.new("RGBA", (64, 48), (0, 0, 0, 0)), "WEBP"), WHITE, "jpg"),
        (encoded(Picture.new("RGBA", (64, 48), (0, 0, 0, 0)), "AVIF"), WHITE, "jpg"),
        (encoded(Picture.new("I;16", (64, 48), 40_000), "PNG"), (156, 156, 156), "png"),
        (encoded(Picture.new("1", (64, 48), 1), "PNG"), WHITE, "png"),
        (encoded(Picture.new("CMYK", (64, 48), (0, 255, 255, 0)), "JPEG"), (255, 0, 0), "jpg"),
        (profile_that_does_not_fit(), RED, "png"),
        (encoded(Picture.new("RGB", (1, 1), RED), "PNG"), RED, "png"),
        (two_in_one("GIF"), RED, "png"),
        (two_in_one("MPO"), RED, "jpg"),
    ],
    ids=[
        "transparent", "grey and transparent", "palette and alpha", "palette with a transparent entry",
        "transparent WebP", "transparent AVIF", "16 bits", "1 bit", "CMYK", "profile that does not fit",
        "one pixel", "animated", "two in one",
    ],
)  # fmt: skip
def test_every_kind_of_picture_keeps_its_appearance(content, color, kept_as):
    image = upload(content)
    assert image.file.name == f"originals/{image.key}/picture.{kept_as}"
    for extension, picture in public_renditions(image).items():
        assert picture.size == (image.width, image.height)
        assert getattr(picture, "n_frames", 1) == 1
        assert is_near(picture.convert("RGB").getpixel((0, 0)), color), extension


@pytest.mark.django_db(transaction=True)
def test_colours_are_converted_by_the_embedded_profile():
    """The embedded profile swaps red and blue, so a red picture must be rendered blue."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    for mode in ("RGB", "RGBA"):
        original = encoded(Picture.new(mode, (64, 48), (255, 0, 0)), "PNG", icc_profile=bytes(profile))
        for extension, picture in public_renditions(upload(original)).items():
            assert is_near(picture.convert("RGB").getpixel((0, 0)), (0, 0, 255)), (mode, extension)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd.jpg",
        "..\\..\\evil.jpg",
        "突發 現場（1）.jpg",
        "x" * 300 + ".jpg",
        "page.html",
        "?a=1&b=2#.jpg",
    ],
    ids=["path", "windows path", "Chinese", "long", "html", "query"],
)
def test_uploaded_file_name_is_not_used(name, client):
    image = upload(encoded(Picture.new("RGB", (64, 48), RED), "JPEG"), name)
    assert sorted(stored_files(image)) == sorted(
        [
            f"originals/{image.key}/picture.jpg",
            *(f"renditions/{image.key}/64.{extension}" for extension in pictures.EXTENSIONS),
            *(f"{image.key}/64.{extension}" for extension in pictures.EXTENSIONS),
        ]
    )
    blog = image.updates.get().blog
    page = client.get(f"/live/{blog.slug}/").content.decode()
    assert f"/media/{image.key}/64.jpg" in page
    assert client.get(f"/media/{image.key}/64.jpg")["Content-Type"] == "image/jpeg"
    assert client.get(f"/media/originals/{image.key}/picture.jpg").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_data_appended_to_a_picture_is_not_stored():
    page = b"<html><script>alert(1)</script></html>"
    image = upload(encoded(Picture.new("RGB", (64, 48), RED), "JPEG") + page, "page.html")
    assert [name for name, content in stored_files(image).items() if b"<script>" in content] == []


@pytest.mark.django_db
def test_wide_strip_is_accepted_and_high_strip_is_refused():
    assert upload(encoded(Picture.new("RGB", (20_000, 40), RED), "PNG")).widths == (320, 640, 1024, 1600)
    with pytest.raises(ValidationError, match="too high for its width"):
        upload(encoded(Picture.new("RGB", (40, 20_000), RED), "PNG"))


# Refusals


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", UNREADABLE),
        (lambda: b"<html><script>alert(1)</script></html>", UNREADABLE),
        (lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', UNREADABLE),
        (lambda: photograph()[:2000], UNREADABLE),
        (lambda: encoded(Picture.new("RGB", (64, 48)), "TIFF"), UNREADABLE),
        (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", UNREADABLE),
        (lambda: png_that_says(30_000, 30_000), TOO_MANY_PIXELS),
        (lambda: png_that_says(10_000, 6_000), TOO_MANY_PIXELS),
        (lambda: b"\x89PNG" + bytes(25 * 1024 * 1024), "The picture is larger than 25 MB."),
        (lambda: png_header(1, 50_000_000), TOO_HIGH),
        (lambda: png_header(50_000_000, 1), TOO_WIDE),
        (lambda: jpeg_with_scans(3_000), TOO_MANY_SCANS),
        (lambda: webp_that_says(16_000, 16_000), TOO_MANY_PIXELS),
        (lambda: png_with(*[text_bomb(b"zTXt", 1_000_000)] * 80), UNREADABLE),
        (lambda: png_with(text_bomb(b"iTXt", 20_000_000)), UNREADABLE),
    ],
    ids=[
        "nothing", "html", "svg", "truncated", "tiff", "postscript", "bomb", "small bomb", "large file",
        "69 bytes", "lying strip", "scans", "canvas", "texts", "one text",
    ],
)  # fmt: skip
def test_invalid_picture_is_refused_with_a_reason_and_leaves_no_file(make, reason):
    before = originals()
    with pytest.raises(ValidationError) as refusal:
        upload(make())
    assert refusal.value.messages == [reason]
    assert not Image.objects.exists()
    assert originals() == before


def originals() -> list[str]:
    return default_storage.listdir("originals")[0] if default_storage.exists("originals") else []


NOISE = Picture.effect_noise((48, 32), 60)
SEEDS = [
    photograph(),
    *(
        encoded(NOISE.convert(mode), form)
        for mode, form in [("RGB", "PNG"), ("P", "GIF"), ("RGB", "WEBP"), ("RGB", "AVIF")]
    ),
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_file_is_decoded_or_refused(tmp_path, seed, changes):
    damaged = bytearray(seed)
    for position, value in changes:
        damaged[position % len(damaged)] = value
    source = tmp_path / "upload"
    source.write_bytes(damaged)
    try:
        picture, extension = picture_worker.decode(source)
    except (CostlyPicture, *picture_worker.UNREADABLE):
        return
    assert picture.mode == "RGB"
    assert picture.info == {}
    assert extension in ("png", "jpg")
