"""Fixtures for a live blog and a partner who may write to it."""

from __future__ import annotations

import pytest

from liveblog.models import LiveBlog, Partner, Scope
from tests.api.tool import Tool
from tests.factories import make_blog, make_key, make_partner


@pytest.fixture
def blog(db: None) -> LiveBlog:
    return make_blog(slug="summit")


@pytest.fixture
def partner(blog: LiveBlog) -> Partner:
    return make_partner(blog)


@pytest.fixture
def tool(partner: Partner) -> Tool:
    """Return a tool whose key has every scope and is granted `summit`."""
    return Tool(make_key(*Scope, partner=partner))


@pytest.fixture
def drafter(partner: Partner) -> Tool:
    return Tool(make_key(Scope.READ, Scope.WRITE_DRAFT, partner=partner))
