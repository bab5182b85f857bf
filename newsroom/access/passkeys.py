"""Passkeys and security keys (WebAuthn, level 3), verified by py_webauthn.

Challenges are signed, expire and are accepted once, so that the sign-in page needs no session.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from newsroom.access.models import Passkey
from newsroom.http import client_address

MAX_PASSKEYS: Final = 10
_SECONDS: Final = 300
_SALT: Final = "newsroom.access.passkeys"
# Longer than any browser's response without attestation.
_MAX_LENGTH: Final = 16 * 1024


class PasskeyError(Exception):
    """Raised if the browser's response does not prove possession of a passkey."""


def are_available() -> bool:
    """Return whether browsers offer passkeys here: only over TLS or on localhost, under a host name."""
    site = urlsplit(settings.SITE_URL)
    host = site.hostname or ""
    is_secure = site.scheme == "https" or host == "localhost"
    return is_secure and client_address.parse(host) is None


def options_to_add(user: User) -> dict[str, Any]:
    """Return what the browser needs to make a passkey: options and the signed challenge."""
    challenge, signed = _new_challenge(f"add:{user.pk}")
    options = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name=settings.SITE_NAME,
        user_id=f"newsroom-{user.pk}".encode(),
        user_name=user.get_username(),
        user_display_name=user.get_full_name() or user.get_username(),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(user),
    )
    return {"publicKey": json.loads(webauthn.options_to_json(options)), "challenge": signed}


def add(user: User, name: str, response: str) -> Passkey:
    """Verify and add a new passkey. Raises PasskeyError."""
    credential, challenge = _read(response, f"add:{user.pk}")
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
        )
        with transaction.atomic():
            return Passkey.objects.create(
                user=user,
                name=name,
                credential_id=bytes_to_base64url(verified.credential_id),
                public_key=verified.credential_public_key,
                sign_count=verified.sign_count,
            )
    except (WebAuthnException, IntegrityError, ValueError, KeyError, TypeError) as error:
        raise PasskeyError(str(error)) from error


def options_to_use(user: User | None = None) -> dict[str, Any]:
    """Return what the browser needs to use a passkey: one of `user`, or anybody's instead of a password."""
    challenge, signed = _new_challenge(f"use:{user.pk if user else ''}")
    options = webauthn.generate_authentication_options(
        rp_id=_host(),
        challenge=challenge,
        allow_credentials=_descriptors(user) if user else [],
        user_verification=UserVerificationRequirement.PREFERRED
        if user
        else UserVerificationRequirement.REQUIRED,
    )
    return {"publicKey": json.loads(webauthn.options_to_json(options)), "challenge": signed}


def use(response: str, user: User | None = None) -> Passkey:
    """Return the passkey that the browser has used. Raises PasskeyError.

    Without `user`, the passkey also replaces the password, so it must have verified the person by PIN or
    biometrics.
    """
    credential, challenge = _read(response, f"use:{user.pk if user else ''}")
    rows = Passkey.objects.filter(credential_id=str(credential.get("id", "")))
    passkey = (rows.filter(user=user) if user else rows).select_related("user").first()
    if passkey is None:
        raise PasskeyError("Unknown passkey")
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=user is None,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise PasskeyError(str(error)) from error
    passkey.sign_count, passkey.last_used_at = verified.new_sign_count, timezone.now()
    passkey.save(update_fields=["sign_count", "last_used_at"])
    return passkey


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""


def _origin() -> str:
    site = urlsplit(settings.SITE_URL)
    return f"{site.scheme}://{site.netloc}"


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    ids: Iterable[str] = Passkey.objects.filter(user=user).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(credential_id)) for credential_id in ids]


def _new_challenge(purpose: str) -> tuple[bytes, str]:
    """Return a challenge, and the same challenge signed for one purpose."""
    challenge = secrets.token_bytes(32)
    return challenge, signing.dumps([purpose, challenge.hex()], salt=_SALT)


def _read(response: str, purpose: str) -> tuple[dict[str, Any], bytes]:
    """Return the credential and the challenge that the browser sent back. Raises PasskeyError."""
    try:
        if len(response) > _MAX_LENGTH:
            raise ValueError("Too long")
        content = json.loads(response)
        credential, signed = content["credential"], content["challenge"]
        signed_purpose, challenge = signing.loads(signed, salt=_SALT, max_age=_SECONDS)
    except (ValueError, TypeError, KeyError, RecursionError, signing.BadSignature) as error:
        raise PasskeyError(str(error)) from error
    if signed_purpose != purpose or not isinstance(credential, dict):
        raise PasskeyError("The challenge was made for something else")
    if not cache.add(f"{_SALT}:{challenge}", True, _SECONDS):
        raise PasskeyError("The challenge has been used before")
    return credential, bytes.fromhex(challenge)
