"""Signing in with a second factor or a passkey, and what browsers need for passkeys."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from newsroom import sign_in
from newsroom.access import events, factors, passkeys, pending, recovery_codes
from newsroom.access.events import Event
from newsroom.access.forms import SecondFactorForm
from newsroom.http import client_address, rate_limits


@never_cache
@sensitive_post_parameters()
def second_factor(request: HttpRequest) -> HttpResponse:
    """Complete a sign-in with a second factor; redirect people who still have to set one up."""
    user = pending.user_of(request)
    if user is None:
        return HttpResponseRedirect(reverse("admin:login"))
    if not factors.has_any(user):
        return HttpResponseRedirect(reverse("access:overview"))
    form = SecondFactorForm(request, user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        response = sign_in.complete(request, user, pending.next_url(request), form.proof)
        if form.proof == "recovery":
            _warn_of_recovery(request, user)
        return response
    context = admin.site.each_context(request) | {
        "title": _("Second step"),
        "form": form,
        "has_app": hasattr(user, "authenticator"),
        "has_passkey": passkeys.are_available() and user.passkeys.exists(),
    }
    response = render(request, "admin/access/second_factor.html", context)
    return sign_in.with_status(request, response)


def _warn_of_recovery(request: HttpRequest, user: User) -> None:
    left = recovery_codes.remaining(user)
    events.announce(Event.RECOVERY_CODE_USED, user, by=user, request=request)
    messages.warning(
        request,
        _(
            "You signed in with a recovery code, and %(left)s are left. If your second factor is lost, "
            "remove it under “Sign-in and security” and add another."
        )
        % {"left": left},
    )


@never_cache
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with only a passkey, which replaces name, password and second factor."""
    network = client_address.network_of(client_address.of_request(request))
    limit = sign_in.PER_ADDRESS
    who = f"passkey:address:{network}"
    if seconds := rate_limits.seconds_to_wait(who, limit.attempts, limit.seconds):
        return _refuse(request, str(sign_in.SignInRefusedError(seconds).messages[0]))
    try:
        user = passkeys.use(request.POST.get("credential", "")).user
    except passkeys.PasskeyError as error:
        sign_in.logger.warning("Refused, passkey: %s", type(error).__name__)
        return _refuse(request, _("This passkey was not accepted. Try again, or sign in with your password."))
    if not (user.is_active and user.is_staff):
        return _refuse(request, _("This passkey was not accepted. Try again, or sign in with your password."))
    rate_limits.give_back(who)
    address = request.POST.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return sign_in.complete(request, user, address if is_ours else "", "passkey")


def _refuse(request: HttpRequest, message: str) -> HttpResponse:
    sign_in.send_failure(request, "")
    messages.error(request, message)
    return HttpResponseRedirect(reverse("admin:login"))


@never_cache
@require_safe
def sign_in_options(request: HttpRequest) -> HttpResponse:
    """Return what a browser needs to sign in by passkey alone."""
    return JsonResponse(passkeys.options_to_use())


@never_cache
@require_safe
def passkey_options(request: HttpRequest) -> HttpResponse:
    """Return what a browser needs to use a passkey of the person who signs in or confirms."""
    user = request.user if admin.site.has_permission(request) else pending.user_of(request)
    if not isinstance(user, User):
        raise Http404
    return JsonResponse(passkeys.options_to_use(user))
