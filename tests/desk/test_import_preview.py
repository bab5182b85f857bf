"""The import preview in a browser: it reads the copy again as soon as roles, days or notation change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from liveblog.models import CopyProfile, LiveBlog, Update
from newsroom import hongkong
from tests.articles.test_choices import ARTICLE
from tests.desk.composing import forget_refusals
from tests.desk.conftest import desk_path
from tests.desk.test_desk_accessibility import violations
from tests.environment import ROOT
from tests.factories import make_blog

CASES = Path(ROOT).parent / "shared" / "copy" / "cases"
OpenDesk = Callable[..., Page]


def open_preview(open_desk: OpenDesk, text: str, blog: LiveBlog | None = None, **options: object) -> Page:
    blog = blog or make_blog(is_live=False, language="zh-hant")
    page = open_desk(blog, role="Chief editor", **options)
    page.goto(f"{desk_path(blog)}paste/")
    page.locator("#copy-text").fill(text)
    page.locator("form.paste .actions button").click()
    expect(page.locator(".lines .line").first).to_be_visible()
    return page


def headings(page: Page) -> list[str]:
    return page.locator(".reading-result .row h4").all_text_contents()


def test_article_is_read_again_in_place_when_a_role_changes(
    open_desk: OpenDesk, console_errors: list[str]
) -> None:
    page = open_preview(open_desk, ARTICLE)
    assert headings(page) == ["乘客上岸", "消防到場"]
    page.evaluate("window.isSamePage = true")
    role = page.locator("#role-6")
    role.focus()
    before = role.bounding_box()
    role.select_option("heading")
    expect(page.locator(".reading-result .row h4")).to_have_text(
        ["乘客上岸", "署長稍後會見記者。", "消防到場"]
    )
    expect(role).to_be_focused()
    after = role.bounding_box()
    assert before
    assert after
    assert abs(before["y"] - after["y"]) < 2
    assert page.evaluate("window.isSamePage")
    page.locator("#role-6").select_option("")
    expect(page.locator(".reading-result .row h4")).to_have_text(["乘客上岸", "消防到場"])


def test_role_is_changed_by_keyboard_and_kept_when_saved(open_desk: OpenDesk) -> None:
    blog = make_blog(is_live=False, language="zh-hant")
    page = open_preview(open_desk, ARTICLE, blog)
    page.locator("#role-5").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#role-6")).to_be_focused()
    page.keyboard.type("Left out")
    expect(page.locator(".left-out li")).to_contain_text(["署長稍後會見記者。"])
    expect(page.locator("#role-6")).to_be_focused()
    page.get_by_role("button", name="Save and publish this").click()
    expect(page.locator(".messagelist")).to_contain_text("New: 2.")
    assert "署長" not in "".join(Update.objects.filter(blog=blog).values_list("body", flat=True))


def test_preview_works_without_javascript(open_desk: OpenDesk) -> None:
    page = open_preview(open_desk, ARTICLE, java_script_enabled=False)
    page.locator("#role-6").select_option("start")
    page.locator("#day-7").fill("2025-03-17")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("#role-6")).to_have_value("start")
    expect(page.locator("#day-7")).to_have_value("2025-03-17")
    assert page.locator(".reading-result .row time").all_inner_texts()[-1] == "2025-03-17 17:20"
    page.locator("#copy-notation > summary").click()
    page.locator("#copy-order").select_option("oldest-first")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("#role-6")).to_have_value("start")
    assert headings(page)[0] == "消防到場"
    page.get_by_role("button", name="Save and publish this").click()
    expect(page.locator(".messagelist")).to_contain_text("New: 3.")


def test_notation_is_switched_without_losing_the_choices_of_lines(
    open_desk: OpenDesk, console_errors: list[str]
) -> None:
    page = open_preview(open_desk, ARTICLE)
    page.locator("#role-6").select_option("left-out")
    page.locator("#copy-notation > summary").click()
    page.locator("#copy-zone").fill("Europe/London")
    page.locator("#copy-zone").press("Tab")
    expect(page.locator(".reading-result .row time").first).to_have_text("2025-03-19 01:40")
    expect(page.locator("#copy-notation")).to_have_attribute("open", "")
    expect(page.locator("#role-6")).to_have_value("left-out")
    page.locator("#copy-zone").fill("Nowhere")
    page.locator("#copy-zone").press("Tab")
    expect(page.get_by_role("alert")).to_have_text("There is no time zone Nowhere.")
    expect(page.locator("#role-6")).to_have_value("left-out")
    forget_refusals(console_errors, 422)


def test_changed_text_keeps_the_choices_that_still_fit(open_desk: OpenDesk) -> None:
    page = open_preview(open_desk, ARTICLE)
    page.locator("#role-6").select_option("left-out")
    expect(page.locator("#role-6.is-chosen")).to_be_visible()
    page.locator("#role-8").select_option("item")
    expect(page.locator("#role-8.is-chosen")).to_be_visible()
    page.locator("#copy-change > summary").click()
    page.locator("#copy-text").fill(
        ARTICLE.replace("渡輪在霧中", "導語。\n渡輪在霧中").replace("消防員到場。", "人員到場。")
    )
    page.get_by_role("button", name="Read the changed text").click()
    expect(page.locator("#role-7")).to_have_value("left-out")
    expect(page.locator(".notice-restored").first).to_have_text(
        "Decisions that no longer fit the text and were dropped: 1"
    )


def test_saved_profile_is_proposed_for_copy_in_the_same_notation(open_desk: OpenDesk) -> None:
    page = open_preview(open_desk, ARTICLE)
    page.locator("#copy-notation > summary").click()
    page.locator("#copy-zone").fill("BST")
    page.locator("#profile-name").fill("Our agency")
    page.get_by_role("button", name="Save the profile").click()
    expect(page.get_by_role("button", name="Read as “Our agency”")).to_be_visible()
    assert list(CopyProfile.objects.values_list("name", "zone", "order")) == [
        ("Our agency", "BST", "newest-first")
    ]
    page = open_preview(open_desk, ARTICLE)
    expect(page.locator(".reading-result .row time").first).to_have_text("2025-03-18 17:40")
    page.get_by_role("button", name="Read as “Our agency”").click()
    expect(page.locator(".reading-result .row time").first).to_have_text("2025-03-19 00:40")


def test_pasted_web_page_keeps_links_bold_headings_and_lists(open_desk: OpenDesk) -> None:
    blog = make_blog(is_live=False, language="zh-hant")
    page = open_desk(blog, role="Chief editor")
    page.goto(f"{desk_path(blog)}paste/")
    page.locator("#copy-text").evaluate(
        """(field, html) => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          data.setData("text/plain", "plain");
          field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true }));
        }""",
        "<h1>渡輪擱淺</h1><p>2025-03-18 17:14</p><p><b>乘客上岸</b></p><ul><li>甲</li><li>乙</li></ul>"
        '<p><a href="https://example.com/a">前文</a></p><script>alert(1)</script>',
    )
    expect(page.locator("#copy-text")).to_have_value(
        "**渡輪擱淺**\n2025-03-18 17:14\n**乘客上岸**\n• 甲\n• 乙\n[前文](https://example.com/a)"
    )


def test_dropped_file_is_previewed_at_once(open_desk: OpenDesk) -> None:
    blog = make_blog(is_live=False, language="zh-hant")
    page = open_desk(blog, role="Chief editor")
    page.goto(f"{desk_path(blog)}paste/")
    page.locator("form.paste").evaluate(
        """(form, text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "copy.txt", { type: "text/plain" }));
          form.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        ARTICLE,
    )
    expect(page.locator(".reading-result .row h4")).to_have_text(["乘客上岸", "消防到場"])


