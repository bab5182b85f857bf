"""An editor who may do everything, reading the admin in English."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.factories import make_user


@pytest.fixture
def editor(db: None) -> User:
    return make_user("*")


@pytest.fixture
def admin(editor: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(editor)
    return client
