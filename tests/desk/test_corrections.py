"""Desk actions on published updates: corrections, withdrawal, history, pins and marks."""

from __future__ import annotations

from playwright.sync_api import expect

from liveblog import publishing
from liveblog.models import Update
from liveblog.publishing import SYSTEM, Content
from tests.desk.composing import CHORD, forget_refusals, open_readers_page, wait_for_composer
from tests.factories import make_blog, make_update


def history_of(update: Update) -> list[tuple[str, str]]:
    """Return kind and note of each revision, oldest first."""
    return list(update.revisions.order_by("pk").values_list("kind", "note"))


def test_edit_of_a_live_update_asks_for_its_kind_and_shows_readers_the_note(
    open_desk, new_page, server, console_errors
):
    blog = make_blog()
    update = make_update(blog, "三人受傷", body="<p>消防處公布三人受傷。</p>")
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog)
    page.locator(".row").get_by_role("link", name="Edit").click()
    wait_for_composer(page)
    question = page.get_by_role("group", name="Do readers need to know about this change?")
    expect(page.get_by_role("button", name="Publish")).to_have_count(0)
    # Neither the shortcut nor Enter chooses between minor edit and correction.
    page.locator("#id_heading").fill("五人受傷")
    page.keyboard.press(CHORD)
    expect(question).to_be_visible()
    page.keyboard.press("Enter")
    expect(question.locator("del, ins")).to_have_text(["三", "五"])
    correction = question.get_by_role("button", name="Correction: tell readers")
    minor = question.get_by_role("button", name="Minor edit: do not tell them")
    size = "({ offsetWidth, offsetHeight }) => [offsetWidth, offsetHeight]"
    assert correction.evaluate(size) == minor.evaluate(size)
    # A changed number suggests a correction.
    expect(correction).to_have_attribute("aria-pressed", "true")
    reason = "A number has changed. This looks like a correction."
    expect(page.locator("[data-ask-reason]")).to_have_text(reason)
    assert history_of(update) == [("published", "")]
    question.get_by_role("button", name="Publish the correction").click()
    expect(page.locator("#note-error")).to_have_text("Say what was corrected. Readers see this.")
    expect(page.locator("#id_note")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#id_heading")).to_have_value("五人受傷")
    forget_refusals(console_errors, 422)
    page.locator("#id_note").fill("傷者人數應為五人，不是三人。")
    page.keyboard.press(CHORD)
    expect(page.locator(".row h3")).to_have_text("五人受傷")
    expect(page.locator("#id_heading")).to_have_value("")
    expect(reader.locator("li.update h3")).to_have_text("五人受傷")
    expect(reader.locator(".corrections")).to_contain_text("傷者人數應為五人，不是三人。")
    # A minor edit changes the text without adding a note for readers.
    page.locator(".row").get_by_role("link", name="Edit").click()
    wait_for_composer(page)
    page.locator("#id_heading").fill("五人輕傷")
    page.keyboard.press(CHORD)
    expect(question).to_be_visible()
    page.keyboard.press("m")
    expect(reader.locator("li.update h3")).to_have_text("五人輕傷")
    expect(reader.locator(".corrections p")).to_have_count(1)
    # Wait until the empty desk has loaded, so that the browser is not closed during navigation.
    expect(page.locator("#id_heading")).to_have_value("")
    wait_for_composer(page)
    assert history_of(update) == [
        ("published", ""),
        ("correction", "傷者人數應為五人，不是三人。"),
        ("minor", ""),
    ]


def test_withdrawal_requires_a_reason_that_readers_do_not_see(open_desk, new_page, server, console_errors):
    blog = make_blog()
    update = make_update(blog, "誤報")
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog)
    row = page.locator(".row")
    row.get_by_text("Withdraw …").click()
    withdraw = row.get_by_role("button", name="Withdraw", exact=True)
    withdraw.click()
    assert row.locator("[name=reason]").evaluate("input => input.validity.valueMissing")
    row.locator("[name=reason]").fill("  ")
    withdraw.click()
    expect(page.locator(".toast")).to_contain_text("Say why it is withdrawn.")
    forget_refusals(console_errors, 422)
    assert history_of(update) == [("published", "")]
    row.locator("[name=reason]").fill("來源撤回聲明")
    row.locator("[name=reason]").press("Enter")
    expect(page.locator(".row.is-withdrawn .mark-withdrawn")).to_be_visible()
    expect(page.locator("[data-count=withdrawn]")).to_have_text("1")
    expect(reader.locator("li.update .tombstone")).to_be_visible()
    expect(reader.locator("#updates")).not_to_contain_text("誤報")
    assert "來源撤回聲明" not in reader.content()
    row.get_by_role("link", name="History").click()
    expect(page.locator(".history-note")).to_have_text("來源撤回聲明")
    page.get_by_role("link", name="Back to the live desk").click()
    page.locator(".row").get_by_role("button", name="Publish again").click()
    expect(reader.locator("li.update h3")).to_have_text("誤報")
    assert history_of(update) == [("published", ""), ("withdrawn", "來源撤回聲明"), ("restored", "")]


