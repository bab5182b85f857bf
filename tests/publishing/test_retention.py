"""Retention of submissions, working copies and presences."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from liveblog import publishing
from liveblog.models import Presence, Submission, WorkingCopy
from liveblog.publishing import SYSTEM, Content
from liveblog.publishing.retention import PRESENCES_KEPT, SUBMISSIONS_KEPT, WORKING_COPIES_KEPT
from tests.factories import make_blog, make_user

pytestmark = pytest.mark.django_db


def test_prune_deletes_rows_past_their_retention_and_keeps_the_rest():
    blog, user, now = make_blog(), make_user(), timezone.now()
    for name, age in (("old", timedelta(minutes=1)), ("young", -timedelta(minutes=1))):
        Submission.objects.create(actor="user 1", token=name, digest="", at=now - SUBMISSIONS_KEPT - age)
        saved_at = now - WORKING_COPIES_KEPT - age
        WorkingCopy.objects.create(by=user, token=name, blog=blog, fields={}, saved_at=saved_at)
        Presence.objects.create(by=user, token=name, blog=blog, at=now - PRESENCES_KEPT - age)
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
