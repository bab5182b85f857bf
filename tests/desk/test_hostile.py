"""What no browser's form sends: it is refused in words, or taken without harm, and never breaks the desk."""

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
from tests.factories import make_blog, make_person, make_update, picture_file

pytestmark = pytest.mark.django_db

NUL = "\0"


@pytest.fixture
def editor() -> Client:
    client = Client(headers={"accept": "application/json", "accept-language": "en"})
    client.force_login(make_person("Editor"))
    return client


def test_nul_in_a_token_finds_nothing(editor):
    """PostgreSQL keeps none in a text, and refuses to be asked for it."""
    path = desk_path(make_blog())
    token = {"token": f"a{NUL}b", "heading": "字"}
    assert editor.post(f"{path}autosave/", token).status_code == 422
    assert editor.post(f"{path}discard/", token).status_code == 200
    assert editor.post(f"{path}state/", token | {"after": "2"}).status_code == 200
    assert editor.post(path, token | {"action": "draft"}).status_code == 422
    assert editor.get(path, {"copy": token["token"]}).status_code == 400
    assert not Submission.objects.exists()


def test_nul_in_what_is_typed_is_left_out(editor):
    blog = make_blog()
    path = desk_path(blog)
    update = make_update(blog)
    assert (
        editor.post(f"{path}autosave/", {"token": "a", "heading": f"字{NUL}", f"x{NUL}": "1"}).status_code
        == 200
    )
    assert WorkingCopy.objects.get().fields["heading"] == ["字"]
    assert editor.get(f"{path}stories/", {"q": f"標題{NUL}一"}).status_code == 400
    picture = {"file": picture_file(), "alt": f"一{NUL}幅", "credit": NUL, "caption": f"圖{NUL}"}
    assert editor.post(f"{path}pictures/", picture).status_code == 200
    image = Image.objects.get()
    assert (image.alt, image.credit, image.caption) == ("一幅", "", "圖")
    said = {"reason": f"錯{NUL}了"}
    assert editor.post(f"{path}updates/{update.pk}/withdraw/", said).status_code == 200
    assert Revision.objects.first().note == "錯了"
    assert editor.post(f"{path}updates/{update.pk}/withdraw/", {"reason": NUL}).status_code == 422


def test_nul_in_the_note_of_a_revert_is_left_out(editor):
    blog = make_blog()
    update = make_update(blog, "一")
    first = Revision.objects.get()
    publishing.edit_update(update, Content("二"), by=SYSTEM)
    path = f"{desk_path(blog)}updates/{update.pk}/revert/"
    assert editor.post(path, {"revision": first.pk, "note": f"更{NUL}正"}).status_code == 200
    assert Revision.objects.first().note == "更正"


@pytest.mark.parametrize(
    "body", ["<p>一" + " " * 2_000_000 + "二</p>", "<ul><li>" * 20_000, "一<br>" * 60_000]
)
def test_text_that_would_keep_the_cleaner_busy_is_refused_before_it_is_looked_at(editor, body):
    path = desk_path(make_blog())
    sent = {"token": "a", "body": body, "action": "publish"}
    for address in (path, f"{path}preview/"):
        response = editor.post(address, sent)
        assert response.status_code == 422
        assert response.json()["errors"] == {"body": ["The text is too long for one update."]}


def test_token_that_was_used_in_one_live_blog_says_nothing_in_another(editor):
    one, other = make_blog(), make_blog()
    sent = {"token": "a", "heading": "同一句", "action": "draft"}
    assert editor.post(desk_path(one), sent).status_code == 200
    assert editor.post(desk_path(other), sent).status_code == 422
    assert [update.blog for update in Update.objects.all()] == [one]


def test_an_open_desk_does_not_keep_what_was_erased(editor):
    blog = make_blog()
    update = publishing.draft_update(blog, Content("原告的名字"), by=SYSTEM)
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    path = desk_path(blog)
    typed = {"token": "a", "update": str(update.pk), "seen": "x", "heading": "原告的名字", "action": "draft"}
    assert editor.post(f"{path}autosave/", typed).status_code == 422
    assert editor.post(path, typed).status_code == 422
    assert editor.post(path, typed | {"seen": "", "token": "b"}).status_code == 422
    assert not WorkingCopy.objects.exists()
    assert Update.objects.get().heading == ""


def test_picture_in_the_form_is_part_of_what_was_sent(editor):
    """The same words with another picture are another submission."""
    path = desk_path(make_blog())
    sent = {"token": "a", "heading": "有圖", "action": "draft", "picture_alt": "一幅圖"}
    assert editor.post(path, sent | {"picture_file": picture_file(size=(400, 300))}).status_code == 200
    assert editor.post(path, sent | {"picture_file": picture_file(size=(400, 300))}).status_code == 200
    assert editor.post(path, sent | {"picture_file": picture_file(size=(300, 400))}).status_code == 422
    assert Image.objects.count() == 1


def test_story_search_does_not_offer_what_is_under_embargo(editor):
    """What is chosen is printed as the link's title, to everybody, at once."""
    at = timezone.now() + timedelta(hours=1)
    make_blog(slug="secret", headline="和談破裂聲明", embargo_until_at=at)
    public = make_blog(slug="talks", headline="和談破裂之前")
    beside = make_blog(slug="beside", headline="和談破裂內情", embargo_until_at=at)

    def found(blog) -> list[str]:
        answer = editor.get(f"{desk_path(blog)}stories/", {"q": "和談破裂"}).json()
        return sorted(row["slug"] for row in answer["found"])

    assert found(make_blog()) == ["talks"]
    assert found(public) == []
    assert found(beside) == ["secret", "talks"]


@pytest.mark.parametrize(("verb", "is_published"), [("confirm", True), ("publish", False)])
def test_what_a_colleague_saves_at_the_same_instant_is_not_overwritten(
    editor, monkeypatch, verb, is_published
):
    blog = make_blog()
    said = Content("一", verification="unconfirmed")
    if is_published:
        update = publishing.publish_update(blog, said, by=SYSTEM)
    else:
        update = publishing.draft_update(blog, said, by=SYSTEM)

    seen = fingerprint(Content.of(update))
    if is_published:
        publishing.edit_update(update, replace(said, heading="二"), by=SYSTEM)
    else:
        publishing.draft_update(blog, replace(said, heading="二"), by=SYSTEM, update=update)
    answer = editor.post(f"{desk_path(blog)}updates/{update.pk}/{verb}/", {"seen": seen})
    assert answer.status_code == 422
    update.refresh_from_db()
    assert (update.heading, update.is_published) == ("二", is_published)