def test_history_shows_differences_and_reverts_to_an_earlier_text(open_desk):
    blog = make_blog()
    update = make_update(blog, "三人受傷", body="<p>消防處公布三人受傷。</p>")
    publishing.edit_update(
        update,
        Content("五人受傷", "<p>消防處公布<strong>五人</strong>受傷。</p>", update.happened_at),
        by=SYSTEM,
    )
    page = open_desk(blog)
    page.locator(".row").get_by_role("link", name="History").click()
    expect(page.locator(".history-entry h2")).to_contain_text(["Minor edit", "Published"])
    latest = page.locator(".history-entry").first
    expect(latest.locator("dd")).to_have_text(["三五人受傷", "消防處公布三五人受傷。"])
    expect(latest.locator("del")).to_have_text(["三", "三"])
    expect(latest.locator("ins")).to_have_text(["五", "五"])
    first = page.locator(".history-entry").last
    first.get_by_text("Revert to this text").click()
    first.get_by_label("What is corrected").fill("原文無誤")
    first.get_by_role("button", name="Revert").click()
    expect(page.locator(".row h3")).to_have_text("三人受傷")
    update.refresh_from_db()
    assert (update.heading, update.body) == ("三人受傷", "<p>消防處公布三人受傷。</p>")
    assert history_of(update) == [("published", ""), ("minor", ""), ("correction", "原文無誤")]


def test_one_click_confirms_replaces_the_pin_and_marks_a_key_event(open_desk, new_page, server):
    blog = make_blog()
    first = make_update(blog, "甲", verification="unconfirmed")
    second = make_update(blog, "乙")
    publishing.pin_update(first, by=SYSTEM)
    reader = open_readers_page(new_page(), server.url, blog)
    expect(reader.locator("#updates .mark-unconfirmed")).to_have_count(1)
    page = open_desk(blog)
    first_row, second_row = page.locator(f"#row-{first.pk}"), page.locator(f"#row-{second.pk}")
    first_row.get_by_role("button", name="Confirm").click()
    expect(first_row.locator(".mark-unconfirmed")).to_have_count(0)
    expect(first_row.get_by_role("button", name="Confirm")).to_have_count(0)
    expect(reader.locator("#updates .mark-unconfirmed")).to_have_count(0)
    expect(first_row.locator(".mark-pinned")).to_have_count(1)
    second_row.get_by_role("button", name="Pin", exact=True).click()
    expect(second_row.locator(".mark-pinned")).to_have_count(1)
    expect(first_row.locator(".mark-pinned")).to_have_count(0)
    expect(reader.locator(".pinned h3")).to_have_text("乙")
    first_row.get_by_role("button", name="Key event", exact=True).click()
    expect(first_row.locator(".mark-key")).to_have_count(1)
    expect(reader.locator(".key-events .key-heading")).to_have_text("甲")
    first_row.get_by_role("button", name="Remove from key events").click()
    second_row.get_by_role("button", name="Unpin").click()
    expect(reader.locator(".key-events")).to_have_count(0)
    expect(reader.locator(".pinned")).to_have_count(0)
    first.refresh_from_db()
    assert (first.verification, first.is_key_event, history_of(first)) == (
        "confirmed",
        False,
        [("published", ""), ("minor", "")],
    )
