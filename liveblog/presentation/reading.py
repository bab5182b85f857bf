"""Views made from rows, in an edition. The rows themselves are never changed.

The number of queries does not grow with the content if the rows come from `LiveBlog.objects.complete()` and
`Update.objects.complete()`. Names and pictures are converted without an update's own wordings, because other
updates print them, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from django.db.models import prefetch_related_objects

from liveblog import visibility
from liveblog.models import (
    Byline,
    Edition,
    Image,
    LiveBlog,
    RelatedStory,
    Revision,
    Topic,
    Update,
)
from liveblog.models.blog import KEY_EVENTS_MOST, full_headline
from liveblog.models.update import opening
from liveblog.presentation.editions import Converter, Wording, edition_in, has_edition
from liveblog.presentation.views import (
    BlogCard,
    BlogFacts,
    BlogTitle,
    BlogView,
    BylineView,
    CorrectionView,
    Head,
    ImageFacts,
    ImageView,
    ListedCorrection,
    ResponseView,
    StoryView,
    TopicView,
    UpdateFacts,
    UpdateTitle,
    UpdateView,
)
from liveblog.visibility import PUBLIC

# The number of key events on a page of a live blog that has more than KEY_EVENTS_MOST.
KEY_EVENTS_SHOWN: Final = 8


@dataclass(frozen=True)
class Parts:
    """The related rows of an update, each kind in the order of the page."""

    bylines: Iterable[Byline]
    images: Iterable[Image]
    stories: Iterable[RelatedStory]
    corrections: Iterable[Revision]

    @classmethod
    def of(cls, row: Update) -> Parts:
        return cls(
            row.ordered_bylines,
            [placed.image for placed in row.update_images.all()],
            row.related_stories.all(),
            row.corrections,
        )


# Live blogs


def head_in(row: LiveBlog, language: str | None, revision: int | None = None) -> Head:
    """Return a live blog in its edition in `language`, or as it was written if it has none.

    `revision` is the glossary's, if it has been read already.
    """
    if language is None or not has_edition(row, language):
        return head_of(row, None)
    return head_of(row, edition_in(language) if revision is None else Edition(language, revision))


def head_of(row: LiveBlog, edition: Edition | None) -> Head:
    """Return a live blog in `edition`, or as it was written if it does not have that edition."""
    if edition and not has_edition(row, edition.language):
        edition = None
    language = edition.language if edition else row.language
    return Head(row=row, edition=edition, language=language, **_values(BlogFacts, row))


def title_of(head: Head, topics: Iterable[TopicView] = ()) -> BlogTitle:
    text = Converter(head.edition).text
    kicker, headline = text(head.row.kicker), text(head.row.headline)
    return BlogTitle(
        **_values(Head, head),
        kicker=kicker,
        headline=headline,
        full_headline=full_headline(kicker, headline),
        topics=tuple(topics),
    )


def titled_with_topics(head: Head) -> BlogTitle:
    return title_of(head, topics_of(head.row, head.edition))


def standfirst_of(head: Head) -> str:
    """Return the standfirst of a live blog in its edition."""
    standfirst = head.row.standfirst
    return Converter(head.edition).of_article(standfirst).text(standfirst)


def cards(rows: Iterable[LiveBlog], edition: Edition | None) -> list[BlogCard]:
    """Return live blogs, read with their hero images, as lists show them."""
    return [_card_of(title_of(head_of(row, edition))) for row in rows]


def _card_of(title: BlogTitle) -> BlogCard:
    image = title.row.hero_image
    return BlogCard(
        **_values(BlogTitle, title), hero_image=image_of(image, Converter(title.edition)) if image else None
    )


def blogs(rows: Iterable[LiveBlog], language: str | None) -> list[BlogView]:
    """Return live blogs, read by `LiveBlog.objects.complete()`, each in its edition if it has one."""
    edition = edition_in(language)
    return whole([head_of(row, edition) for row in rows])


def blog_in(row: LiveBlog, language: str | None) -> BlogView:
    """Return a live blog, read by `LiveBlog.objects.complete()`, in `language` if it has that edition."""
    return whole([head_in(row, language)])[0]


def whole(heads: Sequence[Head]) -> list[BlogView]:
    """Return everything that pages and payloads print of live blogs, except their updates.

    Their rows come from `LiveBlog.objects.complete()`.
    """
    _read_pictures(event for head in heads for event in head.row.newest_key_events)
    return [_whole(head) for head in heads]


def _whole(head: Head) -> BlogView:
    row, plain = head.row, Converter(head.edition)
    article = plain.of_article(row.headline, row.standfirst, row.summary)
    title = titled_with_topics(head)
    key_events = row.newest_key_events
    has_more = len(key_events) > KEY_EVENTS_MOST
    return BlogView(
        **_values(BlogCard, _card_of(title)),
        standfirst=article.text(row.standfirst),
        summary=article.rich_text(row.summary),
        bylines=_bylines_of(row.bylines.all(), plain),
        related_stories=_stories_of(row.related_stories.all(), plain),
        key_events=tuple(titles(title, key_events[: KEY_EVENTS_SHOWN if has_more else KEY_EVENTS_MOST])),
        has_more_key_events=has_more,
        has_corrections=row.has_corrections,
        # The reader's name is left as it was given.
        shown_responses=tuple(
            ResponseView(response.pk, response.name, article.text(response.text), response.approved_at)
            for response in row.newest_responses
        ),
        predecessor=_neighbour(getattr(row, "predecessor", None), head.edition),
        successor=_neighbour(row.successor, head.edition),
    )


def _neighbour(row: LiveBlog | None, edition: Edition | None) -> BlogTitle | None:
    if row is None or not visibility.can_read(PUBLIC, row):
        return None
    return title_of(head_of(row, edition))


# Updates


def updates(blog: BlogTitle, rows: Iterable[Update]) -> list[UpdateView]:
    """Return updates of `blog`, read by `Update.objects.complete()`, in the edition of `blog`."""
    return [update_of(blog, row, Parts.of(row)) for row in rows]


def mixed_updates(
    rows: Iterable[Update], edition: Edition | None, *, has_topics: bool = False
) -> list[UpdateView]:
    """Return updates of any live blogs, read by `Update.objects.complete()`, in `edition` where it exists.

    With `has_topics`, their live blogs include their topics, whose names are always in `edition`.
    """
    return [
        update_of(
            title_of(head_of(row.blog, edition), topics_of(row.blog, edition) if has_topics else ()),
            row,
            Parts.of(row),
        )
        for row in rows
    ]


def update_of(blog: BlogTitle, row: Update, parts: Parts) -> UpdateView:
    plain, wording = Converter(blog.edition), row.wording
    article = plain.of_article(row.heading, row.body, wording=wording)
    heading, body = article.text(row.heading), article.rich_text(row.body)
    images = tuple(image_of(image, plain) for image in parts.images)
    words = opening(heading, body) or next((image.alt for image in images), "")
    return UpdateView(
        **_values(UpdateFacts, row),
        blog=blog,
        title=words or row.time_label(blog.language),
        heading=heading,
        body=body,
        source=article.text(row.source),
        bylines=_bylines_of(parts.bylines, plain),
        images=images,
        related_stories=_stories_of(parts.stories, plain, wording),
        corrections=tuple(CorrectionView(item.at, article.text(item.note)) for item in parts.corrections),
        published_at=row.published_at,
    )


def titles(blog: BlogTitle, rows: Iterable[Update]) -> list[UpdateTitle]:
    """Return updates of `blog` as lists name them. Pictures are read only for updates without words."""
    rows = list(rows)
    _read_pictures(rows)
    return [_title_of(blog, row) for row in rows]


def _title_of(blog: BlogTitle, row: Update) -> UpdateTitle:
    plain = Converter(blog.edition)
    article = plain.of_article(row.heading, row.body, wording=row.wording)
    words = opening(article.text(row.heading), article.rich_text(row.body))
    title = words or plain.text(row.picture_title) or row.time_label(blog.language)
    return UpdateTitle(**_values(UpdateFacts, row), blog=blog, title=title)


def corrections(blog: BlogTitle, rows: Iterable[Revision]) -> list[ListedCorrection]:
    """Return corrections of updates of `blog`, each with the title of its update."""
    rows = list(rows)
    return [
        ListedCorrection(row.number, CorrectionView(row.at, _note_of(row, Converter(blog.edition))), title)
        for row, title in zip(rows, titles(blog, [row.update for row in rows]), strict=True)
    ]


def _note_of(row: Revision, plain: Converter) -> str:
    update = row.update
    return plain.of_article(update.heading, update.body, wording=update.wording).text(row.note)


def _read_pictures(rows: Iterable[Update]) -> None:
    """Read together the pictures of all updates whose titles come from a picture."""
    prefetch_related_objects([row for row in rows if not row.words], "update_images__image")


# Rows that several live blogs share


def stories(rows: Iterable[RelatedStory], language: str | None) -> list[StoryView]:
    """Return related stories, each in the edition of the live blog that shows it, if that has one."""
    edition = edition_in(language)
    return [
        _story_of(
            row, Converter(head_of(row.printed_in, edition).edition), row.update.wording if row.update else ()
        )
        for row in rows
    ]


def topics(rows: Iterable[Topic], language: str | None) -> list[TopicView]:
    edition = edition_in(language)
    return [topic_of(row, edition) for row in rows]


def topics_of(blog: LiveBlog, edition: Edition | None) -> list[TopicView]:
    return [topic_of(row, edition) for row in blog.topics.all()]


def topic_of(row: Topic, edition: Edition | None) -> TopicView:
    return TopicView(row.slug, Converter(edition).text(row.name))


def image_of(row: Image, plain: Converter) -> ImageView:
    return ImageView(
        **_values(ImageFacts, row),
        alt=plain.text(row.alt),
        caption=plain.text(row.caption),
        credit=plain.text(row.credit),
    )


def _bylines_of(rows: Iterable[Byline], plain: Converter) -> tuple[BylineView, ...]:
    return tuple(BylineView(plain.name(row.name), plain.text(row.role)) for row in rows)


def _stories_of(
    rows: Iterable[RelatedStory], plain: Converter, wording: Wording = ()
) -> tuple[StoryView, ...]:
    return tuple(_story_of(row, plain, wording) for row in visibility.shown_stories(rows))


def _story_of(row: RelatedStory, plain: Converter, wording: Wording) -> StoryView:
    title = Converter(plain.edition, wording).text(row.title)
    return StoryView(row.pk, title, _href_of(row, plain.edition), row.after_block)


def _href_of(row: RelatedStory, edition: Edition | None) -> str:
    """Return a related story's link for readers, or an empty string if unresolved or not public."""
    if row.live_blog is None:
        return row.url
    is_public = visibility.can_read(PUBLIC, row.live_blog)
    return head_of(row.live_blog, edition).get_absolute_url() if is_public else ""


def _values(facts: type[Any], source: object) -> dict[str, Any]:
    """Return the attributes of `source` that have the names of the fields of `facts`, by name."""
    return {field.name: getattr(source, field.name) for field in fields(facts)}
