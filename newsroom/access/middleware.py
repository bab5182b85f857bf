"""Middleware that treats sessions as signed out while they lack what the settings require."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse

from newsroom.access import factors, sessions
from newsroom.http import GetResponse

# A person who must change the password can reach only these pages.
_CHANGE_PASSWORD: Final = ("/admin/password_change/", "/admin/logout/")


def guard_sessions(get_response: GetResponse) -> GetResponse:
    """Middleware: sign out, for this request, people without a required second factor or their own password.

    The handling of expired sessions then applies: the desk gives back what was typed, and the sign-in page
    leads to the missing step.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith("/admin/") and isinstance(request.user, User):
            if _is_restricted(request, request.user):
                request.user = AnonymousUser()
            else:
                sessions.record_seen(request)
        return get_response(request)

    return middleware


def _is_restricted(request: HttpRequest, user: User) -> bool:
    if not request.session.get(sessions.SECOND_FACTOR) and factors.is_required_of(user):
        return True
    must_change = request.session.get(sessions.MUST_CHANGE_PASSWORD, False)
    return must_change and request.path_info not in _CHANGE_PASSWORD