def test_choices_survive_an_unreachable_newsroom(open_desk: OpenDesk, console_errors: list[str]) -> None:
    page = open_preview(open_desk, ARTICLE)
    page.route("**/paste/", lambda route: route.abort())
    page.locator("#role-6").select_option("left-out")
    expect(page.locator("[data-message]")).to_have_text(
        "The newsroom cannot be reached. Your choices are kept. Press “Read again”."
    )
    expect(page.locator("#role-6")).to_have_value("left-out")
    page.unroute("**/paste/")
    console_errors.clear()
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("#role-6.is-chosen")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-GB", "zh-HK", "zh-CN"])
def test_axe_finds_no_violation_in_the_preview(
    open_desk: OpenDesk, console_errors: list[str], locale: str
) -> None:
    CopyProfile.objects.create(name="我們的通訊社", signature="x")
    page = open_preview(open_desk, ARTICLE.replace("發佈時間：2025-03-18 17:14\n", ""), locale=locale)
    problems = list(violations(page, "a preview that lacks the publication time"))
    published("2025-03-18", "17:14")(page)
    expect(page.get_by_role("alert")).to_have_count(0)
    for name in ("options", "change"):
        page.locator(f"#copy-{name} > summary").click()
    page.locator("#role-5").select_option("left-out")
    expect(page.locator("#role-5.is-chosen")).to_be_visible()
    problems += violations(page, "a preview with everything open")
    forget_refusals(console_errors, 422)
    assert problems == [], "\n".join(problems)


