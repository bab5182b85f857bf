"""The order of running live blogs on the front page, and the first of them, to link from error pages."""

from __future__ import annotations

from typing import Final

from django.db.models import Case, F, OuterRef, Subquery, When

from liveblog import visibility
from liveblog.models import Update
from liveblog.models.blog import Language, LiveBlogQuerySet
from liveblog.presentation import reading
from liveblog.presentation.editions import edition_in
from liveblog.presentation.views import BlogTitle
from liveblog.visibility import PUBLIC

RUNNING_MOST: Final = 5


def running_titles(language: str | None) -> list[BlogTitle]:
    """Return the first running live blogs of the front page, in `language` if they have that edition."""
    rows = in_front_order(visibility.readable(PUBLIC).live(), language)[:RUNNING_MOST]
    edition = edition_in(language)
    return [reading.title_of(reading.head_of(row, edition)) for row in rows]


def in_front_order(live: LiveBlogQuerySet, edition: str | None) -> LiveBlogQuerySet:
    """Order live blogs by the editor's position, then live blogs without one by their newest update.

    In English, all live blogs in English come before the others.
    """
    newest = Update.objects.published().filter(blog=OuterRef("pk")).newest_first()
    return live.annotate(newest_at=Subquery(newest.values("happened_at")[:1])).order_by(
        *([Case(When(language=Language.EN, then=0), default=1)] if edition == Language.EN else []),
        F("front_position").asc(nulls_last=True),
        F("newest_at").desc(nulls_last=True),
        "-pk",
    )
