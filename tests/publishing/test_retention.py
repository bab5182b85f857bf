"""Retention of submissions, working copies and presences."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Presence, Submission, WorkingCopy
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_user

pytestmark = pytest.mark.django_db


def test_prune_deletes_submissions_after_7_days_working_copies_after_30_and_presences_after_1():
    blog, user, now = make_blog(), make_user(), timezone.now()
    for name, age in (("old", timedelta(minutes=1)), ("young", -timedelta(minutes=1))):
        week, month, day = (now - timedelta(days=days) - age for days in (7, 30, 1))
        Submission.objects.create(actor="user 1", token=name, digest="", at=week)
        WorkingCopy.objects.create(by=user, token=name, blog=blog, fields={}, saved_at=month)
        Presence.objects.create(by=user, token=name, blog=blog, at=day)
    publishing.prune(at=now)
    for model in (Submission, WorkingCopy, Presence):
        assert list(model.objects.values_list("token", flat=True)) == ["young"]


def test_erasure_deletes_the_working_copy_autosaved_during_publication():
    blog, user = make_blog(), make_user("*")
    update, _is_new = publishing.once(
        user, "t1", "digest", lambda: publishing.publish_update(blog, Content("原文"), by=user)
    )
    WorkingCopy.objects.create(
        by=user, token="t1", blog=blog, fields={"heading": ["原文"]}, saved_at=timezone.now()
    )
    publishing.erase_update(update, by=SYSTEM, reason="法庭命令")
    assert not WorkingCopy.objects.exists()
