"""Fixtures for an editor with every permission who uses the admin in English."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from tests.factories import make_user, signed_in


@pytest.fixture
def editor(db: None) -> User:
    return make_user("*")


@pytest.fixture
def admin(editor: User) -> Client:
    return signed_in(editor)


@pytest.fixture
def open_as_editor(open_signed_in: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens a browser page with an editor signed in, in English."""
    return lambda **options: open_signed_in(make_user("*"), **options)
