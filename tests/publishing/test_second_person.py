"""The two-person rule in the verbs, the schedule and every entry point."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from liveblog import publishing
from liveblog.articles.article import ArticleError
from liveblog.articles.load import load
from liveblog.articles.parse import parse, read
from liveblog.models import Approval, AuditEntry, Flag, Proposal, Revision, Update
from liveblog.publishing import SYSTEM, Content, NeedsSecondPerson, Story, fingerprint
from newsroom import hongkong
from tests.factories import make_blog, make_image, make_key, signed_in
from tests.publishing.two_people import draft_by, fresh, published_by

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.usefixtures("in_english")]


@pytest.fixture
def blog(chief):
    return publishing.set_second_person(make_blog(), by=chief, is_needed=True)


# Publishing


def test_nobody_publishes_alone(blog, writer, chief):
    for by in (writer, chief, SYSTEM):
        with pytest.raises(NeedsSecondPerson):
            publishing.publish_update(blog, Content("標題"), by=by)
        draft = draft_by(by, blog)
        if by is not SYSTEM:
            with pytest.raises(NeedsSecondPerson):
                publishing.publish_update(blog, lambda saved: saved, by=by, update=draft)
    assert not Update.objects.published().exists()


def test_a_colleague_publishes_the_writers_update(blog, writer, colleague):
    assert published_by(writer, colleague, blog).is_published


def test_a_colleague_who_changes_an_update_becomes_its_writer(blog, writer, colleague):
    draft = draft_by(writer, blog)
    changed = Content("改", "<p>內文</p>")
    with pytest.raises(NeedsSecondPerson):
        publishing.publish_update(blog, changed, by=colleague, update=draft)
    publishing.draft_update(blog, changed, by=colleague, update=draft)
    with pytest.raises(NeedsSecondPerson):
        publishing.publish_update(blog, lambda saved: saved, by=colleague, update=draft)
    assert publishing.publish_update(blog, lambda saved: saved, by=writer, update=draft).is_published


def test_the_writer_publishes_after_an_approval_and_not_after_a_change(blog, writer, colleague):
    draft = draft_by(writer, blog)
    with pytest.raises(ValidationError):
        publishing.approve_update(draft, by=writer)
    publishing.approve_update(draft, by=colleague)
    with pytest.raises(NeedsSecondPerson):
        publishing.publish_update(blog, Content("別的"), by=writer, update=draft)
    publishing.draft_update(blog, Content("別的"), by=writer, update=draft)
    with pytest.raises(NeedsSecondPerson):
        publishing.publish_update(blog, lambda saved: saved, by=writer, update=draft)
    publishing.approve_update(draft, by=colleague)
    assert publishing.publish_update(blog, lambda saved: saved, by=writer, update=draft).is_published
    assert not Approval.objects.exists()


def test_approval_of_an_update_changed_in_the_meantime_is_refused(blog, writer, colleague):
    draft = draft_by(writer, blog)
    seen = fingerprint(Content.of(draft))
    publishing.draft_update(blog, Content("別的"), by=writer, update=draft)
    with pytest.raises(publishing.Stale):
        publishing.approve_update(draft, by=colleague, seen=seen)


@pytest.mark.parametrize("flag", Flag.values)
def test_a_flagged_update_needs_a_second_person_in_any_blog(writer, colleague, flag):
    blog = make_blog()
    draft = draft_by(writer, blog)
    publishing.flag_update(draft, [flag], by=writer)
    with pytest.raises(NeedsSecondPerson, match=str(Flag(flag).label)):
        publishing.publish_update(blog, lambda saved: saved, by=writer, update=draft)
    with pytest.raises(PermissionDenied):
        publishing.flag_update(draft, [], by=writer, reason="不需要")
    assert publishing.publish_update(blog, lambda saved: saved, by=colleague, update=draft).is_published


def test_only_chief_editors_override_with_a_reason_and_the_log_keeps_it(blog, writer, chief):
    draft = draft_by(writer, blog)
    with pytest.raises(PermissionDenied):
        publishing.override_approval(draft, by=writer, reason="急")
    with pytest.raises(ValidationError):
        publishing.override_approval(draft, by=chief, reason=" ")
    publishing.override_approval(draft, by=chief, reason="八號風球，只得一人")
    assert publishing.publish_update(blog, lambda saved: saved, by=writer, update=draft).is_published
    entry = AuditEntry.objects.get(action="overridden")
    assert (entry.by_id, entry.details["reason"]) == (chief.pk, "八號風球，只得一人")


def test_only_chief_editors_lift_the_rule_and_remove_flags_with_a_reason(blog, writer, chief):
    draft = draft_by(writer, blog)
    publishing.flag_update(draft, ["court"], by=writer)
    with pytest.raises(PermissionDenied):
        publishing.set_second_person(blog, by=writer, is_needed=False, reason="不需要")
    for reason in ("", " "):
        with pytest.raises(ValidationError):
            publishing.set_second_person(blog, by=chief, is_needed=False, reason=reason)
        with pytest.raises(ValidationError):
            publishing.flag_update(draft, [], by=chief, reason=reason)
    publishing.set_second_person(blog, by=chief, is_needed=False, reason="審訊已結束")
    publishing.flag_update(draft, [], by=chief, reason="審訊已結束")
    reasons = [entry.details.get("reason") for entry in AuditEntry.objects.order_by("-pk")[:2]]
    assert reasons == ["審訊已結束"] * 2
    assert publishing.publish_update(blog, lambda saved: saved, by=writer, update=draft).is_published


def test_an_approval_is_recorded_with_its_update(blog, writer, colleague):
    draft = draft_by(writer, blog)
    publishing.approve_update(draft, by=colleague)
    entry = AuditEntry.objects.order_by("pk").last()
    assert (entry.action, entry.by_id, entry.subject_id) == ("approved", colleague.pk, str(draft.pk))


# Correcting and restoring


def test_a_correction_waits_until_a_colleague_approves_it(blog, writer, colleague):
    update = published_by(writer, colleague, blog)
    new = replace(Content.of(fresh(update)), heading="更正")
    for act in (
        lambda: publishing.correct_update(update, new, by=writer, note="錯字"),
        lambda: publishing.edit_update(update, new, by=writer),
        lambda: publishing.correct_update(update, new, by=SYSTEM, note="錯字"),
    ):
        with pytest.raises(NeedsSecondPerson):
            act()
    number = fresh(update).number
    publishing.propose_change(update, new, by=writer, note="錯字")
    assert (fresh(update).heading, fresh(update).number) == ("標題", number)
    with pytest.raises(ValidationError):
        publishing.approve_update(update, by=writer)
    publishing.approve_update(update, by=colleague)
    assert fresh(update).heading == "更正"
    revision = Revision.objects.filter(update=update).first()
    assert (revision.kind, revision.note, revision.by) == ("correction", "錯字", colleague)
    entry = AuditEntry.objects.order_by("pk").last()
    assert (entry.action, entry.by_id, entry.details["proposed_by"]) == ("approved", colleague.pk, writer.pk)
    assert not Proposal.objects.exists()


def test_a_proposal_is_void_once_the_update_has_changed(blog, writer, colleague, chief):
    update = published_by(writer, colleague, blog)
    publishing.propose_change(update, Content("更正"), by=writer, note="錯字")
    publishing.mark_key_event(update, by=colleague)
    with pytest.raises(publishing.Stale):
        publishing.approve_update(update, by=colleague)
    publishing.propose_change(update, Content("再更正"), by=writer, note="錯字")
    publishing.override_approval(update, by=chief, reason="急")
    assert fresh(update).heading == "再更正"


def test_a_proposal_for_text_that_a_colleague_has_changed_since_is_refused(blog, writer, colleague):
    update = published_by(writer, colleague, blog)
    seen = fingerprint(Content.of(fresh(update)))
    publishing.mark_key_event(update, by=colleague)
    with pytest.raises(publishing.Stale):
        publishing.propose_change(update, Content("更正"), by=writer, note="錯字", seen=seen)
    assert not Proposal.objects.exists()
    seen = fingerprint(Content.of(fresh(update)))
    publishing.propose_change(update, Content("更正"), by=writer, note="錯字", seen=seen)
    assert Proposal.objects.get().by == writer


def test_restoring_needs_a_person_who_did_not_write_the_update(blog, writer, colleague):
    update = published_by(writer, colleague, blog)
    publishing.withdraw_update(update, by=colleague, reason="錯")
    with pytest.raises(NeedsSecondPerson):
        publishing.restore_update(update, by=writer)
    publishing.approve_update(update, by=colleague)
    assert publishing.restore_update(update, by=writer).is_published
    publishing.withdraw_update(update, by=writer, reason="錯")
    with pytest.raises(NeedsSecondPerson):
        publishing.restore_update(update, by=writer)


@pytest.mark.parametrize("is_on_hold", [False, True])
def test_captions_and_links_of_guarded_updates_cannot_bypass_the_rules(
    blog, chief, writer, colleague, is_on_hold
):
    image = make_image()
    content = Content("標題", images=(image,), stories=(Story("另文"),))
    draft = publishing.draft_update(blog, content, by=writer)
    update = publishing.publish_update(blog, lambda saved: saved, by=colleague, update=draft)
    publishing.set_hold(blog, by=chief, is_on_hold=is_on_hold, reason="訴訟")
    reason = "legal hold" if is_on_hold else "second person"
    with pytest.raises(ValidationError, match=reason):
        publishing.edit_image(image, by=chief, alt="疑犯")
    with pytest.raises(ValidationError, match=reason):
        publishing.edit_story(update.related_stories.get(), by=chief, title="疑犯")


# The schedule


def test_a_scheduled_update_without_approval_waits_and_goes_live_once_approved(blog, writer, colleague):
    later = timezone.now() + timedelta(hours=1)
    update = publishing.schedule_update(blog, Content("標題"), later, by=writer)
    Update.objects.filter(pk=update.pk).update(publish_at=timezone.now())
    assert publishing.publish_due(by=SYSTEM) == 0
    assert fresh(update).status == "scheduled"
    client = signed_in(colleague)
    page = client.get(
        reverse("desk:desk", args=[blog.pk]), {"queue": "scheduled"}, headers={"accept-language": "en"}
    )
    assert "Needs a second person: somebody who did not write it has to approve it" in page.text
    approve = reverse("desk:update", args=[blog.pk, update.pk, "approve"])
    assert client.post(approve, headers={"accept": "application/json"}).status_code == 200
    assert publishing.publish_due(by=SYSTEM) == 1
    assert fresh(update).is_published


# Entry points


def test_no_entry_point_lets_the_writer_publish_alone(blog, writer):
    """Every entry point leads to the verb, which applies the rule."""
    client = signed_in(writer)
    draft = draft_by(writer, blog)
    desk = reverse("desk:desk", args=[blog.pk])
    payload = {"token": "t1", "action": "publish", "heading": "標題"}
    accept = {"accept": "application/json"}
    assert client.post(desk, payload, headers=accept).status_code == 422
    publish = reverse("desk:update", args=[blog.pk, draft.pk, "publish"])
    assert client.post(publish, headers=accept).status_code == 422
    listed = {"action": "publish", "_selected_action": draft.pk, "confirm": "yes"}
    client.post(reverse("admin:liveblog_update_changelist"), listed)
    key = make_key("write:publish", blogs=[blog])
    api = Client(headers={"authorization": f"Bearer {key}", "idempotency-key": "k"})
    entry = json.dumps({"heading": "標題", "status": "published"})
    response = api.post(f"/api/v1/blogs/{blog.slug}/updates/", entry, content_type="application/json")
    assert response.status_code == 409
    assert not Update.objects.published().exists()


COPY = """消息一則

