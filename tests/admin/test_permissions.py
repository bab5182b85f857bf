"""Admin permissions: pages offer only the actions that the verbs would allow."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from liveblog import publishing
from liveblog.models import Byline, LiveBlog, Topic, Update
from liveblog.publishing import SYSTEM, Content
from tests.admin.browsing import open_form, page_of
from tests.factories import make_blog, make_image, make_update, make_user, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

ADD = "/admin/liveblog/update/add/"
MODELS = ["liveblog", "update", "relatedstory", "topic", "byline", "image", "change", "revision"]


def actions_on(client: Client, path: str) -> list[str]:
    return [value for value, _label in client.get(path).context["adminform"].form.fields["action"].choices]


def test_pages_offer_the_actions_of_each_permission():
    blog = make_blog()
    draft = publishing.draft_update(blog, Content(heading="稿"), by=SYSTEM)
    published = make_update(blog)
    reporter = signed_in(make_user("add_update", "change_update", "view_update"))
    assert actions_on(reporter, ADD) == actions_on(reporter, page_of(draft)) == ["draft", "submit"]
    editor = signed_in(make_user("add_update", "change_update", "publish_update"))
    assert actions_on(editor, ADD) == ["draft", "submit", "publish", "schedule"]
    assert actions_on(editor, page_of(published)) == ["edit", "correct"]
    chief = signed_in(make_user("publish_update", "withdraw_update"))
    assert actions_on(chief, page_of(published)) == ["edit", "correct", "withdraw"]


def test_add_permission_allows_only_drafts_and_submissions():
    blog = make_blog()
    update = make_update(blog)
    client = signed_in(make_user("add_update"))
    form = open_form(client, f"{ADD}?blog={blog.pk}")
    assert client.post(ADD, form | {"heading": "稿", "action": "draft"}).status_code == 302
    assert client.post(ADD, form | {"heading": "稿", "action": "submit"}).status_code == 302
    assert list(Update.objects.order_by("pk").values_list("status", flat=True)) == [
        "published",
        "draft",
        "submitted",
    ]
    for action in ("publish", "schedule"):
        later = {"publish_at_0": "2099-01-01", "publish_at_1": "10:00"}
        response = client.post(ADD, form | {"heading": "稿", "action": action} | later)
        assert response.status_code == 403
        assert "publish_update" in response.content.decode()
    assert Update.objects.count() == 3
    assert client.get(page_of(update)).status_code == 403
    assert client.post(page_of(update), {"action": "edit"}).status_code == 403
    assert client.get("/admin/liveblog/liveblog/add/").status_code == 403
    for model in MODELS:
        assert client.get(f"/admin/liveblog/{model}/").status_code == 403


def test_change_permission_makes_published_updates_read_only():
    client = signed_in(make_user("add_update", "change_update", "view_update"))
    update = make_update(make_blog())
    response = client.get(page_of(update))
    assert response.status_code == 200
    assert 'name="heading"' not in response.content.decode()


def test_form_keeps_its_text_when_a_colleague_published_the_draft():
    client = signed_in(make_user("add_update", "change_update", "view_update"))
    draft = publishing.draft_update(make_blog(), Content(heading="稿"), by=SYSTEM)
    form = open_form(client, page_of(draft)) | {"body": "<p>補充</p>", "seen": ""}
    publishing.publish_update(draft.blog, Content.of(draft), by=SYSTEM, update=draft)
    response = client.post(page_of(draft), form)
    assert response.status_code == 200
    assert "補充" in response.content.decode()
    assert "This update has been published." in response.content.decode()


def test_withdraw_permission_allows_withdrawing_and_restoring():
    client = signed_in(make_user("withdraw_update"))
    update = make_update(make_blog())
    form = open_form(client, page_of(update))
    assert "heading" not in form
    assert client.post(page_of(update), form | {"action": "withdraw", "note": "錯"}).status_code == 302
    assert client.post(page_of(update), open_form(client, page_of(update))).status_code == 302
    assert Update.objects.get(pk=update.pk).is_published


def test_run_coverage_permission_does_not_allow_editing_text():
    client = signed_in(make_user("run_coverage"))
    blog = make_blog(headline="原")
    text = {"headline": "改", "slug": blog.slug, "language": "en"}
    assert client.post(page_of(blog), text).status_code == 403
    assert client.post(reverse("desk:coverage", args=[blog.pk, "end"])).status_code == 302
    assert (LiveBlog.objects.get().status, LiveBlog.objects.get().headline) == ("ended", "原")


def test_bulk_actions_are_offered_by_permission(admin):
    update = make_update(make_blog())
    client = signed_in(make_user("change_update"))
    path = "/admin/liveblog/update/"
    page = client.get(path).content.decode()
    assert 'value="withdraw"' not in page
    payload = {"action": "withdraw", "_selected_action": [update.pk], "reason": "錯"}
    client.post(path, payload)
    assert Update.objects.get(pk=update.pk).is_published


@pytest.mark.parametrize("model", MODELS)
def test_no_model_can_be_deleted(admin, model):
    blog = make_blog()
    update = make_update(blog, stories=(publishing.Story("相關"),), images=(make_image(),))
    rows = {
        "liveblog": blog,
        "update": update,
        "topic": Topic.objects.create(slug="weather", name="天氣"),
        "byline": Byline.objects.create(name="張三"),
        "relatedstory": update.related_stories.get(),
        "image": update.images.get(),
        "change": blog.changes.first(),
        "revision": update.revisions.first(),
    }
    row = rows[model]
    path = reverse(f"admin:liveblog_{model}_delete", args=[row.pk])
    assert admin.get(path).status_code == 403
    assert admin.post(path, {"post": "yes"}).status_code == 403
    assert "deletelink" not in admin.get(page_of(row)).content.decode()
    page = admin.get(f"/admin/liveblog/{model}/").content.decode()
    assert "delete_selected" not in page


@pytest.mark.parametrize("model", ["change", "revision"])
def test_the_log_is_read_only(admin, model):
    update = make_update(make_blog())
    row = update.changes.get() if model == "change" else update.revisions.get()
    assert admin.get(page_of(row)).status_code == 200
    assert admin.post(page_of(row), {"number": "9"}).status_code == 403
    assert admin.get(f"/admin/liveblog/{model}/add/").status_code == 403
