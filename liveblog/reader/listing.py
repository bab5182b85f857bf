"""Lists of live blogs: a lead, three cards with one update each, and short rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from liveblog.models import LiveBlog, Topic, Update
from liveblog.models.blog import Language, LiveBlogQuerySet
from liveblog.presentation import reading
from liveblog.presentation.editions import edition_in
from liveblog.presentation.front import in_front_order
from liveblog.presentation.newest import newest_of_each
from liveblog.presentation.views import BlogCard, TopicView, UpdateTitle

# The numbers of running and ended live blogs per page.
LIVE_PER_PAGE: Final = 30
ENDED_PER_PAGE: Final = 20
CARDS: Final = 3
UPDATES_OF_LEAD: Final = 3
TOPICS_MOST: Final = 12


@dataclass(frozen=True)
class Entry:
    """A live blog with the newest of its updates, newest first. Only the lead has its standfirst."""

    blog: BlogCard
    latest: list[UpdateTitle]
    standfirst: str = ""


@dataclass(frozen=True)
class Listing:
    """The contents of a page that lists live blogs.

    The next pages begin after the blogs `more_live` and `more_ended`, if there are any.
    """

    lead: Entry | None = None
    cards: list[Entry] = field(default_factory=list)
    rows: list[Entry] = field(default_factory=list)
    ended: list[BlogCard] = field(default_factory=list)
    topics: list[TopicView] = field(default_factory=list)
    more_live: LiveBlog | None = None
    more_ended: LiveBlog | None = None

    @property
    def is_live(self) -> bool:
        """Return whether any listed live blog is running."""
        return bool(self.rows) or bool(self.lead and self.lead.blog.is_live)

    @property
    def blogs(self) -> list[BlogCard]:
        live = ([self.lead] if self.lead else []) + self.cards + self.rows
        return [*(entry.blog for entry in live), *self.ended]


def read_listing(readable: LiveBlogQuerySet, last: LiveBlog | None, edition: str | None) -> Listing:
    """Return the listing of `readable` after the live blog `last`, or from the top if it is None.

    In English, live blogs in English come first, and ended ones in Chinese are left out.
    """
    rows = readable.select_related("hero_image").prefetch_related("topics")
    live_rows, more_live = _live_page(rows.live(), last, edition)
    rows_of_ended = rows.ended().filter(language=edition) if edition == Language.EN else rows.ended()
    ended_rows, more_ended = ([], None) if last and last.is_live else _ended_page(rows_of_ended, last)
    target = edition_in(edition)
    live, ended = reading.cards(live_rows, target), reading.cards(ended_rows, target)
    topics = reading.topics(_topics_of([*live_rows, *ended_rows]), edition)
    if last:
        return Listing(
            rows=_with_updates(live, 1),
            ended=ended,
            topics=topics,
            more_live=more_live,
            more_ended=more_ended,
        )
    lead = live[:1] or ended[:1]
    others = _with_updates(live[1:], 1)
    return Listing(
        lead=next((_as_lead(entry) for entry in _with_updates(lead, UPDATES_OF_LEAD)), None),
        cards=others[:CARDS],
        rows=others[CARDS:],
        ended=ended if live else ended[1:],
        topics=topics,
        more_live=more_live,
        more_ended=more_ended,
    )


def _live_page(
    live: LiveBlogQuerySet, last: LiveBlog | None, edition: str | None
) -> tuple[list[LiveBlog], LiveBlog | None]:
    """Return a page of running live blogs in the editor's order, and the last of them if more follow."""
    if last and not last.is_live:
        return [], None
    ids = list(in_front_order(live, edition).values_list("pk", flat=True))
    start = ids.index(last.pk) + 1 if last and last.pk in ids else 0
    ids = ids[start:]
    blogs = live.in_bulk(ids[:LIVE_PER_PAGE])
    page = [blogs[pk] for pk in ids[:LIVE_PER_PAGE] if pk in blogs]
    return page, page[-1] if page and len(ids) > LIVE_PER_PAGE else None


def _ended_page(ended: LiveBlogQuerySet, last: LiveBlog | None) -> tuple[list[LiveBlog], LiveBlog | None]:
    """Return a page of ended blogs, latest end of coverage first, and the last of them if more follow."""
    ended = ended.order_by("-coverage_end_at", "-pk")
    if last:
        ended = ended.ended_before(last)
    rows = list(ended[: ENDED_PER_PAGE + 1])
    page = rows[:ENDED_PER_PAGE]
    return page, page[-1] if len(rows) > ENDED_PER_PAGE else None


def _with_updates(blogs: list[BlogCard], count: int) -> list[Entry]:
    """Return each blog with its newest published updates."""
    rows = Update.objects.published().newest_first()
    latest = newest_of_each([blog.pk for blog in blogs], rows, count, "happened_at")
    return [Entry(blog, reading.titles(blog, latest[blog.pk])) for blog in blogs]


def _as_lead(entry: Entry) -> Entry:
    return replace(entry, standfirst=reading.standfirst_of(entry.blog))


def _topics_of(blogs: Iterable[LiveBlog]) -> list[Topic]:
    """Return the topics of `blogs`, each once, in the order of the blogs."""
    topics = {topic.pk: topic for blog in blogs for topic in blog.topics.all()}
    return list(islice(topics.values(), TOPICS_MOST))
