"""Editors at their desks: a browser that is signed in, on a running server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from liveblog.models import LiveBlog
from tests.factories import make_person


def sign_in(page: Page, user: User, url: str) -> None:
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])


@pytest.fixture
def open_desk(server, new_page) -> Callable[..., Page]:
    """Opens a blog's desk as somebody in `role` (or as `user`), reading English."""

    def open_page(
        blog: LiveBlog, role: str = "Editor", user: User | None = None, query: str = "", **options
    ) -> Page:
        page = new_page(**{"locale": "en-GB", "base_url": server.url} | options)
        sign_in(page, user or make_person(role), server.url)
        page.goto(f"{desk_path(blog)}{query}")
        if options.get("java_script_enabled", True):
            page.wait_for_selector(".tiptap")
        return page

    return open_page


def desk_path(blog: LiveBlog) -> str:
    return f"/admin/liveblog/liveblog/{blog.pk}/desk/"
