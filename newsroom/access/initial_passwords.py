"""Passwords that somebody else chose: they expire, and must be changed after signing in."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from newsroom.access.models import InitialPassword


def mark(person: User) -> None:
    """Mark the password of `person` as chosen by somebody else just now."""
    expires_at = timezone.now() + timedelta(hours=settings.INITIAL_PASSWORD_HOURS)
    InitialPassword.objects.update_or_create(user=person, defaults={"expires_at": expires_at})


def clear(person: User) -> None:
    """Remove the mark, because the person has chosen the password."""
    InitialPassword.objects.filter(user=person).delete()


def is_initial(person: User) -> bool:
    return InitialPassword.objects.filter(user=person).exists()


def refuse_expired(person: User) -> None:
    """Raise ValidationError if the password of `person` is an initial one that has expired."""
    if InitialPassword.objects.filter(user=person, expires_at__lte=timezone.now()).exists():
        raise ValidationError(
            _("Your initial password has expired. Ask a chief editor for a new one."),
            code="initial_password_expired",
        )
