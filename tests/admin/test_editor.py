"""The rich text editor in a real browser, under the strict Content Security Policy."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from liveblog.models import Update
from tests.factories import make_blog, make_update


def editor_in(page: Page):
    # Exclude the textarea, which has the same accessible name until the editor replaces it.
    return page.get_by_role("textbox", name="Text:").and_(page.locator(".ProseMirror"))


def press_button(page: Page, icon: str) -> None:
    page.locator(".field-body .prose-menubar__button", has_text=icon).click()


def save(page: Page) -> None:
    page.locator("[name=_save]").click()
    page.wait_for_selector(".messagelist .success")


def test_rich_text_is_written_formatted_and_published(open_as_editor):
    page, blog = open_as_editor(), make_blog()
    policy = page.goto(f"/admin/liveblog/update/add/?blog={blog.pk}").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert re.search(r"style-src 'self'(;|$)", policy), policy

    page.fill("[name=heading]", "八號風球")
    editor = editor_in(page)
    editor.click()
    page.keyboard.type("天文台 ")
    page.keyboard.press("Control+b")
    page.keyboard.type("改發")
    page.keyboard.press("Control+b")
    page.keyboard.type(" 八號風球")
    page.keyboard.press("Enter")
    page.keyboard.type("- 停課")
    page.keyboard.press("Enter")
    page.keyboard.type("停航")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.keyboard.type("詳情")
    page.keyboard.press("Shift+Home")
    press_button(page, "insert_link")
    page.locator(".prose-editor-dialog [name=href]").fill("https://example.com/")
    page.locator(".prose-editor-dialog [type=submit]").click()
    expect(editor.get_by_role("link")).to_be_visible()
    # Without the editor's own style sheet, spaces collapse and the caret is misplaced.
    assert editor.evaluate("element => getComputedStyle(element).whiteSpaceCollapse") == "break-spaces"
    page.check("[name=action][value=publish]")
    save(page)

    update = Update.objects.get()
    assert update.is_published
    # The editor's link dialog leaves an empty title.
    assert update.body == (
        "<p>天文台 <strong>改發</strong> 八號風球</p>"
        "<ul><li><p>停課</p></li><li><p>停航</p></li></ul>"
        '<p><a href="https://example.com/" rel="noopener">詳情</a></p>'
    )


def test_all_markup_survives_an_edit(open_as_editor):
    body = (
        "<h3>小標</h3><p>一<u>二</u><s>三</s><em>四</em><code>五</code>H<sub>2</sub>O<sup>3</sup><br>換行</p>"
        "<blockquote><p>引文</p></blockquote><ol><li><p>其一</p></li></ol><hr><pre><code>碼</code></pre>"
        '<table><tbody><tr><th colspan="2"><p>頭</p></th></tr><tr><td><p>格</p></td><td><p>格</p></td></tr>'
        '</tbody></table><p><a href="https://example.com/" rel="noopener">鏈</a></p>'
    )
    update = make_update(make_blog(), body=body)
    page = open_as_editor()
    page.goto(f"/admin/liveblog/update/{update.pk}/change/")
    editor_in(page).click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("新")
    save(page)
    update.refresh_from_db()
    assert update.body == body.replace("小標", "新小標")


def test_table_is_inserted(open_as_editor):
    page, blog = open_as_editor(), make_blog()
    page.goto(f"/admin/liveblog/update/add/?blog={blog.pk}")
    editor_in(page).click()
    press_button(page, "grid_on")
    page.locator(".prose-editor-dialog [type=submit]").click()
    expect(editor_in(page).get_by_role("table")).to_be_visible()
    save(page)
    assert Update.objects.get().body.startswith("<table><tbody><tr><td>")


def test_text_is_written_without_javascript(open_as_editor):
    page, blog = open_as_editor(java_script_enabled=False), make_blog()
    page.goto(f"/admin/liveblog/update/add/?blog={blog.pk}")
    page.fill("textarea[name=body]", "第一段\n第二段")
    page.check("[name=action][value=publish]")
    save(page)
    assert Update.objects.get().body == "<p>第一段</p><p>第二段</p>"
