"""Forms by which people prove who they are. Every check is limited and announced."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsroom.access import events, factors
from newsroom.access.events import Event
from newsroom.passwords import HashingBusyError
from newsroom.sign_in import Attempt, send_failure

# Six digits, or a recovery code with spaces and hyphens.
_MAX_CODE: Final = 60


class SecondFactorForm(forms.Form):
    """A code of an app, a recovery code or a passkey's response. `proof` says which one was valid."""

    failure = Event.SECOND_FACTOR_FAILED
    takes_recovery_codes = True

    code = forms.CharField(
        label=gettext_lazy("Code from the app, or a recovery code"),
        required=False,
        max_length=_MAX_CODE,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}),
    )
    credential = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, request: HttpRequest, user: User, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.request, self.user = request, user
        self.proof = ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.check(cleaned)
        return cleaned

    def check(self, cleaned: dict[str, Any]) -> None:
        """Set `proof`. Raises ValidationError if nothing valid was entered, or after too many attempts."""
        code, response = cleaned.get("code", ""), cleaned.get("credential", "")
        if not code and not response:
            raise ValidationError(_("Enter a code."), code="required")
        attempt = Attempt(self.request, self.user.get_username(), kind="second-factor")
        attempt.begin()
        if response:
            self.proof = "passkey" if factors.verify_passkey(self.user, response) else ""
        else:
            self.proof = factors.verify_code(self.user, code, with_recovery=self.takes_recovery_codes)
        if self.proof:
            attempt.succeed()
            return
        attempt.fail("Wrong second factor")
        self.refuse(
            _("This passkey was not accepted. Try again.")
            if response
            else _("This code is not valid, or has been used. Enter the app’s next one.")
        )

    def refuse(self, message: str) -> None:
        if self.failure == Event.SECOND_FACTOR_FAILED:
            send_failure(self.request, self.user.get_username())
        events.announce(self.failure, self.user, by=None, request=self.request)
        raise ValidationError(message, code="invalid")


class ConfirmationForm(SecondFactorForm):
    """The password, a code of the app or a passkey of somebody who is signed in."""

    failure = Event.CONFIRMATION_FAILED
    takes_recovery_codes = False
    prefix = "confirm"

    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput({"autocomplete": "current-password", "autofocus": True}),
    )
    field_order = ["password", "code", "credential"]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["code"].label = _("Or the code from the app")
        del self.fields["code"].widget.attrs["autofocus"]
        if not hasattr(self.user, "authenticator"):
            del self.fields["code"]

    def check(self, cleaned: dict[str, Any]) -> None:
        password = cleaned.get("password", "")
        if not password:
            super().check(cleaned)
            return
        attempt = Attempt(self.request, self.user.get_username())
        attempt.begin()
        try:
            is_right = self.user.check_password(password)
        except HashingBusyError:
            attempt.withdraw()
            raise
        if is_right:
            attempt.succeed()
            self.proof = "password"
            return
        attempt.fail("Wrong password to confirm a change")
        self.refuse(_("This password is wrong."))


class PasskeyForm(forms.Form):
    """A new passkey: its name and the browser's response."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        help_text=gettext_lazy("For example: work laptop, blue security key."),
    )
    credential = forms.CharField(widget=forms.HiddenInput)


class AppForm(forms.Form):
    """The first code of a new authenticator app."""

    code = forms.CharField(
        label=gettext_lazy("Code that the app shows"),
        max_length=_MAX_CODE,
        widget=forms.TextInput(
            {
                "autocomplete": "one-time-code",
                "autofocus": True,
                "inputmode": "numeric",
                "spellcheck": "false",
            }
        ),
    )
