"""Sign-in with rate limits against password guessing, and a log of every attempt.

An attempt is counted before the password is checked, and uncounted if it succeeds. Counting afterwards, as
django-axes does, lets through all guesses that are sent while the first one is still being hashed.

- Few attempts per name and address, which do not lock out anybody else with that name.
- More attempts per address over all names, against trying one password on all accounts (password spraying).
- A number of attempts per name from all unknown addresses together. An attacker who exhausts it does not lock
  the editor out: a browser that has signed in under the name is recognized by a cookie and counted separately
  (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). An address from which somebody has signed
  in under the name is exempt from this limit.

The authentication backend counts, so that no form can bypass the limits; the views add status and cookies.

A person with a second factor is not signed in by the password alone (`newsroom.access.pending`). Second
factors are counted separately from passwords, so that knowing the password does not reset their limits.
"""

from __future__ import annotations

import logging
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import login
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from newsroom.access import events, factors, initial_passwords, passkeys, pending, sessions
from newsroom.access.events import Event
from newsroom.http import client_address, rate_limits
from newsroom.passwords import HashingBusyError

BROWSER_KNOWN_FOR: Final = timedelta(days=180)
ADDRESS_KNOWN_FOR: Final = timedelta(days=30)
_SALT: Final = "newsroom.sign_in"
# Attributes of a request, which the backend sets for the views.
_REFUSAL: Final = "sign_in_refusal"
_ACCEPTED_USER: Final = "accepted_user"
_BACKEND: Final = "newsroom.sign_in.LimitedBackend"
_LONGEST_LOGGED_NAME: Final = 150

Response = TypeVar("Response", bound=HttpResponseBase)

logger = logging.getLogger(__name__)
# Sent with `request` (None for a command) and `name` when an attempt is refused unchecked. In that case,
# Django's own `user_login_failed` is not sent.
locked_out: Final = Signal()


@dataclass(frozen=True)
class Limit:
    """A maximum number of attempts within a number of seconds."""

    attempts: int
    seconds: int


PER_NAME_AND_ADDRESS: Final = Limit(5, 15 * 60)
PER_BROWSER: Final = Limit(10, 15 * 60)
PER_ADDRESS: Final = Limit(30, 15 * 60)
PER_NAME: Final = Limit(30, 60 * 60)


class SignInRefusedError(ValidationError):
    """Raised after too many attempts; forms show its message."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        minutes = -(-seconds // 60)
        if minutes == 1:
            message = _("Too many attempts to sign in. Try again in one minute.")
        else:
            message = _("Too many attempts to sign in. Try again in %(minutes)s minutes.") % {
                "minutes": minutes
            }
        super().__init__(message, code="too_many_attempts")


class Attempt:
    """An attempt to authenticate under a submitted user name, in a request or a command.

    `kind` says what was submitted; each kind has counts of its own.
    """

    def __init__(self, request: HttpRequest | None, name: str, kind: str = "sign-in") -> None:
        self.request, self.name, self.kind = request, name, kind
        self.address = client_address.of_request(request) if request else client_address.UNKNOWN
        self.logged_name = repr(name[:_LONGEST_LOGGED_NAME])
        self._name = _normalized(name)
        self._network = client_address.network_of(self.address)
        self._counts = self._choose_counts()

    def begin(self) -> None:
        """Count the attempt. Raises SignInRefusedError if one of its limits is exhausted.

        Check the narrowest limit first and stop there: refused attempts from one address must not exhaust a
        limit that all addresses share.
        """
        for who, limit in self._counts:
            if seconds := rate_limits.seconds_to_wait(who, limit.attempts, limit.seconds):
                refusal = SignInRefusedError(seconds)
                if self.request is not None:
                    setattr(self.request, _REFUSAL, refusal)
                logger.warning("Locked out: %s from %s, for %s s", self.logged_name, self.address, seconds)
                locked_out.send(Attempt, request=self.request, name=self.name)
                raise refusal

    def succeed(self) -> None:
        """Reset this person's own count, and take the attempt back from the shared counts."""
        (own, _limit), *shared = self._counts
        rate_limits.reset(own)
        for who, _limit in shared:
            rate_limits.give_back(who)
        cache.set(self._known_address_keys()[0], True, ADDRESS_KNOWN_FOR.total_seconds())

    def withdraw(self) -> None:
        """Uncount the attempt, because the password was not checked."""
        for who, _limit in self._counts:
            rate_limits.give_back(who)

    def fail(self, reason: str = "Wrong name or password") -> None:
        logger.warning("%s: %s from %s", reason, self.logged_name, self.address)

    def _choose_counts(self) -> list[tuple[str, Limit]]:
        if browser := self._known_browser():
            return [(f"{self.kind}:browser:{browser}", PER_BROWSER)]
        counts = [
            (f"{self.kind}:{self._network}:{self._name}", PER_NAME_AND_ADDRESS),
            (f"{self.kind}:address:{self._network}", PER_ADDRESS),
        ]
        if not any(cache.get_many(self._known_address_keys()).values()):
            counts.append((f"{self.kind}:name:{self._name}", PER_NAME))
        return counts

    def _known_browser(self) -> str:
        """Return the browser's id if it has signed in under this name before, else an empty string."""
        cookie = self.request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "") if self.request else ""
        try:
            value = signing.TimestampSigner(salt=_SALT).unsign(cookie, max_age=BROWSER_KNOWN_FOR)
        except signing.BadSignature:
            return ""
        owner = value.partition(":")[0]
        return value if owner in _digests(self._name) else ""

    def _known_address_keys(self) -> list[str]:
        """Return the cache keys under which this address may be known, the current one first."""
        return [f"{_SALT}:{digest}" for digest in _digests(f"{self.kind}:{self._network}:{self._name}")]


