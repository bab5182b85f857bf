"""Second factors, initial passwords and sessions of staff."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class StaffSession(AbstractBaseSession):
    """A session in the database with its user, for the list of a person's sessions.

    `user` is empty until the sign-in is complete. `expire_date` is the earlier of the idle and the absolute
    limit, so that Django's own queries enforce both.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="staff_sessions"
    )
    signed_in_at = models.DateTimeField(_("signed in"), null=True)
    seen_at = models.DateTimeField(_("last seen"))
    address = models.GenericIPAddressField(_("address"), null=True)
    device = models.CharField(_("device"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> type:
        # By its name, because the store imports this model.
        store: type = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        return store


class Authenticator(models.Model):
    """An authenticator app (TOTP, RFC 6238) of a person."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="authenticator"
    )
    encrypted_secret = models.TextField()
    last_step = models.BigIntegerField(
        default=0, help_text="Time step of the last accepted code; no code is accepted twice."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")

    def __str__(self) -> str:
        return str(self.user)


class Passkey(models.Model):
    """A passkey or security key of a person (WebAuthn)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=80)
    credential_id = models.CharField(max_length=1400, unique=True, help_text="In base64url.")
    public_key = models.BinaryField(help_text="COSE key (RFC 9053).")
    sign_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)

    class Meta:
        ordering = ["created_at", "pk"]
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """A code that replaces a lost second factor once. It is deleted when it is used."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of a code of 80 random bits.")

    class Meta:
        ordering = ["pk"]
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once_per_person")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class InitialPassword(models.Model):
    """A mark on an account whose password somebody else chose: it must be changed, and it expires."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="initial_password"
    )
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("initial password")
        verbose_name_plural = _("initial passwords")

    def __str__(self) -> str:
        return str(self.user)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at <= now
