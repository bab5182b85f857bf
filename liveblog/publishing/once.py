"""Idempotency: a submission sent twice, by a repeated keyboard shortcut or a retry, is carried out once."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog.models import ApiKey, Submission, Update


class AlreadyUsed(ValidationError):
    """Raised if the idempotency key has already been used with another payload."""


def once(by: User | ApiKey, token: str, digest: str, act: Callable[[], Update]) -> tuple[Update, bool]:
    """Run `act` once per idempotency key; return its update, and whether it is new.

    A repeated submission returns the same update without running `act` again. `token` is the sender's
    idempotency key and `digest` identifies the payload: the same key with another payload raises AlreadyUsed.
    Of two concurrent requests the second waits for the first.
    """
    longest = Submission._meta.get_field("token").max_length
    assert longest is not None
    if not 1 <= len(token) <= longest:
        raise ValidationError(
            _("An idempotency key has from 1 to %(limit)s characters.") % {"limit": longest}
        )
    with transaction.atomic():
        # Claim the key before acting: its unique constraint makes a concurrent request wait here.
        submission, is_new = Submission.objects.get_or_create(
            actor=actor(by), token=token, defaults={"digest": digest, "at": timezone.now()}
        )
        if is_new:
            update = submission.update = act()
            submission.save(update_fields=["update"])
            return update, True
    if submission.digest != digest:
        raise AlreadyUsed(_("This idempotency key was used for something else."))
    # The transaction that created it has set its update.
    assert submission.update is not None
    return submission.update, False


def actor(by: User | ApiKey) -> str:
    """Return the owner of an idempotency key: the user, or the partner whichever of its API keys is used.

    A client that retries after a rotation of its API key must find what it submitted with the old key.
    """
    return f"partner {by.partner_id}" if isinstance(by, ApiKey) else f"user {by.pk}"
