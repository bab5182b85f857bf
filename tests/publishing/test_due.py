"""Due items: each is processed independently, so that one failure does not block the others."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from liveblog import publishing
from liveblog.models import AuditEntry, LiveBlog, Update
from liveblog.publishing import SYSTEM, BlogDetails, Content
from tests.factories import edit_blog, make_blog, make_update

pytestmark = pytest.mark.django_db

SOON = timedelta(minutes=5)


def schedule(blog: LiveBlog, heading: str) -> Update:
    return publishing.schedule_update(blog, Content(heading), timezone.now() + SOON, by=SYSTEM)


def statuses() -> dict[str, str]:
    return dict(Update.objects.values_list("heading", "status"))


def test_erased_update_leaves_the_queue_and_others_go_live():
    blog = make_blog()
    erased, _other = schedule(blog, "甲"), schedule(blog, "乙")
    publishing.erase_update(erased, by=SYSTEM, reason="法庭命令")
    assert publishing.publish_due(by=SYSTEM, at=timezone.now() + SOON) == 1
    erased.refresh_from_db()
    assert (erased.status, erased.publish_at, statuses()["乙"]) == ("draft", None, "published")
    assert publishing.publish_due(by=SYSTEM, at=timezone.now() + SOON) == 0


def test_invalid_due_update_goes_to_review_and_others_go_live(caplog):
    blog, later = make_blog(), timezone.now() + SOON
    details = BlogDetails.of(blog)
    publishing.edit_blog(blog, replace(details, coverage_end_at=later), by=SYSTEM)
    broken, _other = schedule(blog, "壞"), schedule(blog, "好")
    # Simulate an older row that today's validation would not accept.
    Update.objects.filter(pk=broken.pk).update(heading="", body="")
    later = timezone.now() + SOON
    publishing.publish_due(by=SYSTEM, at=later)
    assert statuses() == {"": "submitted", "好": "published"}
    blog.refresh_from_db()
    assert blog.has_ended
    assert caplog.text.count("waits for review") == 1
    publishing.publish_due(by=SYSTEM, at=later)
    assert caplog.text.count("waits for review") == 1
    entry = AuditEntry.objects.get(action="returned")
    assert (entry.blog_id, entry.subject_kind, entry.subject_id) == (blog.pk, "update", str(broken.pk))


def test_exception_in_one_item_is_logged_and_others_go_live(monkeypatch, caplog):
    first, second = make_blog(), make_blog()
    schedule(first, "甲")
    schedule(second, "乙")

    def fail_for_first(details: Content, language: str, **options: bool) -> Content:
        if details.heading == "甲":
            raise RuntimeError("a fault of ours")
        return details

    monkeypatch.setattr(Content, "checked", fail_for_first)
    assert publishing.publish_due(by=SYSTEM, at=timezone.now() + SOON) == 1
    assert statuses() == {"甲": "scheduled", "乙": "published"}
    assert "a fault of ours" in caplog.text


def test_due_updates_of_a_withdrawn_blog_wait_until_it_is_restored(caplog):
    blog = make_blog()
    schedule(blog, "甲")
    publishing.withdraw_blog(blog, by=SYSTEM)
    assert publishing.publish_due(by=SYSTEM, at=timezone.now() + SOON) == 0
    assert caplog.text == ""
    publishing.restore_blog(blog, by=SYSTEM)
    assert publishing.publish_due(by=SYSTEM, at=timezone.now() + SOON) == 1


def test_extended_embargo_is_not_lifted():
    blog, later = make_blog(), timezone.now() + SOON
    edit_blog(blog, embargo_until_at=later)
    assert publishing.lift_embargo(blog, by=SYSTEM, lapsed_by=later - timedelta(minutes=1)) is None
    blog.refresh_from_db()
    assert blog.embargo_until_at == later


def test_pin_of_a_scheduled_update_takes_effect_on_publication():
    blog = make_blog()
    pinned = publishing.pin_update(make_update(blog, "舊"), by=SYSTEM)
    update = publishing.schedule_update(blog, Content("新"), timezone.now() + SOON, by=SYSTEM, is_pinned=True)
    blog.refresh_from_db()
    assert blog.pinned_update == pinned
    publishing.publish_due(by=SYSTEM, at=timezone.now() + SOON)
    blog.refresh_from_db()
    assert blog.pinned_update == update
    assert not Update.objects.get(pk=update.pk).is_to_be_pinned


def test_scheduling_in_a_withdrawn_blog_is_refused():
    blog = publishing.withdraw_blog(make_blog(), by=SYSTEM)
    with pytest.raises(ValidationError):
        schedule(blog, "甲")
