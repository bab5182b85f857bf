"""Newer editions of an article in any layout never make an update twice, and never lose one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from hypothesis import given, settings

from liveblog.articles.load import load
from liveblog.articles.parse import parse
from liveblog.articles.report import Action
from liveblog.publishing import SYSTEM
from tests.articles.layouts import Post, Rendered, rendered

pytestmark = pytest.mark.django_db
_serial = count(1)


def _with_post(found: Rendered, place: int, change: Callable[[Post], Post]) -> Rendered:
    posts = list(found.posts)
    posts[place] = change(posts[place])
    return replace(found, posts=tuple(sorted(posts, key=lambda post: post.moment)))


EDITIONS: dict[str, Callable[[Rendered], Rendered]] = {
    "the publication line moved on": lambda found: replace(
        found, published_at=found.published_at + timedelta(minutes=1)
    ),
    "a time put right": lambda found: _with_post(
        found, 2, lambda post: replace(post, moment=post.moment + timedelta(minutes=1))
    ),
    "the oldest cut": lambda found: replace(found, posts=found.posts[1:], fillers=found.fillers[1:]),
    "one edited": lambda found: _with_post(
        found, 1, lambda post: replace(post, sentences=(f"更正{post.sentences[0]}", *post.sentences[1:]))
    ),
    "one moved past its neighbour": lambda found: _with_post(
        found, 1, lambda post: replace(post, moment=found.posts[2].moment + timedelta(minutes=1))
    ),
}


def _texts(slug: str) -> list[str]:
    texts, path = [], f"/api/v1/blogs/{slug}/updates/"
    while path:
        page = Client().get(path).json()
        texts += [row["heading"] + row["body"] for row in page["results"]]
        path = page["next"]
    return texts


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS)
@given(found=rendered())
@settings(max_examples=4)
def test_a_newer_edition_makes_no_update_twice(
    edition: Callable[[Rendered], Rendered], found: Rendered
) -> None:
    slug = f"edition-{next(_serial)}"
    load(parse(found.text), by=SYSTEM, slug=slug, publish=True)
    assert len(_texts(slug)) == len(found.posts)
    newer = edition(found)
    report = load(parse(newer.text), by=SYSTEM, slug=slug, publish=True)
    actions = [outcome.action for outcome in report.outcomes]
    assert set(actions) <= {Action.UNCHANGED, Action.CHANGED, Action.VANISHED}
    assert actions.count(Action.VANISHED) == len(found.posts) - len(newer.posts)
    texts = _texts(slug)
    assert len(texts) == len(found.posts)
    for post in newer.posts:
        assert sum(all(sentence in text for sentence in post.sentences) for text in texts) >= 1
