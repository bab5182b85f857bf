"""The preview: what readers will get, in their own template, on a phone, in each script; nothing is saved."""

from __future__ import annotations

from playwright.sync_api import Frame, Page, expect

from liveblog import publishing
from liveblog.models import Change, Revision, Update
from liveblog.publishing import SYSTEM, Content
from tests.desk.composing import forget_refusals
from tests.factories import make_blog, make_image, make_update
from tests.waiting import wait_for

VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def shown_in(page: Page, heading: str) -> Frame:
    """The preview's frame, once it shows this heading."""
    expect(page.frame_locator("[data-preview-dialog] iframe").locator("li.update h3")).to_have_text(heading)
    return page.frame(name="preview")


def test_the_preview_is_the_readers_own_page_at_phone_width_in_each_edition_and_saves_nothing(open_desk):
    blog = make_blog(headline="頭條")
    image = make_image(alt="海旁巨浪", credit="陳大文")
    draft = publishing.draft_update(
        blog, Content("稿", "<p>稿</p>", images=(image,), verification="unconfirmed"), by=SYSTEM
    )
    before = list(Update.objects.values())
    page = open_desk(blog, query=f"?update={draft.pk}")
    page.locator("#id_heading").fill("頭髮花白的長者獲救")
    page.locator("#id_source").fill("消防處")
    page.locator("#id_embed").fill(VIDEO)
    page.get_by_role("button", name="Preview").click()
    frame = shown_in(page, "頭髮花白的長者獲救")
    assert frame.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [375, 375]
    assert frame.evaluate("document.documentElement.lang") == "zh-Hant-HK"
    expect(frame.locator(".mark-unconfirmed")).to_have_text("未經證實")
    expect(frame.locator(".update-foot")).to_contain_text("消防處")
    expect(frame.locator(f'.embed a[href="{VIDEO}"]')).to_be_visible()
    picture = frame.locator("figure img")
    expect(picture).to_have_attribute("alt", "海旁巨浪")
    picture.scroll_into_view_if_needed()
    wait_for(lambda: picture.evaluate("image => image.naturalWidth"))
    page.get_by_role("button", name="Simplified Chinese").click()
    frame = shown_in(page, "头发花白的长者获救")
    expect(page.get_by_role("button", name="Simplified Chinese")).to_have_attribute("aria-pressed", "true")
    assert frame.evaluate("document.documentElement.lang") == "zh-Hans"
    expect(frame.locator(".mark-unconfirmed")).to_have_text("未经证实")
    expect(frame.locator(".converted")).to_contain_text("机器")
    assert frame.evaluate("document.body.textContent.match(/[頭髮長獲證實處過經]/g)") is None
    page.keyboard.press("Escape")
    expect(page.locator("[data-preview-dialog]")).to_be_hidden()
    expect(page.locator("#id_heading")).to_have_value("頭髮花白的長者獲救")
    assert (list(Update.objects.values()), Revision.objects.count()) == (before, 0)
    assert not Change.objects.filter(update=draft).exists()


def test_the_preview_shows_a_live_update_with_its_corrections_and_says_what_is_wrong(
    open_desk, console_errors
):
    blog = make_blog(language="en")
    update = make_update(blog, "Three hurt", body="<p>The fire service says.</p>")
    publishing.correct_update(
        update, Content("Five hurt", update.body, update.happened_at), by=SYSTEM, note="It was five."
    )
    page = open_desk(blog, query=f"?update={update.pk}")
    page.get_by_role("button", name="Preview").click()
    frame = shown_in(page, "Five hurt")
    expect(frame.locator(".corrections")).to_contain_text("It was five.")
    expect(page.locator("[data-preview-editions] button")).to_have_text(["English"])
    page.keyboard.press("Escape")
    page.locator("[data-more]").evaluate("details => { details.open = true; }")
    page.locator("#id_bylines").fill("Nobody")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("[data-preview-dialog] iframe").locator("body")).to_contain_text(
        "There is no byline “Nobody” yet."
    )
    forget_refusals(console_errors, 422)