發布時間：2026年3月19日 12:00

【11:05】
標題
內文一段。
"""


def test_the_importer_publishes_nothing_alone(blog):
    article = parse(read(COPY.encode()), now=hongkong.now())
    with pytest.raises(ArticleError, match="Needs a second person"):
        load(article, by=SYSTEM, slug=blog.slug, publish=True)
    assert not Update.objects.published().exists()


def test_the_desk_turns_a_correction_into_a_proposal(blog, writer, colleague):
    update = published_by(writer, colleague, blog)
    client = signed_in(writer)
    payload = {"token": "t1", "action": "correct", "heading": "更正", "note": "錯字", "update": update.pk}
    response = client.post(
        reverse("desk:desk", args=[blog.pk]), payload, headers={"accept": "application/json"}
    )
    assert response.status_code == 200, response.content
    assert fresh(update).heading == "標題"
    assert Proposal.objects.get().by == writer


@pytest.mark.parametrize(
    ("heading", "message"), [("更正", "Proposed: “標題” changes"), ("標題", "Saved as a minor edit: “標題”")]
)
def test_the_desk_still_pins_an_update_with_a_proposal_at_once(blog, writer, colleague, heading, message):
    update = published_by(writer, colleague, blog)
    client = signed_in(writer)
    payload = {"token": "t1", "action": "edit", "heading": heading, "body": "<p>內文</p>"}
    payload |= {"is_pinned": "on", "update": str(update.pk)}
    happened_at = hongkong.to_hong_kong(fresh(update).happened_at)
    payload |= {"happened_day": f"{happened_at:%Y-%m-%d}", "happened_clock": f"{happened_at:%H:%M}"}
    response = client.post(
        reverse("desk:desk", args=[blog.pk]),
        payload,
        headers={"accept": "application/json", "accept-language": "en"},
    )
    assert response.status_code == 200, response.content
    assert response.json()["message"].startswith(message)
    assert fresh(update).is_pinned
    assert Proposal.objects.exists() == (heading != "標題")


def test_the_desk_shows_proposals_and_sets_flags_and_holds(blog, writer, colleague, chief):
    update = published_by(writer, colleague, blog)
    publishing.propose_change(update, Content("更正標題"), by=writer, note="錯字")
    client = signed_in(colleague)
    path = reverse("desk:history", args=[blog.pk, update.pk])
    page = client.get(path).text
    assert "Proposed change" in page
    assert "錯字" in page
    assert reverse("desk:update", args=[blog.pk, update.pk, "approve"]) in page
    client.post(reverse("desk:flags", args=[blog.pk, update.pk]), {"flags": ["court", "minor"]})
    assert fresh(update).flags == ["court", "minor"]
    assert "needs a second person" in client.get(reverse("desk:desk", args=[blog.pk])).text
    hold = reverse("desk:safeguard", args=[blog.pk, "hold"])
    assert client.post(hold, {"reason": "訴訟"}).status_code == 403
    client.force_login(chief)
    assert client.post(hold, {"reason": "訴訟"}).status_code == 302
    assert "Under a legal hold" in client.get(reverse("desk:desk", args=[blog.pk])).text