class LimitedBackend(ModelBackend):
    """Django's model backend, with a limit on attempts and a log of them."""

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user or None. Raises SignInRefusedError or HashingBusyError if nothing was checked.

        Raises ValidationError if the password is right but was an initial one that has expired.
        """
        if username is None or password is None:
            return None
        attempt = Attempt(request, username)
        attempt.begin()
        try:
            user = super().authenticate(request, username, password, **kwargs)
        except HashingBusyError:
            attempt.withdraw()
            raise
        if user is None:
            attempt.fail()
        else:
            attempt.succeed()
            _refuse_expired(request, user)
            if request is not None:
                setattr(request, _ACCEPTED_USER, user)
        return user

    async def aauthenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        return await sync_to_async(self.authenticate)(request, username, password, **kwargs)


def _refuse_expired(request: HttpRequest | None, user: User) -> None:
    try:
        initial_passwords.refuse_expired(user)
    except ValidationError:
        logger.warning("Refused, the initial password has expired: %r", user.get_username())
        send_failure(request, user.get_username())
        raise


def send_failure(request: HttpRequest | None, name: str) -> None:
    """Send Django's signal of a failed sign-in where Django itself does not."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


class LimitedPasswordChangeForm(AdminPasswordChangeForm):
    """Password change form that limits guesses at the old password, against stolen sessions."""

    def __init__(self, request: HttpRequest, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.request = request

    @sensitive_variables("old_password")
    def clean_old_password(self) -> str:
        attempt = Attempt(self.request, self.user.get_username())
        attempt.begin()
        try:
            old_password = super().clean_old_password()
        except HashingBusyError:
            attempt.withdraw()
            raise
        except ValidationError:
            attempt.fail()
            raise
        attempt.succeed()
        return old_password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        old_password, new_password = cleaned.get("old_password"), cleaned.get("new_password1")
        if old_password and old_password == new_password:
            self.add_error("new_password1", _("Choose a password that differs from the present one."))
        return cleaned


class _PasswordChange(PasswordChangeView):
    """The admin's password change page, with the limited form."""

    form_class = LimitedPasswordChangeForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"request": self.request}

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        return super().get_context_data(**admin.site.each_context(self.request), **context)

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        initial_passwords.clear(form.user)
        self.request.session[sessions.MUST_CHANGE_PASSWORD] = False
        _log(self.request, "Password changed", form.user)
        events.announce(Event.PASSWORD_CHANGED, form.user, by=form.user, request=self.request)
        return response


