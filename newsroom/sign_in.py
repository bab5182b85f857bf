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
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordChangeView
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse_lazy
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from newsroom.http import client_address, rate_limits
from newsroom.passwords import HashingBusyError

BROWSER_KNOWN_FOR: Final = timedelta(days=180)
ADDRESS_KNOWN_FOR: Final = timedelta(days=30)
_SALT: Final = "newsroom.sign_in"
# Attributes of a request, which the backend sets for the views.
_REFUSAL: Final = "sign_in_refusal"
_ACCEPTED_USER: Final = "accepted_user"
_LONGEST_LOGGED_NAME: Final = 150

Response = TypeVar("Response", bound=HttpResponseBase)

logger = logging.getLogger(__name__)
# Sent with `request` (None for a command) and `name` when an attempt is refused unchecked. Django's own
# `user_login_failed` is not sent then.
locked_out: Final = Signal()


@dataclass(frozen=True)
class Limit:
    """A maximum number of attempts within a time in seconds."""

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
    """An attempt to authenticate under a submitted user name, in a request or a command."""

    def __init__(self, request: HttpRequest | None, name: str) -> None:
        self.request, self.name = request, name
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
        cache.set(self._known_address_key(), True, ADDRESS_KNOWN_FOR.total_seconds())

    def withdraw(self) -> None:
        """Uncount the attempt, because the password was not checked."""
        for who, _limit in self._counts:
            rate_limits.give_back(who)

    def fail(self) -> None:
        logger.warning("Wrong name or password: %s from %s", self.logged_name, self.address)

    def _choose_counts(self) -> list[tuple[str, Limit]]:
        if browser := self._known_browser():
            return [(f"sign-in:browser:{browser}", PER_BROWSER)]
        counts = [
            (f"sign-in:{self._network}:{self._name}", PER_NAME_AND_ADDRESS),
            (f"sign-in:address:{self._network}", PER_ADDRESS),
        ]
        if not cache.get(self._known_address_key()):
            counts.append((f"sign-in:name:{self._name}", PER_NAME))
        return counts

    def _known_browser(self) -> str:
        """Return the browser's id if it has signed in under this name before, else an empty string."""
        cookie = self.request.COOKIES.get(settings.BROWSER_COOKIE_NAME, "") if self.request else ""
        try:
            value = signing.TimestampSigner(salt=_SALT).unsign(cookie, max_age=BROWSER_KNOWN_FOR)
        except signing.BadSignature:
            return ""
        return value if value.startswith(f"{_digest(self._name)}:") else ""

    def _known_address_key(self) -> str:
        return f"{_SALT}:{_digest(f'{self._network}:{self._name}')}"


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
        """Return the user or None. Raises SignInRefusedError or HashingBusyError if nothing was checked."""
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
        _log(self.request, "Password changed", form.user)
        return response


def user_of(request: HttpRequest) -> User:
    """Return the signed-in user; raise PermissionDenied if nobody is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def sign_in(request: HttpRequest) -> HttpResponse:
    """Show the admin's sign-in page. A browser that signs in gets the cookie that identifies it."""
    response = admin.site.login(request)
    if request.method != "POST":
        return response
    if response.status_code == 302:
        _log(request, "Signed in", user_of(request))
        _remember_browser(response, user_of(request))
    elif accepted := getattr(request, _ACCEPTED_USER, None):
        _log(request, "Refused, the account has no role", accepted, logging.WARNING)
    return _with_status(request, response)


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
    return _with_status(request, _PasswordChange.as_view()(request))


def _with_status(request: HttpRequest, response: Response) -> Response:
    """Set status 429 and Retry-After if the attempt was refused unchecked (RFC 6585, section 4)."""
    if refusal := getattr(request, _REFUSAL, None):
        response.status_code = 429
        response.headers["Retry-After"] = str(refusal.seconds)
    return response


def _remember_browser(response: HttpResponse, user: User) -> None:
    value = f"{_digest(_normalized(user.get_username()))}:{secrets.token_urlsafe(12)}"
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


def _digest(text: str) -> str:
    return salted_hmac(_SALT, text, algorithm="sha256").hexdigest()
