"""Second factors of a person: existing, required, entered and removed."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet

from newsroom.access import passkeys, recovery_codes, totp
from newsroom.access.models import Authenticator, Passkey, RecoveryCode

# In SECOND_FACTOR_ROLES: everybody who may use the admin.
EVERYBODY: Final = "*"


def has_any(user: User) -> bool:
    """Return whether the person has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user).exists() or Passkey.objects.filter(user=user).exists()


def without_any() -> QuerySet[User]:
    """Return the active staff who sign in with a password alone."""
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("username")
    with_app, with_passkey = Authenticator.objects.values("user"), Passkey.objects.values("user")
    return staff.exclude(pk__in=with_app).exclude(pk__in=with_passkey)


def is_required_of(user: User) -> bool:
    """Return whether the settings require a second factor of this person; of superusers if of any role."""
    roles = settings.SECOND_FACTOR_ROLES
    if not roles:
        return False
    return user.is_superuser or EVERYBODY in roles or user.groups.filter(name__in=roles).exists()


def verify_code(user: User, code: str, *, with_recovery: bool) -> str:
    """Verify a code; return its kind, "app" or "recovery", or an empty string if it is not valid."""
    if totp.verify(user, code):
        return "app"
    return "recovery" if with_recovery and recovery_codes.use(user, code) else ""


def verify_passkey(user: User, response: str) -> bool:
    try:
        passkeys.use(response, user)
    except passkeys.PasskeyError:
        return False
    return True


def remove_all(user: User) -> None:
    """Remove all second factors and recovery codes of a person."""
    for model in (Authenticator, Passkey, RecoveryCode):
        model.objects.filter(user=user).delete()
