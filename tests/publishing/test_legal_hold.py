"""A legal hold prevents changes and erasure of saved text, through every entry point."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from liveblog import publishing
from liveblog.models import ApiKey, Delivery, WorkingCopy
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_update
from tests.publishing.two_people import draft_by

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.usefixtures("in_english")]


def test_a_hold_freezes_saved_text_and_erasure_and_allows_withdrawing(chief, writer):
    blog = make_blog()
    update, draft = make_update(blog), draft_by(writer, blog)
    with pytest.raises(PermissionDenied):
        publishing.set_hold(blog, by=writer, is_on_hold=True, reason="訴訟")
    publishing.set_hold(blog, by=chief, is_on_hold=True, reason="訴訟")
    for act in (
        lambda: publishing.erase_update(update, by=SYSTEM, reason="命令"),
        lambda: publishing.correct_update(update, Content("改"), by=chief, note="錯"),
        lambda: publishing.edit_update(update, Content("改"), by=chief),
        lambda: publishing.draft_update(blog, Content("改"), by=writer, update=draft),
    ):
        with pytest.raises(ValidationError, match="legal hold"):
            act()
    with pytest.raises(CommandError, match="legal hold"):
        call_command("erase", str(update.pk), "--reason", "命令")
    update.refresh_from_db()
    draft.refresh_from_db()
    assert (update.heading, draft.heading) == ("消息", "標題")
    assert publishing.withdraw_update(update, by=writer, reason="錯").is_withdrawn
    assert publishing.publish_update(blog, Content("新消息"), by=writer).is_published
    publishing.set_hold(blog, by=chief, is_on_hold=False, reason="訴訟完結")
    assert publishing.erase_update(update, by=SYSTEM, reason="命令").is_erased


def test_retention_deletes_nothing_of_a_blog_on_hold(chief, writer):
    frozen, free = make_blog(), make_blog()
    publishing.set_hold(frozen, by=chief, is_on_hold=True, reason="訴訟")
    long_ago = timezone.now() - timedelta(days=400)
    for number, blog in enumerate((frozen, free)):
        WorkingCopy.objects.create(by=writer, token=f"t{number}", blog=blog, fields={}, saved_at=long_ago)
    publishing.prune()
    assert [copy.blog for copy in WorkingCopy.objects.all()] == [frozen]
    assert not Delivery.objects.exists()
    assert not ApiKey.objects.exists()
