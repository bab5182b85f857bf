"""People of the tests of the two-person rule and the legal hold."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.factories import make_person


@pytest.fixture
def writer() -> User:
    return make_person("Editor")


@pytest.fixture
def colleague() -> User:
    return make_person("Editor")


@pytest.fixture
def chief() -> User:
    return make_person("Chief editor")
