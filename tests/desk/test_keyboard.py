"""Keyboard operation of the desk, the list of shortcuts, and the switch for single-key shortcuts."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from liveblog.models import Update
from tests.desk.composing import CHORD, open_readers_page, wait_for_composer
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person, make_update


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, name: str, max_presses: int = 12) -> None:
    """Press Tab until the focused element has this label or text; raise AssertionError if none has."""
    for _ in range(max_presses):
        page.keyboard.press("Tab")
        if (
            page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).innerText").strip()
            == name
        ):
            return
    raise AssertionError(f"{max_presses} times Tab did not lead to “{name}”")


def test_sign_in_publish_correct_and_withdraw_work_by_keyboard_alone(server, new_page):
    # The server runs with the production hashers and cannot read hashes of the fast test hasher.
    password = PBKDF2PasswordHasher().encode("correct horse battery", "salt")
    blog, editor = make_blog(), make_person("Editor", password=password)
    reader = open_readers_page(new_page(), server.url, blog)
    page = new_page(locale="en-GB")
    page.goto(server.url + desk_path(blog))
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type(editor.username)
    press(page, "Tab")
    page.keyboard.type("correct horse battery")
    press(page, "Enter")
    # After sign-in the desk opens with the caret in the composer.
    wait_for_composer(page)
    expect(page.locator("#id_heading")).to_be_focused()
    page.keyboard.insert_text("三人受傷")
    press(page, "Enter")
    page.keyboard.insert_text("消防處公布三人受傷。")
    press(page, CHORD)
    expect(reader.locator("li.update h3")).to_have_text("三人受傷")
    expect(page.locator(".row")).to_have_count(1)
    # Escape moves the focus to the row, and "e" opens its update in the composer.
    press(page, "Escape")
    expect(page.locator(".row")).to_be_focused()
    press(page, "e")
    page.wait_for_url("**?update=*")
    wait_for_composer(page)
    expect(page.locator("#id_heading")).to_be_focused()
    press(page, "End", "Shift+Home")
    page.keyboard.insert_text("五人受傷")
    press(page, CHORD)
    expect(page.locator("[data-ask-title]")).to_be_focused()
    press(page, "c")
    expect(page.locator("#id_note")).to_be_focused()
    page.keyboard.insert_text("應為五人。")
    press(page, CHORD)
    expect(reader.locator(".corrections")).to_contain_text("應為五人。")
    page.wait_for_url("**?new")
    wait_for_composer(page)
    # "m" marks the update as a key event, "p" pins it, and "w" withdraws it.
    press(page, "Escape")
    expect(page.locator(".row")).to_be_focused()
    press(page, "m")
    expect(page.locator(".row .mark-key")).to_be_visible()
    expect(page.locator(".row")).to_be_focused()
    press(page, "p")
    expect(reader.locator(".pinned h3")).to_have_text("五人受傷")
    expect(page.locator(".row .mark-pinned")).to_be_visible()
    press(page, "w")
    expect(page.locator(".row [name=reason]")).to_be_focused()
    press(page, "Escape")
    expect(page.locator(".row")).to_be_focused()
    press(page, "w")
    page.keyboard.insert_text("來源撤回聲明")
    press(page, "Enter")
    expect(reader.locator("li.update .tombstone")).to_be_visible()
    expect(page.locator(".row .mark-withdrawn")).to_be_visible()
    kinds = list(Update.objects.get().revisions.order_by("pk").values_list("kind", "note"))
    assert kinds == [("published", ""), ("correction", "應為五人。"), ("withdrawn", "來源撤回聲明")]
    press(page, "h")
    expect(page.locator(".history-note")).to_have_text(["來源撤回聲明", "應為五人。"])


def test_keys_move_through_the_timeline_and_the_queues(open_desk):
    blog = make_blog()
    rows = [make_update(blog, f"第{i}則") for i in range(3)]
    page = open_desk(blog)
    press(page, "Escape")
    for key, row in (("j", rows[1]), ("j", rows[0]), ("j", rows[0]), ("k", rows[1])):
        press(page, key)
        expect(page.locator(f"#row-{row.pk}")).to_be_focused()
    press(page, "4")
    expect(page.locator("[data-queue-tab=withdrawn]")).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-queue-panel]")).to_contain_text("Nothing was withdrawn.")
    press(page, "v")
    expect(page.locator("[data-preview-dialog]")).to_be_visible()
    press(page, "Escape", "n")
    expect(page.locator("#id_heading")).to_be_focused()


def test_question_mark_lists_the_shortcuts_and_they_can_be_disabled(open_desk):
    page = open_desk(make_blog())
    keys = page.locator("[data-keys-dialog]")
    # In the heading and in the text, the key types a question mark.
    page.keyboard.type("n?")
    press(page, "Enter")
    page.keyboard.type("why?")
    expect(page.locator("#id_heading")).to_have_value("n?")
    expect(page.locator(".tiptap")).to_have_text("why?")
    expect(keys).to_be_hidden()
    press(page, "Escape", "?")
    expect(keys).to_be_visible()
    expect(keys.locator("dt")).to_have_count(16)
    assert keys.locator("dd").all_inner_texts()[:2] == [
        "Publish, or send to the editors, or save the change",
        "Save as a draft",
    ]
    tab_to(page, "Single-key shortcuts on")
    press(page, "Space", "Escape")
    expect(keys).to_be_hidden()
    # Discard the text; otherwise the reloaded page would restore it together with the focus.
    page.locator("[data-discard]").press("Enter")
    expect(page.locator("#id_heading")).to_have_value("")
    for _ in range(2):
        press(page, "Escape", "?", "n")
        expect(keys).to_be_hidden()
        expect(page.locator("#id_heading")).not_to_be_focused()
        # The shortcuts stay off after a reload.
        page.reload()
        wait_for_composer(page)
        expect(page.locator("#id_heading")).to_be_focused()
    # The button still opens the list while single-key shortcuts are off.
    page.locator("[data-menu] > summary").press("Enter")
    page.locator("[data-keys-open]").press("Enter")
    expect(keys).to_be_visible()
    expect(keys.get_by_role("checkbox")).not_to_be_checked()
    keys.get_by_role("checkbox").press("Space")
    press(page, "Escape", "?")
    expect(keys).to_be_visible()
