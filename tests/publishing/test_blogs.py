"""Verbs on live blogs and on rows that blogs share, and what becomes due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from liveblog import publishing, visibility
from liveblog.models import Byline, Change, GlossaryTerm, LiveBlog, Topic, Update
from liveblog.presentation import reading
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from liveblog.visibility import PUBLIC
from tests.change_log import kinds
from tests.factories import edit_blog, make_blog, make_image, make_update, make_user

pytestmark = pytest.mark.django_db


def test_blog_passes_through_every_status_with_a_change_for_each_step():
    blog = make_blog(is_live=False)
    statuses = [blog.status]
    for verb in (
        publishing.start_coverage,
        publishing.end_coverage,
        publishing.start_coverage,
        publishing.end_coverage,
        publishing.withdraw_blog,
        publishing.restore_blog,
    ):
        blog = verb(blog, by=SYSTEM)
        statuses.append(blog.status)
    assert statuses == ["draft", "live", "ended", "live", "ended", "withdrawn", "ended"]
    assert kinds(blog) == [
        "blog_started",
        "blog_ended",
        "blog_resumed",
        "blog_ended",
        "blog_withdrawn",
        "blog_restored",
    ]


def test_edit_assigns_one_number_and_an_unchanged_save_none():
    blog, topic = make_blog(), Topic.objects.create(slug="world", name="國際")
    details = replace(
        BlogDetails.of(blog),
        headline="新標題",
        topics=(topic,),
        stories=(Story("相關", 0, "https://example.com/"),),
    )
    blog = publishing.edit_blog(blog, details, by=SYSTEM)
    assert (blog.number, blog.headline, list(blog.topics.all())) == (2, "新標題", [topic])
    assert [story.title for story in blog.related_stories.all()] == ["相關"]
    assert publishing.edit_blog(blog, details, by=SYSTEM).number == 2


def test_linking_blogs_take_a_number_for_a_new_headline_but_not_for_a_standfirst():
    target, blog = make_blog(), make_blog()
    make_update(blog, stories=(Story("另見", 0, live_blog=target),))
    edit_blog(target, standfirst="導語")
    assert kinds(blog) == ["blog_started", "published"]
    target = LiveBlog.objects.get(pk=target.pk)
    edit_blog(target, headline="新標題")
    assert kinds(blog) == ["blog_started", "published", "edited"]


def test_successor_takes_a_number_when_it_is_named_and_not_for_other_edits():
    blog, successor = make_blog(), make_blog()
    blog = edit_blog(blog, successor=successor)
    assert kinds(successor) == ["blog_started", "blog_edited"]
    edit_blog(blog, standfirst="導語")
    assert kinds(successor) == ["blog_started", "blog_edited"]


def test_slug_cannot_change_after_publication():
    draft = make_blog(is_live=False)
    edit_blog(draft, slug="another")
    blog = make_blog()
    with pytest.raises(ValidationError) as refusal:
        edit_blog(blog, slug="else")
    assert list(refusal.value.error_dict) == ["slug"]


def test_image_and_byline_edits_assign_a_number_to_each_affected_update():
    byline, image = Byline.objects.create(name="陳大文"), make_image()
    first, second, other = make_blog(), make_blog(hero_image=image), make_blog()
    a = make_update(first, bylines=(byline,))
    b = make_update(first, bylines=(byline,), images=(image,))
    make_update(other)
    before = other.changes.count()
    publishing.edit_byline(byline, by=SYSTEM, name="李小文")
    assert list(first.changes.order_by("number").values_list("kind", "update_id"))[-2:] == [
        ("edited", a.pk),
        ("edited", b.pk),
    ]
    publishing.edit_image(image, by=SYSTEM, alt="新說明")
    assert first.changes.first().update == b
    assert kinds(second)[-1] == "blog_edited"
    numbers = [blog.changes.count() for blog in (first, second)]
    publishing.edit_byline(byline, by=SYSTEM, name="李小文")
    publishing.edit_image(image, by=SYSTEM, alt="新說明")
    assert [blog.changes.count() for blog in (first, second)] == numbers
    assert other.changes.count() == before


def test_withdrawing_a_blog_assigns_a_number_in_blogs_that_link_to_it():
    target, blog = make_blog(), make_blog()
    update = make_update(blog, stories=(Story("另見", 0, live_blog=target),))
    number = Update.objects.get(pk=update.pk).number
    publishing.withdraw_blog(target, by=SYSTEM)
    changed = Update.objects.get(pk=update.pk)
    assert changed.number == number + 1
    (story,) = reading.stories(changed.related_stories.all(), None)
    assert story.href == ""


def test_glossary_term_that_was_changed_since_it_was_opened_is_not_overwritten():
    term = publishing.add_term(by=SYSTEM, traditional="的士", simplified="出租车")
    seen = publishing.row_fingerprint(term)
    publishing.edit_term(term, by=SYSTEM, traditional="的士", simplified="计程车", seen=seen)
    with pytest.raises(publishing.Stale):
        publishing.edit_term(term, by=SYSTEM, traditional="的士", simplified="的士", seen=seen)
    assert GlossaryTerm.objects.get().simplified == "计程车"


def test_linking_an_unresolved_story_changes_its_update_once():
    update = make_update(make_blog(), stories=(Story("未連結"),))
    story = update.related_stories.get()
    assert (story.url, story.live_blog) == ("", None)
    publishing.edit_story(story, by=SYSTEM, title="未連結", url="https://example.com/a")
    (view,) = reading.stories(update.related_stories.all(), None)
    assert view.href == "https://example.com/a"
    assert kinds(update.blog) == ["blog_started", "published", "edited"]


def test_due_updates_are_published_in_the_order_of_their_times():
    blog = make_blog()
    now = timezone.now()
    late = publishing.schedule_update(blog, Content(heading="後"), now + timedelta(minutes=2), by=SYSTEM)
    early = publishing.schedule_update(blog, Content(heading="先"), now + timedelta(minutes=1), by=SYSTEM)
    later = publishing.schedule_update(blog, Content(heading="未到"), now + timedelta(hours=1), by=SYSTEM)
    assert publishing.publish_due(by=SYSTEM) == 0
    assert publishing.publish_due(by=SYSTEM, at=now + timedelta(minutes=3)) == 2
    assert publishing.publish_due(by=SYSTEM, at=now + timedelta(minutes=3)) == 0
    assert [
        (u.pk, u.status, u.number) for u in Update.objects.filter(blog=blog).order_by("number", "pk")
    ] == [
        (later.pk, "scheduled", 0),
        (early.pk, "published", 2),
        (late.pk, "published", 3),
    ]


def test_due_embargoes_are_lifted_and_planned_ends_take_effect():
    now = timezone.now()
    embargoed = make_blog(embargo_until_at=now + timedelta(minutes=1))
    planned = make_blog(coverage_end_at=now + timedelta(minutes=1))
    assert not visibility.can_read(PUBLIC, embargoed)
    assert publishing.publish_due(by=SYSTEM, at=now + timedelta(minutes=2)) == 2
    embargoed.refresh_from_db()
    planned.refresh_from_db()
    assert (visibility.can_read(PUBLIC, embargoed), kinds(embargoed)[-1]) == (True, "embargo_lifted")
    assert (planned.status, planned.coverage_end_at) == ("ended", now + timedelta(minutes=1))


def test_due_update_of_a_withdrawn_blog_waits_without_blocking_others():
    now = timezone.now()
    withdrawn, blog = make_blog(), make_blog()
    for target in (withdrawn, blog):
        publishing.schedule_update(target, Content(heading="x"), now + timedelta(minutes=1), by=SYSTEM)
    publishing.withdraw_blog(withdrawn, by=SYSTEM)
    assert publishing.publish_due(by=SYSTEM, at=now + timedelta(minutes=2)) == 1
    assert withdrawn.updates.get().status == "scheduled"


@pytest.mark.parametrize(
    ("verb", "permission"),
    [
        (publishing.start_coverage, "run_coverage"),
        (publishing.lift_embargo, "run_coverage"),
        (lambda blog, by: publishing.edit_blog(blog, BlogDetails.of(blog), by=by), "change_liveblog"),
    ],
)
def test_each_verb_requires_its_permission(verb, permission):
    blog = make_blog(is_live=False, embargo_until_at=timezone.now() + timedelta(hours=1))
    with pytest.raises(PermissionDenied):
        verb(blog, by=make_user())
    verb(blog, by=make_user(permission))


def test_verbs_refuse_blogs_in_the_wrong_state():
    draft, live = make_blog(is_live=False), make_blog()
    for act in (
        lambda: publishing.end_coverage(draft, by=SYSTEM),
        lambda: publishing.withdraw_blog(draft, by=SYSTEM),
        lambda: publishing.start_coverage(live, by=SYSTEM),
        lambda: publishing.restore_blog(live, by=SYSTEM),
        lambda: publishing.lift_embargo(live, by=SYSTEM),
        lambda: publishing.end_coverage(live, by=SYSTEM, at=live.coverage_start_at - timedelta(days=1)),
        lambda: publishing.create_blog(BlogDetails(live.slug, "en", "x"), by=SYSTEM),
        lambda: publishing.create_blog(BlogDetails("new", "fr", "x"), by=SYSTEM),
        lambda: publishing.create_blog(BlogDetails("new", "en", " "), by=SYSTEM),
    ):
        with pytest.raises(ValidationError):
            act()


def test_database_constraints_reject_invalid_rows():
    blog = make_blog()
    update = make_update(blog)
    for write in (
        lambda: Change.objects.create(blog=blog, number=2, kind="edited", at=timezone.now()),
        lambda: Update.objects.filter(pk=update.pk).update(status="draft"),
        lambda: Update.objects.filter(pk=update.pk).update(status="withdrawn"),
        lambda: Update.objects.filter(pk=update.pk).update(verification="rumour"),
        lambda: Update.objects.create(
            blog=blog, status="scheduled", happened_at=timezone.now(), modified_at=timezone.now()
        ),
        lambda: LiveBlog.objects.filter(pk=blog.pk).update(status="ended"),
        lambda: LiveBlog.objects.filter(pk=blog.pk).update(coverage_start_at=None),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
