"""A locked database: the desk keeps the text, says that it is busy, and retries until it succeeds."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from liveblog.models import Update
from tests.conftest import Server
from tests.desk.composing import CHORD, forget_refusals, write
from tests.factories import make_blog, make_update
from tests.hogging import hogged

BUSY = "The newsroom is busy"


@pytest.fixture
def server(start_server) -> Server:
    return start_server(DATABASE_WAIT_SECONDS="1")


def test_publish_during_a_database_lock_is_retried_and_goes_live_once(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog)
    with hogged():
        write(page, "號外", "內文")
        with page.expect_response(
            lambda response: response.status == 503 and response.url.endswith("/desk/")
        ):
            page.locator("#id_heading").press(CHORD)
        expect(page.locator("[data-state=busy]")).to_contain_text(BUSY)
        # The text stays until it is saved; what is typed in the meantime goes into the next update.
        expect(page.locator("#id_heading")).to_have_value("號外")
        page.keyboard.insert_text("下一則")
        # The desk retries more than once while the database is locked.
        with page.expect_response(
            lambda response: response.status == 503 and response.url.endswith("/desk/")
        ):
            pass
        assert not Update.objects.exists()
    expect(page.locator(".row h3")).to_have_text("號外")
    expect(page.locator("[data-state=busy]")).to_have_count(0)
    expect(page.locator("#id_heading")).to_have_value("下一則")
    update = Update.objects.get()
    assert (update.heading, update.body, update.is_published) == ("號外", "<p>內文</p>", True)
    forget_refusals(console_errors, 503)


def test_action_during_a_database_lock_takes_effect_afterwards(open_desk, console_errors):
    blog = make_blog()
    update = make_update(blog)
    page = open_desk(blog)
    with hogged():
        page.locator(f"#row-{update.pk}").get_by_role("button", name="Pin", exact=True).click()
        expect(page.locator("[data-state=busy]")).to_contain_text(BUSY)
    expect(page.locator(f"#row-{update.pk} .mark-pinned")).to_be_visible()
    forget_refusals(console_errors, 503)


def test_busy_page_without_javascript_offers_to_resubmit_the_text(open_desk, console_errors):
    blog = make_blog()
    page = open_desk(blog, java_script_enabled=False)
    page.fill("#id_heading", "號外")
    page.fill("#id_body", "第一段\n第二段")
    with hogged():
        page.get_by_role("button", name="Publish").click()
        expect(page.get_by_role("heading", name=BUSY)).to_be_visible()
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator(".row h3")).to_have_text("號外")
    update = Update.objects.get()
    assert (update.heading, update.body) == ("號外", "<p>第一段</p><p>第二段</p>")
    forget_refusals(console_errors, 503)
