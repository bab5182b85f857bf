"""Recovery of unsaved text after a closed tab, an expired session, a lost connection or an edit conflict."""

from __future__ import annotations

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import Update, WorkingCopy
from liveblog.publishing import SYSTEM, Content
from newsroom.access.models import StaffSession as Session
from tests.desk.composing import CHORD, save_as_minor_edit, write
from tests.desk.conftest import desk_path
from tests.factories import PASSWORD, make_blog, make_person, make_update
from tests.waiting import wait_for

SAVED_NOTICE = "Your text is kept"


def wait_until_autosaved(page: Page) -> None:
    expect(page.locator("[data-autosave]")).to_contain_text(SAVED_NOTICE)


def forget_expected_errors(console_errors: list[str], *expected: str) -> None:
    """Clear the console errors that contain one of these texts; fail if there are any others."""
    assert [error for error in console_errors if not any(part in error for part in expected)] == []
    console_errors.clear()


def test_closed_tab_loses_no_text(open_desk):
    blog, editor = make_blog(), make_person("Editor")
    page = open_desk(blog, user=editor)
    write(page, "未發稿", "寫了一半。")
    page.locator("[name=is_key_event]").check()
    wait_until_autosaved(page)
    page.context.close()
    page = open_desk(blog, user=editor)
    expect(page.locator("#id_heading")).to_have_value("未發稿")
    expect(page.locator(".tiptap")).to_have_text("寫了一半。")
    expect(page.locator("[name=is_key_event]")).to_be_checked()
    expect(page.locator("[data-restored]")).to_contain_text("not saved")
    assert not Update.objects.exists()
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".row h3")).to_have_text("未發稿")
    wait_for(lambda: not WorkingCopy.objects.exists())


def test_text_typed_just_before_leaving_the_page_is_saved(open_desk):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "未發稿")
    page.goto("/admin/")
    page.goto(desk_path(blog))
    expect(page.locator("#id_heading")).to_have_value("未發稿")


def test_autosave_shows_its_state_and_leaves_the_public_page_alone(open_desk):
    blog = make_blog()
    update = make_update(blog, "公布")
    page = open_desk(blog, query=f"?update={update.pk}")
    expect(page.locator("#id_heading")).to_have_value("公布")
    write(page, "二")
    expect(page.locator("[data-autosave]")).to_contain_text("Typing")
    wait_until_autosaved(page)
    assert Update.objects.get().heading == "公布"
    assert "公布" in page.request.get(f"/live/{blog.slug}/").text()
    assert "二" not in page.request.get(f"/live/{blog.slug}/changes.json?after=0").text()
    # After the unsaved text is discarded, the composer shows the saved text again.
    page.get_by_role("link", name="Leave it as it was").click()
    expect(page.locator("#id_heading")).to_have_value("")
    with page.expect_navigation():
        page.get_by_role("button", name="Discard").last.click()
    page.goto(f"{desk_path(blog)}?update={update.pk}")
    expect(page.locator("#id_heading")).to_have_value("公布")


def sign_in_by_hand(page: Page, user: User) -> None:
    """Sign in through the login form in another tab of the same browser."""
    # The server runs with the production hashers and cannot read hashes of the fast test hasher.
    user.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    user.save()
    tab = page.context.new_page()
    tab.goto("/admin/login/?next=/admin/")
    tab.fill("#id_username", user.username)
    tab.fill("#id_password", PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#logout-form")
    tab.close()


def test_expired_login_keeps_the_text_and_offers_to_sign_in_again(open_desk, console_errors):
    blog, editor = make_blog(), make_person("Editor")
    page = open_desk(blog, user=editor)
    Session.objects.all().delete()
    write(page, "號外", "內文")
    page.keyboard.press(CHORD)
    dialog = page.get_by_role("dialog", name="You have been signed out")
    expect(dialog.get_by_role("link", name="Sign in again")).to_be_visible()
    dialog.get_by_role("button", name="Back to my text").click()
    expect(page.locator("#id_heading")).to_have_value("號外")
    expect(page.locator(".tiptap")).to_have_text("內文")
    sign_in_by_hand(page, editor)
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".row h3")).to_have_text("號外")
    assert Update.objects.get().body == "<p>內文</p>"
    forget_expected_errors(console_errors, "401", "403")


def test_expired_login_without_javascript_keeps_the_text_on_its_page(open_desk, console_errors):
    blog, editor = make_blog(), make_person("Editor")
    page = open_desk(blog, user=editor, java_script_enabled=False)
    page.fill("#id_heading", "號外")
    page.fill("#id_body", "第一段\n第二段")
    Session.objects.all().delete()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("heading", name="You have been signed out")).to_be_visible()
    sign_in_by_hand(page, editor)
    page.get_by_role("button", name="Send it again").click()
    # Signing in rotates the CSRF token, so the server asks for confirmation instead of publishing.
    expect(page.get_by_role("heading", name="You have signed in again")).to_be_visible()
    assert not Update.objects.exists()
    page.get_by_role("button", name="Send it again").click()
    update = Update.objects.get()
    assert (update.is_published, update.heading, update.body) == (True, "號外", "<p>第一段</p><p>第二段</p>")
    forget_expected_errors(console_errors, "401", "403")


