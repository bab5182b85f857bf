"""Today, the admin's front page: running coverage, drafts, the schedule, and starting a live blog."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import Page, expect

from liveblog import publishing
from liveblog.models import LiveBlog, Update
from liveblog.publishing import SYSTEM, Content
from newsroom import hongkong
from tests.desk.composing import CHORD, wait_for_composer
from tests.factories import PASSWORD, make_blog, make_person, make_update, signed_in

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 375, "height": 812}


def test_first_update_of_a_new_story_takes_three_clicks_and_two_page_loads(server, new_page):
    password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    chief = make_person("Chief editor", password=password)
    page: Page = new_page(locale="en-GB", base_url=server.url, viewport=WIDE)
    page.goto("/admin/login/")
    loads: list[str] = []
    page.on("load", lambda loaded: loads.append(loaded.url))
    page.fill("#id_username", chief.username)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    page.fill("#start-kicker", "颱風")
    page.fill("#start-headline", "八號風球生效")
    expect(page.locator("#start-slug")).to_have_value("tai-feng")
    page.get_by_role("button", name="Start coverage now").click()
    wait_for_composer(page)
    page.keyboard.insert_text("天文台改發八號風球")
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".row h3")).to_have_text("天文台改發八號風球")
    assert [load.removeprefix(server.url).split("/")[1] for load in loads] == ["admin", "admin"]
    blog = LiveBlog.objects.get()
    assert (blog.slug, blog.status, blog.language) == ("tai-feng", "live", "zh-hant")
    assert (blog.kicker, blog.headline) == ("颱風", "八號風球生效")


@pytest.mark.django_db
def test_proposed_slug_that_is_in_use_gets_the_day_and_a_typed_one_is_refused():
    client, day = signed_in(make_person("Chief editor")), f"{hongkong.now():%Y-%m-%d}"
    for typed in ("", "", "", "own-address"):
        form = {"kicker": "", "headline": "Bridge closed", "slug": typed, "draft": "yes"}
        assert client.post("/admin/start/", form).status_code == 302
    assert list(LiveBlog.objects.order_by("created_at", "pk").values_list("slug", "status")) == [
        ("bridge-closed", "draft"),
        (f"bridge-closed-{day}", "draft"),
        (f"bridge-closed-{day}-2", "draft"),
        ("own-address", "draft"),
    ]
    refused = client.post("/admin/start/", {"headline": "Other", "slug": "own-address", "start": "yes"})
    assert refused.status_code == 422
    assert LiveBlog.objects.count() == 4
    editor = signed_in(make_person("Editor"))
    assert "Start a live blog" not in editor.get("/admin/").content.decode()
    assert editor.post("/admin/start/", {"headline": "No", "draft": "yes"}).status_code == 403
    assert editor.get("/admin/start/slug/?headline=No").status_code == 403


@pytest.mark.django_db
def test_rows_link_to_submissions_responses_and_own_drafts():
    editor = make_person("Editor")
    blog = make_blog(kicker="風暴", headline="八號信號", has_responses=True)
    make_update(blog, "一")
    publishing.submit_update(blog, Content("待審"), by=SYSTEM)
    publishing.submit_response(blog, name="讀者", text="請保重")
    mine = publishing.draft_update(blog, Content("我的稿"), by=editor)
    publishing.draft_update(blog, Content("別人的稿"), by=make_person("Reporter"))
    publishing.schedule_update(blog, Content("明日"), timezone.now() + timedelta(days=1), by=SYSTEM)
    hidden = make_blog(headline="別隊的報道")
    publishing.set_team(hidden, [make_person("Editor")], by=SYSTEM)
    client = signed_in(editor)
    response = client.get("/admin/")
    page, desk = response.content.decode(), f"/admin/liveblog/liveblog/{blog.pk}/desk/"
    [(row, readers)] = response.context["running"]
    assert (row.waiting, row.responses_waiting, readers) == (1, 1, 0)
    assert row.newest_update_at == Update.objects.get(heading="一").first_published_at
    for address in (desk, f"{desk}?queue=submitted", f"{desk}?queue=responses", f"{desk}?update={mine.pk}"):
        assert f'href="{address}"' in page
    assert "明日" in page
    assert "別人的稿" not in page
    assert "別隊的報道" not in page


@pytest.mark.django_db
def test_number_of_queries_does_not_grow_with_the_coverage():
    client = signed_in(make_person("Chief editor"))

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/admin/").status_code == 200
        return len(queries)

    make_update(make_blog(), "一")
    count()
    before = count()
    for _index in range(5):
        blog = make_blog()
        make_update(blog, "二")
        publishing.schedule_update(blog, Content("明日"), timezone.now() + timedelta(days=1), by=SYSTEM)
    assert count() == before


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("roles", "groups"),
    [
        (["Reporter"], ["Editorial", "System"]),
        (["Syndication manager"], ["Editorial", "Partners", "System"]),
    ],
)
def test_models_are_grouped_by_subject_and_role(roles, groups):
    page = signed_in(make_person(*roles)).get("/admin/")
    assert [str(group["name"]) for group in page.context["app_list"]] == groups
    assert "LiveBlog" in {model["object_name"] for model in page.context["app_list"][0]["models"]}


def test_today_is_accessible_and_folds_system_and_the_sections_beside_lists(open_signed_in):
    blog = make_blog(kicker="風暴", headline="八號信號")
    make_update(blog, "一")
    page = open_signed_in(make_person("Chief editor", "Syndication manager"))
    for scheme, viewport in (("light", WIDE), ("dark", WIDE), ("light", NARROW), ("dark", NARROW)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(viewport)
        page.goto("/admin/")
        issues = Axe().run(page).response["violations"]
        assert [(node["html"], issue["id"]) for issue in issues for node in issue["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    page.set_viewport_size(WIDE)
    page.goto("/admin/liveblog/liveblog/")
    sections = page.locator(".nav-fold")
    expect(sections.get_by_role("link", name="Live blogs")).to_be_hidden()
    sections.locator("summary").click()
    expect(sections.get_by_role("link", name="Live blogs")).to_be_visible()
    page.goto("/admin/")
    assert page.locator("#models details").evaluate("details => details.open") is False
    page.emulate_media(color_scheme="light")
    state = page.locator(".state-live").first
    assert state.evaluate("badge => getComputedStyle(badge).backgroundColor") == "rgb(179, 19, 27)"


def test_shortcut_publishes_from_the_new_desk(open_signed_in):
    """Publishing by keyboard needs no click at all: sign in, start, write."""
    page = open_signed_in(make_person("Chief editor"))
    page.goto("/admin/")
    page.fill("#start-headline", "Bridge closed")
    page.keyboard.press("Enter")
    wait_for_composer(page)
    expect(page.locator("#id_heading")).to_be_focused()
    page.keyboard.insert_text("Police close the bridge")
    page.keyboard.press(CHORD)
    expect(page.locator(".row h3")).to_have_text("Police close the bridge")
