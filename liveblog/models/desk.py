"""What the desk keeps for editors: text not yet saved, and which submissions were taken already."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class WorkingCopy(models.Model):
    """What an editor has typed and not yet saved: a new update's, or over one that is saved.

    Readers and colleagues see nothing of it. `token` is the composer's, one for each thing being written.
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


class Submission(models.Model):
    """A submission that was taken, by its idempotency key: sent again, it gets the same answer."""

    actor = models.CharField(max_length=40, help_text="`user 5` or `key 7`: keys of two never meet.")
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
