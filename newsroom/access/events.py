"""Events of accounts: one signal for code that keeps a record, and e-mails to the person.

Successful and failed sign-ins are Django's signals `user_logged_in`, `user_logged_out` and
`user_login_failed`.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.db import models
from django.dispatch import Signal
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from newsroom.access import notices

# Sent with `event` (an Event), `person` (whose account it is), `by` (who did it; None for a command),
# `request` (None for a command) and `detail` (a short text without secrets).
access_changed: Final = Signal()


class Event(models.TextChoices):
    SECOND_FACTOR_ADDED = "second_factor_added", _("A second factor was added")
    SECOND_FACTOR_REMOVED = "second_factor_removed", _("A second factor was removed")
    SECOND_FACTOR_FAILED = "second_factor_failed", _("A wrong second factor was entered")
    SECOND_FACTOR_RESET = "second_factor_reset", _("All second factors were removed by somebody else")
    RECOVERY_CODES_MADE = "recovery_codes_made", _("New recovery codes were made")
    RECOVERY_CODE_USED = "recovery_code_used", _("A recovery code was used to sign in")
    SESSIONS_ENDED = "sessions_ended", _("Sessions were ended")
    PASSWORD_CHANGED = "password_changed", _("The password was changed")
    PASSWORD_SET = "password_set", _("The password was set by somebody else")
    PASSWORD_RESET_REQUESTED = "password_reset_requested", _("An e-mail to reset the password was requested")
    ACCOUNT_ADDED = "account_added", _("The account was added")
    ACCOUNT_CHANGED = "account_changed", _("The account was changed by somebody else")
    CONFIRMED = "confirmed", _("The person confirmed a change with a password or second factor")
    CONFIRMATION_FAILED = "confirmation_failed", _("A wrong password or second factor was entered to confirm")


# The person is told of these by mail, because an attacker could have caused them.
_TOLD: Final = {
    Event.SECOND_FACTOR_ADDED,
    Event.SECOND_FACTOR_REMOVED,
    Event.SECOND_FACTOR_RESET,
    Event.RECOVERY_CODES_MADE,
    Event.RECOVERY_CODE_USED,
    Event.PASSWORD_CHANGED,
    Event.PASSWORD_SET,
    Event.ACCOUNT_CHANGED,
}


def announce(
    event: Event, person: User, *, by: User | None, request: HttpRequest | None = None, detail: str = ""
) -> None:
    """Send `access_changed`, and e-mail the person if an attacker could have caused the event."""
    access_changed.send(sender=Event, event=event, person=person, by=by, request=request, detail=detail)
    if event in _TOLD:
        notices.tell(person, event, by, request, detail)
