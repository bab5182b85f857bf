"""Content of updates: fingerprints, revisions from older versions, bylines and times."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Revision, Update
from liveblog.publishing import SYSTEM, Content, Stale, Story, fingerprint
from liveblog.publishing.content import LABELS
from newsroom import hongkong
from tests.factories import NOON, make_blog, make_image, make_person, make_update

pytestmark = pytest.mark.django_db


def current_fingerprint(update: Update) -> str:
    return fingerprint(Content.of(Update.objects.get(pk=update.pk)))


def test_fingerprint_is_the_same_before_and_after_saving():
    content = Content(
        "一", "<p>文</p>", NOON, bylines=(Byline.objects.create(name="張三"),), images=(make_image(),)
    )
    update = publishing.draft_update(make_blog(), content, by=SYSTEM)
    assert current_fingerprint(update) == fingerprint(content)


def test_repeated_saves_by_one_editor_do_not_conflict():
    blog = make_blog()
    update = publishing.draft_update(blog, Content("一"), by=SYSTEM)
    for heading in ("二", "三"):
        content = Content(heading, happened_at=NOON)
        update = publishing.draft_update(
            blog, content, by=SYSTEM, update=update, seen=current_fingerprint(update)
        )
    assert update.heading == "三"


def test_edits_of_related_rows_do_not_conflict():
    other, image, byline = make_blog(), make_image(), Byline.objects.create(name="張三")
    blog = make_blog()
    content = Content("一", stories=(Story("另文", live_blog=other),), images=(image,), bylines=(byline,))
    update = publishing.publish_update(blog, content, by=SYSTEM)
    opened_fingerprint = current_fingerprint(update)
    publishing.edit_image(image, by=SYSTEM, alt="新的說明")
    publishing.edit_byline(byline, by=SYSTEM, name="張三豐")
    publishing.edit_blog(other, replace(publishing.BlogDetails.of(other), headline="新題"), by=SYSTEM)
    edited = publishing.edit_update(
        update, replace(content, heading="二"), by=SYSTEM, seen=opened_fingerprint
    )
    assert edited.heading == "二"


def test_swapped_picture_with_the_same_description_conflicts():
    blog, content = make_blog(), Content("一", images=(make_image(alt="現場"),))
    update = publishing.publish_update(blog, content, by=SYSTEM)
    opened_fingerprint = current_fingerprint(update)
    publishing.edit_update(update, replace(content, images=(make_image(alt="現場"),)), by=SYSTEM)
    with pytest.raises(Stale):
        publishing.edit_update(update, replace(content, heading="二"), by=SYSTEM, seen=opened_fingerprint)


def test_bylines_keep_their_order():
    first, second = Byline.objects.create(name="甲"), Byline.objects.create(name="乙")
    update = publishing.publish_update(make_blog(), Content("一", bylines=(second, first)), by=SYSTEM)
    assert Update.objects.get(pk=update.pk).ordered_bylines == [second, first]


@pytest.mark.parametrize("name", [part.name for part in fields(Content)])
def test_revision_without_a_field_uses_its_default(client: Client, name):
    """Read a revision from before an upgrade that added a field."""
    update = make_update(make_blog(), "一")
    revision = update.revisions.get()
    del revision.content[name]
    revision.save()
    content, missing = Content.from_json(revision.content)
    assert (getattr(content, name), missing) == (getattr(Content(), name), [])

    client.force_login(make_person("Editor"))
    path = f"/admin/liveblog/liveblog/{update.blog_id}/desk/updates/{update.pk}/history/"
    assert client.get(path).status_code == 200


def test_every_field_has_a_label_in_the_history():
    assert list(LABELS) == [part.name for part in fields(Content)]
    assert all(LABELS.values())


def test_revision_resolves_rows_renamed_since():
    byline, other = Byline.objects.create(name="張三"), make_blog()
    content = Content(
        "一", bylines=(byline,), stories=(Story("另文", live_blog=other),), images=(make_image(),)
    )
    update = publishing.publish_update(make_blog(), content, by=SYSTEM)
    publishing.edit_byline(byline, by=SYSTEM, name="張三豐")
    restored, missing = Content.from_json(update.revisions.get().content)
    assert (restored.bylines, restored.stories, restored.images, missing) == (
        (byline,),
        content.stories,
        content.images,
        [],
    )
    assert update.revisions.get().content["bylines"] == [{"id": byline.pk, "name": "張三"}]


def test_revision_reports_a_linked_blog_that_no_longer_exists():
    data = Content("一", stories=(Story("另見", live_blog=make_blog(headline="颱風")),)).as_json()
    data["stories"][0]["live_blog"]["id"] += 1
    content, missing_names = Content.from_json(data)
    assert (content.stories[0].title, content.stories[0].live_blog) == ("另見", None)
    assert missing_names == [data["stories"][0]["live_blog"]["name"]]
    assert "颱風" in missing_names[0]


def test_revert_reports_rows_that_no_longer_exist(client: Client):
    byline = Byline.objects.create(name="張三")
    blog = make_blog()
    update = publishing.publish_update(blog, Content("一", happened_at=NOON, bylines=(byline,)), by=SYSTEM)
    publishing.edit_update(update, Content("二", happened_at=NOON), by=SYSTEM)
    byline.delete()
    client.force_login(make_person("Editor"))
    path = f"/admin/liveblog/liveblog/{blog.pk}/desk/updates/{update.pk}/revert/"
    headers = {"accept": "application/json", "accept-language": "en"}
    response = client.post(path, {"revision": Revision.objects.earliest("pk").pk}, headers=headers)
    assert response.json()["message"] == "Reverted to the earlier text, without what no longer exists: 張三."
    assert Update.objects.get(pk=update.pk).heading == "一"


def test_update_republished_after_an_undo_gets_a_new_time():
    blog = make_blog()
    update = publishing.publish_update(blog, Content("一"), by=SYSTEM)
    first = update.happened_at
    update = publishing.undo_publication(update, by=SYSTEM)
    assert Update.objects.get(pk=update.pk).given_time is None
    between = publishing.publish_update(blog, Content("二"), by=SYSTEM)
    update = publishing.publish_update(blog, Content.of(update), by=SYSTEM, update=update)
    assert first < between.happened_at < update.happened_at


def test_given_time_survives_undo_and_draft():
    blog = make_blog()
    update = publishing.publish_update(blog, Content("一", happened_at=NOON), by=SYSTEM)
    update = publishing.undo_publication(update, by=SYSTEM)
    update = publishing.draft_update(blog, Content.of(update), by=SYSTEM, update=update)
    assert Update.objects.get(pk=update.pk).given_time == NOON


@pytest.mark.parametrize("year", [1, 26, 1899, 2101, 9999])
def test_years_outside_1900_to_2100_are_refused(year):
    moment = hongkong.at(timezone.now().date().replace(year=year, day=1))
    blog = make_blog()
    for act, field in (
        (lambda: publishing.draft_update(blog, Content("一", happened_at=moment), by=SYSTEM), "happened_at"),
        (
            lambda: publishing.publish_update(blog, Content("一", happened_at=moment), by=SYSTEM),
            "happened_at",
        ),
        (lambda: publishing.draft_update(blog, Content("一"), by=SYSTEM, publish_at=moment), "publish_at"),
        *(
            (
                lambda name=name: publishing.edit_blog(
                    blog, replace(publishing.BlogDetails.of(blog), **{name: moment}), by=SYSTEM
                ),
                name,
            )
            for name in ("coverage_start_at", "coverage_end_at", "embargo_until_at")
        ),
    ):
        with pytest.raises(ValidationError) as refusal:
            act()
        assert list(refusal.value.message_dict) == [field]


def test_event_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="aware"):
        publishing.draft_update(make_blog(), Content("一", happened_at=NOON.replace(tzinfo=None)), by=SYSTEM)


def test_time_by_a_fast_clock_becomes_the_current_time():
    ahead = timezone.now() + timedelta(seconds=50)
    update = publishing.publish_update(make_blog(), Content("一", happened_at=ahead), by=SYSTEM)
    assert update.happened_at <= timezone.now()
    edited = publishing.edit_update(update, Content("一", happened_at=ahead), by=SYSTEM)
    assert update.happened_at <= edited.happened_at <= timezone.now()


def test_future_happened_at_is_refused():
    blog, ahead = make_blog(), timezone.now() + timedelta(hours=1)
    update = make_update(blog)
    for act in (
        lambda: publishing.publish_update(blog, Content("一", happened_at=ahead), by=SYSTEM),
        lambda: publishing.edit_update(update, Content("一", happened_at=ahead), by=SYSTEM),
        lambda: publishing.correct_update(update, Content("一", happened_at=ahead), by=SYSTEM, note="時間"),
        lambda: publishing.schedule_update(
            blog, Content("一", happened_at=ahead), ahead - timedelta(minutes=30), by=SYSTEM
        ),
    ):
        with pytest.raises(ValidationError) as refusal:
            act()
        assert list(refusal.value.message_dict) == ["happened_at"]


@pytest.mark.parametrize(
    "nothing", ["\u200b", "\u3000\u00ad", "\ufeff", "\u3164", "\u2800", "\x7f", "\ufe0f"]
)
def test_an_update_without_visible_text_is_refused(nothing):
    blog = make_blog()
    with pytest.raises(ValidationError):
        publishing.publish_update(blog, Content(nothing, f"<p>{nothing}</p>"), by=SYSTEM)
    update = publishing.publish_update(blog, Content(nothing, f"<p>{nothing}</p><p>正文。</p>"), by=SYSTEM)
    assert (update.heading, update.body, update.title) == ("", "<p>正文。</p>", "正文。")


def test_update_with_only_a_picture_is_titled_by_its_description(client: Client):
    blog = make_blog(slug="storm")
    image = make_image(alt="渡輪泊岸")
    update = publishing.publish_update(blog, Content(images=(image,), is_key_event=True), by=SYSTEM)
    page = client.get(update.get_absolute_url()).content.decode()
    assert page.count("渡輪泊岸") >= 4
    for empty in ("<h1></h1>", "<title>｜", 'property="og:title" content=""', '"headline": ""'):
        assert empty not in page
    for path in ("feed.atom", "feed.rss", "feed.json", ""):
        assert "渡輪泊岸" in client.get(f"/live/storm/{path}").content.decode()
    for path in ("/live/storm/feed.atom", "/live/storm/feed.rss", "/news-sitemap.xml"):
        text = client.get(path).content.decode()
        assert "title>" in text
        assert not re.search(r"<(\w+:)?title[^>]*></", text)
    assert Update.objects.get().title == "渡輪泊岸"
