"""Screenshots for the editors' handbook, in two languages, taken at the desk of the demo.

Test runs do not collect this file. To write `docs/desk-*.png`, run:

    make handbook
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from PIL import Image as Picture
from playwright.sync_api import Page, expect

from liveblog.models import LiveBlog, Update
from tests.desk.composing import wait_for_composer, write
from tests.desk.conftest import desk_path
from tests.environment import ROOT
from tests.factories import make_blog, make_person

# Screenshots are quantized to this many colours to keep the files small.
COLOURS = 96
SAVED_NOTICE = re.compile("is kept|已保存|已存|保留")
SCREEN = {"width": 1180, "height": 960}


def record(page: Page, name: str) -> None:
    picture = Picture.open(io.BytesIO(page.screenshot(animations="disabled", caret="initial")))
    small_picture = picture.convert("RGB").quantize(
        COLOURS, method=Picture.Quantize.MEDIANCUT, dither=Picture.Dither.NONE
    )
    small_picture.save(Path(ROOT, "docs", f"desk-{name}.png"), optimize=True)


def load_story() -> tuple[LiveBlog, Update, User]:
    """Load the demo; return its newest live blog, the latest update of that blog, and a colleague."""
    colleague = make_person("Editor", first_name="李欣")
    call_command("load_demo", verbosity=0)
    blog = LiveBlog.objects.live().newest_first().first()
    return blog, blog.updates.published().newest_first().first(), colleague


@pytest.mark.parametrize(("locale", "suffix"), [("en-GB", ""), ("zh-HK", ".zh-hant")])
def test_record(open_desk: Callable[..., Page], locale: str, suffix: str) -> None:
    blog, latest, colleague = load_story()
    editor = make_person("Editor", first_name="陳志明")
    open_desk(blog, user=colleague, query=f"?update={latest.pk}")
    page = open_desk(blog, user=editor, locale=locale, viewport=SCREEN)
    write(page, "全綫回復正常班次", "鐵路公司表示，接駁巴士於下午四時停止服務。")
    expect(page.locator(".row .mark-editing").first).to_be_visible()
    expect(page.locator("[data-autosave]")).to_contain_text(SAVED_NOTICE)
    record(page, f"composer{suffix}")
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    preview = page.frame_locator("[data-preview-dialog] iframe")
    page.locator("[data-edition=zh-hans]").click()
    expect(preview.locator("html")).to_have_attribute("lang", "zh-Hans")
    expect(preview.locator("li.update h3").first).to_be_visible()
    record(page, f"preview{suffix}")
    page.goto(f"{desk_path(blog)}?update={latest.pk}")
    wait_for_composer(page)
    expect(page.locator("[data-also-editing]")).to_be_visible()
    page.locator("#id_heading").fill(latest.heading.replace("40", "50"))
    expect(page.locator("[data-autosave]")).to_contain_text(SAVED_NOTICE)
    page.locator("[data-ask-open]").click()
    expect(page.locator("[data-ask-reason]")).to_be_visible()
    page.locator("#id_note").fill("隧道段限速應為50公里。")
    record(page, f"correction{suffix}")


COPY = """霧港大橋︱大霧下封橋 三車相撞（持續更新）
發佈時間：2025-03-18 17:14
霧港大橋今晨因大霧封閉，三車相撞，無人受傷。
【17:40】大橋單綫重開
警方說，往市區方向先行開放。
署長稍後會見記者
【13:20】拖車到場
三輛車已經拖走。
圖：消防員在橋上戒備
分享
【07:05】三車相撞
大霧下三車相撞，大橋封閉。
"""


@pytest.mark.parametrize(("locale", "suffix"), [("en-GB", ""), ("zh-HK", ".zh-hant")])
def test_record_import_preview(open_desk: Callable[..., Page], locale: str, suffix: str) -> None:
    blog = make_blog(is_live=False, language="zh-hant", headline="霧港大橋")
    page = open_desk(blog, role="Chief editor", locale=locale, viewport=SCREEN)
    page.goto(f"{desk_path(blog)}paste/")
    page.locator("#copy-text").fill(COPY)
    page.locator("form.paste .actions button").click()
    page.locator("#role-6").select_option("left-out")
    expect(page.locator("#role-6.is-chosen")).to_be_visible()
    page.set_viewport_size(SCREEN | {"height": 1280})
    page.evaluate("scrollTo(0, 0)")
    record(page, f"paste{suffix}")
