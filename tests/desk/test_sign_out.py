"""Removal of unpublished text from the browser at sign-out."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import WorkingCopy
from liveblog.publishing import Content
from newsroom.access.models import StaffSession as Session
from tests.desk.composing import wait_for_composer, write
from tests.desk.conftest import desk_path
from tests.desk.test_nothing_lost import forget_expected_errors, sign_in_by_hand
from tests.factories import make_blog, make_image, make_person, make_update, signed_in

LOGIN = re.compile(r"/admin/login/\?next=")
SECRET = "未發稿的秘密"
STORED = "JSON.stringify({...localStorage})"


def type_without_network(page: Page) -> None:
    """Leave unsaved text only in the browser's storage."""
    page.context.set_offline(True)
    write(page, SECRET)
    expect(page.locator("[data-autosave]")).to_contain_text("kept in this browser")
    assert SECRET in page.evaluate(STORED)


def sign_out(page: Page) -> None:
    page.goto("/admin/")
    page.locator("#logout-form button").click()
    expect(page.locator("#content")).to_contain_text("Thanks for spending some quality time")


@pytest.fixture
def open_two_tabs(open_desk: Callable[..., Page]) -> Callable[..., tuple[Page, Page]]:
    """Return a function that opens a desk and a second tab of the same browser."""

    def open_tabs(blog, user) -> tuple[Page, Page]:
        desk = open_desk(blog, user=user)
        return desk, desk.context.new_page()

    return open_tabs


def test_sign_out_clears_browser_storage_and_other_tabs(open_two_tabs, console_errors):
    blog, editor = make_blog(), make_person("Editor")
    draft = publishing.draft_update(blog, Content(SECRET), by=editor)
    desk, other = open_two_tabs(blog, editor)
    other.goto(f"/admin/liveblog/update/{draft.pk}/change/")
    assert SECRET in other.content()
    type_without_network(desk)
    desk.context.set_offline(False)
    # Failing autosaves leave the text in the browser's storage.
    desk.route("**/autosave/", lambda route: route.abort())
    write(desk, SECRET)
    expect(desk.locator("[data-autosave]")).to_contain_text("kept in this browser")

    sign_out(other)

    desk.wait_for_url(LOGIN)
    assert SECRET not in desk.evaluate(STORED)
    other.go_back()
    other.go_back()
    other.wait_for_url(LOGIN)
    assert SECRET not in other.content()
    forget_expected_errors(console_errors, "ERR_INTERNET_DISCONNECTED", "ERR_FAILED", "401")


def test_next_user_does_not_get_text_left_in_the_browser(open_two_tabs, console_errors):
    blog, first, second = make_blog(), make_person("Editor"), make_person("Editor")
    desk, other = open_two_tabs(blog, first)
    type_without_network(desk)
    desk.goto("about:blank")
    desk.context.set_offline(False)
    # End the first user's session without a sign-out.
    Session.objects.all().delete()
    sign_in_by_hand(other, second)
    other.goto(desk_path(blog))
    wait_for_composer(other)
    expect(other.locator("#id_heading")).to_have_value("")
    assert SECRET not in other.evaluate(STORED)
    forget_expected_errors(console_errors, "ERR_INTERNET_DISCONNECTED")


def test_open_desk_does_not_save_its_text_as_the_next_user(open_two_tabs, console_errors):
    blog, first, second = make_blog(), make_person("Editor"), make_person("Editor")
    desk, other = open_two_tabs(blog, first)
    write(desk, SECRET)
    Session.objects.all().delete()
    sign_in_by_hand(other, second)
    desk.wait_for_url(re.compile("/admin/(login/.*)?$"))
    assert not WorkingCopy.objects.filter(by=second).exists()
    forget_expected_errors(console_errors, "401", "403", "ERR_ABORTED")


def test_same_user_gets_unsaved_text_back_after_session_expiry(open_two_tabs, console_errors):
    blog, editor = make_blog(), make_person("Editor")
    desk, other = open_two_tabs(blog, editor)
    type_without_network(desk)
    desk.goto("about:blank")
    desk.context.set_offline(False)
    Session.objects.all().delete()
    sign_in_by_hand(other, editor)
    other.goto(desk_path(blog))
    expect(other.locator("#id_heading")).to_have_value(SECRET)
    forget_expected_errors(console_errors, "ERR_INTERNET_DISCONNECTED")


@pytest.mark.django_db
def test_sign_out_sends_clear_site_data():
    client = signed_in(make_person("Editor"))
    assert client.post("/admin/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/admin/", follow=True).redirect_chain
    # Signing out of an expired session clears the browser too.
    assert client.post("/admin/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.django_db
def test_admin_responses_with_copy_are_not_stored(client):
    blog, image = make_blog(), make_image()
    update = make_update(blog)
    client.force_login(make_person("Chief editor"))
    desk = desk_path(blog)
    for path in (
        *("/admin/", "/admin/liveblog/update/", f"/admin/liveblog/update/{update.pk}/change/"),
        *(desk, f"{desk}paste/", f"{desk}token/", f"{desk}updates/{update.pk}/history/"),
        f"/admin/liveblog/image/renditions/{image.key}/320.webp",
    ):
        response = client.get(path)
        assert (response.status_code, "no-store" in response.headers["Cache-Control"]) == (200, True), path
    for path in ("state", "autosave", "preview"):
        response = client.post(f"{desk}{path}/", {"after": "0", "token": "a"})
        assert (response.status_code, "no-store" in response.headers["Cache-Control"]) == (200, True), path
