"""Search index maintenance, in the transaction of the verb that changes the searchable text."""

from __future__ import annotations

from liveblog.models import LiveBlog, SearchEntry, Update
from liveblog.models.search import TOKENS_PER_PART
from liveblog.publishing.content import Content
from liveblog.publishing.details import BlogDetails
from newsroom.text import chinese, html

_SEARCHED = {
    Content: ("heading", "body", "source"),
    BlogDetails: ("kicker", "headline", "standfirst", "summary"),
}


def says_otherwise(before: Content | BlogDetails, after: Content | BlogDetails) -> bool:
    """Return whether searchable text differs between `before` and `after`."""
    return any(getattr(before, name) != getattr(after, name) for name in _SEARCHED[type(before)])


def index_update(update: Update, *, is_indexed: bool = True) -> None:
    """Index the current text of a published update; remove any other update from the index.

    Pass `is_indexed=False` for an update that was not public before, to skip the query that deletes its
    entries.
    """
    texts = [update.heading, html.plain_text(update.body), update.source] if update.is_published else []
    _index(update.blog, update, texts, is_indexed=is_indexed)


def index_blog(blog: LiveBlog) -> None:
    """Index the current head of a live blog."""
    texts = [blog.kicker, blog.headline, blog.standfirst, html.plain_text(blog.summary)]
    _index(blog, None, texts, is_indexed=True)


def _index(blog: LiveBlog, update: Update | None, texts: list[str], *, is_indexed: bool) -> None:
    if is_indexed:
        SearchEntry.objects.filter(blog=blog, update=update).delete()
    SearchEntry.objects.bulk_create(
        SearchEntry(blog=blog, update=update, part=part, tokens=" ".join(tokens))
        for part, tokens in enumerate(_parts("\n".join(texts)))
    )


def _parts(text: str) -> list[list[str]]:
    tokens = chinese.bigrams(text)
    return [tokens[start : start + TOKENS_PER_PART] for start in range(0, len(tokens), TOKENS_PER_PART)]
