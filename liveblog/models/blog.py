"""Live blogs and their topics."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext_lazy as _

from liveblog.models.byline import Byline
from liveblog.models.glossary import Edition, Glossary
from liveblog.models.newest import newest_of_each
from liveblog.models.response import SHOWN, ReaderResponse
from liveblog.models.search import SearchEntry
from liveblog.models.update import Update
from newsroom import release
from newsroom.ids import PublicIdModel, PublicIdQuerySet

# Pages must not grow with the length of a live blog. Up to KEY_EVENTS_MOST key events, all are shown; of
# more, the newest KEY_EVENTS_SHOWN and a link to the page with all of them.
KEY_EVENTS_MOST: Final = 10
KEY_EVENTS_SHOWN: Final = 8
# Number of cached paths, of about 200 bytes each.
ADDRESSES_KEPT: Final = 4_096


class Language(models.TextChoices):
    """The language and script that a blog is written in; the values are also Django's language codes."""

    ZH_HANT = "zh-hant", _("Traditional Chinese")
    ZH_HANS = "zh-hans", _("Simplified Chinese")
    EN = "en", _("English")

    @property
    def tag(self) -> str:
        """Return the BCP 47 tag for `lang` and `hreflang`."""
        return {"zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans", "en": "en"}[self.value]

    @property
    def other_script(self) -> Language | None:
        """Return the other script of Chinese, or None for other languages."""
        return {Language.ZH_HANT: Language.ZH_HANS, Language.ZH_HANS: Language.ZH_HANT}.get(self)


class Topic(PublicIdModel):
    """A topic under which live blogs are filed."""

    # Set by `liveblog.editions`, as on LiveBlog.
    edition: Edition | None = None
    # Annotated by the admin's list.
    blog_count: int

    slug = models.SlugField(_("slug"), unique=True, max_length=80)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("reader:topic", args=[self.slug])


class LiveBlogQuerySet(PublicIdQuerySet["LiveBlog"]):
    # Set by `complete`: fetching the rows also reads their key events and responses.
    _is_complete = False

    def saying(self, query: str) -> LiveBlogQuerySet:
        """Return live blogs whose head contains every part of `query`."""
        entries = SearchEntry.objects.matching(query).filter(update__isnull=True)
        return self.filter(pk__in=entries.values("blog"))

    def live(self) -> LiveBlogQuerySet:
        return self.filter(status=LiveBlog.Status.LIVE)

    def ended(self) -> LiveBlogQuerySet:
        return self.filter(status=LiveBlog.Status.ENDED)

    def complete(self) -> LiveBlogQuerySet:
        """Fetch everything that a page or payload prints of a blog, in a fixed number of queries.

        Set `newest_key_events`, and `shown_responses` to the list of readers' responses on the page.
        """
        rows = self.select_related("hero_image", "successor", "predecessor").prefetch_related(
            "bylines", "topics", "related_stories__live_blog"
        )
        rows._is_complete = True
        return rows

    def _clone(self) -> LiveBlogQuerySet:
        rows: LiveBlogQuerySet = super()._clone()  # type: ignore[misc]
        rows._is_complete = self._is_complete
        return rows

    def _fetch_all(self) -> None:
        is_new = self._result_cache is None
        super()._fetch_all()
        if is_new and self._is_complete:
            _read_newest(self._result_cache or [])

    def with_glossary(self) -> LiveBlogQuerySet:
        """Set `glossary_revision`, for an edition's ETag."""
        return self.annotate(  # type: ignore[no-redef]
            glossary_revision=Glossary.objects.revision_column()
        )

    def ended_before(self, blog: LiveBlog) -> LiveBlogQuerySet:
        """Return the live blogs after `blog` in the order of `-coverage_end_at, -pk`."""
        is_before = Q(coverage_end_at__lt=blog.coverage_end_at) | Q(pk__lt=blog.pk)
        return self.filter(Q(coverage_end_at__lte=blog.coverage_end_at) & is_before)

    def newest_first(self) -> LiveBlogQuerySet:
        """Order by the last change visible to readers."""
        return self.order_by("-modified_at", "-pk")

    def in_front_order(self) -> LiveBlogQuerySet:
        """Order by the editor's position, and those without one by their newest update."""
        newest = Update.objects.published().filter(blog=models.OuterRef("pk")).newest_first()
        return self.annotate(newest_at=models.Subquery(newest.values("happened_at")[:1])).order_by(
            models.F("front_position").asc(nulls_last=True),
            models.F("newest_at").desc(nulls_last=True),
            "-pk",
        )

    def published_after(self, moment: datetime) -> LiveBlogQuerySet:
        """Return public live blogs whose `published_at` is after `moment`."""
        return self.filter(first_published_at__gt=moment, coverage_start_at__gt=moment)

    def with_lapsed_embargo(self, at: datetime) -> LiveBlogQuerySet:
        return self.filter(embargo_until_at__lte=at).order_by("embargo_until_at", "pk")

    def past_planned_end(self, at: datetime) -> LiveBlogQuerySet:
        """Return running live blogs whose planned end of coverage is at or before `at`."""
        return self.filter(status=LiveBlog.Status.LIVE, coverage_end_at__lte=at).order_by(
            "coverage_end_at", "pk"
        )


