"""Icons and the manifest: what browsers, phones and feed readers ask for beside the page."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from lxml import html as markup
from PIL import Image

from tests.factories import make_blog

pytestmark = pytest.mark.django_db


def head_of(client, path: str) -> dict[str, list[str]]:
    """Addresses of the page's links by their relation."""
    links: dict[str, list[str]] = {}
    for link in markup.fromstring(client.get(path).content.decode()).iter("link"):
        links.setdefault(link.get("rel"), []).append(link.get("href"))
    return links


def body_of(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_icons_stand_where_browsers_and_phones_look_for_them(client):
    favicon = client.get("/favicon.ico")
    assert favicon.status_code == 200
    assert Image.open(BytesIO(body_of(favicon))).info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    touch_icon = Image.open(BytesIO(body_of(client.get("/apple-touch-icon.png"))))
    # iOS draws what is transparent black.
    assert (touch_icon.size, touch_icon.mode) == ((180, 180), "RGB")


def size_of(picture: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(picture)).size


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_pages_name_their_icons_and_their_manifest(client, prefix):
    make_blog(slug="storm")
    for path in (f"{prefix}/", f"{prefix}/live/storm/"):
        links = head_of(client, path)
        assert links["icon"] == ["/favicon.ico", "/static/icon.svg"]
        assert links["apple-touch-icon"] == ["/apple-touch-icon.png"]
        assert links["manifest"] == [f"{prefix}/manifest.webmanifest"]


@pytest.mark.parametrize(("prefix", "language"), [("", "zh-Hant-HK"), ("/zh-hans", "zh-Hans")])
def test_the_manifest_has_the_sites_name_and_icons_that_can_be_masked(client, prefix, language):
    answer = client.get(f"{prefix}/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["name"], manifest["lang"]) == ("Newsroom", language)
    assert client.get(manifest["start_url"]).status_code == 200
    assert manifest["start_url"] == f"{prefix}/"
    sizes = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert sizes >= {(f"{size}x{size}", use) for size in (192, 512) for use in ("any", "maskable")}
    for icon in manifest["icons"]:
        file = Path(finders.find(icon["src"].removeprefix("/static/")))
        if icon["type"] == "image/png":
            assert "{}x{}".format(*size_of(file.read_bytes())) == icon["sizes"]
    again = client.get(f"{prefix}/manifest.webmanifest", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_what_is_cut_off_a_maskable_icon_is_ground_alone():
    """https://www.w3.org/TR/appmanifest/#icon-masks: a circle of two fifths of the width is always shown."""
    icon = Image.open(BytesIO(Path(finders.find("icons/maskable-512.png")).read_bytes())).convert("RGB")
    ground = icon.getpixel((0, 0))
    outside = [
        icon.getpixel((x, y))
        for x in range(512)
        for y in range(512)
        if (x - 255.5) ** 2 + (y - 255.5) ** 2 > (0.4 * 512) ** 2
    ]
    assert set(outside) == {ground}


def test_a_browser_finds_nothing_wrong_with_the_manifest(server, page):
    page.goto(server.url)
    session = page.context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Playwright's profiles are incognito.
    assert [error["errorId"] for error in errors] == ["in-incognito"]
