"""Rules and exceptions that several verbs share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from liveblog.models import LiveBlog, Update
from liveblog.publishing.limits import refuse_long
from newsroom.text import html

# How far ahead the clock of a partner's system, or of an editor's computer, may be.
FAST_CLOCK: Final = timedelta(minutes=1)


class Stale(ValidationError):
    """Raised if somebody else has saved since the submitted content was opened (optimistic locking).

    Verbs that take `seen`, the fingerprint of the content that was opened, compare it under the lock.
    """

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else has saved this since you opened it. Nothing was saved: "
                "copy what you need from here, and open it again."
            )
        )


class WrongState(ValidationError):
    """Raised if the update's state does not allow this action."""

    def __init__(self, message: str, update: Update) -> None:
        super().__init__(message)
        self.update = update


def checked_event_time(happened_at: datetime | None, now: datetime) -> datetime | None:
    """Return the time of an event, or `now` if it is less than a minute later, to allow for fast clocks.

    Raises ValidationError if it is later than that.
    """
    if happened_at is None or happened_at <= now:
        return happened_at
    if happened_at - now < FAST_CLOCK:
        return now
    raise ValidationError(
        {"happened_at": _("This time is in the future. Schedule the update, or correct the time.")}
    )


def refuse_withdrawn_blog(blog: LiveBlog) -> None:
    """Raise ValidationError if the live blog is withdrawn."""
    if blog.status == LiveBlog.Status.WITHDRAWN:
        raise ValidationError(_("This live blog was withdrawn: nothing can be published in it."))


def checked_note(note: str) -> str:
    """Return a note or reason, cleaned. Raise ValidationError if it is too long."""
    note = html.stripped(note)
    refuse_long(note=note)
    return note
