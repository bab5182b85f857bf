"""Verbs on partners' keys. They take no number, because readers see nothing of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.audit.chain import PARTNERS
from liveblog.models import ApiKey, Partner, Scope
from liveblog.models.partner import digest_of, new_key
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.limits import MOST, refuse_far
from liveblog.publishing.permissions import Actor, person, require
from liveblog.publishing.rules import Stale
from newsroom.text import html

LONGEST_OVERLAP: Final = timedelta(days=30)
_SHOWN: Final = 12


def create_key(
    partner: Partner, *, by: Actor, label: str, scopes: Iterable[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Create a partner's key; return its row and the secret, of which only the digest is stored."""
    require(by, "add_apikey")
    _check_expiry(expires_at)
    if partner.keys.usable().count() >= MOST["keys"]:
        raise ValidationError(
            _("This partner already has %(limit)s active keys. Revoke one first.") % {"limit": MOST["keys"]}
        )
    with transaction.atomic():
        key, secret = _made(partner, by, label, _checked(scopes), expires_at)
        _record("key_created", by, key)
        return key, secret


def edit_key(
    key: ApiKey,
    *,
    by: Actor,
    label: str,
    scopes: Iterable[str],
    expires_at: datetime | None,
    seen: str = "",
) -> ApiKey:
    """Change a key's label, scopes and expiry. A revoked key stays revoked.

    `seen` is the `key_fingerprint` of the key that was opened, for optimistic locking: raise Stale if the key
    has changed since, so that a form opened before a rotation cannot restore the old expiry.
    """
    require(by, "change_apikey")
    with transaction.atomic():
        key = _locked(key)
        if seen and seen != key_fingerprint(key):
            raise Stale
        if expires_at != key.expires_at:
            _check_expiry(expires_at)
        key.label, key.scopes, key.expires_at = html.one_line(label), _checked(scopes), expires_at
        key.full_clean()
        key.save(update_fields=["label", "scopes", "expires_at"])
        _record("key_changed", by, key)
        return key


def key_fingerprint(key: ApiKey) -> str:
    return fingerprint([key.label, key.scopes, key.expires_at, key.revoked_at])


def rotate_key(key: ApiKey, *, by: Actor, overlap: timedelta) -> tuple[ApiKey, str]:
    """Create a replacement for `key`, which keeps working for `overlap`, but not past its own expiry."""
    require(by, "add_apikey")
    require(by, "change_apikey")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError(
            _("The old key can keep working for at most %(days)s more days.") % {"days": LONGEST_OVERLAP.days}
        )
    with transaction.atomic():
        # Check under the lock: a concurrent request may have revoked or replaced the key.
        key = _locked(key)
        if not key.is_usable:
            raise ValidationError(_("This key no longer works. Make a new one."))
        now = timezone.now()
        replacement = _made(key.partner, by, key.label, key.scopes, key.expires_at)
        if not overlap:
            key.revoked_at = now
        else:
            key.expires_at = min(filter(None, (key.expires_at, now + overlap)))
        key.save(update_fields=["expires_at", "revoked_at"])
        _record("key_rotated", by, key, replacement=str(replacement[0]))
        return replacement


def revoke_key(key: ApiKey, *, by: Actor) -> ApiKey:
    """Revoke a key immediately."""
    require(by, "change_apikey")
    with transaction.atomic():
        key = _locked(key)
        if key.revoked_at is None:
            key.revoked_at = timezone.now()
            key.save(update_fields=["revoked_at"])
            _record("key_revoked", by, key)
        return key


def _record(action: str, by: Actor, key: ApiKey, **details: Any) -> None:
    audit.record(
        action,
        by=by,
        subject=key,
        chain=PARTNERS,
        partner=key.partner.name,
        scopes=key.scopes,
        expires_at=key.expires_at.astimezone(UTC).isoformat() if key.expires_at else None,
        **details,
    )


def _locked(key: ApiKey) -> ApiKey:
    return ApiKey.objects.select_for_update(of=("self",)).select_related("partner").get(pk=key.pk)


def _made(
    partner: Partner, by: Actor, label: str, scopes: list[str], expires_at: datetime | None
) -> tuple[ApiKey, str]:
    secret = new_key()
    key = ApiKey(
        partner=partner,
        label=html.one_line(label),
        prefix=secret[:_SHOWN],
        digest=digest_of(secret),
        scopes=scopes,
        expires_at=expires_at,
        created_by=person(by),
    )
    key.full_clean()
    key.save()
    return key, secret


def _checked(scopes: Iterable[str]) -> list[str]:
    """Return the scopes in the order of `Scope`. Raise ValidationError for unknown scopes or none."""
    wanted = {str(scope) for scope in scopes}
    if not wanted or wanted - set(Scope.values):
        raise ValidationError({"scopes": _("Choose what the key may do.")})
    return [scope for scope in Scope.values if scope in wanted]


def _check_expiry(expires_at: datetime | None) -> None:
    refuse_far(expires_at=expires_at)
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("This time has passed.")})
