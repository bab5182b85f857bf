"""Updates in the admin, from the first draft to a restored withdrawal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Byline, Change, LiveBlog, Revision, Update
from liveblog.publishing import SYSTEM, Content, Story
from newsroom import hongkong
from tests.admin.browsing import errors, open_form, page_of, with_row
from tests.factories import NOON, make_blog, make_image, make_update

pytestmark = pytest.mark.django_db

ADD = "/admin/liveblog/update/add/"


def form_fields(moment: datetime, name: str) -> dict[str, str]:
    """Return form fields for a moment, as an editor types them in Hong Kong time."""
    local = hongkong.to_hong_kong(moment)
    return {f"{name}_0": f"{local:%Y-%m-%d}", f"{name}_1": f"{local:%H:%M}"}


def add(admin, blog, **fields):
    """Post the add form; return the new update, or the response if the form has errors."""
    response = admin.post(ADD, open_form(admin, f"{ADD}?blog={blog.pk}") | fields)
    return Update.objects.latest("pk") if response.status_code == 302 else response


def save(admin, update, **fields):
    return admin.post(page_of(update), open_form(admin, page_of(update)) | fields)


def numbered_kinds(blog: LiveBlog) -> list[tuple[int, str]]:
    return list(Change.objects.filter(blog=blog).after(0).values_list("number", "kind"))


def number_of(blog: LiveBlog) -> int:
    return LiveBlog.objects.get(pk=blog.pk).number


def test_update_passes_through_every_status(admin, editor):
    blog = make_blog()
    update = add(admin, blog, heading="風球高懸", body="<p>內文<script>x()</script></p>", action="draft")
    assert (update.status, update.body, update.created_by) == ("draft", "<p>內文</p>", editor)
    assert number_of(blog) == 1

    assert save(admin, update, action="publish").status_code == 302
    assert save(admin, update, body="<p>改正</p>", action="correct", note="數字有誤").status_code == 302
    assert save(admin, update, heading="八號風球", action="edit").status_code == 302
    assert save(admin, update, action="withdraw", note="來源撤回").status_code == 302
    assert save(admin, update, action="restore").status_code == 302

    update.refresh_from_db()
    assert (update.status, update.heading, update.body) == ("published", "八號風球", "<p>改正</p>")
    assert numbered_kinds(blog) == [
        (1, "blog_started"),
        (2, "published"),
        (3, "corrected"),
        (4, "edited"),
        (5, "withdrawn"),
        (6, "restored"),
    ]
    assert list(Revision.objects.order_by("number").values_list("kind", "note", "by")) == [
        ("published", "", editor.pk),
        ("correction", "數字有誤", editor.pk),
        ("minor", "", editor.pk),
        ("withdrawn", "來源撤回", editor.pk),
        ("restored", "", editor.pk),
    ]
    messages = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert messages == [
        "Added.", "Publish now", "Save as a correction", "Save as a minor edit", "Withdraw", "Restore",
    ]  # fmt: skip
    assert update.get_absolute_url() in admin.get(page_of(update)).content.decode()


def test_text_stories_pictures_and_bylines_are_saved_as_one_change(admin):
    blog, other = make_blog(), make_blog(headline="另一直播")
    first, second = make_image(alt="其一"), make_image(alt="其二")
    byline, second_byline = Byline.objects.create(name="張三"), Byline.objects.create(name="李四")
    update = make_update(blog, body="<p>一</p><p>二</p>")
    form = open_form(admin, page_of(update))
    form |= {"heading": "新標題", "is_key_event": "on", "action": "edit"}
    form = with_row(form, "update_bylines", byline=second_byline.pk)
    form = with_row(form, "update_bylines", byline=byline.pk, order="1")
    form = with_row(form, "related_stories", title="後", after_block="2", live_blog=other.pk)
    form = with_row(form, "related_stories", title="前二", after_block="1", url="example.com/b")
    form = with_row(form, "related_stories", title="前一", after_block="1", order="1")
    form = with_row(form, "update_images", image=first.pk)
    form = with_row(form, "update_images", image=second.pk, order="1")
    before = number_of(blog)
    assert admin.post(page_of(update), form).status_code == 302

    assert number_of(blog) == before + 1
    content = Content.of(Update.objects.get(pk=update.pk))
    assert content == Content(
        heading="新標題",
        body="<p>一</p><p>二</p>",
        happened_at=update.happened_at,
        is_key_event=True,
        bylines=(byline, second_byline),
        stories=(Story("前一", 1), Story("前二", 1, "https://example.com/b"), Story("後", 2, "", other)),
        images=(second, first),
    )

    reordered = open_form(admin, page_of(update)) | {
        "update_images-0-DELETE": "on",
        "related_stories-0-order": "9",
    }
    assert admin.post(page_of(update), reordered).status_code == 302
    content = Content.of(Update.objects.get(pk=update.pk))
    assert ([story.title for story in content.stories], content.images) == (["前二", "前一", "後"], (first,))
    assert number_of(blog) == before + 2


def test_saving_without_changes_assigns_no_number_and_keeps_the_seconds(admin):
    blog = make_blog()
    happened_at = NOON.replace(second=34, microsecond=567_891)
    update = make_update(blog, happened_at=happened_at, stories=(Story("相關", 1),), images=(make_image(),))
    before = number_of(blog)
    assert save(admin, update).status_code == 302
    assert number_of(blog) == before
    assert save(admin, update, heading="另一標題").status_code == 302
    assert number_of(blog) == before + 1
    update.refresh_from_db()
    assert update.happened_at == happened_at
    assert save(admin, update, happened_at_1="12:01").status_code == 302
    update.refresh_from_db()
    assert update.happened_at == NOON + timedelta(minutes=1)


@pytest.mark.parametrize("language", ["en", "zh-hant", "zh-hans"])
def test_times_survive_saving_in_every_language(admin, language):
    update = make_update(make_blog(), happened_at=NOON - timedelta(hours=9, minutes=15))
    headers = {"accept-language": language}
    response = admin.get(page_of(update), headers=headers)
    assert 'value="02:45"' in response.content.decode()
    form = open_form(admin, page_of(update), language=language)
    assert admin.post(page_of(update), form | {"action": "edit"}, headers=headers).status_code == 302
    assert Update.objects.get(pk=update.pk).happened_at == update.happened_at


def test_scheduled_update_goes_live_at_its_time(admin):
    blog = make_blog()
    later = hongkong.now().replace(second=0, microsecond=0) + timedelta(hours=2)
    update = add(admin, blog, heading="預告", action="schedule", **form_fields(later, "publish_at"))
    assert (update.status, update.publish_at, update.happened_at, number_of(blog)) == (
        "scheduled",
        later,
        later,
        1,
    )

    sooner = later - timedelta(hours=1)
    assert save(admin, update, **form_fields(sooner, "publish_at")).status_code == 302
    update.refresh_from_db()
    assert (update.status, update.publish_at, update.happened_at) == ("scheduled", sooner, sooner)

    publishing.publish_due(by=SYSTEM, at=sooner)
    update.refresh_from_db()
    assert (update.status, update.happened_at) == ("published", sooner)


def test_draft_without_a_time_gets_its_publication_time(admin):
    update = add(admin, make_blog(), heading="突發", action="draft")
    drafted_at = update.happened_at
    assert open_form(admin, page_of(update))["happened_at_1"] == ""
    assert save(admin, update, action="publish").status_code == 302
    update.refresh_from_db()
    assert update.happened_at == update.first_published_at > drafted_at


def test_saving_without_an_action_keeps_the_status(admin):
    submitted = add(admin, make_blog(), heading="請審閱", action="submit")
    assert submitted.status == "submitted"
    assert save(admin, submitted, heading="請再審閱").status_code == 302
    submitted.refresh_from_db()
    assert (submitted.status, submitted.heading) == ("submitted", "請再審閱")


def test_plain_text_is_converted_to_paragraphs(admin):
    update = add(admin, make_blog(), body="第一段 & 續\n\n第二段", action="draft")
    assert update.body == "<p>第一段 &amp; 續</p><p>第二段</p>"


def test_history_is_shown(admin, editor):
    update = make_update(make_blog())
    publishing.correct_update(update, Content(heading="改"), by=editor, note="人名有誤")
    page = admin.get(page_of(update)).content.decode()
    assert "人名有誤" in page
    assert editor.username in page


def test_withdrawal_discards_unsaved_text_with_a_message(admin):
    update = make_update(make_blog(), heading="原文")
    response = save(admin, update, heading="未存", action="withdraw", note="錯誤")
    update.refresh_from_db()
    assert (update.status, update.heading) == ("withdrawn", "原文")
    assert "your changes to its text were not saved" in admin.get(response.url).content.decode()


# Refusals


def test_empty_update_is_refused(admin):
    response = add(admin, make_blog(), action="publish")
    assert errors(response) == {"__all__": ["Write a heading or a text first."]}
    assert Update.objects.count() == 0


def test_note_is_required_for_corrections_and_refused_for_minor_edits(admin):
    update = make_update(make_blog())
    assert errors(save(admin, update, heading="改", action="correct")) == {
        "note": ["Say what was corrected. Readers see this."]
    }
    assert errors(save(admin, update, heading="改", action="edit", note="數字")) == {
        "note": ["A minor edit takes no note. Save it as a correction, or clear the note."]
    }
    assert numbered_kinds(update.blog)[-1] == (2, "published")


def test_withdrawal_needs_a_reason(admin):
    update = make_update(make_blog())
    response = save(admin, update, action="withdraw", note="  ")
    assert errors(response) == {"note": ["Say why it is withdrawn. Readers do not see this."]}
    assert Update.objects.get(pk=update.pk).is_published


def test_schedule_needs_a_future_time(admin):
    blog = make_blog()
    assert errors(add(admin, blog, heading="甲", action="schedule")) == {
        "publish_at": ["Enter the time when it goes live."]
    }
    past = form_fields(timezone.now() - timedelta(minutes=5), "publish_at")
    response = add(admin, blog, heading="甲", action="schedule", **past)
    assert errors(response) == {"publish_at": ["This time has passed. Publish now, or choose a later time."]}
    assert 'value="甲"' in response.content.decode()
    assert Update.objects.count() == 0


def test_publishing_a_future_event_is_refused(admin):
    blog = make_blog()
    future = timezone.now() + timedelta(hours=3)
    words = {"happened_at": ["This time is in the future. Schedule the update, or correct the time."]}
    assert (
        errors(add(admin, blog, heading="甲", action="publish", **form_fields(future, "happened_at")))
        == words
    )
    sooner = form_fields(future - timedelta(hours=1), "publish_at")
    response = add(
        admin, blog, heading="甲", action="schedule", **form_fields(future, "happened_at"), **sooner
    )
    assert errors(response) == {
        "happened_at": ["This time is later than the moment when the update goes live."]
    }
    update = make_update(blog)
    assert errors(save(admin, update, **form_fields(future, "happened_at"))) == words


def test_invalid_related_story_is_refused_with_a_reason(admin):
    update = make_update(make_blog())
    form = open_form(admin, page_of(update))
    both = with_row(
        form, "related_stories", title="兩處", after_block="0", url="https://a.hk", live_blog=update.blog_id
    )
    assert errors(admin.post(page_of(update), both)) == {
        "related_stories": ["“兩處”: give an address or a live blog, not both."]
    }
    untitled = with_row(form, "related_stories", after_block="0", url="https://a.hk")
    assert errors(admin.post(page_of(update), untitled)) == {
        "related_stories-0-title": ["This field is required."]
    }


def test_publishing_in_a_withdrawn_live_blog_is_refused(admin):
    blog = make_blog()
    publishing.withdraw_blog(blog, by=SYSTEM)
    response = add(admin, blog, heading="甲", action="publish")
    assert errors(response) == {"__all__": ["This live blog was withdrawn: nothing can be published in it."]}


def test_stale_form_overwrites_nothing(admin):
    update = make_update(make_blog(), heading="原")
    stale = open_form(admin, page_of(update))
    publishing.edit_update(update, Content(heading="同事所改"), by=SYSTEM)
    response = admin.post(page_of(update), stale | {"heading": "我所改", "action": "edit"})
    assert errors(response)["__all__"][0].startswith("Somebody else has saved this since you opened it.")
    assert "我所改" in response.content.decode()
    assert Update.objects.get(pk=update.pk).heading == "同事所改"


def test_form_opened_in_another_status_is_refused_with_a_reason(admin):
    blog = make_blog()
    draft = publishing.draft_update(blog, Content(heading="稿", happened_at=NOON), by=SYSTEM)
    stale = open_form(admin, page_of(draft)) | {"heading": "我的稿", "action": "publish"}
    publishing.publish_update(blog, Content.of(draft), by=SYSTEM, update=draft)
    response = admin.post(page_of(draft), stale)
    assert errors(response) == {"__all__": ["This update has been published. Correct or restore it instead."]}
    assert "我的稿" in response.content.decode()

    stale = open_form(admin, page_of(draft)) | {"heading": "我的更正", "action": "correct", "note": "數字"}
    publishing.withdraw_update(draft, by=SYSTEM, reason="錯")
    response = admin.post(page_of(draft), stale)
    assert errors(response) == {"__all__": ["This update is not published."]}
    assert "我的更正" in response.content.decode()
    assert number_of(blog) == 3


def test_unknown_action_is_refused(admin):
    response = add(admin, make_blog(), heading="甲", action="delete")
    assert list(errors(response)) == ["action"]


def test_withdrawn_update_can_only_be_restored(admin):
    update = make_update(make_blog())
    publishing.withdraw_update(update, by=SYSTEM, reason="錯")
    form = open_form(admin, page_of(update))
    assert "heading" not in form
    assert form["action"] == "restore"


def test_erased_update_cannot_be_restored(admin):
    update = make_update(make_blog())
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    form = open_form(admin, page_of(update))
    assert "action" not in form
    response = admin.post(page_of(update), form | {"action": "restore"})
    assert errors(response) == {"__all__": ["Only a withdrawn update can be restored."]}
