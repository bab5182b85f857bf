"""Pictures with their texts and private originals, and their positions in updates."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.core.files.storage import storages
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from newsroom import pictures
from newsroom.ids import PublicIdModel


def original_path(image: Image, filename: str) -> str:
    return f"originals/{image.key}/{filename}"


def new_key() -> str:
    return secrets.token_hex(8)


class Image(PublicIdModel):
    """A picture. Its renditions under `key` are public only while a page shows it."""

    # Annotated by the admin's list.
    update_count: int

    key = models.CharField(max_length=16, unique=True, default=new_key, editable=False)
    # Not an ImageField, which would open the file in the server process. The worker reports its dimensions.
    file = models.FileField(_("file"), upload_to=original_path, max_length=255)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    alt = models.CharField(
        _("text alternative"),
        max_length=300,
        help_text=_("What the picture shows, for readers who do not see it."),
    )
    caption = models.CharField(_("caption"), max_length=300, blank=True)
    credit = models.CharField(_("credit"), max_length=120, blank=True)
    focal_column = models.PositiveSmallIntegerField(
        _("focal point, from the left"), default=2, validators=[MaxValueValidator(4)], help_text=_("0 to 4")
    )
    focal_row = models.PositiveSmallIntegerField(
        _("focal point, from the top"), default=2, validators=[MaxValueValidator(4)], help_text=_("0 to 4")
    )
    is_sensitive = models.BooleanField(
        _("sensitive"), default=False, help_text=_("Covered on pages until a reader asks to see it.")
    )
    # The live blog at whose desk it was uploaded. It limits who can see the picture until a row uses it.
    uploaded_for = models.ForeignKey(
        "liveblog.LiveBlog", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        constraints = [
            models.CheckConstraint(name="image_has_alt", condition=~Q(alt="")),
            models.CheckConstraint(
                name="image_focal_point_in_grid", condition=Q(focal_column__lte=4, focal_row__lte=4)
            ),
        ]

    def __str__(self) -> str:
        return self.alt

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the widths of the renditions in pixels, smallest first."""
        return pictures.widths_for(self.width)

    def rendition_path(self, width: int, extension: str) -> str:
        return f"{self.key}/{width}.{extension}"

    def rendition_url(self, width: int, extension: str) -> str:
        return f"{self.base_url}{width}.{extension}"

    @property
    def base_url(self) -> str:
        """Return the URL of the directory of its public renditions, ending in a slash."""
        return storages["public"].url(f"{self.key}/")


class UpdateImage(models.Model):
    """A picture's position in an update."""

    update = models.ForeignKey("liveblog.Update", on_delete=models.CASCADE, related_name="update_images")
    image = models.ForeignKey(
        Image, on_delete=models.PROTECT, related_name="update_images", verbose_name=_("picture")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("picture in an update")
        verbose_name_plural = _("pictures")
        constraints = [
            models.UniqueConstraint(fields=["update", "image"], name="image_once_per_update"),
        ]

    def __str__(self) -> str:
        return str(self.image)


class OwedFilesQuerySet(models.QuerySet["OwedFiles"]):
    def due(self, at: datetime) -> OwedFilesQuerySet:
        return self.filter(due_at__lte=at).order_by("pk")


class OwedFiles(models.Model):
    """The files of the picture `key`, which do not yet match the rows.

    The transaction that makes the files outdated writes the row, which is deleted once they match again. If
    the process dies in between, the row remains, and another process does the work.
    """

    key = models.CharField(max_length=16, db_index=True)
    due_at = models.DateTimeField()

    objects = OwedFilesQuerySet.as_manager()

    class Meta:
        verbose_name = _("files that are owed")
        verbose_name_plural = _("files that are owed")

    def __str__(self) -> str:
        return self.key