@lru_cache(maxsize=ADDRESSES_KEPT)
def _reversed(_script_prefix: str, name: str, *args: object) -> str:
    """Return the path of a page. A live page prints more than a hundred, and resolving one is slow."""
    return reverse(name, args=args)


def _read_newest(blogs: list[LiveBlog]) -> None:
    key_events = newest_of_each(
        blogs, Update.objects.key_events().newest_first(), KEY_EVENTS_MOST + 1, "happened_at"
    )
    answered = [blog for blog in blogs if blog.has_responses]
    responses = newest_of_each(answered, ReaderResponse.objects.approved(), SHOWN, "approved_at")
    for blog in blogs:
        blog.newest_key_events = key_events[blog.pk]
        blog.shown_responses = responses.get(blog.pk, [])
    models.prefetch_related_objects(
        [event for events in key_events.values() for event in events if event.is_without_words],
        "update_images__image",
    )


class LiveBlog(PublicIdModel):
    """A live blog. Each change that readers can see takes the next `number`."""

    # Set by `liveblog.editions` on rows converted to the other script, which must never be saved. `language`
    # is then that of the edition.
    edition: Edition | None = None
    # Set by `LiveBlog.objects.complete()`; one more key event than are shown tells that there are others.
    newest_key_events: list[Update]
    shown_responses: list[ReaderResponse]
    # The glossary's revision, if it was read with the row.
    glossary_revision: int | None = None
    # Annotated by the admin's lists.
    published_count: int
    draft_count: int
    submitted_count: int
    scheduled_count: int
    is_link_shown: bool

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        LIVE = "live", _("Live")
        ENDED = "ended", _("Ended")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    slug = models.SlugField(
        _("slug"),
        unique=True,
        max_length=120,
        help_text=_("The page's address. It cannot change after first publication."),
    )
    language = models.CharField(_("language"), max_length=7, choices=Language, default=Language.ZH_HANT)
    kicker = models.CharField(_("kicker"), max_length=80, blank=True)
    headline = models.CharField(_("headline"), max_length=250)
    standfirst = models.TextField(
        _("standfirst"), blank=True, help_text=_("Plain text; each line is a paragraph.")
    )
    summary = models.TextField(_("what we know"), blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    coverage_start_at = models.DateTimeField(_("coverage starts"), null=True, blank=True)
    coverage_end_at = models.DateTimeField(
        _("coverage ends"), null=True, blank=True, help_text=_("While coverage runs: its planned end.")
    )
    embargo_until_at = models.DateTimeField(_("embargo until"), null=True, blank=True)
    hero_image = models.ForeignKey(
        "liveblog.Image",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="hero_of",
        verbose_name=_("hero picture"),
    )
    bylines = models.ManyToManyField(Byline, blank=True, related_name="blogs", verbose_name=_("bylines"))
    topics = models.ManyToManyField(Topic, blank=True, related_name="blogs", verbose_name=_("topics"))
    pinned_update = models.ForeignKey(
        "liveblog.Update",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pinned update"),
    )
    front_position = models.PositiveSmallIntegerField(
        _("position on the front page"),
        null=True,
        blank=True,
        help_text=_("1 is the lead. Without one, the newest update decides."),
    )
    has_responses = models.BooleanField(
        _("readers may respond"),
        default=False,
        help_text=_("Approved responses stand at the end of the page."),
    )
    successor = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessor",
        verbose_name=_("continued in"),
    )
    team = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="team_blogs",
        limit_choices_to={"is_active": True, "is_staff": True},
        verbose_name=_("team"),
        help_text=_("Staff who may work on it. Leave empty for everybody, within their roles."),
    )
    number = models.PositiveIntegerField(_("number"), default=0, editable=False)
    # The log's generation: the number at which it went on after a backup was restored, 0 before that. Whoever
    # has a lower number may know changes that were lost, and has to start again.
    log_start = models.PositiveIntegerField(default=0, editable=False)
    # How many of the numbers below `log_start` no change has.
    skipped_numbers = models.PositiveIntegerField(default=0, editable=False)
    first_published_at = models.DateTimeField(_("first published"), null=True, editable=False)
    modified_at = models.DateTimeField(_("last changed"), null=True, editable=False)
    feed_updated_at = models.DateTimeField(
        null=True, editable=False, help_text="When something last changed that feeds print."
    )
    imported_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="SHA-256 of the head of the running copy that it came from; empty when written here.",
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects: ClassVar = LiveBlogQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("live blog")
        verbose_name_plural = _("live blogs")
        permissions = [
            ("run_coverage", _("Can start, end and withdraw coverage")),
            ("join_every_team", _("Can work on every live blog, whatever its team")),
        ]
        constraints = [
            models.CheckConstraint(
                name="blog_public_has_start",
                condition=Q(status="draft")
                | Q(coverage_start_at__isnull=False, first_published_at__isnull=False),
                violation_error_message=_("Coverage that has started needs the time when it started."),
            ),
            models.CheckConstraint(
                name="blog_ended_has_end",
                condition=~Q(status="ended") | Q(coverage_end_at__isnull=False),
                violation_error_message=_("Coverage that has ended needs the time when it ended."),
            ),
            models.CheckConstraint(
                name="blog_ends_after_start",
                condition=Q(coverage_end_at__isnull=True)
                | Q(coverage_start_at__isnull=True)
                | Q(coverage_end_at__gte=models.F("coverage_start_at")),
                violation_error_message=_("Coverage cannot end before it starts."),
            ),
            models.CheckConstraint(
                name="blog_known_language",
                condition=Q(language__in=["zh-hant", "zh-hans", "en"]),
            ),
        ]

    def __str__(self) -> str:
        return self.headline

    def get_absolute_url(self) -> str:
        return self.address("blog")

    def address(self, name: str, *args: object) -> str:
        """Return the path of one of the blog's pages by its URL name in `reader`, in the blog's edition."""
        prefix = [self.edition.language] if self.edition else []
        return _reversed(get_script_prefix(), f"reader:{name}", *prefix, self.slug, *args)

    @property
    def lang(self) -> str:
        """Return the BCP 47 tag of `language`."""
        return Language(self.language).tag

    @property
    def written_in(self) -> str:
        """Return the original language of the blog, regardless of its edition."""
        other_script = Language(self.language).other_script
        return other_script if self.edition and other_script else self.language

    @property
    def is_complete(self) -> bool:
        """Return whether it was read by `LiveBlog.objects.complete()`."""
        return hasattr(self, "newest_key_events")

    @property
    def has_more_key_events(self) -> bool:
        """Return whether there are key events that pages and payloads leave out."""
        return len(self.newest_key_events) > KEY_EVENTS_MOST

    @property
    def key_events(self) -> list[Update]:
        """Return the key events that pages and payloads show, newest first."""
        return self.newest_key_events[: KEY_EVENTS_SHOWN if self.has_more_key_events else KEY_EVENTS_MOST]

    @property
    def is_live(self) -> bool:
        return self.status == self.Status.LIVE

    @property
    def has_ended(self) -> bool:
        return self.status == self.Status.ENDED

    @property
    def published_at(self) -> datetime:
        """Return when the coverage was first published, possibly elsewhere before it was imported.

        It is the start of coverage unless the page was public here earlier. Only public live blogs have it.
        """
        # The constraints guarantee that public live blogs have both times.
        assert self.coverage_start_at is not None
        assert self.first_published_at is not None
        return min(self.coverage_start_at, self.first_published_at)

    def is_lost(self, number: int) -> bool:
        """Return whether a reader at `number` may know changes that were lost when a backup was restored."""
        return 0 < number < self.log_start

    def changes_after(self, number: int) -> int:
        """Return how many changes follow `number`; negative if the log has not reached it."""
        return self.number - number - (self.skipped_numbers if number < self.log_start else 0)

    @property
    def etag(self) -> str:
        """Return the ETag of responses that depend only on this blog, its edition and the release."""
        glossary = self.edition.glossary if self.edition else 0
        return f'W/"{self.number}-{self.language}-g{glossary}-{release.digest()}"'

    @property
    def full_headline(self) -> str:
        """Return kicker and headline on one line, like the newspaper."""
        return f"{self.kicker}︱{self.headline}" if self.kicker else self.headline
