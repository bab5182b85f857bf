"""A newsroom with something at every address, clients that get server errors as responses, and a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from tests.conftest import Server, serving
from tests.factories import make_person, make_user, signed_in
from tests.security.addresses import Newsroom, make_newsroom
from tests.security.wire import Connection


@pytest.fixture
def newsroom() -> Newsroom:
    # Thousands of answers are rendered, and more updates would only make them longer.
    return make_newsroom(updates=2)


@pytest.fixture
def root() -> Client:
    return signed_in(make_person(is_superuser=True), raise_request_exception=False)


@pytest.fixture
def editor(db: None) -> User:
    """Return an editor whose attempts to sign in are counted from 0."""
    cache.clear()
    return make_user("publish_update")


@pytest.fixture
def anybody() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture(scope="module")
def shared_server(production_environment: dict[str, str]) -> Iterator[Server]:
    """Start a server that all tests of a module use."""
    with serving(production_environment) as server:
        yield server


@pytest.fixture
def connect(shared_server: Server) -> Iterator[Callable[[], Connection]]:
    """Yield a function that opens a raw connection to the shared server."""
    with ExitStack() as connections:
        yield lambda: connections.enter_context(Connection(shared_server.url))
