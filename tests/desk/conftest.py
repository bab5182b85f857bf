"""Fixtures for browser tests of the desk on a running server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from liveblog.models import LiveBlog
from tests.desk.composing import wait_for_composer
from tests.factories import make_person


@pytest.fixture
def open_desk(open_signed_in: Callable[..., Page]) -> Callable[..., Page]:
    """Return a function that opens a blog's desk in English as `user`, or as a new person with `role`."""

    def open_page(
        blog: LiveBlog, role: str = "Editor", user: User | None = None, query: str = "", **options
    ) -> Page:
        page = open_signed_in(user or make_person(role), **options)
        page.goto(f"{desk_path(blog)}{query}")
        if options.get("java_script_enabled", True):
            wait_for_composer(page)
        return page

    return open_page


def desk_path(blog: LiveBlog) -> str:
    return f"/admin/liveblog/liveblog/{blog.pk}/desk/"
