"""Two people at one desk: presence without locks, and a page that does not move while somebody types."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Presence, Update
from liveblog.publishing import Content
from tests.desk.composing import CHORD, save_as_minor_edit, write
from tests.factories import make_blog, make_person, make_update

# The requirements allow this many milliseconds until a colleague is shown.
PRESENCE_TIMEOUT = 10_000


def colleague(name: str) -> User:
    return make_person("Editor", first_name=name)


def top_of(page: Page, selector: str) -> float:
    """Return the distance of an element from the top of the viewport, in pixels."""
    return page.locator(selector).bounding_box()["y"]


def caret_of(page: Page) -> tuple[str, int]:
    """Return the text of the focused element and the position of the caret in it."""
    return tuple(
        page.evaluate(
            """() => {
              const input = document.activeElement;
              if ("selectionStart" in input) return [input.value, input.selectionStart];
              const { selection } = input.editor.state;
              return [input.textContent, selection.from];
            }"""
        )
    )


def edit(update: Update, heading: str, by: User) -> None:
    publishing.edit_update(update, Content(heading, update.body, update.happened_at), by=by)


def test_colleague_is_shown_as_editing_without_locking_the_update(open_desk):
    blog = make_blog()
    update = make_update(blog, "號外")
    ming, siu = colleague("阿明"), colleague("小美")
    their_page = open_desk(blog, user=ming, query=f"?update={update.pk}")
    my_page = open_desk(blog, user=siu)
    expect(my_page.locator("[data-people]")).to_have_text("阿明", timeout=PRESENCE_TIMEOUT)
    expect(my_page.locator(".row [data-editing]")).to_have_text("阿明 is editing", timeout=PRESENCE_TIMEOUT)
    expect(their_page.locator("[data-people]")).to_have_text("小美", timeout=PRESENCE_TIMEOUT)
    expect(their_page.locator("[data-also-editing]")).to_be_hidden()
    my_page.locator(".row").get_by_role("link", name="Edit").click()
    for page, name in ((my_page, "阿明"), (their_page, "小美")):
        notice = f"{name} has this update open, too."
        expect(page.locator("[data-also-editing]")).to_have_text(notice, timeout=PRESENCE_TIMEOUT)
    # The notice does not lock the update.
    my_page.locator("#id_heading").fill("號外：更正")
    save_as_minor_edit(my_page)
    expect(my_page.locator(".row h3")).to_have_text("號外：更正")
    # A crashed desk sends no more heartbeats, and its presence expires after 15 seconds.
    their_page.context.close()
    expect(my_page.locator(".row [data-editing]")).to_be_visible()
    Presence.objects.filter(by=ming).update(at=timezone.now() - timedelta(seconds=16))
    expect(my_page.locator(".row [data-editing]")).to_be_hidden()
    expect(my_page.locator("[data-people]")).to_have_text("")


def make_many_changes(blog: LiveBlog, rows: list[Update], by: User) -> None:
    """Publish two updates, edit one and withdraw one."""
    for heading in ("新一", "新二"):
        make_update(blog, heading, happened_at=timezone.now())
    edit(rows[0], "更正", by)
    publishing.withdraw_update(rows[1], by=by, reason="錯")


def test_updates_by_colleagues_do_not_move_the_composer_or_the_caret(open_desk):
    blog, ming = make_blog(), colleague("阿明")
    rows = [make_update(blog, f"第{i}則") for i in range(8)]
    page = open_desk(blog)
    write(page, "正在寫", "還沒有寫完")
    page.keyboard.press("ArrowLeft")
    before = {name: page.locator(name).bounding_box() for name in (".composer", ".tiptap")}
    caret = caret_of(page)
    assert caret[0] == "還沒有寫完"
    make_many_changes(blog, rows, ming)
    expect(page.locator(".row h3")).to_have_count(10)
    expect(page.locator(f"#row-{rows[0].pk} h3")).to_have_text("更正")
    expect(page.locator(f"#row-{rows[1].pk} .mark-withdrawn")).to_be_visible()
    expect(page.locator("[data-count=published]")).to_have_text("9")
    for name, box in before.items():
        after = page.locator(name).bounding_box()
        assert {side: abs(after[side] - box[side]) <= 1 for side in box} == dict.fromkeys(box, True)
    assert caret_of(page) == caret
    page.keyboard.insert_text("（續）")
    expect(page.locator(".tiptap")).to_have_text("還沒有寫（續）完")


def test_row_with_a_half_typed_reason_neither_moves_nor_changes(open_desk):
    blog, ming = make_blog(), colleague("阿明")
    rows = [make_update(blog, f"第{i}則") for i in range(8)]
    target = rows[4]
    row = f"#row-{target.pk}"
    page = open_desk(blog)
    page.locator(row).get_by_text("Withdraw …").click()
    page.locator(f"{row} [name=reason]").press_sequentially("消息來")
    top, caret = top_of(page, row), caret_of(page)
    make_many_changes(blog, rows, ming)
    edit(target, "改過的標題", ming)
    expect(page.locator(".row")).to_have_count(10)
    expect(page.locator("[data-count=withdrawn]")).to_have_text("1")
    assert abs(top_of(page, row) - top) <= 1
    assert caret_of(page) == caret
    expect(page.locator(f"{row} h3")).to_have_text("第4則")
    # The half-typed reason also survives a change of focus.
    page.locator("#id_heading").click()
    expect(page.locator(f"{row} [name=reason]")).to_have_value("消息來")
    page.locator(f"{row} [name=reason]").focus()
    page.keyboard.press("End")
    page.keyboard.insert_text("源有誤")
    page.keyboard.press("Enter")
    expect(page.locator(f"{row} .mark-withdrawn")).to_be_visible()
    target.refresh_from_db()
    assert (target.heading, target.revisions.first().note) == ("改過的標題", "消息來源有誤")
    # When the reason form is closed, the row shows the changes that were held back.
    other = f"#row-{rows[5].pk}"
    page.locator(other).get_by_text("Withdraw …").click()
    edit(rows[5], "後來的標題", ming)
    make_update(blog, "新三", happened_at=timezone.now())
    expect(page.locator(".row")).to_have_count(11)
    expect(page.locator(f"{other} h3")).to_have_text("第5則")
    page.locator(other).get_by_text("Withdraw …").click()
    expect(page.locator(f"{other} h3")).to_have_text("後來的標題")


def test_simultaneous_chords_of_two_people_publish_two_updates(open_desk):
    blog = make_blog()
    pages = [open_desk(blog, user=colleague(name)) for name in ("阿明", "小美")]
    for page, heading in zip(pages, ("甲", "乙"), strict=True):
        write(page, heading)
    for page in pages:
        page.keyboard.press(CHORD)
    for page in pages:
        expect(page.locator(".row")).to_have_count(2)
    assert sorted(Update.objects.published().values_list("heading", flat=True)) == ["乙", "甲"]
