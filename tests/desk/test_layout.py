"""The layout of the desk: two columns on a screen, one part at a time on a phone."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Locator, Page, expect

from liveblog.models import LiveBlog, Update
from tests.desk.composing import wait_for_composer
from tests.factories import PASSWORD, make_blog, make_person, make_update, picture_file

SCREEN, PHONE = {"width": 1280, "height": 800}, {"width": 375, "height": 812}
LEAST_TARGET = 44


def box_of(element: Locator) -> dict[str, float]:
    box = element.bounding_box()
    assert box is not None
    return dict(box)


def make_busy_blog() -> LiveBlog:
    blog = make_blog(kicker="風暴", headline="八號烈風或暴風信號現正生效，市民應留在安全地方" * 3)
    for index in range(20):
        make_update(blog, f"第{index}則")
    return blog


def test_composer_and_timeline_scroll_by_themselves_under_one_header(open_desk):
    page: Page = open_desk(make_busy_blog(), viewport=SCREEN)
    header, composer, side = (page.locator(part) for part in (".desk-head", ".composer", ".desk-side"))
    assert box_of(header)["height"] == 48
    assert page.locator("header").count() == 1
    headline = header.locator("h1")
    assert box_of(headline)["height"] == 48
    assert headline.evaluate("h1 => h1.scrollWidth > h1.clientWidth")
    assert box_of(composer)["x"] < box_of(side)["x"]
    assert box_of(composer)["y"] == box_of(side)["y"] == 48
    publish = page.locator("[data-chord]")
    before = box_of(publish)
    assert before["y"] + before["height"] <= SCREEN["height"]
    heading_before = box_of(page.locator("#id_heading"))
    side.evaluate("side => side.scrollTo(0, side.scrollHeight)")
    expect(page.locator(".row").last).to_be_in_viewport()
    page.locator("[data-more] > summary").click()
    page.locator("#id_edition_wording").scroll_into_view_if_needed()
    assert box_of(publish) == before
    assert box_of(page.locator("#id_heading"))["y"] < heading_before["y"]
    assert page.evaluate("[scrollY, document.documentElement.scrollHeight]") == [0, SCREEN["height"]]


def test_queues_are_tabs_beside_the_timeline(open_desk):
    page = open_desk(make_busy_blog(), viewport=SCREEN)
    timeline, queue = page.locator("[data-timeline-panel]"), page.locator("[data-queue-panel]")
    expect(timeline).to_be_visible()
    expect(queue).to_be_hidden()
    page.locator("[data-queue-tab=drafts]").click()
    expect(queue).to_contain_text("No drafts.")
    expect(timeline).to_be_hidden()
    page.locator("[data-queue-tab='']").click()
    expect(timeline).to_be_visible()


def test_toolbar_has_the_tools_that_updates_need(open_desk):
    page = open_desk(make_blog())
    buttons = page.locator(".prose-menubar__button:visible")
    labels = buttons.evaluate_all(
        """buttons => buttons.sort((a, b) => a.getBoundingClientRect().x - b.getBoundingClientRect().x)
            .map((button) => button.getAttribute("aria-label"))"""
    )
    assert labels[:7] == ["Bold", "Italic", "Link", "Bulleted list", "Numbered list", "Quotation", "Table"]


def test_phone_has_the_heading_on_top_and_a_foot_above_the_keyboard(open_desk):
    page: Page = open_desk(make_busy_blog(), viewport=PHONE, has_touch=True)
    header, heading = box_of(page.locator(".desk-head")), box_of(page.locator("#id_heading"))
    assert header["height"] == 48
    assert heading["y"] - header["height"] <= 64
    for part in ("[data-camera]", "[data-more-open]", "[data-chord]"):
        box = box_of(page.locator(part))
        assert box["height"] >= LEAST_TARGET
        assert box["width"] >= LEAST_TARGET
        assert box["y"] + box["height"] <= PHONE["height"]
    # A keyboard that shrinks the page, as Android's does, pushes the foot up.
    page.set_viewport_size({"width": 375, "height": 440})
    chord = box_of(page.locator("[data-chord]"))
    assert chord["y"] + chord["height"] <= 440
    content = page.locator("meta[name=viewport]").get_attribute("content") or ""
    assert "interactive-widget=resizes-content" in content
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.locator("[data-action=draft]")).to_be_visible()
    expect(page.locator("#id_source")).to_be_visible()


def test_toolbar_and_foot_wrap_when_large_text_leaves_no_room(open_desk):
    page = open_desk(make_busy_blog(), viewport={"width": 320, "height": 640}, bypass_csp=True)
    for percent in (100, 200):
        page.evaluate("percent => { document.documentElement.style.fontSize = `${percent}%` }", percent)
        for button in page.locator(".composer-foot button:visible, .prose-menubar__button:visible").all():
            box = box_of(button)
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 320
        expect(page.locator("[data-chord]")).to_be_in_viewport()


def test_phone_shows_one_part_at_a_time_with_large_targets(open_desk):
    blog = make_busy_blog()
    page: Page = open_desk(blog, viewport=PHONE, has_touch=True)
    for view, shown in (("write", ".composer"), ("timeline", ".rows"), ("queue", "[data-queue-panel]")):
        page.locator(f"[data-view-tab={view}]").click()
        expect(page.locator(shown)).to_be_visible()
        expect(page.locator(f"[data-view-tab={view}]")).to_have_attribute("aria-current", "true")
        small = page.evaluate(
            """least => [...document.querySelectorAll(
              ".desk :is(button, a, summary, input:not([type=hidden]))")]
              .filter((element) => element.checkVisibility({ opacityProperty: true }))
              .map((element) => [element.outerHTML.slice(0, 90), (element.closest("label.check, label.choice")
                ?? element).getBoundingClientRect()])
              .filter(([, box]) => box.width > 1 && (box.height < least - 0.5))
              .map(([html, box]) => `${html} ${box.height}`)""",
            LEAST_TARGET,
        )
        assert small == [], view
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_reporter_submits_a_picture_from_a_phone(open_desk):
    blog = make_blog()
    page = open_desk(blog, role="Reporter", viewport=PHONE, has_touch=True)
    page.locator("#id_heading").fill("現場")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Picture", exact=True).click()
    chooser.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture_file().read()})
    expect(page.locator("[data-alt]")).to_be_focused()
    page.keyboard.insert_text("消防員到場")
    page.get_by_role("button", name="Send to the editors").click()
    expect(page.locator("#id_heading")).to_have_value("")
    update = Update.objects.get()
    assert (update.status, [image.alt for image in update.images.all()]) == ("submitted", ["消防員到場"])


def test_reporter_signs_in_on_a_phone_and_submits_a_picture(server, new_page):
    password = PBKDF2PasswordHasher().encode(PASSWORD, "0123456789abcdefghijkl")
    reporter, blog = make_person("Reporter", password=password), make_blog(headline="八號信號")
    page = new_page(viewport=PHONE, has_touch=True, locale="en-GB", base_url=server.url)
    page.goto("/admin/")
    page.get_by_label("Username").fill(reporter.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").tap()
    desk = page.get_by_role("link", name=re.compile("^Desk"))
    assert box_of(desk)["height"] >= LEAST_TARGET
    desk.tap()
    wait_for_composer(page)
    page.locator("#id_heading").fill("現場")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Picture", exact=True).tap()
    chooser.value.set_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture_file().read()})
    page.locator("[data-alt]").fill("消防員到場")
    page.get_by_role("button", name="Send to the editors").tap()
    expect(page.locator("#id_heading")).to_have_value("")
    update = Update.objects.get()
    assert (update.blog, update.status, update.images.count()) == (blog, "submitted", 1)


@pytest.mark.parametrize("role", ["Editor", "Chief editor"])
def test_draft_blog_says_that_readers_see_nothing_yet_and_offers_to_start(open_desk, role):
    blog = make_blog(is_live=False)
    page = open_desk(blog, role=role)
    notice = page.locator("[data-not-public]")
    expect(notice).to_contain_text("Readers do not see this live blog yet.")
    button = notice.get_by_role("button", name="Start coverage")
    may_start = make_person(role).has_perm("liveblog.run_coverage")
    expect(button).to_have_count(1 if may_start else 0)
    if may_start:
        button.click()
        expect(page.locator(".desk-head .state")).to_have_text("Live")
        expect(notice).to_have_count(0)


def test_undo_counts_down_on_one_line(open_desk):
    page = open_desk(make_blog())
    page.locator("#id_heading").fill("很長的標題" * 20)
    page.keyboard.press("Control+Enter")
    button = page.locator("[data-undo]")
    expect(button).to_have_text(re.compile(r"^Undo\s*(10|9)$"))
    assert box_of(button)["height"] == 44
    expect(button).to_have_text(re.compile(r"^Undo\s*[1-7]$"))


def test_withdrawal_opens_in_view_with_the_focus_on_the_reason(open_desk):
    page = open_desk(make_busy_blog(), viewport=SCREEN)
    # Take the last row whose button is still in view, because its form opens below the edge.
    row = page.locator(".row").nth(5)
    row.locator("[data-key-withdraw] summary").scroll_into_view_if_needed()
    row.locator("[data-key-withdraw] summary").click()
    expect(row.locator("[name=reason]")).to_be_focused()
    expect(row.get_by_role("button", name="Withdraw", exact=True)).to_be_in_viewport(ratio=1)


def test_times_are_typed_as_four_digits_and_days_chosen_by_chips(open_desk):
    page = open_desk(make_blog())
    assert page.locator(".composer :is(input[type=date], input[type=time])").count() == 0
    page.locator("#id_happened_clock").fill("905")
    page.locator("#id_happened_clock").blur()
    expect(page.locator("#id_happened_clock")).to_have_value("09:05")
    chip = page.locator(".day-chips").first.get_by_role("button", name="Yesterday")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#id_happened_day")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))
