"""The newest rows of each of several live blogs, read without the older ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from django.db.models import OuterRef, Q, QuerySet, Subquery

from liveblog.models import LiveBlog, Update


def newest_of_each(
    blogs: Iterable[int], rows: QuerySet[Update], count: int, field: str
) -> dict[int, list[Update]]:
    """Return the newest `count` of `rows` of each live blog, by the live blog's id.

    `rows` are sorted newest first by the time `field`, and have an index for it. A window function, as in a
    sliced Prefetch, would read all rows of each live blog, however many there are.
    """
    newest: dict[int, list[Update]] = {blog: [] for blog in blogs}
    if len(newest) == 1:
        (blog,) = newest
        newest[blog] = list(rows.filter(blog=blog)[:count])
    elif newest:
        condition = _newest_condition(list(newest), rows, count, field)
        for blog, blog_rows in _by_blog(rows.filter(condition)).items():
            newest[blog] = list(islice(blog_rows, count))
    return newest


def _newest_condition(blogs: Sequence[int], rows: QuerySet, count: int, field: str) -> Q:
    """Return the condition that a row is at least as new as the last of its live blog's newest `count`."""
    last = rows.filter(blog=OuterRef("pk")).values(field)[count - 1 : count]
    live_blogs = LiveBlog.objects.filter(pk__in=blogs).order_by()
    condition = Q()
    for blog, oldest in live_blogs.annotate(last=Subquery(last)).values_list("pk", "last"):
        condition |= Q(blog=blog) if oldest is None else Q(blog=blog, **{f"{field}__gte": oldest})
    return condition


def _by_blog(rows: QuerySet[Update]) -> dict[int, list[Update]]:
    by_blog: dict[int, list[Update]] = {}
    for row in rows:
        by_blog.setdefault(row.blog_id, []).append(row)
    return by_blog
