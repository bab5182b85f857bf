"""Helpers for browser tests of the desk: typing in the composer and opening a reader's page."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from liveblog.models import LiveBlog

CHORD = "Control+Enter"
COPY = """燈塔︱百年燈塔重新亮燈|持續更新
2026-03-19 10:00
修復工程完成。
19日最新消息
修復完成
【09:05】工程人員離開。
動工
【08:00】工程人員抵達。
"""


def wait_for_composer(page: Page) -> None:
    """Return once the page's scripts handle keys and the rich text editor has loaded."""
    page.wait_for_selector(".tiptap")
    page.wait_for_selector("[data-keys-open]:not([hidden])", state="attached")


def write(page: Page, heading: str, text: str = "") -> None:
    page.locator("#id_heading").click()
    page.keyboard.insert_text(heading)
    if text:
        page.keyboard.press("Enter")
        page.keyboard.insert_text(text)


def save_as_minor_edit(page: Page) -> None:
    """Save the change to a published update as a minor edit, which readers are not told about."""
    page.get_by_role("button", name="Save the change").click()
    page.get_by_role("button", name="Minor edit: do not tell them").click()


def open_readers_page(page: Page, url: str, blog: LiveBlog) -> Page:
    """Open the public page of a blog and wait until its stream is open."""
    with page.expect_response(re.compile(r"/stream\?")):
        page.goto(f"{url}/live/{blog.slug}/")
    return page


def forget_refusals(console_errors: list[str], *statuses: int) -> None:
    """Clear the console errors of responses with these statuses; fail if there are any others."""
    others = [error for error in console_errors if not any(f"status of {s} " in error for s in statuses)]
    assert others == []
    console_errors.clear()
