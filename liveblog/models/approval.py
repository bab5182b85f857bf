"""The two-person rule: approvals of content before it is public, and proposed changes of public content."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Flag(models.TextChoices):
    """Reasons why an update needs a second person."""

    NAMED_SUSPECT = "named_suspect", _("named suspect")
    COURT = "court", _("court")
    MINOR = "minor", _("minor")
    SOURCE_AT_RISK = "source_at_risk", _("source at risk")


class Step(models.Model):
    """A proposal or an approval of one of the two people; `by` is None once the account is deleted."""

    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        abstract = True
        default_permissions = ()


class Approval(Step):
    """An approval of an update that is not public. It is void once the content's fingerprint differs."""

    update = models.OneToOneField("liveblog.Update", on_delete=models.CASCADE, related_name="approval")
    fingerprint = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.update_id} {self.fingerprint[:8]}"


class Proposal(Step):
    """A change of a published update that waits for a second person. A new one replaces it."""

    update = models.OneToOneField("liveblog.Update", on_delete=models.CASCADE, related_name="proposal")
    content = models.JSONField(help_text="Like a revision's.")
    note = models.TextField(blank=True, help_text="Empty for a minor edit.")
    base = models.CharField(max_length=64, help_text="The fingerprint of the content that it changes.")

    def __str__(self) -> str:
        return f"{self.update_id} {self.at}"


class BlogProposal(Step):
    """An action on a guarded live blog that waits for a second person. A new one replaces it."""

    class Action(models.TextChoices):
        SAVE = "save", _("text changes")
        START = "start", _("start of coverage")
        RESTORE = "restore", _("restoring the live blog")
        LIFT = "lift", _("lifting the embargo now")

    blog = models.OneToOneField("liveblog.LiveBlog", on_delete=models.CASCADE, related_name="proposal")
    action = models.CharField(max_length=7, choices=Action)
    details = models.JSONField(null=True, help_text="The new details, for text changes.")
    base = models.CharField(max_length=64, help_text="The fingerprint of the details that were looked at.")

    def __str__(self) -> str:
        return f"{self.blog_id} {self.action}"
