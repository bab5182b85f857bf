"""The audit log: who did what to what, when and from where. Rows are only ever added.

PostgreSQL enforces this with triggers (migration 0007); on every database, the models refuse other writes.
Entries refer to accounts, keys and other rows by id and name instead of foreign keys, because deleting an
account must not change an entry.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any, ClassVar, Final, NoReturn

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# The hash that the first entry of a chain names as its predecessor's.
NO_HASH: Final = "0" * 64


def _refuse() -> NoReturn:
    raise PermissionDenied(gettext("The audit log cannot be changed."))


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **values: object) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()

    def bulk_update(self, *arguments: object, **options: object) -> NoReturn:
        _refuse()

    def bulk_create(self, *arguments: object, **options: object) -> NoReturn:
        """Refuse, because each entry's hash needs the one before it: `liveblog.audit.record` adds entries."""
        _refuse()


class AuditEntry(models.Model):
    """One entry. `hash` is the SHA-256 of `content`, which includes the hash of the entry before it."""

    class Door(models.TextChoices):
        DESK = "desk", _("Live desk")
        ADMIN = "admin", _("Admin")
        API = "api", _("API")
        COMMAND = "command", _("Command")
        SCHEDULE = "schedule", _("Schedule")

    class By(models.TextChoices):
        PERSON = "person", _("Person")
        KEY = "key", _("API key")
        SYSTEM = "system", _("The system")
        NOBODY = "nobody", _("Not signed in")

    chain = models.CharField(_("chain"), max_length=40)
    position = models.PositiveBigIntegerField(_("position"))
    at = models.DateTimeField(_("at"))
    by_kind = models.CharField(_("kind of actor"), max_length=6, choices=By)
    by_id = models.BigIntegerField(_("actor's id"), null=True)
    by_name = models.CharField(_("by"), max_length=250, blank=True)
    door = models.CharField(_("through"), max_length=8, choices=Door)
    address = models.GenericIPAddressField(_("from"), null=True)
    action = models.CharField(_("action"), max_length=40)
    subject_kind = models.CharField(_("kind of object"), max_length=40, blank=True)
    subject_id = models.CharField(_("object's id"), max_length=40, blank=True)
    subject_name = models.CharField(_("object"), max_length=250, blank=True)
    blog = models.ForeignKey(
        "liveblog.LiveBlog",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("live blog"),
    )
    details = models.JSONField(_("details"), default=dict)
    previous_hash = models.CharField(_("hash of the entry before"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    objects: ClassVar = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["-at", "-id"], name="audit_newest"),
            models.Index(fields=["action", "-at"], name="audit_by_action"),
            models.Index(fields=["by_kind", "by_id", "-at"], name="audit_by_actor"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="audit_once_per_position"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.position}"

    def save(self, *arguments: Any, **options: Any) -> None:
        if not self._state.adding:
            _refuse()
        super().save(*arguments, **options | {"force_insert": True})

    def delete(self, *arguments: Any, **options: Any) -> NoReturn:
        _refuse()

    def content(self) -> dict[str, Any]:
        """Return what the hash covers, with the time in UTC."""
        return {
            "chain": self.chain,
            "position": self.position,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "by": [self.by_kind, self.by_id, self.by_name],
            "door": self.door,
            "address": self.address,
            "action": self.action,
            "subject": [self.subject_kind, self.subject_id, self.subject_name],
            "blog": self.blog_id,
            "details": self.details,
            "previous": self.previous_hash,
        }

    def computed_hash(self) -> str:
        """Return the SHA-256 of the canonical JSON of `content`: sorted keys, no spaces, UTF-8."""
        canonical = json.dumps(self.content(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class AuditHead(models.Model):
    """The last position and hash of a chain. Its row is the chain's lock."""

    chain = models.CharField(primary_key=True, max_length=40)
    position = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default=NO_HASH)

    class Meta:
        ordering = ["chain"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.chain} {self.position}"
