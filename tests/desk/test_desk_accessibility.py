"""Accessibility of the desk in each state, language, width and colour scheme, and the size of its scripts."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM, Content, Story
from tests.desk.composing import forget_refusals, wait_for_composer
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_image, make_person, make_update
from tests.waiting import wait_for

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 375, "height": 667}
NO_ANIMATION_RUNS = "document.getAnimations().every(({ playState }) => playState !== 'running')"
MAX_SCRIPT_BYTES = 220 * 1024
COPY = """燈塔︱百年燈塔重新亮燈|持續更新
2026-03-19 10:00
修復工程完成。
19日最新消息
修復是否完成?
未有答案。
相關新聞: 修復工程全紀錄
"""


def make_covered_blog() -> tuple[LiveBlog, Update]:
    """Return a blog with filled queues and with updates of every mark, and its corrected update."""
    blog = make_blog(language="zh-hant", headline="八號信號生效", kicker="風暴", has_responses=True)
    for i in range(20):
        make_update(blog, f"第{i}則", verification="unconfirmed" if i == 3 else "", is_key_event=i == 4)
    corrected = make_update(blog, "三人受傷", images=(make_image(),), stories=(Story("待連結"),))
    content = Content("五人受傷", "<p>改</p>", corrected.happened_at, stories=(Story("待連結"),))
    publishing.correct_update(corrected, content, by=SYSTEM, note="應為五人")
    publishing.edit_update(corrected, replace(content, heading="五人輕傷"), by=SYSTEM)
    publishing.pin_update(corrected, by=SYSTEM)
    publishing.withdraw_update(make_update(blog, "誤報"), by=SYSTEM, reason="錯")
    publishing.draft_update(blog, Content("稿"), by=SYSTEM)
    publishing.schedule_update(blog, Content("明日"), timezone.now() + timedelta(days=1), by=SYSTEM)
    publishing.submit_response(blog, name="讀者", text="請保重")
    return blog, corrected


def violations(page: Page, state: str) -> Iterator[str]:
    """Yield axe violations in the dark scheme on a phone, for English also in the light scheme on a desktop.

    Also yield a message if the page is wider than the phone.
    """
    is_english = page.evaluate("document.documentElement.lang") == "en"
    for scheme, viewport in [("light", WIDE)] * is_english + [("dark", NARROW)]:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        # The admin animates the change of colours, and axe would measure the contrast halfway.
        wait_for(lambda: page.evaluate(NO_ANIMATION_RUNS))
        results = Axe().run(page)
        for violation in results.response["violations"]:
            for node in violation["nodes"]:
                yield f"{state}, {scheme}: {violation['id']}: {node['html']}"
    if page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
        yield f"{state} is wider than a phone"
    page.set_viewport_size(WIDE)


@pytest.mark.parametrize("locale", ["en-GB", "zh-HK", "zh-CN"])
def test_axe_finds_no_violation_in_any_state_of_the_desk(open_desk, console_errors, locale):
    blog, corrected = make_covered_blog()
    editor = make_person("Chief editor")
    problems: list[str] = []
    page = open_desk(make_blog(is_live=False), user=editor, locale=locale)
    problems += violations(page, "an empty desk")
    page.goto(desk_path(blog))
    wait_for_composer(page)
    page.locator("[data-more] > summary").click()
    page.locator("[data-schedule] > summary").click()
    page.locator("[data-key-withdraw] > summary").first.click()
    problems += violations(page, "a full desk with its timeline")
    for queue in ("scheduled", "withdrawn", "responses", "unresolved", "drafts"):
        page.locator(f"[data-queue-tab={queue}]").click()
        expect(page.locator(".queue-item")).to_have_count(1)
        if queue in ("responses", "drafts"):
            problems += violations(page, f"a full desk with {queue}")
    page.locator("[data-picture-choose]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
    )
    page.locator("#story-search").fill("https://example.com/story")
    expect(page.locator("#story-found [role=option]")).to_have_count(1)
    problems += violations(page, "a picture to describe, a story found")
    page.locator("#story-search").press("Escape")
    page.locator("[data-picture-remove]").first.click()
    page.locator("#id_heading").fill("號外")
    for dialog, key in (("keys", "?"), ("preview", "v")):
        page.locator("#id_heading").blur()
        page.keyboard.press(key)
        expect(page.locator(f"[data-{dialog}-dialog]")).to_be_visible()
        problems += violations(page, f"the dialog of {dialog}")
        page.keyboard.press("Escape")
    page.goto(f"{desk_path(blog)}?update={corrected.pk}")
    wait_for_composer(page)
    page.locator("[data-ask-open]").click()
    page.locator("[data-action=correct]").click()
    page.locator("[data-ask-send]").click()
    expect(page.locator("#note-error")).to_be_visible()
    forget_refusals(console_errors, 422)
    problems += violations(page, "a live update, with a refusal")
    publishing.edit_update(corrected, Content("他人改動", "<p>改</p>", corrected.happened_at), by=SYSTEM)
    page.locator("#id_note").fill("更正")
    page.locator("[data-ask-send]").click()
    expect(page.locator("[data-conflict-dialog]")).to_be_visible()
    forget_refusals(console_errors, 409)
    problems += violations(page, "the dialog of a conflict")
    page.goto(f"{desk_path(blog)}updates/{corrected.pk}/history/")
    page.locator("details summary").first.click()
    problems += violations(page, "a history")
    page.goto(f"{desk_path(blog)}paste/")
    problems += violations(page, "the page to paste")
    page.locator("#copy-text").fill(COPY)
    page.locator(".actions button").click()
    expect(page.locator(".doubts")).to_be_visible()
    problems += violations(page, "what copy is understood as")
    # The following pages answer form posts without JavaScript.
    page.goto(f"{desk_path(blog)}?update={corrected.pk}&new")
    publishing.edit_update(corrected, Content("再改", "<p>改</p>", corrected.happened_at), by=SYSTEM)
    post_as_without_javascript(page, "edit")
    expect(page.locator("form[data-overwrite]")).to_be_visible()
    problems += violations(page, "the page of a conflict")
    page.goto(f"{desk_path(blog)}?new")
    page.locator("#id_heading").fill("號外")
    page.context.clear_cookies(name="sessionid")
    post_as_without_javascript(page, "publish")
    expect(page.locator("textarea[name=heading]")).to_have_value("號外")
    problems += violations(page, "the page of who was signed out")
    forget_refusals(console_errors, 401, 409)
    assert problems == [], "\n".join(problems)


def post_as_without_javascript(page: Page, action: str) -> None:
    """Submit the composer's form without running the desk's submit handlers."""
    with page.expect_navigation():
        page.evaluate(
            """action => {
              const form = document.getElementById("composer");
              form.append(Object.assign(document.createElement("input"), { name: "action", value: action }));
              form.submit();
            }""",
            action,
        )


def test_desk_scripts_stay_within_the_size_budget(open_desk):
    page = open_desk(make_blog())
    sizes: dict[str, int] = {}

    def measure(response) -> None:
        if response.request.resource_type == "script":
            sizes[response.url] = len(gzip.compress(response.body()))

    page.on("response", measure)
    page.reload()
    wait_for_composer(page)
    page.wait_for_load_state("load")
    assert any("editor" in url for url in sizes), sizes
    assert any("desk/desk" in url for url in sizes), sizes
    assert sum(sizes.values()) <= MAX_SCRIPT_BYTES, sizes
