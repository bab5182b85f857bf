"""Sign-ins that wait for the second factor. Nobody is signed in until it has been entered or set up."""

from __future__ import annotations

import time
from typing import Final

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

_KEY: Final = "pending_sign_in"
_SECONDS: Final = 15 * 60


def begin(request: HttpRequest, user: User, next_url: str) -> None:
    """Remember that the password of `user` was right."""
    # Begin a new session, against session fixation.
    request.session.flush()
    request.session[_KEY] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": time.time(),
        "next": next_url,
    }


def user_of(request: HttpRequest) -> User | None:
    """Return who entered the right password within the last minutes, unless it has been changed since."""
    waiting = request.session.get(_KEY)
    if not waiting or time.time() - waiting["at"] > _SECONDS:
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True, is_staff=True).first()
    is_same = user is not None and constant_time_compare(user.get_session_auth_hash(), waiting["hash"])
    return user if is_same else None


def next_url(request: HttpRequest) -> str:
    address: str = request.session.get(_KEY, {}).get("next", "")
    return address


def clear(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
