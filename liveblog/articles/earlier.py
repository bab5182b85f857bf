"""Search for the live blog that an earlier edition of an article was loaded into."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

from liveblog.articles.article import Article
from liveblog.articles.saved import digest
from liveblog.models import LiveBlog, Update

# Editions of one article start within days of each other, as the publication time may be updated.
_NEAR: Final = timedelta(days=14)
_MOST_COMPARED: Final = 100


def earlier_blog(article: Article) -> LiveBlog | None:
    """Return the live blog with the article's title, or with half of its updates; None if there is none.

    Withdrawn live blogs do not count. This takes a fixed number of queries.
    """
    start, end = article.published_at - _NEAR, article.published_at + _NEAR
    blogs = LiveBlog.objects.exclude(status=LiveBlog.Status.WITHDRAWN).filter(
        coverage_start_at__range=(start, end)
    )
    titled = blogs.filter(kicker=article.kicker, headline=article.headline).order_by("-pk").first()
    if titled is not None:
        return titled
    entries = article.entries[-_MOST_COMPARED:]
    digests = {digest(entry) for entry in entries}
    headings = {entry.heading for entry in entries if entry.heading}
    shared: Counter[int] = Counter()
    updates = Update.objects.filter(blog__in=blogs).exclude(imported_hash="")
    for pk, heading in updates.filter(imported_hash__in=digests).values_list("blog", "heading"):
        shared[pk] += 1
        headings.discard(heading)
    shared.update(updates.filter(heading__in=headings).values_list("blog", flat=True))
    blog, count = shared.most_common(1)[0] if shared else (None, 0)
    return LiveBlog.objects.get(pk=blog) if blog and count >= 2 and count * 2 >= len(entries) else None
