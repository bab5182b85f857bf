"""Starting, ending, withdrawing and restoring a live blog at the desk."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from liveblog import publishing
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM
from tests.desk.composing import forget_refusals, open_readers_page
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person, make_update, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief_client() -> Client:
    return signed_in(make_person("Chief editor"))


def status_of(blog: LiveBlog) -> str:
    return LiveBlog.objects.get(pk=blog.pk).status


@pytest.mark.parametrize(
    ("verbs", "offered"),
    [
        ([], "start"),
        (["start_coverage"], "end"),
        (["start_coverage", "end_coverage"], "resume"),
        (["start_coverage", "withdraw_blog"], "restore"),
    ],
)
def test_header_offers_the_button_of_the_state(chief_client, verbs, offered):
    blog = make_blog(is_live=False)
    for verb in verbs:
        blog = getattr(publishing, verb)(blog, by=SYSTEM)
    page = chief_client.get(desk_path(blog)).content.decode()
    paths = {
        action: reverse("desk:coverage", args=[blog.pk, action])
        for action in ("start", "end", "resume", "lift", "restore")
    }
    assert [action for action, path in paths.items() if path in page] == [offered]


def test_action_of_another_state_is_refused_with_a_reason(chief_client):
    blog = make_blog(is_live=False)
    response = chief_client.post(reverse("desk:coverage", args=[blog.pk, "restore"]))
    assert response.status_code == 422
    assert "Only a withdrawn live blog can be restored." in response.content.decode()
    assert status_of(blog) == "draft"


def test_withdrawal_shows_what_disappears_and_needs_reason_and_title(chief_client):
    blog = make_blog(kicker="風暴", headline="颱風逼近")
    for heading in ("甲", "乙"):
        make_update(blog, heading)
    path = reverse("desk:withdraw", args=[blog.pk])
    assert "published updates: 2" in chief_client.get(path).content.decode()
    for refused in ({"reason": "", "title": "風暴"}, {"reason": "法庭命令", "title": "颱風"}):
        assert chief_client.post(path, refused).status_code == 422
        assert status_of(blog) == "live"
    assert chief_client.post(path, {"reason": "法庭命令", "title": "風暴"}).status_code == 302
    assert status_of(blog) == "withdrawn"
    history = reverse("admin:liveblog_liveblog_history", args=[blog.pk])
    assert "Withdraw the live blog: 法庭命令" in chief_client.get(history).content.decode()
    assert chief_client.post(reverse("desk:coverage", args=[blog.pk, "restore"])).status_code == 302
    assert status_of(blog) == "live"


def test_withdrawing_twice_leads_back_to_the_desk(chief_client):
    blog = make_blog()
    publishing.withdraw_blog(blog, by=SYSTEM)
    response = chief_client.get(reverse("desk:withdraw", args=[blog.pk]))
    assert (response.status_code, response.url) == (302, desk_path(blog))


def test_whole_live_blog_is_withdrawn_and_restored_at_the_desk(open_desk, new_page, server, console_errors):
    blog = make_blog(kicker="風暴", headline="颱風逼近")
    make_update(blog, "消息")
    reader = open_readers_page(new_page(), server.url, blog)
    page = open_desk(blog, role="Chief editor")
    page.locator(".desk-menu > summary").click()
    page.get_by_role("link", name="Headline, summary, times").click()
    page.get_by_role("link", name="Withdraw …").click()
    expect(page.get_by_text("published updates: 1; pictures in them: 0")).to_be_visible()
    label, field = page.locator("label[for=id_reason]"), page.locator("#id_reason")
    assert label.bounding_box()["y"] + label.bounding_box()["height"] <= field.bounding_box()["y"] - 4
    field.fill("法庭命令")
    page.locator("#id_title").fill("風暴")
    page.get_by_role("button", name="Withdraw the live blog").click()
    expect(page.locator(".desk-head .state")).to_have_text("Withdrawn")
    # The open page goes as well.
    expect(reader.locator("h1")).to_have_text("此報道已撤回")
    forget_refusals(console_errors, 410)
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".desk-head .state")).to_have_text("Live")
    reader.goto(f"{server.url}/live/{blog.slug}/")
    expect(reader.locator("#updates h3")).to_have_text("消息")
