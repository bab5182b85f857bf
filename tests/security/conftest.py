"""A newsroom with something at every address, and clients that get server errors as responses."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.security.addresses import (
    Newsroom,
    make_newsroom,
    make_superuser,
)


@pytest.fixture
def newsroom() -> Newsroom:
    # Thousands of answers are rendered, and more updates would only make them longer.
    return make_newsroom(updates=2)


@pytest.fixture
def root() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_superuser())
    return client


@pytest.fixture
def anybody() -> Client:
    return Client(raise_request_exception=False)
