"""Services to ping about changes of public pages, and their progress per live blog."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from liveblog.models.blog import LiveBlog


class PingService(models.Model):
    """A WebSub hub or an IndexNow endpoint that is or was in the settings."""

    class Kind(models.TextChoices):
        WEBSUB = "websub", "WebSub"
        INDEXNOW = "indexnow", "IndexNow"

    kind = models.CharField(max_length=8, choices=Kind)
    url = models.URLField(max_length=500)
    since_at = models.DateTimeField(
        help_text="When the settings first named it: it is told of later changes."
    )

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "url"], name="ping_service_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.url}"


class PingCursorQuerySet(models.QuerySet["PingCursor"]):
    def free(self, at: datetime) -> PingCursorQuerySet:
        """Return cursors that no sender has leased and that are not waiting for their next attempt."""
        return self.filter(
            Q(leased_until_at__isnull=True) | Q(leased_until_at__lte=at),
            Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=at),
        )


class PingCursor(models.Model):
    """A service's progress in a live blog's log, and its next attempt."""

    service = models.ForeignKey(PingService, on_delete=models.CASCADE, related_name="cursors")
    blog = models.ForeignKey(LiveBlog, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField(help_text="Of the last change that it was told of.")
    # Stored because the feeds of topics that the live blog has left change as well.
    topics = models.JSONField(default=list, help_text="The slugs of the live blog's topics at the last ping.")
    # IndexNow only: the live blog's page is not submitted with every update.
    page_told_at = models.DateTimeField(null=True)
    is_page_due = models.BooleanField(default=False, help_text="Whether the page has changed since.")
    attempts = models.PositiveIntegerField(default=0, help_text="Failed ones since the last success.")
    failing_since_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    leased_until_at = models.DateTimeField(null=True)

    objects = PingCursorQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["service", "blog"], name="ping_cursor_once_per_service_and_blog")
        ]

    def __str__(self) -> str:
        return f"{self.service}, {self.blog.slug} {self.number}"