class _SignIn(LoginView):
    """The admin's sign-in page. The password suffices if the person neither has nor needs a second factor."""

    authentication_form = AdminAuthenticationForm
    template_name = "admin/login.html"

    def get_default_redirect_url(self) -> str:
        return reverse("admin:index")

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        page = {
            "title": _("Log in"),
            "subtitle": None,
            "app_path": self.request.get_full_path(),
            "username": self.request.user.get_username(),
            "has_passkeys": passkeys.are_available(),
            "has_password_reset": settings.HAS_MAIL,
        }
        return super().get_context_data(**admin.site.each_context(self.request), **page, **context)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        assert isinstance(user, User)
        if not factors.has_any(user) and not factors.is_required_of(user):
            return complete(self.request, user, self.get_success_url())
        pending.begin(self.request, user, self.get_success_url())
        return HttpResponseRedirect(reverse("access:second_factor"))


def user_of(request: HttpRequest) -> User:
    """Return the signed-in user; raise PermissionDenied if nobody is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@never_cache
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Show the admin's sign-in page, or move on from it if somebody is signed in."""
    if request.method == "GET" and admin.site.has_permission(request):
        return HttpResponseRedirect(reverse("admin:index"))
    if request.session.get(sessions.MUST_CHANGE_PASSWORD):
        return HttpResponseRedirect(reverse("admin:password_change"))
    request.current_app = admin.site.name
    response = _SignIn.as_view()(request)
    accepted = getattr(request, _ACCEPTED_USER, None)
    if accepted and response.status_code == 200:
        _log(request, "Refused, the account has no role", accepted, logging.WARNING)
        send_failure(request, accepted.get_username())
    return with_status(request, response)


def complete(request: HttpRequest, user: User, address: str, factor: str = "") -> HttpResponse:
    """Sign in, and redirect to `address`. The browser gets the cookie that identifies it.

    `factor` names the second factor that the person has proved.
    """
    pending.clear(request)
    login(request, user, backend=_BACKEND)
    if factor:
        request.session[sessions.SECOND_FACTOR] = factor
    _log(request, "Signed in", user)
    response = HttpResponseRedirect(address or reverse("admin:index"))
    _remember_browser(response, user)
    return response


def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out of the admin, and clear the browser's data of this site (Clear-Site-Data).

    Browsers only obey the header over TLS, so the next page also clears the desk's text by script.
    """
    user = request.user
    response = admin.site.admin_view(admin.site.logout)(request)
    if request.method == "POST":
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    if user.is_authenticated and not request.user.is_authenticated:
        _log(request, "Signed out", user)
    return response


def change_password(request: HttpRequest) -> HttpResponseBase:
    request.current_app = admin.site.name
    return with_status(request, _PasswordChange.as_view()(request))


def with_status(request: HttpRequest, response: Response) -> Response:
    """Set status 429 and Retry-After if the attempt was refused unchecked (RFC 6585, section 4)."""
    if refusal := getattr(request, _REFUSAL, None):
        response.status_code = 429
        response.headers["Retry-After"] = str(refusal.seconds)
    return response


def _remember_browser(response: HttpResponse, user: User) -> None:
    value = f"{_digests(_normalized(user.get_username()))[0]}:{secrets.token_urlsafe(12)}"
    response.set_cookie(
        settings.BROWSER_COOKIE_NAME,
        signing.TimestampSigner(salt=_SALT).sign(value),
        max_age=BROWSER_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _log(request: HttpRequest, what: str, user: User, level: int = logging.INFO) -> None:
    logger.log(level, "%s: %r from %s", what, user.get_username(), client_address.of_request(request))


def _normalized(name: str) -> str:
    """Normalize a user name, so that variant spellings share one count."""
    return unicodedata.normalize("NFKC", name).casefold()


def _digests(text: str) -> list[str]:
    """Return keyed digests by the current secret key and then by each earlier one, which are still valid."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(_SALT, text, secret=key, algorithm="sha256").hexdigest() for key in keys]
