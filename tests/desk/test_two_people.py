"""Two people at one desk: each sees the other, neither locks the other out, nothing moves under hands."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Presence, Update
from liveblog.publishing import Content
from tests.desk.composing import CHORD, write
from tests.factories import make_blog, make_person, make_update

# What the brief of the desk allows until a colleague is seen.
SEEN_WITHIN = 10_000


def colleague(name: str) -> User:
    return make_person("Editor", first_name=name)


def top_of(page: Page, selector: str) -> float:
    """Where its upper edge stands on the screen, in pixels."""
    return page.locator(selector).bounding_box()["y"]


def caret_of(page: Page) -> tuple[str, int]:
    """The text that has the focus, and where in it the caret stands."""
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


def test_a_colleague_is_seen_editing_and_locks_nobody_out_even_by_crashing(open_desk):
    blog = make_blog()
    update = make_update(blog, "號外")
    ming, siu = colleague("阿明"), colleague("小美")
    theirs = open_desk(blog, user=ming, query=f"?update={update.pk}")
    mine = open_desk(blog, user=siu)
    expect(mine.locator("[data-people]")).to_have_text("阿明", timeout=SEEN_WITHIN)
    expect(mine.locator(".row [data-editing]")).to_have_text("阿明 is editing", timeout=SEEN_WITHIN)
    expect(theirs.locator("[data-people]")).to_have_text("小美", timeout=SEEN_WITHIN)
    expect(theirs.locator("[data-also-editing]")).to_be_hidden()
    mine.locator(".row").get_by_role("link", name="Edit").click()
    for page, name in ((mine, "阿明"), (theirs, "小美")):
        said = f"{name} has this update open, too."
        expect(page.locator("[data-also-editing]")).to_have_text(said, timeout=SEEN_WITHIN)
    # It is a notice, not a lock.
    mine.locator("#id_heading").fill("號外：更正")
    mine.get_by_role("button", name="Save as a minor edit").click()
    expect(mine.locator(".row h3")).to_have_text("號外：更正")
    # A desk that crashed says nothing any more, and is forgotten a moment later.
    theirs.context.close()
    expect(mine.locator(".row [data-editing]")).to_be_visible()
    Presence.objects.filter(by=ming).update(at=timezone.now() - timedelta(seconds=16))
    expect(mine.locator(".row [data-editing]")).to_be_hidden()
    expect(mine.locator("[data-people]")).to_have_text("")


def change_a_lot(blog: LiveBlog, rows: list[Update], by: User) -> None:
    """Two updates published, one corrected, one withdrawn."""
    for heading in ("新一", "新二"):
        make_update(blog, heading, happened_at=timezone.now())
    edit(rows[0], "更正", by)
    publishing.withdraw_update(rows[1], by=by, reason="錯")


def test_colleagues_updates_move_neither_the_composer_nor_its_focus(open_desk):
    blog, ming = make_blog(), colleague("阿明")
    rows = [make_update(blog, f"第{i}則") for i in range(8)]
    page = open_desk(blog)
    write(page, "正在寫", "還沒有寫完")
    page.keyboard.press("ArrowLeft")
    before = {name: page.locator(name).bounding_box() for name in (".composer", ".tiptap")}
    caret = caret_of(page)
    assert caret[0] == "還沒有寫完"
    change_a_lot(blog, rows, ming)
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


def test_a_row_stays_as_it_is_and_where_it_is_while_a_reason_is_typed_in_it(open_desk):
    blog, ming = make_blog(), colleague("阿明")
    rows = [make_update(blog, f"第{i}則") for i in range(8)]
    target = rows[4]
    row = f"#row-{target.pk}"
    page = open_desk(blog)
    page.locator(row).get_by_text("Withdraw …").click()
    page.locator(f"{row} [name=reason]").press_sequentially("消息來")
    top, caret = top_of(page, row), caret_of(page)
    change_a_lot(blog, rows, ming)
    edit(target, "改過的標題", ming)
    expect(page.locator(".row")).to_have_count(10)
    expect(page.locator("[data-count=withdrawn]")).to_have_text("1")
    assert abs(top_of(page, row) - top) <= 1
    assert caret_of(page) == caret
    expect(page.locator(f"{row} h3")).to_have_text("第4則")
    # Nor is what was typed lost by looking something up elsewhere on the page.
    page.locator("#id_heading").click()
    expect(page.locator(f"{row} [name=reason]")).to_have_value("消息來")
    page.locator(f"{row} [name=reason]").focus()
    page.keyboard.press("End")
    page.keyboard.insert_text("源有誤")
    page.keyboard.press("Enter")
    expect(page.locator(f"{row} .mark-withdrawn")).to_be_visible()
    target.refresh_from_db()
    assert (target.heading, target.revisions.first().note) == ("改過的標題", "消息來源有誤")
    # Once nobody types in a row, it shows what it was not given meanwhile.
    other = f"#row-{rows[5].pk}"
    page.locator(other).get_by_text("Withdraw …").click()
    edit(rows[5], "後來的標題", ming)
    make_update(blog, "新三", happened_at=timezone.now())
    expect(page.locator(".row")).to_have_count(11)
    expect(page.locator(f"{other} h3")).to_have_text("第5則")
    page.locator(other).get_by_text("Withdraw …").click()
    expect(page.locator(f"{other} h3")).to_have_text("後來的標題")


def test_two_chords_of_two_people_publish_two_updates(open_desk):
    blog = make_blog()
    pages = [open_desk(blog, user=colleague(name)) for name in ("阿明", "小美")]
    for page, heading in zip(pages, ("甲", "乙"), strict=True):
        write(page, heading)
    for page in pages:
        page.keyboard.press(CHORD)
    for page in pages:
        expect(page.locator(".row")).to_have_count(2)
    assert sorted(Update.objects.published().values_list("heading", flat=True)) == ["乙", "甲"]
