"""An editor who may do everything, reading the admin in English."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from tests.factories import make_user


@pytest.fixture
def editor(db: None) -> User:
    return make_user("*")


@pytest.fixture
def admin(editor: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(editor)
    return client


@pytest.fixture
def open_as_editor(new_page, server) -> Callable[..., Page]:
    """Opens a browser in which an editor is logged in, reading English."""

    def open_page(**options) -> Page:
        client = Client()
        client.force_login(make_user("*"))
        page = new_page(locale="en-GB", base_url=server.url, **options)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server.url}])
        return page

    return open_page
