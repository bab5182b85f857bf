"""Codes of authenticator apps (TOTP, RFC 6238). Secrets are encrypted with a key made from SECRET_KEY."""

from __future__ import annotations

import time
import unicodedata
from base64 import urlsafe_b64encode
from typing import Final

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.crypto import constant_time_compare, salted_hmac

from newsroom.access.models import Authenticator

STEP_SECONDS: Final = 30
# Accept the codes before and after the current one, because phones' clocks differ (RFC 6238, section 5.2).
_DRIFT_STEPS: Final = 1
_SALT: Final = "newsroom.access.totp"


def new_secret() -> str:
    return pyotp.random_base32()


def uri(secret: str, user: User) -> str:
    """Return the otpauth: URI that apps read from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.get_username(), issuer_name=settings.SITE_NAME)


def qr_code(text: str) -> str:
    """Return a QR code as a data: URI of an SVG."""
    return segno.make(text, error="m").svg_data_uri(scale=4, border=4, light="#fff")


def add(user: User, secret: str, code: str) -> bool:
    """Add or replace the user's app if `code` is its current one; return whether it is."""
    step = _step_of(secret, code)
    if step is None:
        return False
    fields = {"encrypted_secret": _fernet().encrypt(secret.encode()).decode(), "last_step": step}
    Authenticator.objects.update_or_create(user=user, defaults=fields)
    return True


def verify(user: User, code: str) -> bool:
    """Return whether `code` is a current code of the user's app that has not been accepted before."""
    authenticator = Authenticator.objects.filter(user=user).first()
    if authenticator is None:
        return False
    fernet = _fernet()
    try:
        secret = fernet.decrypt(authenticator.encrypted_secret).decode()
    except InvalidToken:
        # SECRET_KEY was changed and the earlier one is not among its fallbacks.
        return False
    step = _step_of(secret, code)
    if step is None:
        return False
    # One statement, so that of two requests with the same code only one is accepted.
    unused = Authenticator.objects.filter(pk=authenticator.pk, last_step__lt=step)
    # Encrypt the secret again, so that an earlier SECRET_KEY is no longer needed.
    encrypted_secret = fernet.rotate(authenticator.encrypted_secret).decode()
    return unused.update(last_step=step, encrypted_secret=encrypted_secret) == 1


def _step_of(secret: str, code: str) -> int | None:
    """Return the time step of a code, or None if it belongs to no current step."""
    typed = "".join(unicodedata.normalize("NFKC", code).split())
    now = int(time.time()) // STEP_SECONDS
    generator = pyotp.HOTP(secret)
    matching = [
        step
        for step in range(now - _DRIFT_STEPS, now + _DRIFT_STEPS + 1)
        if constant_time_compare(generator.at(step), typed)
    ]
    return max(matching, default=None)


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (salted_hmac(_SALT, "", secret=key, algorithm="sha256").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
