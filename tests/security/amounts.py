"""Texts of a given length and rows in a given number, for tests of limits."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from django.contrib.auth.models import User

from liveblog.models import (
    Byline,
    Image,
    LiveBlog,
    Topic,
)
from liveblog.publishing import Story

_serial = count(1)

URL = "https://example.com/"


def words(length: int) -> str:
    return "字" * length


def address(length: int) -> str:
    return URL + "a" * (length - len(URL))


def paragraph(length: int) -> str:
    return f"<p>{words(length - 7)}</p>"


def rows(model: type, amount: int, /, **values: Callable[[int], object]) -> list[Any]:
    """Bulk-create `amount` rows; each keyword is a function from the index to the field's value."""
    return model.objects.bulk_create(
        model(**{name: value(index) for name, value in values.items()}) for index in range(amount)
    )


def make_bylines(number: int) -> tuple[Byline, ...]:
    return tuple(rows(Byline, number, name="記者{}".format))


def make_topics(number: int) -> tuple[Topic, ...]:
    return tuple(rows(Topic, number, name="題目{}".format, slug="topic-{}".format))


def make_images(number: int) -> tuple[Image, ...]:
    details = {"key": "{:016}".format, "file": "originals/{}.png".format, "alt": "圖{}".format}
    return tuple(rows(Image, number, **details, width=lambda index: 1, height=lambda index: 1))


def make_stories(number: int) -> tuple[Story, ...]:
    return tuple(Story(f"一則{index}") for index in range(number))


def make_blogs(number: int) -> list[LiveBlog]:
    return rows(LiveBlog, number, slug="many-{}".format, headline="標題{}".format)


def make_people(number: int) -> list[User]:
    return rows(User, number, username="person-{}".format)
