"""Fixtures for people who sign in through the forms."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.dispatch import receiver

from newsroom.access import notices
from newsroom.access.events import access_changed
from tests.access.signing_in import Browser
from tests.factories import make_person


@pytest.fixture
def browser_of(db: None) -> Callable[..., Browser]:
    """Return a function that makes a browser at an IP address, in English."""
    cache.clear()
    return lambda address="192.0.2.1": Browser(REMOTE_ADDR=address, headers={"accept-language": "en"})


@pytest.fixture
def editor(db: None) -> User:
    return make_person("Editor", email="editor@example.com")


@pytest.fixture
def seen_events():
    """Collect the signals sent, as (event, username of the person affected, username of the actor)."""
    events: list[tuple[str, str, str | None]] = []

    @receiver(access_changed, weak=False, dispatch_uid="tests.access")
    def collect(sender, event, person, by, **kwargs) -> None:
        events.append((event.value, person.username, by.username if by else None))

    yield events
    access_changed.disconnect(dispatch_uid="tests.access")


@pytest.fixture
def mails(mailoutbox):
    """Return a function that waits for e-mails still being sent, and returns all of them so far."""

    def collect() -> list:
        notices.wait()
        return list(mailoutbox)

    return collect
