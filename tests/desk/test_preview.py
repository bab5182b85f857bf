"""The preview of an update as readers will see it, on a phone and in each edition, without saving."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Frame, Page, expect

from liveblog import publishing
from liveblog.models import Change, Revision, Update
from liveblog.publishing import SYSTEM, Content
from tests.desk.composing import forget_refusals
from tests.desk.conftest import desk_path
from tests.factories import NOON, make_blog, make_image, make_person, make_update
from tests.waiting import wait_for

VIDEO = "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def preview_frame(page: Page, heading: str) -> Frame:
    """Wait until the preview shows this heading and return its frame."""
    expect(page.frame_locator("[data-preview-dialog] iframe").locator("li.update h3")).to_have_text(heading)
    return page.frame(name="preview")


def test_preview_shows_the_public_page_in_each_edition_and_saves_nothing(open_desk):
    blog = make_blog(headline="頭條")
    image = make_image(alt="海旁巨浪", credit="陳大文")
    draft = publishing.draft_update(
        blog, Content("稿", "<p>稿</p>", images=(image,), verification="unconfirmed"), by=SYSTEM
    )
    before = list(Update.objects.values())
    page = open_desk(blog, query=f"?update={draft.pk}")
    page.locator("#id_heading").fill("頭髮花白的長者獲救")
    page.locator("#id_source").fill("消防處")
    page.locator("#id_embed").fill(VIDEO)
    page.get_by_role("button", name="Preview").click()
    frame = preview_frame(page, "頭髮花白的長者獲救")
    assert frame.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [375, 375]
    assert frame.evaluate("document.documentElement.lang") == "zh-Hant-HK"
    expect(frame.locator(".mark-unconfirmed")).to_have_text(re.compile(r"^\s*未經證實\s*來源：\s*消防處\s*$"))
    expect(frame.locator(f'.embed a[href="{VIDEO}"]')).to_be_visible()
    picture = frame.locator("figure img")
    expect(picture).to_have_attribute("alt", "海旁巨浪")
    picture.scroll_into_view_if_needed()
    wait_for(lambda: picture.evaluate("image => image.naturalWidth"))
    page.get_by_role("button", name="Simplified Chinese").click()
    frame = preview_frame(page, "头发花白的长者获救")
    expect(page.get_by_role("button", name="Simplified Chinese")).to_have_attribute("aria-pressed", "true")
    assert frame.evaluate("document.documentElement.lang") == "zh-Hans"
    expect(frame.locator(".mark-unconfirmed")).to_have_text(re.compile(r"^\s*未经证实\s*来源：\s*消防处\s*$"))
    expect(frame.locator(".converted")).to_contain_text("机器")
    assert frame.evaluate("document.body.textContent.match(/[頭髮長獲證實處過經]/g)") is None
    page.keyboard.press("Escape")
    expect(page.locator("[data-preview-dialog]")).to_be_hidden()
    expect(page.locator("#id_heading")).to_have_value("頭髮花白的長者獲救")
    assert (list(Update.objects.values()), Revision.objects.count()) == (before, 0)
    assert not Change.objects.filter(update=draft).exists()


def test_preview_shows_corrections_and_reports_form_errors(open_desk, console_errors):
    blog = make_blog(language="en")
    update = make_update(blog, "Three hurt", body="<p>The fire service says.</p>")
    publishing.correct_update(
        update, Content("Five hurt", update.body, update.happened_at), by=SYSTEM, note="It was five."
    )
    page = open_desk(blog, query=f"?update={update.pk}")
    page.get_by_role("button", name="Preview").click()
    frame = preview_frame(page, "Five hurt")
    expect(frame.locator(".corrections")).to_contain_text("It was five.")
    expect(page.locator("[data-preview-editions] button")).to_have_text(["English"])
    page.keyboard.press("Escape")
    page.locator("[data-more]").evaluate("details => { details.open = true; }")
    page.locator("#id_bylines").fill("Nobody")
    page.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("[data-preview-dialog] iframe").locator("body")).to_contain_text(
        "There is no byline “Nobody” yet."
    )
    forget_refusals(console_errors, 422)


@pytest.mark.django_db
def test_preview_shows_the_headline_the_days_and_the_neighbours(client):
    blog = make_blog(kicker="風暴", headline="八號信號")
    days = [NOON + timedelta(days=day) for day in range(4)]
    for day, at in enumerate(days):
        make_update(blog, f"第{day}日", happened_at=at)
    client.force_login(make_person("Editor"))
    form = {"token": "a", "heading": "補記", "happened_day": "2026-03-21", "happened_clock": "18:00"}
    page = client.post(f"{desk_path(blog)}preview/", form).content.decode()
    assert re.search(r"八號信號\s*</h1>", page)
    assert re.findall(r'<h3 id="heading-\d+"[^>]*>([^<]+)</h3>', page) == ["第3日", "補記", "第2日", "第1日"]
    assert re.findall(r"<h2>3月(\d+)日", page) == ["22", "21", "20"]


@pytest.mark.django_db
def test_preview_pictures_are_served_by_signature_until_it_expires(client, monkeypatch):
    blog, image, other = make_blog(), make_image(), make_image()
    client.force_login(make_person("Editor"))
    page = client.post(f"{desk_path(blog)}preview/", {"token": "a", "picture": str(image.pk)})
    assert "sandbox" in page.headers["Content-Security-Policy"].split("; ")
    address = re.search(r'src="([^"]+/preview/pictures/[^"]+)"', page.content.decode())[1]
    client.logout()
    picture = client.get(address)
    assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/jpeg")
    assert "no-store" in picture.headers["Cache-Control"]
    assert client.get(address.replace(f"/{image.key}/", f"/{other.key}/")).status_code == 404
    assert client.get(address.replace(image.key, other.key)).status_code == 404
    assert client.get(address.replace(".jpg", ".svg")).status_code == 404
    later = (timezone.now() + timedelta(minutes=11)).timestamp()
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_refused_preview_is_a_sandboxed_page_without_scripts(client):
    client.force_login(make_person("Editor"))
    page = client.post(f"{desk_path(make_blog())}preview/", {"token": "a", "bylines": "Nobody"})
    assert page.status_code == 422
    assert "<script" not in page.content.decode()
    assert {"sandbox", "script-src 'none'"} <= set(page.headers["Content-Security-Policy"].split("; "))
