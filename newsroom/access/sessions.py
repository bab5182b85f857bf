"""Beginning, finding and ending the sessions of a person."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any, Final, cast

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from newsroom.access import initial_passwords
from newsroom.access.models import StaffSession
from newsroom.access.session_store import SIGN_IN, SessionStore, expiry
from newsroom.busy import is_busy
from newsroom.http import client_address

# Keys of the session's data.
CONFIRMED_AT: Final = "confirmed_at"
SECOND_FACTOR: Final = "second_factor"
MUST_CHANGE_PASSWORD: Final = "must_change_password"

# A session is recorded as seen at most this often, because each record is a write.
_RECORD_EVERY: Final = timedelta(minutes=1)
# Open desks send these automatically, so they do not show that a person is there.
_BACKGROUND: Final = re.compile(r"/desk/(state|token)/$")

_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "Chrome/": "Chrome",
    "CriOS/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Record a sign-in in its session. Connected to Django's signal `user_logged_in`."""
    now = time.time()
    address = client_address.of_request(request)
    request.session[SIGN_IN] = {
        "at": now,
        "address": None if address == client_address.UNKNOWN else str(address),
        "device": describe(request.headers.get("User-Agent", "")),
    }
    request.session[CONFIRMED_AT] = now
    request.session.pop(SECOND_FACTOR, None)
    request.session[MUST_CHANGE_PASSWORD] = initial_passwords.is_initial(user)


def describe(user_agent: str) -> str:
    """Return browser and system as people name them; an empty string if both are unknown."""
    names = (
        next((name for mark, name in known.items() if mark in user_agent), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    return " · ".join(name for name in names if name)


def record_seen(request: HttpRequest) -> None:
    """Record that the session's person is there, which moves the idle limit."""
    session, now = cast(SessionStore, request.session), timezone.now()
    is_due = session.seen_at is not None and now - session.seen_at >= _RECORD_EVERY
    if not is_due or _BACKGROUND.search(request.path_info):
        return
    rows = StaffSession.objects.filter(session_key=session.session_key)
    try:
        for row in rows:
            expire_date = expiry(row.signed_in_at or now, now)
            rows.update(seen_at=now, expire_date=expire_date)
    except DatabaseError as error:
        # A page that only reads must not fail because the database cannot be written to.
        if not is_busy(error):
            raise


def of_person(user: User) -> QuerySet[StaffSession]:
    """Return the sessions of a person that have not expired, most recently seen first."""
    return StaffSession.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-seen_at")


def end_others(request: HttpRequest, user: User) -> int:
    """End all sessions of a person except the request's; return their number."""
    return of_person(user).exclude(session_key=request.session.session_key).delete()[0]
