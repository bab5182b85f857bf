"""Readers' responses, which an editor must approve."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from newsroom.ids import PublicIdModel, PublicIdQuerySet


class ReaderResponseQuerySet(PublicIdQuerySet["ReaderResponse"]):
    def pending(self) -> ReaderResponseQuerySet:
        return self.filter(status=ReaderResponse.Status.PENDING)

    def approved(self) -> ReaderResponseQuerySet:
        """Return the approved responses, newest first; a page shows the first RESPONSES_SHOWN of a blog."""
        return self.filter(status=ReaderResponse.Status.APPROVED).order_by("-approved_at", "-pk")


class ReaderResponse(PublicIdModel):
    """A reader's response to a live blog. Only the name given by the reader is stored."""

    class Status(models.TextChoices):
        PENDING = "pending", _("To moderate")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    blog = models.ForeignKey(
        "liveblog.LiveBlog", on_delete=models.PROTECT, related_name="responses", verbose_name=_("live blog")
    )
    name = models.CharField(_("name"), max_length=80)
    text = models.TextField(_("text"), max_length=500)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    approved_at = models.DateTimeField(_("approved"), null=True, editable=False)
    moderated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("moderated by"),
    )

    objects: ClassVar = ReaderResponseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("reader's response")
        verbose_name_plural = _("readers' responses")
        permissions = [("moderate_readerresponse", _("Can approve, reject and withdraw readers' responses"))]
        indexes = [models.Index(fields=["blog", "status", "-approved_at"], name="response_shown")]
        constraints = [
            models.CheckConstraint(
                name="response_shown_has_time",
                condition=Q(status__in=["approved", "withdrawn"], approved_at__isnull=False)
                | Q(status__in=["pending", "rejected"], approved_at__isnull=True),
            ),
            models.CheckConstraint(name="response_says_something", condition=~Q(text="") & ~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.text[:40]}"
