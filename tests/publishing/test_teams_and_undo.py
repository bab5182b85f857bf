"""Teams, which restrict a blog to their members, and undoing a recent publication."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from liveblog import publishing
from liveblog.models import Change, RelatedStory, Revision, Update
from liveblog.publishing import SYSTEM, Content, Story
from tests.factories import make_blog, make_image, make_person, make_update

pytestmark = pytest.mark.django_db


def test_team_member_may_publish():
    blog, editor = make_blog(), make_person("Editor")
    publishing.set_team(blog, [editor], by=SYSTEM)
    assert publishing.publish_update(blog, Content("號外"), by=editor).is_published


def test_chief_editor_may_publish_in_every_blog():
    blog = make_blog()
    publishing.set_team(blog, [make_person("Editor")], by=SYSTEM)
    assert publishing.publish_update(blog, Content("號外"), by=make_person("Chief editor")).is_published


@pytest.mark.parametrize("verb", ["draft", "publish", "withdraw", "pin", "undo"])
def test_editors_outside_the_team_are_refused(verb):
    blog, outsider = make_blog(), make_person("Editor")
    update = make_update(blog)
    publishing.set_team(blog, [make_person("Editor")], by=SYSTEM)
    verbs = {
        "draft": lambda: publishing.draft_update(blog, Content("稿"), by=outsider),
        "publish": lambda: publishing.publish_update(blog, Content("號外"), by=outsider),
        "withdraw": lambda: publishing.withdraw_update(update, by=outsider, reason="錯"),
        "pin": lambda: publishing.pin_update(update, by=outsider),
        "undo": lambda: publishing.undo_publication(update, by=outsider),
    }
    with pytest.raises(PermissionDenied, match=r"team|團隊"):
        verbs[verb]()
    assert Change.objects.filter(blog=blog).count() == 2


def test_undo_makes_a_draft_and_leaves_no_tombstone(client):
    blog = make_blog()
    update = publishing.pin_update(make_update(blog, "誤報", images=(make_image(),)), by=SYSTEM)
    publishing.undo_publication(update, by=SYSTEM)
    update.refresh_from_db()
    assert (update.status, update.first_published_at) == (Update.Status.DRAFT, None)
    page = client.get(f"/live/{blog.slug}/").content.decode()
    assert "誤報" not in page
    assert "撤回" not in page
    assert client.get(f"/live/{blog.slug}/{update.pk}/").status_code == 404
    response = client.get(f"/live/{blog.slug}/changes.json", {"after": 1}).json()
    assert response["updates"] == [
        {
            "id": update.pk,
            "url": response["updates"][0]["url"],
            "blog": blog.slug,
            "number": 4,
            "status": "unpublished",
        }
    ]
    assert response["blog"]["pinned"] is None
    assert [revision.kind for revision in update.revisions.all()] == ["unpublished", "published"]


def test_undone_update_is_republished_with_a_new_number():
    blog = make_blog()
    update = publishing.undo_publication(make_update(blog), by=SYSTEM)
    update = publishing.publish_update(blog, Content.of(update), by=SYSTEM, update=update)
    assert (update.is_published, update.number) == (True, 4)


def test_undo_is_refused_after_a_correction_and_after_its_deadline(monkeypatch):
    blog = make_blog()
    corrected = make_update(blog)
    publishing.correct_update(corrected, Content("改"), by=SYSTEM, note="更正")
    with pytest.raises(ValidationError, match=r"too late|收回"):
        publishing.undo_publication(corrected, by=SYSTEM)
    old = make_update(blog)
    Revision.objects.filter(update=old).update(at=old.modified_at - timedelta(minutes=1))
    with pytest.raises(ValidationError, match=r"too late|收回"):
        publishing.undo_publication(old, by=SYSTEM)


def test_revision_restores_the_full_content():
    blog = make_blog()
    content = Content(
        "標題", "<p>文</p>", make_update(blog).happened_at, source="路透", images=(make_image(),)
    ).checked(blog.language)
    update = publishing.publish_update(blog, content, by=SYSTEM)
    assert Content.from_json(update.revisions.get().content) == (content, [])


def test_only_the_team_may_edit_related_stories():
    blog = make_blog(stories=(Story("旁邊"),))
    update = make_update(blog, stories=(Story("裡面"),))
    member, outsider = make_person("Editor"), make_person("Editor")
    publishing.set_team(blog, [member], by=SYSTEM)
    for story in RelatedStory.objects.all():
        with pytest.raises(PermissionDenied):
            publishing.edit_story(story, by=outsider, title="騙人", url="https://evil.example/")
        publishing.edit_story(story, by=member, title=story.title, url="https://example.com/")
    assert [story.url for story in RelatedStory.objects.all()] == ["https://example.com/"] * 2
    assert update.related_stories.get().title == "裡面"
