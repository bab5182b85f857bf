"""Keeping the search index: with every number that a blog takes, in the same transaction."""

from __future__ import annotations

from liveblog.models import LiveBlog, SearchEntry, Update
from liveblog.models.search import TOKENS_PER_PART
from newsroom import chinese, html


def index(blog: LiveBlog, update: Update | None) -> None:
    """Make what is searched of an update, or of a blog's head (None), what it says now."""
    SearchEntry.objects.filter(blog=blog, update=update).delete()
    if update is None:
        said = [blog.kicker, blog.headline, blog.standfirst, html.plain_text(blog.summary)]
    elif update.is_published:
        said = [update.heading, html.plain_text(update.body), update.source]
    else:
        said = []
    SearchEntry.objects.bulk_create(
        SearchEntry(blog=blog, update=update, part=part, tokens=" ".join(tokens))
        for part, tokens in enumerate(_parts("\n".join(said)))
    )


def _parts(text: str) -> list[list[str]]:
    tokens = chinese.bigrams(text)
    return [tokens[start : start + TOKENS_PER_PART] for start in range(0, len(tokens), TOKENS_PER_PART)]