# Corrections that articles of real newspapers need


def day(line: int, value: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator(f"#day-{line}").fill(value)
        page.locator(f"#day-{line}").press("Tab")

    return act


def role(line: int, value: str) -> Callable[[Page], object]:
    return lambda page: page.locator(f"#role-{line}").select_option(value)


def published(day: str, clock: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.locator("#id_published_day").fill(day)
        page.locator("#id_published_clock").fill(clock)
        page.locator("#id_published_clock").press("Tab")

    return act


# After these actions no line is in doubt: the articles are read correctly, except for what they do not state.
ACTIONS: dict[str, list[Callable[[Page], object]]] = {
    "mingpao-rolling": [published("2025-06-15", "23:57"), day(8, "2025-06-15")],
    "now-no-date": [published("2025-11-02", "19:50"), day(14, "2025-11-02")],
    "oncc-caption-glued": [day(8, "2025-10-01"), role(20, "standfirst"), role(22, "standfirst")],
    "witness-court": [day(12, "2025-05-16"), role(23, "timed-heading"), role(32, "timed-heading")],
    "ettoday-alone-midnight": [day(32, "2025-03-05")],
    "scmp-2014-night": [role(1, "left-out"), day(26, "2025-09-30")],
    "bbc-zh-gmt": [role(22, "text")],
}


# The doubt about a publication time without a zone needs no action.
DOUBTS_LEFT = {"bbc-zh-gmt": 1}


@pytest.mark.skipif(not CASES.exists(), reason="the articles of other newsrooms are not here")
@pytest.mark.parametrize("name", ACTIONS)
def test_newspaper_article_is_corrected_in_three_actions(
    open_desk: OpenDesk, console_errors: list[str], name: str
) -> None:
    case = json.loads((CASES / f"{name}.json").read_text())
    text = (CASES / f"{name}.txt").read_bytes().decode(case["encoding"])
    blog = make_blog(is_live=False, language=case["language"])
    page = open_preview(open_desk, text, blog)
    assert len(ACTIONS[name]) <= 3
    for action in ACTIONS[name]:
        page.locator("[data-reading-state]").evaluate("preview => preview.classList.add('is-earlier')")
        action(page)
        expect(page.locator(".is-earlier")).to_have_count(0)
    # A page that asks for the publication time answers 422.
    forget_refusals(console_errors, 422)
    expect(page.locator(".doubts li")).to_have_count(DOUBTS_LEFT.get(name, 0))
    page.locator("#copy-options > summary").click()
    page.get_by_label("Also take the title and the standfirst").check()
    page.get_by_role("button", name="Save and publish this").click()
    expect(page.locator(".messagelist")).to_contain_text(f"New: {len(case['updates'])}.")
    blog.refresh_from_db()
    assert (blog.kicker, blog.headline) == (case["kicker"], case["headline"])
    assert [summary_of(update) for update in blog.updates.newest_first()] == [
        (date.fromisoformat(row["day"]), row["time"], row["heading"]) for row in case["updates"]
    ]


def summary_of(update: Update) -> tuple[date, str | None, str]:
    moment = hongkong.to_hong_kong(update.happened_at)
    return moment.date(), f"{moment:%H:%M}" if update.has_clock_time else None, update.heading
