"""Malformed and hostile desk requests, which must not cause server errors or lose data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Image, Revision, Submission, Update, WorkingCopy
from liveblog.publishing import SYSTEM, Content, fingerprint
from tests.desk.conftest import desk_path
from tests.factories import make_blog, make_person, make_update, picture_file, signed_in

pytestmark = pytest.mark.django_db

NUL = "\0"


@pytest.fixture
def script_client() -> Client:
    """Return the client of an editor that wants JSON, as the desk's script does."""
    return signed_in(make_person("Editor"), {"accept": "application/json"})


def test_nul_in_a_token_matches_nothing(script_client):
    """PostgreSQL accepts NUL neither in stored text nor in query parameters."""
    path = desk_path(make_blog())
    token = {"token": f"a{NUL}b", "heading": "字"}
    assert script_client.post(f"{path}autosave/", token).status_code == 422
    assert script_client.post(f"{path}discard/", token).status_code == 200
    assert script_client.post(f"{path}state/", token | {"after": "2"}).status_code == 200
    assert script_client.post(path, token | {"action": "draft"}).status_code == 422
    assert script_client.get(path, {"copy": token["token"]}).status_code == 400
    assert not Submission.objects.exists()


def test_nul_in_text_fields_is_removed(script_client):
    blog = make_blog()
    path = desk_path(blog)
    update = make_update(blog)
    form = {"token": "a", "heading": f"字{NUL}", f"x{NUL}": "1"}
    assert script_client.post(f"{path}autosave/", form).status_code == 200
    assert WorkingCopy.objects.get().fields["heading"] == ["字"]
    assert script_client.get(f"{path}stories/", {"q": f"標題{NUL}一"}).status_code == 400
    picture = {"file": picture_file(), "alt": f"一{NUL}幅", "credit": NUL, "caption": f"圖{NUL}"}
    assert script_client.post(f"{path}pictures/", picture).status_code == 200
    image = Image.objects.get()
    assert (image.alt, image.credit, image.caption) == ("一幅", "", "圖")
    form = {"reason": f"錯{NUL}了"}
    assert script_client.post(f"{path}updates/{update.pk}/withdraw/", form).status_code == 200
    assert Revision.objects.first().note == "錯了"
    assert script_client.post(f"{path}updates/{update.pk}/withdraw/", {"reason": NUL}).status_code == 422


def test_nul_in_the_note_of_a_revert_is_removed(script_client):
    blog = make_blog()
    update = make_update(blog, "一")
    first = Revision.objects.get()
    publishing.edit_update(update, Content("二"), by=SYSTEM)
    path = f"{desk_path(blog)}updates/{update.pk}/revert/"
    assert script_client.post(path, {"revision": first.pk, "note": f"更{NUL}正"}).status_code == 200
    assert Revision.objects.first().note == "更正"


@pytest.mark.parametrize(
    "body", ["<p>一" + " " * 2_000_000 + "二</p>", "<ul><li>" * 20_000, "一<br>" * 60_000]
)
def test_text_expensive_to_sanitize_is_refused_as_too_long(script_client, body):
    path = desk_path(make_blog())
    form = {"token": "a", "body": body, "action": "publish"}
    for address in (path, f"{path}preview/"):
        response = script_client.post(address, form)
        assert response.status_code == 422
        assert response.json()["errors"] == {"body": ["The text is too long for one update."]}


def test_token_used_in_one_live_blog_is_refused_in_another(script_client):
    one, other = make_blog(), make_blog()
    form = {"token": "a", "heading": "同一句", "action": "draft"}
    assert script_client.post(desk_path(one), form).status_code == 200
    assert script_client.post(desk_path(other), form).status_code == 422
    assert [update.blog for update in Update.objects.all()] == [one]


def test_open_desk_cannot_save_an_erased_update(script_client):
    blog = make_blog()
    update = publishing.draft_update(blog, Content("原告的名字"), by=SYSTEM)
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    path = desk_path(blog)
    form = {"token": "a", "update": str(update.pk), "seen": "x", "heading": "原告的名字", "action": "draft"}
    assert script_client.post(f"{path}autosave/", form).status_code == 422
    assert script_client.post(path, form).status_code == 422
    assert script_client.post(path, form | {"seen": "", "token": "b"}).status_code == 422
    assert not WorkingCopy.objects.exists()
    assert Update.objects.get().heading == ""


def test_same_token_with_another_picture_is_refused(script_client):
    """The digest of a submission includes the picture, so a different picture is not a retry."""
    path = desk_path(make_blog())
    form = {"token": "a", "heading": "有圖", "action": "draft", "picture_alt": "一幅圖"}
    assert script_client.post(path, form | {"picture_file": picture_file(size=(400, 300))}).status_code == 200
    assert script_client.post(path, form | {"picture_file": picture_file(size=(400, 300))}).status_code == 200
    assert script_client.post(path, form | {"picture_file": picture_file(size=(300, 400))}).status_code == 422
    assert Image.objects.count() == 1


def test_story_search_hides_embargoed_blogs(script_client):
    """The headline of a chosen blog is published as the title of the link."""
    at = timezone.now() + timedelta(hours=1)
    make_blog(slug="secret", headline="和談破裂聲明", embargo_until_at=at)
    public = make_blog(slug="talks", headline="和談破裂之前")
    embargoed = make_blog(slug="beside", headline="和談破裂內情", embargo_until_at=at)

    def story_slugs(blog) -> list[str]:
        payload = script_client.get(f"{desk_path(blog)}stories/", {"q": "和談破裂"}).json()
        return sorted(row["slug"] for row in payload["stories"])

    assert story_slugs(make_blog()) == ["talks"]
    assert story_slugs(public) == []
    assert story_slugs(embargoed) == ["secret", "talks"]


@pytest.mark.parametrize(("verb", "is_published"), [("confirm", True), ("publish", False)])
def test_action_on_a_stale_update_is_refused_and_keeps_the_newer_text(
    script_client, monkeypatch, verb, is_published
):
    blog = make_blog()
    content = Content("一", verification="unconfirmed")
    if is_published:
        update = publishing.publish_update(blog, content, by=SYSTEM)
    else:
        update = publishing.draft_update(blog, content, by=SYSTEM)

    seen = fingerprint(Content.of(update))
    if is_published:
        publishing.edit_update(update, replace(content, heading="二"), by=SYSTEM)
    else:
        publishing.draft_update(blog, replace(content, heading="二"), by=SYSTEM, update=update)
    response = script_client.post(f"{desk_path(blog)}updates/{update.pk}/{verb}/", {"seen": seen})
    assert response.status_code == 422
    update.refresh_from_db()
    assert (update.heading, update.is_published) == ("二", is_published)
