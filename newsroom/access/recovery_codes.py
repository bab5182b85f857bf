"""Recovery codes: shown once, stored as digests, and each good for one sign-in."""

from __future__ import annotations

import secrets
import unicodedata
from hashlib import sha256
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from newsroom.access.models import RecoveryCode

NUMBER: Final = 10
# Crockford's base 32 without letters and digits that are easily confused.
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS: Final = 4
_GROUP_LENGTH: Final = 4


def make(user: User) -> list[str]:
    """Replace the user's recovery codes and return the new ones."""
    codes = [_new_code() for _ in range(NUMBER)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(code)) for code in codes)
    return codes


def use(user: User, code: str) -> bool:
    """Return whether `code` is one of the user's, and delete it."""
    return RecoveryCode.objects.filter(user=user, digest=_digest(code)).delete()[0] == 1


def remaining(user: User) -> int:
    return RecoveryCode.objects.filter(user=user).count()


def _new_code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(code: str) -> str:
    """Return the SHA-256 of a code as typed; spaces, hyphens, case and look-alikes do not matter.

    No slow hash is needed, because a code has 80 random bits.
    """
    typed = unicodedata.normalize("NFKC", code).casefold().replace("-", "")
    plain = "".join(typed.split()).translate(str.maketrans("oil", "011"))
    return sha256(plain.encode()).hexdigest()
