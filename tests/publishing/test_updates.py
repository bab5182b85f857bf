"""Verbs on updates: the rows and numbers that each writes, and its refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage, storages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Change, Revision, Update
from liveblog.publishing import SYSTEM, Content, Story, search
from tests.factories import NOON, make_blog, make_image, make_update, make_user

pytestmark = pytest.mark.django_db


def log_of(blog) -> list[tuple[int, str, int | None]]:
    return list(Change.objects.filter(blog=blog).after(0).values_list("number", "kind", "update_id"))


def test_publishing_stores_content_and_revision_with_the_next_number():
    blog, editor = make_blog(), make_user("publish_update")
    update = publishing.publish_update(
        blog,
        Content(heading=" 停火  談判 ", body="<p>內文<script>alert(1)</script></p>", happened_at=NOON),
        by=editor,
    )
    update.refresh_from_db()
    blog.refresh_from_db()
    assert (update.heading, update.body, update.status, update.number) == (
        "停火 談判",
        "<p>內文</p>",
        "published",
        2,
    )
    assert update.created_by == editor
    assert blog.number == 2
    assert log_of(blog) == [(1, "blog_started", None), (2, "published", update.pk)]
    revision = update.revisions.get()
    assert (revision.kind, revision.number, revision.by) == ("published", 2, editor)
    assert revision.content["heading"] == "停火 談判"


def test_update_without_a_time_gets_the_current_time():
    update = publishing.publish_update(make_blog(), Content(heading="x"), by=SYSTEM)
    assert abs(update.happened_at - timezone.now()) < timedelta(minutes=1)


def test_a_minor_edit_and_a_correction_differ_by_their_note():
    update = make_update(make_blog(), "甲")
    publishing.edit_update(update, Content(heading="乙", happened_at=NOON), by=SYSTEM)
    publishing.correct_update(update, Content(heading="丙", happened_at=NOON), by=SYSTEM, note=" 誤植 ")
    assert list(update.revisions.order_by("pk").values_list("kind", "note", "content__heading")) == [
        ("published", "", "甲"),
        ("minor", "", "乙"),
        ("correction", "誤植", "丙"),
    ]
    assert [kind for _number, kind, _update in log_of(update.blog)] == [
        "blog_started",
        "published",
        "edited",
        "corrected",
    ]


def test_edits_and_corrections_by_an_import_store_its_hash():
    update = make_update(make_blog())
    for number, act in enumerate(
        (
            lambda **options: publishing.edit_update(update, Content("一"), **options),
            lambda **options: publishing.correct_update(update, Content("二"), note="錯字", **options),
        )
    ):
        act(by=SYSTEM, imported_hash=f"hash {number}")
        assert Update.objects.get().imported_hash == f"hash {number}"


def test_unchanged_edit_assigns_no_number():
    update = make_update(make_blog(), stories=(Story("相關", 1, "https://example.com/"),))
    number = update.number
    again = publishing.edit_update(update, Content.of(update), by=SYSTEM)
    assert again.number == number
    assert update.revisions.count() == 1


def test_related_stories_stand_after_their_blocks():
    blog = make_blog()
    update = make_update(
        blog,
        body="<p>一</p><ul><li>二</li></ul><p>三</p>",
        stories=(Story("丙", 9), Story("甲", 0), Story("乙", 2, "https://example.com/")),
    )
    passages = [str(passage) for passage in update.passages()]
    assert passages == ["甲", "<p>一</p>", "<ul><li>二</li></ul>", "乙", "<p>三</p>", "丙"]


def test_withdrawing_hides_unpins_and_leaves_a_tombstone():
    update = make_update(make_blog())
    publishing.pin_update(update, by=SYSTEM)
    publishing.withdraw_update(update, by=SYSTEM, reason="消息有誤")
    update = Update.objects.get(pk=update.pk)
    assert (update.status, update.blog.pinned_update, update.withdrawn_at is not None) == (
        "withdrawn",
        None,
        True,
    )
    assert Revision.objects.filter(update=update).first().note == "消息有誤"


def test_restored_update_is_published_with_its_text():
    update = make_update(make_blog(), "甲")
    publishing.withdraw_update(update, by=SYSTEM, reason="錯誤")
    publishing.restore_update(update, by=SYSTEM)
    update.refresh_from_db()
    assert (update.status, update.withdrawn_at, update.heading) == ("published", None, "甲")


def test_pinning_replaces_the_pinned_update():
    blog = make_blog()
    first, second = make_update(blog), make_update(blog)
    publishing.pin_update(first, by=SYSTEM)
    publishing.pin_update(second, by=SYSTEM)
    publishing.pin_update(second, by=SYSTEM)
    blog.refresh_from_db()
    assert blog.pinned_update == second
    assert [kind for _n, kind, _u in log_of(blog)].count("pinned") == 2
    publishing.unpin_update(second, by=SYSTEM)
    blog.refresh_from_db()
    assert blog.pinned_update is None


def test_marking_a_key_event_twice_records_one_change():
    update = make_update(make_blog())
    publishing.mark_key_event(update, by=SYSTEM)
    publishing.mark_key_event(update, by=SYSTEM)
    publishing.unmark_key_event(update, by=SYSTEM)
    assert [kind for _n, kind, _u in log_of(update.blog)][2:] == ["marked_key", "unmarked_key"]


def test_drafts_submissions_and_schedules_assign_no_number():
    blog = make_blog()
    draft = publishing.draft_update(blog, Content(heading="草稿"), by=SYSTEM)
    publishing.submit_update(draft.blog, by=SYSTEM, update=draft)
    soon = timezone.now() + timedelta(hours=1)
    scheduled = publishing.schedule_update(blog, Content(heading="排定"), soon, by=SYSTEM, update=draft)
    assert (scheduled.pk, scheduled.status, scheduled.publish_at, scheduled.happened_at) == (
        draft.pk,
        "scheduled",
        soon,
        soon,
    )
    assert log_of(blog) == [(1, "blog_started", None)]
    again = publishing.draft_update(blog, Content.of(scheduled), by=SYSTEM, update=scheduled)
    assert (again.status, again.publish_at) == ("draft", None)


def test_a_saved_draft_is_published_as_the_same_update():
    blog = make_blog()
    draft = publishing.draft_update(blog, Content(heading="草稿"), by=SYSTEM)
    update = publishing.publish_update(blog, Content.of(draft), by=SYSTEM, update=draft)
    assert (update.pk, update.status) == (draft.pk, "published")


def test_pictures_are_public_only_while_a_page_shows_them(django_capture_on_commit_callbacks):
    public = storages["public"]
    image = make_image()
    path = image.rendition_path(320, "webp")
    assert default_storage.exists(f"renditions/{path}")
    assert not public.exists(path)
    with django_capture_on_commit_callbacks(execute=True):
        update = make_update(make_blog(), images=(image,))
    assert public.exists(path)
    with django_capture_on_commit_callbacks(execute=True):
        publishing.withdraw_update(update, by=SYSTEM, reason="版權")
    assert not public.exists(path)
    with django_capture_on_commit_callbacks(execute=True):
        publishing.restore_update(update, by=SYSTEM)
    assert public.exists(path)


def test_picture_stays_public_while_another_page_shows_it(django_capture_on_commit_callbacks):
    image = make_image()
    with django_capture_on_commit_callbacks(execute=True):
        make_blog(hero_image=image)
        update = make_update(make_blog(), images=(image,))
        publishing.withdraw_update(update, by=SYSTEM, reason="重複")
    assert storages["public"].exists(image.rendition_path(320, "avif"))


def test_erasing_removes_text_revisions_and_files_but_no_numbers(
    django_capture_on_commit_callbacks,
):
    image = make_image()
    original, path = image.file.name, image.rendition_path(320, "jpg")
    with django_capture_on_commit_callbacks(execute=True):
        update = make_update(make_blog(), "秘密", body="<p>秘密</p>", images=(image,))
        publishing.erase_update(update, by=SYSTEM, reason="法庭命令 2026/1")
    update.refresh_from_db()
    assert (update.heading, update.body, update.status, update.images.count()) == ("", "", "withdrawn", 0)
    assert "秘密" not in str(list(update.revisions.values_list("content", "note")))
    assert log_of(update.blog)[-1] == (3, "erased", update.pk)
    assert not default_storage.exists(original)
    assert not default_storage.exists(f"renditions/{path}")
    assert not storages["public"].exists(path)
    with pytest.raises(ValidationError):
        publishing.restore_update(update, by=SYSTEM)


@pytest.mark.parametrize(
    ("verb", "permission"),
    [
        (
            lambda update, by: publishing.publish_update(update.blog, Content(heading="x"), by=by),
            "publish_update",
        ),
        (lambda update, by: publishing.edit_update(update, Content(heading="x"), by=by), "publish_update"),
        (lambda update, by: publishing.pin_update(update, by=by), "publish_update"),
        (lambda update, by: publishing.mark_key_event(update, by=by), "publish_update"),
        (lambda update, by: publishing.withdraw_update(update, by=by, reason="x"), "withdraw_update"),
        (lambda update, by: publishing.draft_update(update.blog, Content(), by=by), "add_update"),
    ],
)
def test_each_verb_requires_its_permission(verb, permission):
    update = make_update(make_blog())
    with pytest.raises(PermissionDenied):
        verb(update, make_user())
    assert update.blog.changes.count() == 2
    verb(update, make_user(permission))


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (Content(), None),
        (Content(body="<p> </p><script>x</script>"), None),
        (Content(heading="長" * 251), "heading"),
        (Content(body="<p>" + "長" * 200_000 + "</p>"), "body"),
        (Content(heading="x", stories=(Story(" "),)), "stories"),
        (Content(heading="x", stories=(Story("x", 0, "javascript:alert(1)"),)), "stories"),
    ],
)
def test_invalid_content_is_refused_and_nothing_is_written(content, field):
    blog = make_blog()
    with pytest.raises(ValidationError) as refusal:
        publishing.publish_update(blog, content, by=SYSTEM)
    assert (list(refusal.value.error_dict) == [field]) if field else refusal.value.messages
    assert Update.objects.filter(blog=blog).count() == 0
    assert log_of(blog) == [(1, "blog_started", None)]


def test_a_schedule_in_the_past_is_refused():
    with pytest.raises(ValidationError) as refusal:
        publishing.schedule_update(make_blog(), Content(heading="x"), timezone.now(), by=SYSTEM)
    assert list(refusal.value.error_dict) == ["publish_at"]


def test_a_withdrawal_without_a_reason_is_refused():
    update = make_update(make_blog())
    with pytest.raises(ValidationError):
        publishing.withdraw_update(update, by=SYSTEM, reason="  ")


def test_verbs_refuse_updates_in_the_wrong_state():
    blog = make_blog()
    draft = publishing.draft_update(blog, Content(heading="x"), by=SYSTEM)
    published = make_update(blog)
    for act in (
        lambda: publishing.edit_update(draft, Content(heading="y"), by=SYSTEM),
        lambda: publishing.withdraw_update(draft, by=SYSTEM, reason="x"),
        lambda: publishing.pin_update(draft, by=SYSTEM),
        lambda: publishing.restore_update(published, by=SYSTEM),
        lambda: publishing.publish_update(blog, Content(heading="y"), by=SYSTEM, update=published),
        lambda: publishing.draft_update(blog, Content(heading="y"), by=SYSTEM, update=published),
    ):
        with pytest.raises(ValidationError):
            act()


def test_reporter_may_edit_only_their_own_drafts():
    blog, reporter = make_blog(), make_user("add_update")
    own = publishing.draft_update(blog, Content(heading="我"), by=reporter)
    publishing.draft_update(blog, Content(heading="我改"), by=reporter, update=own)
    publishing.submit_update(blog, Content(heading="我再改"), by=reporter, update=own)
    other = publishing.draft_update(blog, Content(heading="他"), by=make_user("add_update"))
    for act in (
        lambda: publishing.draft_update(blog, Content(heading="改"), by=reporter, update=other),
        lambda: publishing.submit_update(blog, Content(heading="改"), by=reporter, update=other),
    ):
        with pytest.raises(PermissionDenied):
            act()
    publishing.draft_update(blog, Content(heading="改"), by=make_user("change_update"), update=other)


def test_reporter_may_not_cancel_a_schedule():
    blog = make_blog()
    soon = timezone.now() + timedelta(hours=1)
    scheduled = publishing.schedule_update(blog, Content(heading="x"), soon, by=SYSTEM)
    with pytest.raises(PermissionDenied):
        publishing.submit_update(
            scheduled.blog, by=make_user("add_update", "change_update"), update=scheduled
        )


def test_publishing_with_a_pin_takes_at_most_26_queries_and_one_number():
    blog, user = make_blog(), make_user("*")
    # Warm the permission cache, as every request of a signed-in editor does.
    user.get_all_permissions()
    content = Content(
        "消息", "<p>內文。</p>", bylines=(Byline.objects.create(name="張三"),), images=(make_image(),)
    )
    with CaptureQueriesContext(connection) as queries:
        publishing.once(
            user, "t1", "d", lambda: publishing.publish_update(blog, content, by=user, is_pinned=True)
        )
    assert len(queries) <= 26, "\n".join(query["sql"][:110] for query in queries)
    blog.refresh_from_db()
    assert (blog.number, blog.pinned_update.heading) == (2, "消息")


def test_search_index_is_updated_only_when_the_text_changes(monkeypatch):
    update = make_update(make_blog())
    indexed = []
    monkeypatch.setattr(search, "index_update", lambda row: indexed.append(row.heading))
    publishing.pin_update(update, by=SYSTEM)
    publishing.mark_key_event(update, by=SYSTEM)
    content = Content.of(update)
    publishing.edit_update(update, replace(content, verification="confirmed"), by=SYSTEM)
    assert indexed == []
    publishing.edit_update(update, replace(content, heading="新標題"), by=SYSTEM)
    assert indexed == ["新標題"]
