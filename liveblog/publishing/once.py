"""Idempotency: a submission that is sent twice, by two fast chords or a retry, is carried out once."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog.models import ApiKey, Submission, Update


class AlreadyUsed(ValidationError):
    """The key has been used for something else."""


def once(
    by: AbstractBaseUser | ApiKey, token: str, digest: str, act: Callable[[], Update]
) -> tuple[Update, bool]:
    """What `act` makes, and whether it is new; the second time the same update, without acting again.

    `token` is the sender's idempotency key, `digest` tells what it is sent with: the same key with something
    else raises AlreadyUsed. Of two at the same instant the later waits for the earlier.
    """
    longest = Submission._meta.get_field("token").max_length
    if not 1 <= len(token) <= longest:
        raise ValidationError(
            _("An idempotency key has from 1 to %(limit)s characters.") % {"limit": longest}
        )
    with transaction.atomic():
        # Claimed before anything is done: the key's own uniqueness makes a second one wait here.
        taken, is_new = Submission.objects.get_or_create(
            actor=actor(by), token=token, defaults={"digest": digest, "at": timezone.now()}
        )
        if is_new:
            taken.update = act()
            taken.save(update_fields=["update"])
            return taken.update, True
    if taken.digest != digest:
        raise AlreadyUsed(_("This idempotency key was used for something else."))
    return taken.update, False


def actor(by: AbstractBaseUser | ApiKey) -> str:
    """Return whose idempotency key it is: a partner's, whichever of its API keys it comes with.

    A tool that retries after its API key was rotated must find what it sent with the old one.
    """
    return f"partner {by.partner_id}" if isinstance(by, ApiKey) else f"user {by.pk}"
