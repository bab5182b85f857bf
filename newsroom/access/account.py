"""The page “Sign-in and security”: a person's own second factors, recovery codes and sessions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from newsroom import sign_in
from newsroom.access import (
    events,
    factors,
    passkeys,
    pending,
    recovery_codes,
    sessions,
    totp,
)
from newsroom.access.confirmation import require_confirmation
from newsroom.access.events import Event
from newsroom.access.forms import AppForm, PasskeyForm
from newsroom.access.models import Authenticator, StaffSession

_NEW_SECRET: Final = "new_app_secret"
PersonView = Callable[..., HttpResponse]


def of_person(view: PersonView) -> Callable[..., HttpResponse]:
    """Wrap `view(request, person, …)` for people who are signed in, and confirm changes.

    The view also serves people who have just entered the right password, but must set up a second factor
    before they are signed in.
    """
    confirmed = require_confirmation(view)

    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if admin.site.has_permission(request):
            return confirmed(request, sign_in.user_of(request), **kwargs)
        person = pending.user_of(request)
        if person is None or factors.has_any(person):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return view(request, person, **kwargs)

    return wrapped


def of_signed_in(view: PersonView) -> Callable[..., HttpResponse]:
    """Wrap a view like `of_person`, but only for people who are signed in."""

    @of_person
    @wraps(view)
    def wrapped(request: HttpRequest, person: User, **kwargs: Any) -> HttpResponse:
        if not admin.site.has_permission(request):
            return HttpResponseRedirect(reverse("access:overview"))
        return view(request, person, **kwargs)

    return wrapped


@of_person
@require_safe
def overview(request: HttpRequest, person: User) -> HttpResponse:
    is_signed_in = admin.site.has_permission(request)
    context = {
        "title": _("Sign-in and security") if is_signed_in else _("Set up your second factor"),
        "is_signed_in": is_signed_in,
        "app": Authenticator.objects.filter(user=person).first(),
        "passkeys": person.passkeys.all(),
        "has_passkeys": passkeys.are_available(),
        "form": PasskeyForm(),
        "codes_left": recovery_codes.remaining(person),
        "has_factor": factors.has_any(person),
        "sessions": _shown_sessions(request, person) if is_signed_in else [],
    }
    return _page(request, "overview", context)


# Authenticator app


@of_person
def add_app(request: HttpRequest, person: User) -> HttpResponse:
    """Show the QR code of a new secret, which is added once its first code is entered."""
    secret = request.session.get(_NEW_SECRET)
    if request.method != "POST" or not secret:
        secret = request.session[_NEW_SECRET] = totp.new_secret()
    form = AppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        had_factor = factors.has_any(person)
        if totp.add(person, secret, form.cleaned_data["code"]):
            del request.session[_NEW_SECRET]
            return _added(request, person, had_factor, "app", _("authenticator app"))
        message = _(
            "This code does not match. Check the clock of your phone and enter the code it shows now."
        )
        form.add_error("code", ValidationError(message))
    context = {
        "title": _("Add an authenticator app"),
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "qr_code": totp.qr_code(totp.uri(secret, person)),
    }
    return _page(request, "add_app", context)


@of_signed_in
@require_POST
def remove_app(request: HttpRequest, person: User) -> HttpResponse:
    if _may_remove(request, person, others=person.passkeys.count()):
        Authenticator.objects.filter(user=person).delete()
        _removed(request, person, _("authenticator app"))
    return HttpResponseRedirect(reverse("access:overview"))


# Passkeys


@of_person
@require_safe
def new_passkey_options(request: HttpRequest, person: User) -> HttpResponse:
    return JsonResponse(passkeys.options_to_add(person))


@of_person
@require_POST
def add_passkey(request: HttpRequest, person: User) -> HttpResponse:
    form = PasskeyForm(request.POST)
    had_factor = factors.has_any(person)
    try:
        if not form.is_valid():
            raise passkeys.PasskeyError("The form is incomplete")
        if person.passkeys.count() >= passkeys.MAX_PASSKEYS:
            raise passkeys.PasskeyError("There are too many")
        passkey = passkeys.add(person, form.cleaned_data["name"], form.cleaned_data["credential"])
    except passkeys.PasskeyError as error:
        sign_in.logger.warning("No passkey was added for %r: %s", person.get_username(), error)
        messages.error(request, _("The passkey was not added. Try again."))
        return HttpResponseRedirect(reverse("access:overview"))
    detail = _("passkey “%(name)s”") % {"name": passkey.name}
    return _added(request, person, had_factor, "passkey", detail)


@of_signed_in
@require_POST
def remove_passkey(request: HttpRequest, person: User, pk: int) -> HttpResponse:
    passkey = get_object_or_404(person.passkeys, pk=pk)
    others = person.passkeys.count() - 1 + Authenticator.objects.filter(user=person).count()
    if _may_remove(request, person, others=others):
        passkey.delete()
        _removed(request, person, _("passkey “%(name)s”") % {"name": passkey.name})
    return HttpResponseRedirect(reverse("access:overview"))


# Recovery codes


@of_signed_in
@require_POST
def make_codes(request: HttpRequest, person: User) -> HttpResponse:
    if not factors.has_any(person):
        raise Http404
    events.announce(Event.RECOVERY_CODES_MADE, person, by=person, request=request)
    return _show_codes(request, person, reverse("access:overview"))


# Sessions


@of_signed_in
@require_POST
def end_session(request: HttpRequest, person: User, digest: str) -> HttpResponse:
    keys = [row.pk for row in sessions.of_person(person) if _digest(row) == digest]
    StaffSession.objects.filter(user=person, pk__in=keys).delete()
    return _ended(request, person, len(keys))


@of_signed_in
@require_POST
def end_other_sessions(request: HttpRequest, person: User) -> HttpResponse:
    return _ended(request, person, sessions.end_others(request, person))


def _ended(request: HttpRequest, person: User, number: int) -> HttpResponse:
    events.announce(Event.SESSIONS_ENDED, person, by=person, request=request, detail=str(number))
    messages.success(request, _("Ended sessions: %(number)s") % {"number": number})
    return HttpResponseRedirect(reverse("access:overview"))


def _shown_sessions(request: HttpRequest, person: User) -> list[dict[str, Any]]:
    return [
        {"row": row, "digest": _digest(row), "is_this": row.pk == request.session.session_key}
        for row in sessions.of_person(person)
    ]


def _digest(row: StaffSession) -> str:
    """Return an identifier of the session for forms; its key would let anybody who reads it take it over."""
    return sha256(row.session_key.encode()).hexdigest()[:32]


# After a change


def _added(request: HttpRequest, person: User, had_factor: bool, proof: str, detail: str) -> HttpResponse:
    """Announce a new factor. The first one ends other sessions, and recovery codes are shown.

    It also completes the sign-in of a person who had to set one up.
    """
    events.announce(Event.SECOND_FACTOR_ADDED, person, by=person, request=request, detail=detail)
    if had_factor:
        messages.success(request, _("Added: %(detail)s") % {"detail": detail})
        return HttpResponseRedirect(reverse("access:overview"))
    address = reverse("access:overview")
    if admin.site.has_permission(request):
        request.session[sessions.SECOND_FACTOR] = proof
        sessions.end_others(request, person)
        return _show_codes(request, person, address)
    address = pending.next_url(request) or reverse("admin:index")
    signed_in = sign_in.complete(request, person, address, proof)
    sessions.end_others(request, person)
    response = _show_codes(request, person, address)
    response.cookies.update(signed_in.cookies)
    return response


def _may_remove(request: HttpRequest, person: User, others: int) -> bool:
    if others or not factors.is_required_of(person):
        return True
    messages.error(request, _("Your role needs a second factor: add another one before you remove this."))
    return False


def _removed(request: HttpRequest, person: User, detail: str) -> None:
    events.announce(Event.SECOND_FACTOR_REMOVED, person, by=person, request=request, detail=detail)
    if not factors.has_any(person):
        factors.remove_all(person)
    messages.success(request, _("Removed: %(detail)s") % {"detail": detail})


def _show_codes(request: HttpRequest, person: User, address: str) -> HttpResponse:
    """Show new recovery codes only in this response; nothing but their digests is stored."""
    context = {"title": _("Your recovery codes"), "codes": recovery_codes.make(person), "address": address}
    return _page(request, "codes", context)


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    context = admin.site.each_context(request) | context
    return render(request, f"admin/access/{name}.html", context)
