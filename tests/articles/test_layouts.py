"""Articles in the layouts of other newsrooms are read as a careful sub-editor reads them."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given, settings

from liveblog.articles.article import Article, Paragraph
from liveblog.articles.parse import parse
from newsroom import hongkong
from tests.articles.layouts import Rendered, expected, rendered


def read_back(article: Article) -> list[tuple[object, str, tuple[str, ...]]]:
    return [
        (
            hongkong.at(entry.day, entry.clock).astimezone(UTC) if entry.clock else None,
            entry.heading,
            tuple(block.text for block in entry.blocks if isinstance(block, Paragraph)),
        )
        for entry in article.entries
    ]


@given(rendered())
@settings(max_examples=100)
def test_a_live_blog_in_any_layout_is_read_back_whole(found: Rendered) -> None:
    article = parse(found.text)
    assert read_back(article) == expected(found)
    assert (article.headline, article.published_at) == (found.title, found.published_at)
