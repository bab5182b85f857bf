"""Loading a newer edition of an article in any layout neither duplicates nor loses an update."""

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
from tests.articles.layouts import Post, RenderedBlog, rendered_blogs

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
_serial = count(1)


def _with_post(blog: RenderedBlog, place: int, change: Callable[[Post], Post]) -> RenderedBlog:
    posts = list(blog.posts)
    posts[place] = change(posts[place])
    return replace(blog, posts=tuple(sorted(posts, key=lambda post: post.moment)))


EDITIONS: dict[str, Callable[[RenderedBlog], RenderedBlog]] = {
    "the publication line moved on": lambda blog: replace(
        blog, published_at=blog.published_at + timedelta(minutes=1)
    ),
    "a time put right": lambda blog: _with_post(
        blog, 2, lambda post: replace(post, moment=post.moment + timedelta(minutes=1))
    ),
    "the oldest cut": lambda blog: replace(blog, posts=blog.posts[1:], fillers=blog.fillers[1:]),
    "one edited": lambda blog: _with_post(
        blog, 1, lambda post: replace(post, sentences=(f"更正{post.sentences[0]}", *post.sentences[1:]))
    ),
    "one moved past its neighbour": lambda blog: _with_post(
        blog, 1, lambda post: replace(post, moment=blog.posts[2].moment + timedelta(minutes=1))
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
@given(blog=rendered_blogs())
@settings(max_examples=4)
def test_newer_edition_neither_duplicates_nor_loses_updates(
    edition: Callable[[RenderedBlog], RenderedBlog], blog: RenderedBlog
) -> None:
    slug = f"edition-{next(_serial)}"
    load(parse(blog.text), by=SYSTEM, slug=slug, publish=True)
    assert len(_texts(slug)) == len(blog.posts)
    newer = edition(blog)
    report = load(parse(newer.text), by=SYSTEM, slug=slug, publish=True)
    actions = [outcome.action for outcome in report.outcomes]
    assert set(actions) <= {Action.UNCHANGED, Action.CHANGED, Action.VANISHED}
    assert actions.count(Action.VANISHED) == len(blog.posts) - len(newer.posts)
    texts = _texts(slug)
    assert len(texts) == len(blog.posts)
    for post in newer.posts:
        assert sum(all(sentence in text for sentence in post.sentences) for text in texts) >= 1
