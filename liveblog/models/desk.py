"""State of the desk: working copies, presence, and accepted submissions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

# Desks report their presence every few seconds.
FORGOTTEN_AFTER: Final = timedelta(seconds=15)


class WorkingCopy(models.Model):
    """Unsaved text of an editor, for a new update or over a saved one.

    Only its editor can see it. `token` identifies the composer; each text being written has its own.
    """

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64)
    blog = models.ForeignKey("liveblog.LiveBlog", on_delete=models.CASCADE, related_name="working_copies")
    update = models.ForeignKey(
        "liveblog.Update", on_delete=models.CASCADE, null=True, related_name="working_copies"
    )
    fields = models.JSONField(help_text="The composer's fields by name, as they were typed.")
    saved_at = models.DateTimeField(_("saved"))

    class Meta:
        ordering = ["-saved_at", "-pk"]
        verbose_name = _("working copy")
        verbose_name_plural = _("working copies")
        constraints = [
            models.UniqueConstraint(fields=["by", "token"], name="working_copy_once_per_token"),
        ]

    def __str__(self) -> str:
        return f"{self.by} {self.token}"

    @property
    def title(self) -> str:
        """Return the heading in the composer, else the title of the saved update; may be empty."""
        heading = next(iter(self.fields.get("heading", [])), "")
        return heading.strip() or (self.update.title if self.update else "")


class Submission(models.Model):
    """An accepted submission by its idempotency key; repeating it gives the same result."""

    actor = models.CharField(max_length=40, help_text="`user 5` or `partner 7`: keys of two never meet.")
    token = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was sent.")
    update = models.ForeignKey("liveblog.Update", on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        constraints = [
            models.UniqueConstraint(fields=["actor", "token"], name="submission_once_per_token"),
        ]

    def __str__(self) -> str:
        return f"{self.actor}: {self.token}"


class PresenceQuerySet(models.QuerySet["Presence"]):
    def now(self, at: datetime) -> PresenceQuerySet:
        """Return the presences of desks that have reported recently, so that crashed ones soon disappear."""
        return self.filter(at__gt=at - FORGOTTEN_AFTER)


class Presence(models.Model):
    """An open desk, and the update in its composer, if any. It locks nothing."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.CharField(max_length=64, help_text="The composer's.")
    blog = models.ForeignKey("liveblog.LiveBlog", on_delete=models.CASCADE, related_name="presences")
    update = models.ForeignKey("liveblog.Update", on_delete=models.CASCADE, null=True, related_name="+")
    is_writing = models.BooleanField(default=False, help_text="Whether there is something in the composer.")
    at = models.DateTimeField()

    objects = PresenceQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["by", "token"], name="presence_once_per_token")]

    def __str__(self) -> str:
        return f"{self.by} {self.token}"


class CopyProfile(models.Model):
    """A notation of running copy under the name of its source, as the desk saved it.

    `signature` is the `Profile.signature` of the article that it was saved from; the other fields are values
    of `Heading` and `Order` and the name of a zone, each of which may be empty.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    signature = models.CharField(max_length=200, blank=True)
    heading = models.CharField(max_length=20, blank=True)
    order = models.CharField(max_length=20, blank=True)
    zone = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("profile of running copy")
        verbose_name_plural = _("profiles of running copy")

    def __str__(self) -> str:
        return self.name
