"""Help for a person who has lost the second factor and the recovery codes."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from newsroom.access import events, factors
from newsroom.access.events import Event
from newsroom.access.models import StaffSession


def reset(person: User, *, by: User | None, request: HttpRequest | None = None) -> None:
    """Remove all second factors of a person, end all sessions, and tell the person."""
    with transaction.atomic():
        factors.remove_all(person)
        StaffSession.objects.filter(user=person).delete()
        events.announce(Event.SECOND_FACTOR_RESET, person, by=by, request=request)
