"""Icons and the web app manifest that browsers, phones and feed readers request."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from lxml import html as markup
from PIL import Image
from playwright.sync_api import Browser

from tests import chromium
from tests.factories import make_blog

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def head_of(client, path: str) -> dict[str, list[str]]:
    """Return the URLs of the page's link elements by relation."""
    links: dict[str, list[str]] = {}
    for link in markup.fromstring(client.get(path).content.decode()).iter("link"):
        links.setdefault(link.get("rel"), []).append(link.get("href"))
    return links


def body_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_icons_are_served_at_their_well_known_paths(client):
    favicon = client.get("/favicon.ico")
    assert favicon.status_code == 200
    assert Image.open(BytesIO(body_of(favicon))).info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    touch_icon = Image.open(BytesIO(body_of(client.get("/apple-touch-icon.png"))))
    # iOS draws transparent pixels black, so the icon has no alpha channel.
    assert (touch_icon.size, touch_icon.mode) == ((180, 180), "RGB")


def size_of(picture: bytes) -> tuple[int, int]:
    return Image.open(BytesIO(picture)).size


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
def test_pages_link_to_their_icons_and_manifest(client, prefix):
    make_blog(slug="storm")
    for path in (f"{prefix}/", f"{prefix}/live/storm/"):
        links = head_of(client, path)
        assert links["icon"] == ["/favicon.ico", "/static/icon.svg"]
        assert links["apple-touch-icon"] == ["/apple-touch-icon.png"]
        assert links["manifest"] == [f"{prefix}/manifest.webmanifest"]


@pytest.mark.parametrize(("prefix", "language"), [("", "zh-Hant-HK"), ("/zh-hans", "zh-Hans")])
def test_manifest_has_the_site_name_and_maskable_icons(client, prefix, language):
    response = client.get(f"{prefix}/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    manifest = response.json()
    assert (manifest["name"], manifest["lang"]) == ("Newsroom", language)
    assert client.get(manifest["start_url"]).status_code == 200
    assert manifest["start_url"] == f"{prefix}/"
    sizes = {(icon["sizes"], icon.get("purpose", "any")) for icon in manifest["icons"]}
    assert sizes >= {(f"{size}x{size}", use) for size in (192, 512) for use in ("any", "maskable")}
    for icon in manifest["icons"]:
        file = Path(finders.find(icon["src"].removeprefix("/static/")))
        if icon["type"] == "image/png":
            assert "{}x{}".format(*size_of(file.read_bytes())) == icon["sizes"]
    again = client.get(f"{prefix}/manifest.webmanifest", headers={"If-None-Match": response["ETag"]})
    assert again.status_code == 304


def test_maskable_icon_has_only_background_outside_the_safe_zone():
    """Check every pixel outside the safe zone, a circle whose radius is two fifths of the icon's width.

    See https://www.w3.org/TR/appmanifest/#icon-masks.
    """
    icon = Image.open(BytesIO(Path(finders.find("icons/maskable-512.png")).read_bytes())).convert("RGB")
    background = icon.getpixel((0, 0))
    outside = [
        icon.getpixel((x, y))
        for x in range(512)
        for y in range(512)
        if (x - 255.5) ** 2 + (y - 255.5) ** 2 > (0.4 * 512) ** 2
    ]
    assert set(outside) == {background}


@pytest.fixture
def full_browser(browser: Browser) -> Iterator[Browser]:
    """Yield the full Chromium: the headless shell does not decide whether a site can be installed."""
    executable = chromium.find_chromium()
    if not executable:
        pytest.skip("There is no full Chromium on this machine.")
    instance = browser.browser_type.launch(executable_path=executable, args=chromium.ARGUMENTS)
    yield instance
    instance.close()


def test_browser_reports_no_errors_in_the_manifest(server, page, full_browser):
    page.goto(server.url)
    session = page.context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    installable = full_browser.new_page()
    installable.goto(server.url)
    session = installable.context.new_cdp_session(installable)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Playwright's profiles are incognito, so this error is expected.
    assert [error["errorId"] for error in errors] == ["in-incognito"]
