"""Confirmation with a password or second factor before risky changes, if the last one is some minutes old.

A form posted without one leads to a page that asks for it, and is carried out after that: nothing that was
typed is lost, except for passwords, which no page repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from newsroom.access import events, passkeys, sessions
from newsroom.access.events import Event
from newsroom.access.forms import ConfirmationForm
from newsroom.sign_in import user_of, with_status

View = Callable[..., HttpResponse]

# The field of a form that is posted to open a page, not to change anything.
_OPENS: Final = "confirm-opens"
_PREFIX: Final = "confirm-"
_SECRET: Final = "password"


def is_recent(request: HttpRequest) -> bool:
    age: float = time.time() - request.session.get(sessions.CONFIRMED_AT, 0)
    return 0 <= age < settings.CONFIRMATION_MINUTES * 60


def require_confirmation(view: View, *, to_open: bool = False) -> View:
    """Wrap a view of the admin, so that posting to it needs a recent confirmation.

    With `to_open`, opening it needs one too.
    """

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        is_change = request.method == "POST"
        if not admin.site.has_permission(request) or not (is_change or to_open):
            return view(request, *args, **kwargs)
        if is_change and f"{_PREFIX}credential" in request.POST:
            form = ConfirmationForm(request, user_of(request), request.POST)
            if not form.is_valid():
                return with_status(request, _ask(request, form))
            _confirm(request, form.proof)
            if _OPENS in request.POST:
                return HttpResponseRedirect(request.get_full_path())
            _drop_answers(request)
        if not is_recent(request):
            return _ask(request, ConfirmationForm(request, user_of(request)))
        return view(request, *args, **kwargs)

    return wrapped


class ConfirmedAdmin(admin.ModelAdmin):
    """Admin whose changes, on any of its pages, need a recent confirmation."""

    def get_pages(self) -> list[URLPattern]:
        """Return the patterns of further pages, by path and view like those of `get_urls`."""
        return []

    def get_urls(self) -> list[URLPattern]:
        return [_confirmed(pattern) for pattern in (*self.get_pages(), *super().get_urls())]


def _confirmed(pattern: URLPattern) -> URLPattern:
    pattern.callback = require_confirmation(pattern.callback, to_open=_takes_password(pattern))
    return pattern


def _takes_password(pattern: URLPattern) -> bool:
    """Return whether the page asks for a new password, which the confirmation page would not repeat."""
    return pattern.name in ("auth_user_add", "auth_user_password_change")


def _confirm(request: HttpRequest, proof: str) -> None:
    request.session[sessions.CONFIRMED_AT] = time.time()
    user = user_of(request)
    events.announce(Event.CONFIRMED, user, by=user, request=request, detail=proof)


def _drop_answers(request: HttpRequest) -> None:
    form_data = request.POST.copy()
    for name in [name for name in form_data if name.startswith(_PREFIX)]:
        del form_data[name]
    form_data._mutable = False
    # Django's own parsers assign to the property, too; the stubs only know the immutable class.
    request.POST = form_data  # type: ignore[assignment]


def _ask(request: HttpRequest, form: ConfirmationForm) -> HttpResponse:
    """Ask for the confirmation, with what was posted in hidden fields."""
    posted = [
        (name, value)
        for name, values in request.POST.lists()
        if not name.startswith(_PREFIX) and name != "csrfmiddlewaretoken" and _SECRET not in name
        for value in values
    ]
    context = admin.site.each_context(request) | {
        "title": _("Confirm that it is you"),
        "form": form,
        "posted": posted,
        "opens": request.method != "POST" or _OPENS in request.POST,
        "has_passkey": passkeys.are_available() and user_of(request).passkeys.exists(),
    }
    return render(request, "admin/access/confirm.html", context)
