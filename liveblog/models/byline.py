"""Bylines and their positions in updates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Byline(models.Model):
    """A name that signs copy: a reporter, a desk or an agency."""

    # Annotated by the admin's list.
    update_count: int

    name = models.CharField(_("name"), max_length=120, unique=True)
    role = models.CharField(_("role"), max_length=120, blank=True, help_text=_("For example: in Geneva."))

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("byline")
        verbose_name_plural = _("bylines")

    def __str__(self) -> str:
        return self.name


class UpdateByline(models.Model):
    """A byline's position in an update."""

    update = models.ForeignKey("liveblog.Update", on_delete=models.CASCADE, related_name="update_bylines")
    byline = models.ForeignKey(
        Byline, on_delete=models.PROTECT, related_name="update_bylines", verbose_name=_("byline")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("byline of an update")
        verbose_name_plural = _("bylines")
        constraints = [
            models.UniqueConstraint(fields=["update", "byline"], name="byline_once_per_update"),
        ]

    def __str__(self) -> str:
        return str(self.byline)
