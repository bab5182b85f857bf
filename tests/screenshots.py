"""Screenshots of every page, for review by eye: `make screenshots` writes them to var/screenshots.

Each page is captured at four widths, light and dark, in each language that it has; and once more on the
narrowest phone with text at twice the size. Test runs do not collect this file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import FloatRect, Page

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM
from newsroom import hongkong
from tests.conftest import Server
from tests.desk.composing import COPY, wait_for_composer
from tests.desk.conftest import desk_path
from tests.environment import ROOT
from tests.factories import make_blog, make_long_blog, make_person, make_update
from tests.stories import make_election_night

FOLDER: Final = ROOT / "var" / "screenshots"
WIDTHS: Final = {375: 812, 768: 1024, 1280: 900, 1600: 1000}
SCHEMES: Final = ("light", "dark")
NARROWEST: Final = {"width": 320, "height": 640}
# Long pages are cropped, because the rest looks the same.
MOST_PIXELS: Final = 4_000
# URL prefixes of reader pages, and browser languages for newsroom pages.
EDITIONS: Final = {"zh-hant": "", "zh-hans": "/zh-hans", "en": "/en"}
LOCALES: Final = {"zh-hant": "zh-HK", "zh-hans": "zh-CN", "en": "en-GB"}


def make_stories() -> dict[str, LiveBlog]:
    call_command("load_demo", verbosity=0)
    one = make_blog(slug="one-update", kicker="地震", headline="台東發生6.1級地震")
    make_update(one, "氣象署：震央在近海", happened_at=hongkong.now())
    withdrawn = make_blog(slug="withdrawn", headline="不實消息")
    publishing.withdraw_blog(withdrawn, by=SYSTEM)
    return {
        "election": make_election_night(),
        "long": make_long_blog("typhoon", 2_000, 40, kicker="颱風", headline="八號烈風或暴風信號現正生效"),
        "english": make_blog(
            slug="storm-en", language="en", kicker="Typhoon", headline="Signal No 8 in force"
        ),
        "ended": LiveBlog.objects.ended().first() or one,
        "one": one,
        "empty": make_blog(slug="empty", headline="署長稍後會見記者"),
    }


def reader_pages(stories: dict[str, LiveBlog], language: str) -> Iterable[tuple[str, str]]:
    """Yield the names and addresses of the public pages in a language."""
    edition = EDITIONS[language]
    words = quote("信號") if language != "en" else "signal"
    yield "front", f"{edition}/"
    yield "topic", f"{edition}{LiveBlog.objects.ended().first().topics.first().get_absolute_url()}"
    yield "search", f"{edition}/search/"
    yield "search-found", f"{edition}/search/?q={words}"
    yield "search-nothing", f"{edition}/search/?q=zzzz"
    yield "not-found", f"{edition}/nowhere/"
    blogs = (
        {"live-english": stories["english"]}
        if language == "en"
        else {
            "live-long": stories["long"],
            "live-election": stories["election"],
            "live-one": stories["one"],
            "live-empty": stories["empty"],
            "live-ended": stories["ended"],
        }
    )
    edition = "" if language == "en" else edition
    for name, blog in blogs.items():
        yield name, f"{edition}/live/{blog.slug}/"
    for blog in list(blogs.values())[:1]:
        update = blog.updates.published().newest_first()[blog.updates.count() // 2]
        yield "older", f"{edition}/live/{blog.slug}/?before={update.pk}"
        yield "permalink", f"{edition}/live/{blog.slug}/{update.pk}/"
        yield "embed", f"{edition}/embed/{blog.slug}/"
        yield "key-events", f"{edition}/live/{blog.slug}/key-events/"
    if language != "en":
        yield "respond", f"{edition}/live/election/respond/"
        yield "corrections", f"{edition}/live/election/corrections/"
        yield "gone", f"{edition}/live/withdrawn/"


def newsroom_pages(stories: dict[str, LiveBlog]) -> Iterable[tuple[str, str]]:
    """Yield the names and addresses of the desk and the admin."""
    desk = desk_path(stories["election"])
    corrected = Update.objects.get(revisions__kind="correction", blog=stories["election"])
    yield "today", "/admin/"
    yield "desk", desk
    yield "desk-update", f"{desk}?update={corrected.pk}"
    yield "desk-empty", desk_path(stories["empty"])
    yield "paste", f"{desk_path(stories['empty'])}paste/"
    yield "history", f"{desk}updates/{corrected.pk}/history/"
    yield "withdraw", f"{desk}coverage/withdraw/"
    yield "blog-form", f"/admin/liveblog/liveblog/{stories['election'].pk}/change/"
    for model in ("liveblog", "update", "readerresponse", "image", "partner"):
        yield f"list-{model}", f"/admin/liveblog/{model}/"
    yield "security", "/admin/access/"
    yield "admin-not-found", "/admin/nowhere/"


def take(page: Page, name: str, language: str) -> None:
    """Capture the open page at each width, light and dark, and on the narrowest phone with large text."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            shoot(page, f"{name}-{language}-{width}-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROWEST)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    shoot(page, f"{name}-{language}-{NARROWEST['width']}-large")


def shoot(page: Page, name: str) -> None:
    # Pictures load lazily, and parts that are off screen are not laid out before they are needed.
    page.evaluate("document.querySelectorAll('img').forEach((image) => { image.loading = 'eager' })")
    page.wait_for_load_state("load")
    size = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    clip = FloatRect(x=0, y=0, width=size[0], height=min(size[1], MOST_PIXELS))
    page.screenshot(path=FOLDER / f"{name}.png", full_page=True, clip=clip, animations="disabled")


@pytest.fixture
def stories(transactional_db: None) -> dict[str, LiveBlog]:
    make_person("Chief editor")
    FOLDER.mkdir(parents=True, exist_ok=True)
    return make_stories()


@pytest.mark.parametrize("language", EDITIONS)
def test_readers(
    server: Server, new_page: Callable, console_errors: list[str], stories, language: str
) -> None:
    page = new_page(base_url=server.url)
    if language == "en":
        make_update(stories["english"], "Signal No 8 raised", happened_at=hongkong.now())
    for name, path in reader_pages(stories, language):
        page.goto(path)
        take(page, name, language)
    for index in range(30):
        blog = make_blog(slug=f"running-{index}", kicker="選舉", headline=f"第{index + 1}區點票 差距收窄")
        make_update(blog, f"第{index + 1}個票站完成點票", happened_at=hongkong.now())
    page.goto(f"{EDITIONS[language]}/")
    take(page, "front-of-30", language)
    # Missing and withdrawn pages are reviewed too.
    console_errors.clear()


@pytest.mark.parametrize("language", EDITIONS)
def test_newsroom(
    open_signed_in: Callable,
    new_page: Callable,
    server: Server,
    console_errors: list[str],
    stories,
    language: str,
) -> None:
    page = new_page(base_url=server.url, locale=LOCALES[language])
    page.goto("/admin/login/")
    take(page, "sign-in", language)
    chief: User = make_person("Chief editor", "Syndication manager", first_name="陳志明", is_superuser=True)
    page = open_signed_in(chief, locale=LOCALES[language])
    for name, path in newsroom_pages(stories):
        page.goto(path)
        if name.startswith("desk"):
            wait_for_composer(page)
        take(page, name, language)
        if name == "paste":
            page.goto(path)
            page.locator("#copy-text").fill(COPY)
            page.locator("form.paste .actions button").click()
            page.wait_for_load_state("load")
            take(page, "paste-preview", language)
    console_errors.clear()