def test_lost_connection_keeps_the_text_in_the_browser(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog)
    page.context.set_offline(True)
    write(page, "斷線", "內文")
    expect(page.locator("[data-autosave]")).to_contain_text("kept in this browser")
    page.keyboard.press(CHORD)
    expect(page.get_by_role("alert").first).to_contain_text("did not answer")
    expect(page.locator("#id_heading")).to_have_value("斷線")
    page.context.set_offline(False)
    wait_until_autosaved(page)
    page.locator("#id_heading").press(CHORD)
    expect(page.locator(".row h3")).to_have_text("斷線")
    assert Update.objects.get().body == "<p>內文</p>"
    forget_expected_errors(console_errors, "ERR_INTERNET_DISCONNECTED")


def test_text_typed_offline_is_restored_when_the_desk_is_reopened(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog)
    page.context.set_offline(True)
    write(page, "斷線", "內文")
    expect(page.locator("[data-autosave]")).to_contain_text("kept in this browser")
    # Leave the page while the browser is offline and cannot autosave.
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(desk_path(blog))
    expect(page.locator("#id_heading")).to_have_value("斷線")
    expect(page.locator(".tiptap")).to_have_text("內文")
    forget_expected_errors(console_errors, "ERR_INTERNET_DISCONNECTED")


def save_as_colleague(update: Update, heading: str) -> None:
    publishing.edit_update(update, Content(heading, "<p>同事的文字</p>"), by=SYSTEM)


def test_stale_save_gets_a_dialog_that_keeps_both_texts(open_desk, console_errors):
    blog = make_blog()
    update = make_update(blog, "原文")
    page = open_desk(blog, query=f"?update={update.pk}")
    write(page, "我的")
    save_as_colleague(update, "同事的")
    save_as_minor_edit(page)
    dialog = page.get_by_role("dialog", name="Saved by somebody else in the meantime")
    expect(dialog.locator("[data-theirs]")).to_contain_text("同事的")
    expect(dialog.locator("[data-mine]")).to_contain_text("我的")
    # The differing runs are marked, and the focus is on the button that loses nothing.
    expect(dialog.locator("[data-theirs] del").first).to_contain_text("同事")
    expect(dialog.locator("[data-mine] ins").first).to_contain_text("原文我")
    expect(dialog.get_by_role("link", name="Keep editing mine")).to_be_focused()
    update.refresh_from_db()
    assert update.heading == "同事的"
    dialog.get_by_role("link", name="Keep editing mine").click()
    expect(page.locator("#id_heading")).to_have_value("原文我的")
    save_as_minor_edit(page)
    dialog.get_by_role("button", name="Overwrite with mine").click()
    expect(page.locator(f"#row-{update.pk} h3")).to_have_text("原文我的")
    update.refresh_from_db()
    assert update.heading == "原文我的"
    # The overwritten text of the colleague stays in the history.
    assert [revision.content["heading"] for revision in update.revisions.all()] == [
        "原文我的",
        "同事的",
        "原文",
    ]
    forget_expected_errors(console_errors, "409")


def test_stale_save_without_javascript_gets_a_page_that_keeps_both_texts(open_desk, console_errors):
    blog = make_blog()
    update = make_update(blog, "原文")
    page = open_desk(blog, query=f"?update={update.pk}", java_script_enabled=False)
    page.fill("#id_heading", "我的")
    save_as_colleague(update, "同事的")
    page.get_by_role("button", name="Minor edit: do not tell them").click()
    expect(page.locator("[data-theirs]")).to_contain_text("同事的文字")
    expect(page.locator("[data-mine]")).to_contain_text("我的")
    page.get_by_role("button", name="Keep the saved version, discard mine").click()
    update.refresh_from_db()
    assert update.heading == "同事的"
    assert not WorkingCopy.objects.exists()
    forget_expected_errors(console_errors, "409")


def test_edit_after_a_lost_response_is_refused_and_keeps_both_texts(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog)
    write(page, "號外")
    # The server processes the request, but the response is lost.
    page.route("**/desk/", lambda route: (route.fetch(), route.abort())[1])
    page.keyboard.press(CHORD)
    expect(page.get_by_role("alert").first).to_contain_text("did not answer")
    page.unroute("**/desk/")
    page.locator("#id_heading").press("End")
    page.keyboard.insert_text("二")
    page.keyboard.press(CHORD)
    expect(page.get_by_role("alert").first).to_contain_text("already saved")
    expect(page.locator("#id_heading")).to_have_value("號外二")
    expect(page.locator(".row h3")).to_have_text("號外")
    assert [update.heading for update in Update.objects.all()] == ["號外"]
    forget_expected_errors(console_errors, "422", "ERR_FAILED")
