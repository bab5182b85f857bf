"""Actors of changes: every verb that assigns a change number records its actor, which stays private."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.models import ApiKey, Byline, Change, LiveBlog, Partner, RelatedStory, Revision, Topic, Update
from liveblog.publishing import SYSTEM, Actor, BlogDetails, Content, Story
from liveblog.webhooks import messages
from tests.factories import edit_blog, embargo, make_blog, make_image, make_key, make_update, make_user

pytestmark = pytest.mark.django_db

Act = Callable[[Actor], object]


def make_withdrawn(blog: LiveBlog) -> Update:
    return publishing.withdraw_update(make_update(blog), by=SYSTEM, reason="錯")


def make_response(blog: LiveBlog) -> object:
    blog = edit_blog(blog, has_responses=True)
    return publishing.submit_response(blog, name="讀者", text="意見")


def make_used_image(blog: LiveBlog) -> object:
    image = make_image()
    make_update(blog, images=(image,))
    return image


def make_used_byline(blog: LiveBlog) -> Byline:
    byline = Byline.objects.create(name="記者")
    make_update(blog, bylines=(byline,))
    return byline


def make_used_topic(blog: LiveBlog) -> Topic:
    topic = Topic.objects.create(slug="weather", name="天氣")
    edit_blog(blog, topics=(topic,))
    return topic


def make_related_story(blog: LiveBlog) -> RelatedStory:
    return make_update(blog, stories=(Story("相關"),)).related_stories.get()


def prepare_due_update(blog: LiveBlog) -> Act:
    later = timezone.now() + timedelta(hours=1)
    publishing.schedule_update(blog, Content("預約"), later, by=SYSTEM)
    return lambda by: publishing.publish_due(by=by, at=later)


def prepare_restorable(blog: LiveBlog) -> Act:
    row = publishing.withdraw_blog(blog, by=SYSTEM)
    return lambda by: publishing.restore_blog(row, by=by)


def case(make: Callable[[LiveBlog], object], verb: Callable[..., object], **arguments: object) -> Callable:
    """Return a test case: a function that makes the row and returns an act that calls the verb on it."""

    def prepare(blog: LiveBlog) -> Act:
        row = make(blog)
        return lambda by: verb(type(row).objects.get(pk=row.pk), by=by, **arguments)

    return prepare


def same_blog(blog: LiveBlog) -> LiveBlog:
    return blog


# Verbs that assign a change number. Each value prepares a running blog and returns the act to test.
NUMBERED: dict[str, Callable[[LiveBlog], Act]] = {
    "approve_response": case(make_response, publishing.approve_response),
    "edit_update": case(make_update, publishing.edit_update, content=Content("修訂")),
    "correct_update": case(make_update, publishing.correct_update, content=Content("更正"), note="更正"),
    "edit_blog": lambda blog: (
        lambda by: publishing.edit_blog(blog, replace(BlogDetails.of(blog), headline="新標題"), by=by)
    ),
    "edit_byline": case(make_used_byline, publishing.edit_byline, name="另一記者"),
    "edit_image": case(make_used_image, publishing.edit_image, alt="另一幅圖"),
    "edit_story": case(make_related_story, publishing.edit_story, title="相關", url="https://example.com/"),
    "edit_topic": case(make_used_topic, publishing.edit_topic, name="氣象"),
    "end_coverage": case(same_blog, publishing.end_coverage),
    "erase_update": case(make_update, publishing.erase_update, reason="法庭命令"),
    "lift_embargo": case(embargo, publishing.lift_embargo),
    "mark_key_event": case(make_update, publishing.mark_key_event),
    "pin_update": case(make_update, publishing.pin_update),
    "publish_due": prepare_due_update,
    "publish_update": case(same_blog, publishing.publish_update, content=Content("號外")),
    "restore_blog": prepare_restorable,
    "restore_update": case(make_withdrawn, publishing.restore_update),
    "start_coverage": case(lambda blog: publishing.end_coverage(blog, by=SYSTEM), publishing.start_coverage),
    "undo_publication": case(make_update, publishing.undo_publication),
    "unmark_key_event": case(lambda blog: make_update(blog, is_key_event=True), publishing.unmark_key_event),
    "unpin_update": case(
        lambda blog: publishing.pin_update(make_update(blog), by=SYSTEM), publishing.unpin_update
    ),
    "withdraw_blog": case(same_blog, publishing.withdraw_blog),
    "withdraw_response": case(
        lambda blog: publishing.approve_response(make_response(blog), by=SYSTEM), publishing.withdraw_response
    ),
    "withdraw_update": case(make_update, publishing.withdraw_update, reason="錯"),
}
# Verbs without a change number, because they change nothing that readers see.
UNNUMBERED = {
    "add_byline", "add_image", "add_term", "add_topic", "add_webhook", "advance_numbers", "approve_on_blog",
    "approve_update", "erase_reader", "erase_user", "expire_responses", "flag_update", "override_approval",
    "override_on_blog", "propose_change", "propose_on_blog",
    "set_hold", "set_second_person",
    "create_blog", "create_key", "disable_webhook", "draft_update",
    "edit_key", "edit_term", "edit_webhook", "enable_webhook", "prepare_image", "reject_response",
    "remove_term", "replay_since", "resend", "revoke_key", "rotate_key", "rotate_secret", "schedule_update",
    "send_test", "set_team", "submit_update",
}  # fmt: skip
NOT_VERBS = {
    "actions_for", "actor", "blog_actions_for", "can_approve_on_blog", "once", "perform", "perform_on_blog",
    "permission_to_write", "require",
}  # fmt: skip
# Verbs that a key with write:publish may call on a live blog granted to its partner.
BY_KEY = {
    "correct_update", "edit_update", "erase_update", "mark_key_event", "pin_update", "publish_due",
    "publish_update", "restore_update", "undo_publication", "unmark_key_event", "unpin_update",
    "withdraw_update",
}  # fmt: skip


def has_actor(name: str) -> bool:
    value = getattr(publishing, name)
    return inspect.isfunction(value) and "by" in inspect.signature(value).parameters


def referred_blog() -> LiveBlog:
    """Return a running blog that another blog links to, so that some changes appear in both logs."""
    blog = make_blog()
    make_update(make_blog(), stories=(Story("見另文", live_blog=blog),))
    return blog


def changes_by(act: Act, by: Actor) -> list[Change]:
    """Call the act and return the changes it appended."""
    before = set(Change.objects.values_list("pk", flat=True))
    act(by)
    return list(Change.objects.exclude(pk__in=before).order_by("pk"))


def make_publishing_key(blog: LiveBlog) -> ApiKey:
    make_key("write:publish", blogs=[blog])
    return ApiKey.objects.select_related("partner").get()


def test_every_verb_is_classified():
    verbs = {name for name in publishing.__all__ if has_actor(name)}
    assert verbs == NUMBERED.keys() | UNNUMBERED | NOT_VERBS


@pytest.mark.parametrize("verb", NUMBERED)
def test_changes_record_the_person_who_made_them(verb):
    blog, user = referred_blog(), make_user("*")
    changes = changes_by(NUMBERED[verb](blog), user)
    assert changes
    assert {(change.by, change.by_partner) for change in changes} == {(user, None)}
    for change in changes:
        for revision in Revision.objects.filter(update=change.update, number=change.number):
            assert (revision.by, revision.by_partner) == (change.by, change.by_partner)


@pytest.mark.parametrize("verb", NUMBERED)
def test_changes_record_the_partner_whose_key_made_them(verb):
    blog = referred_blog()
    act, key = NUMBERED[verb](blog), make_publishing_key(blog)
    # A key may change only updates that its partner created.
    Update.objects.filter(blog=blog).update(created_by=None, created_by_partner=key.partner)
    if verb not in BY_KEY:
        with pytest.raises(PermissionDenied):
            act(key)
        return
    changes = changes_by(act, key)
    assert changes
    assert {(change.by, change.by_partner) for change in changes} == {(None, key.partner)}


@pytest.mark.parametrize("verb", NUMBERED)
def test_system_changes_record_no_actor(verb):
    changes = changes_by(NUMBERED[verb](referred_blog()), SYSTEM)
    assert {(change.by, change.by_partner) for change in changes} == {(None, None)}


def test_change_survives_the_deletion_of_its_account():
    user = make_user("*")
    update = publishing.pin_update(make_update(make_blog()), by=user)
    user.delete()
    change = Change.objects.get(update=update, kind=Change.Kind.PINNED)
    assert (change.by, change.by_partner) == (None, None)


def test_change_with_two_actors_raises_integrity_error():
    partner = Partner.objects.create(name="夥伴", contact="desk@example.com")
    rows = Change.objects.filter(blog=make_blog())
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(by=make_user(), by_partner=partner)


# Visibility of the actor


@pytest.fixture
def marked(client: Client) -> Update:
    """Return an update that a partner pinned and an editor marked; sign the client in as that editor."""
    blog, editor = make_blog(slug="storm"), make_user("*")
    editor.first_name, editor.last_name = "Ada", "Secret"
    editor.save()
    partner = Partner.objects.create(name="Secret Wire", contact="desk@secret.example")
    partner.granted_blogs.add(blog)
    make_key("read", "write:publish", partner=partner)
    draft = publishing.draft_update(blog, Content("號外", "<p>內文</p>"), by=ApiKey.objects.get())
    update = publishing.publish_update(blog, Content("號外", "<p>內文</p>"), by=editor, update=draft)
    publishing.pin_update(update, by=ApiKey.objects.get())
    update = publishing.mark_key_event(update, by=editor)
    client.force_login(editor)
    return update


def test_desk_history_shows_who_pinned_and_marked_an_update(client, marked):
    page = client.get(
        reverse("desk:history", args=[marked.blog_id, marked.pk]), headers={"Accept-Language": "en"}
    ).content.decode()
    entries = [" ".join(part.split("</h2>")[0].split()) for part in page.split("<h2>")[1:]]
    for entry, words in zip(
        entries,
        [("Marked as key event", "Ada Secret"), ("Pinned", "Secret Wire"), ("Published", "Ada Secret")],
        strict=True,
    ):
        assert all(word in entry for word in words), entry
    assert "Revert to this text" not in page


def test_admin_change_log_shows_and_filters_by_actor(client, marked):
    editor = Change.objects.get(kind=Change.Kind.MARKED_KEY).by
    log = reverse("admin:liveblog_change_changelist")
    page = client.get(log).content.decode()
    assert editor.username in page
    assert "Secret Wire" in page
    filtered = client.get(log, {"by__id__exact": editor.pk}).context["cl"].queryset
    assert {change.kind for change in filtered} == {"published", "marked_key"}
    matches = client.get(log, {"q": editor.username}).context["cl"].queryset
    assert set(matches) == set(filtered)


def test_public_surfaces_do_not_show_the_actor(marked):
    editor = Change.objects.get(kind=Change.Kind.MARKED_KEY).by
    partner = Partner.objects.get()
    webhook = publishing.add_webhook(partner, by=SYSTEM, url="https://partner.example/hook")
    texts = [messages.again(webhook, marked.blog_id, number).body.decode() for number in range(1, 5)]
    addresses = [
        "/",
        "/live/storm/",
        f"/live/storm/{marked.pk}/",
        "/live/storm/changes.json?after=0",
        "/live/storm/feed.atom",
        "/live/storm/feed.rss",
        "/live/storm/feed.json",
        "/embed/storm/",
        "/api/v1/blogs/storm/",
        "/api/v1/blogs/storm/changes/?after=0",
        "/api/v1/blogs/storm/updates/",
        "/api/v1/blogs/storm/ninjs/",
        f"/api/v1/updates/{marked.pk}/",
        f"/api/v1/updates/{marked.pk}/ninjs/",
    ]
    reader = Client()
    for path in addresses:
        response = reader.get(path)
        assert response.status_code == 200, path
        texts.append(response.content.decode())
    changes = json.loads(reader.get("/api/v1/blogs/storm/changes/?after=0").content)["changes"]
    assert {frozenset(change) for change in changes} == {frozenset({"number", "kind", "update", "at"})}
    for text in texts:
        assert "Secret" not in text
        assert editor.username not in text
