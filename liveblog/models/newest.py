"""The newest rows of each of several live blogs, read without the older ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from django.db.models import OuterRef, Q, QuerySet, Subquery

from liveblog.models.response import ReaderResponse
from liveblog.models.update import Update

if TYPE_CHECKING:
    from liveblog.models.blog import LiveBlog

Row = TypeVar("Row", Update, ReaderResponse)


def newest_of_each(
    blogs: Sequence[LiveBlog], rows: QuerySet[Row], count: int, field: str
) -> dict[int, list[Row]]:
    """Return the newest `count` of `rows` of each live blog, by its id.

    `rows` are sorted newest first by the time `field`, and have an index for it. A window function, as in a
    sliced Prefetch, would read all rows of each live blog, however many there are.
    """
    newest: dict[int, list[Row]] = {blog.pk: [] for blog in blogs}
    if len(blogs) == 1:
        newest[blogs[0].pk] = list(rows.filter(blog=blogs[0])[:count])
    elif blogs:
        condition = _newest_condition(blogs, rows, count, field)
        for blog_id, blog_rows in _by_blog(rows.filter(condition)).items():
            newest[blog_id] = list(islice(blog_rows, count))
    for blog in blogs:
        for row in newest[blog.pk]:
            row.blog = blog
    return newest


def _newest_condition(blogs: Sequence[LiveBlog], rows: QuerySet, count: int, field: str) -> Q:
    """Return the condition that a row is at least as new as the last of its live blog's newest `count`."""
    last = rows.filter(blog=OuterRef("pk")).values(field)[count - 1 : count]
    live_blogs = type(blogs[0])._base_manager.filter(pk__in=[blog.pk for blog in blogs]).order_by()
    condition = Q()
    for blog_id, oldest in live_blogs.annotate(last=Subquery(last)).values_list("pk", "last"):
        condition |= Q(blog=blog_id) if oldest is None else Q(blog=blog_id, **{f"{field}__gte": oldest})
    return condition


def _by_blog(rows: QuerySet[Row]) -> dict[int, list[Row]]:
    by_blog: dict[int, list[Row]] = {}
    for row in rows:
        by_blog.setdefault(row.blog_id, []).append(row)
    return by_blog
