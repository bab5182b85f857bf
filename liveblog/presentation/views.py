"""Views: what pages, feeds, payloads and linked data print of rows, in one edition.

`liveblog.presentation.reading` makes each of them once from rows, which it never changes. Texts are in the
view's language. Templates print views under the names of the rows' own fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.urls import reverse

from liveblog.models import Edition, LiveBlog, Update
from liveblog.models.blog import Language, address_of
from newsroom import release
from newsroom.text import html


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFacts:
    key: str
    width: int
    height: int
    widths: tuple[int, ...]
    focal_column: int
    focal_row: int
    is_sensitive: bool
    # The URL of the directory of its renditions, ending in a slash.
    base_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView(ImageFacts):
    alt: str
    caption: str
    credit: str

    def rendition_url(self, width: int, extension: str) -> str:
        return f"{self.base_url}{width}.{extension}"


@dataclass(frozen=True, slots=True)
class BylineView:
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class TopicView:
    slug: str
    name: str

    def get_absolute_url(self) -> str:
        return reverse("reader:topic", args=[self.slug])


@dataclass(frozen=True, slots=True)
class StoryView:
    """A related story. `href` is empty if it is unresolved or its live blog is not public."""

    pk: int | None
    title: str
    href: str
    after_block: int


@dataclass(frozen=True, slots=True)
class ResponseView:
    pk: int
    name: str
    text: str
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class CorrectionView:
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class ListedCorrection:
    """A correction in the list of a live blog's corrections. `number` is its number in the log."""

    number: int
    correction: CorrectionView
    update: UpdateTitle


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogFacts:
    """Fields and properties of a live blog that are the same in all its editions."""

    pk: int
    slug: str
    number: int
    status: str
    is_live: bool
    has_ended: bool
    has_responses: bool
    pinned_update_id: int | None
    coverage_start_at: datetime | None
    coverage_end_at: datetime | None
    embargo_until_at: datetime | None
    first_published_at: datetime | None
    published_at: datetime
    modified_at: datetime | None
    feed_updated_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Head(BlogFacts):
    """A live blog in an edition without its text, which suffices for its URLs and its ETag.

    `language` is the language of the edition.
    """

    row: LiveBlog = field(repr=False)
    # True if `row` comes from `LiveBlog.objects.complete()`.
    is_complete: bool = False
    edition: Edition | None
    language: str

    @property
    def written_in(self) -> str:
        """Return the original language of the live blog, regardless of its edition."""
        return self.row.language

    @property
    def lang(self) -> str:
        """Return the BCP 47 tag of `language`."""
        return Language(self.language).tag

    @property
    def etag(self) -> str:
        """Return the ETag of responses that depend only on this blog, its edition and the release."""
        glossary = self.edition.glossary if self.edition else 0
        return f'W/"{self.number}-{self.language}-g{glossary}-{release.digest()}"'

    def get_absolute_url(self) -> str:
        return self.address("blog")

    def address(self, name: str, *args: object) -> str:
        """Return the path of one of the blog's pages by its URL name in `reader`, in the blog's edition."""
        prefix = [self.edition.language] if self.edition else []
        return address_of(name, *prefix, self.slug, *args)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogTitle(Head):
    """A live blog as other pages and lists name it. `topics` is empty where they print none."""

    kicker: str
    headline: str
    full_headline: str
    topics: tuple[TopicView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogCard(BlogTitle):
    """A live blog in a list with pictures."""

    hero_image: ImageView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlogView(BlogCard):
    """A live blog's whole visible state, except its updates, with the related stories that may be shown."""

    standfirst: str
    summary: str
    bylines: tuple[BylineView, ...]
    related_stories: tuple[StoryView, ...]
    # The newest key events, newest first; `has_more_key_events` tells whether there are others.
    key_events: tuple[UpdateTitle, ...]
    has_more_key_events: bool
    has_corrections: bool
    shown_responses: tuple[ResponseView, ...]
    # The live blogs before and after this one, if they are public.
    predecessor: BlogTitle | None
    successor: BlogTitle | None


@dataclass(frozen=True, slots=True)
class UpdateHead:
    """The row of an update at an address, and its live blog in the edition of that address."""

    row: Update
    blog: Head


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateFacts:
    """Fields and properties of an update that are the same in all editions."""

    pk: int
    number: int
    status: str
    order: str
    is_published: bool
    is_withdrawn: bool
    is_unpublished: bool
    is_key_event: bool
    verification: str
    happened_at: datetime
    happened_on: date
    has_clock_time: bool
    first_published_at: datetime | None
    modified_at: datetime
    feed_updated_at: datetime | None
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTitle(UpdateFacts):
    """An update as other pages and lists name it."""

    blog: BlogTitle
    title: str

    def get_absolute_url(self) -> str:
        return self.blog.address("update", self.pk)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateView(UpdateTitle):
    """An update in full, with the related stories that may be shown and with corrections newest first."""

    heading: str
    body: str
    source: str
    bylines: tuple[BylineView, ...]
    images: tuple[ImageView, ...]
    related_stories: tuple[StoryView, ...]
    corrections: tuple[CorrectionView, ...]
    published_at: datetime

    @property
    def is_pinned(self) -> bool:
        return self.blog.pinned_update_id == self.pk

    @property
    def passages(self) -> list[str | StoryView]:
        """Return the text in reading order: top-level blocks as HTML, and the related stories in place."""
        return html.with_inserts(self.body, ((story.after_block, story) for story in self.related_stories))
