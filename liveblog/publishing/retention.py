"""Retention of submissions, working copies, presences, and files that no row names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from liveblog.models import Presence, Submission, WorkingCopy
from liveblog.publishing.renditions import owe_strays

# Longer than any client keeps retrying a request.
SUBMISSIONS_KEPT: Final = timedelta(days=7)
# Unsaved text this old has been abandoned.
WORKING_COPIES_KEPT: Final = timedelta(days=30)
PRESENCES_KEPT: Final = timedelta(days=1)


def prune(*, at: datetime | None = None) -> None:
    """Delete rows past their retention at `at` (None: now), and files that no row names.

    Working copies of a live blog under a legal hold stay.
    """
    at = at or timezone.now()
    Submission.objects.filter(at__lt=at - SUBMISSIONS_KEPT).delete()
    abandoned = WorkingCopy.objects.filter(saved_at__lt=at - WORKING_COPIES_KEPT)
    abandoned.filter(blog__is_on_hold=False).delete()
    Presence.objects.filter(at__lt=at - PRESENCES_KEPT).delete()
    owe_strays()
