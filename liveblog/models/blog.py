"""Live blogs and their topics."""

from __future__ import annotations

from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import get_script_prefix, reverse
from django.utils.translation import gettext_lazy as _

from liveblog.models.byline import Byline
from liveblog.models.change import Change
from liveblog.models.glossary import Glossary
from liveblog.models.search import SearchEntry
from newsroom import joined_rows
from newsroom.ids import PublicIdModel, PublicIdQuerySet
from newsroom.joined_rows import JoinedRows

if TYPE_CHECKING:
    from liveblog.models.response import ReaderResponse
    from liveblog.models.update import Update

# Pages must not grow with the length of a live blog. Up to KEY_EVENTS_MOST key events are all shown; if there
# are more, only the newest are, with a link to the page that lists them all.
KEY_EVENTS_MOST: Final = 10
RESPONSES_SHOWN: Final = 50
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


def full_headline(kicker: str, headline: str) -> str:
    """Return kicker and headline on one line, as the newspaper prints them."""
    return f"{kicker}︱{headline}" if kicker else headline


class Topic(PublicIdModel):
    """A topic under which live blogs are filed."""

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
    def saying(self, query: str) -> LiveBlogQuerySet:
        """Return live blogs whose head contains every part of `query`."""
        entries = SearchEntry.objects.matching(query).filter(update__isnull=True)
        return self.filter(pk__in=entries.values("blog"))

    def live(self) -> LiveBlogQuerySet:
        return self.filter(status=LiveBlog.Status.LIVE)

    def ended(self) -> LiveBlogQuerySet:
        return self.filter(status=LiveBlog.Status.ENDED)

    def complete(self) -> LiveBlogQuerySet:
        """Fetch everything that a page prints of a blog, except its timeline, in one query.

        Set `newest_key_events`, up to one more than KEY_EVENTS_MOST, `newest_responses`, if it has any, and
        `has_corrections`: whether readers see a correction of any of its updates.
        """
        rows = self.select_related("hero_image", "successor", "predecessor")
        return joined_rows.join(rows.annotate(**_columns()), _relations())

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


@cache
def _relations() -> dict[str, JoinedRows]:
    stories = apps.get_model("liveblog", "RelatedStory")
    return {
        "bylines": JoinedRows(Byline.objects.all(), "blogs"),
        "topics": JoinedRows(Topic.objects.all(), "blogs"),
        "related_stories": JoinedRows(stories.objects.all(), "blog", related="live_blog"),
    }


@cache
def _columns() -> dict[str, JoinedRows | Exists]:
    key_events = apps.get_model("liveblog", "Update").objects.key_events().newest_first()
    responses = (
        apps.get_model("liveblog", "ReaderResponse").objects.approved().filter(blog__has_responses=True)
    )
    return {
        "has_corrections": Exists(Change.objects.filter(blog=OuterRef("pk")).corrections()),
        "newest_key_events": JoinedRows(key_events, "blog", without=["flags"], limit=KEY_EVENTS_MOST + 1),
        "newest_responses": JoinedRows(responses, "blog", limit=RESPONSES_SHOWN),
    }


def address_of(name: str, *args: object) -> str:
    """Return the path of one of a live blog's pages by its URL name in `reader`."""
    return _reversed(get_script_prefix(), f"reader:{name}", *args)


@lru_cache(maxsize=ADDRESSES_KEPT)
def _reversed(_script_prefix: str, name: str, *args: object) -> str:
    """Return the path of a page. A live page prints more than a hundred, and resolving one is slow."""
    return reverse(name, args=args)


class LiveBlog(PublicIdModel):
    """A live blog. Each change that readers can see takes the next `number`."""

    # Read by `complete`.
    has_corrections: bool
    newest_key_events: list[Update]
    newest_responses: list[ReaderResponse]
    # Annotated by `with_glossary`.
    glossary_revision: int | None = None
    # Annotated by the admin's lists.
    published_count: int
    draft_count: int
    submitted_count: int
    scheduled_count: int
    newest_update_at: datetime | None
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
    needs_second_person = models.BooleanField(
        _("everything needs a second person"), default=False, editable=False
    )
    is_on_hold = models.BooleanField(_("under a legal hold"), default=False, editable=False)
    number = models.PositiveIntegerField(_("number"), default=0, editable=False)
    # The log's generation: the number at which it resumed after a backup was restored, 0 if none ever was. A
    # client with a lower number may know changes that were lost, and has to start again.
    log_start = models.PositiveIntegerField(default=0, editable=False)
    # How many of the numbers below `log_start` belong to no change.
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
            ("override_safeguards", _("Can override the two-person rule, and place and lift legal holds")),
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
        return address_of("blog", self.slug)

    @property
    def lang(self) -> str:
        """Return the BCP 47 tag of `language`."""
        return Language(self.language).tag

    @property
    def is_live(self) -> bool:
        return self.status == self.Status.LIVE

    @property
    def has_ended(self) -> bool:
        return self.status == self.Status.ENDED

    @property
    def published_at(self) -> datetime:
        """Return when the coverage was first published, possibly elsewhere before it was imported.

        It is the start of coverage unless the page was public here earlier. A live blog that was never public
        has the time of its creation instead.
        """
        times = filter(None, (self.coverage_start_at, self.first_published_at))
        return min(times, default=self.created_at)

    def is_lost(self, number: int) -> bool:
        """Return whether a reader at `number` may know changes that were lost when a backup was restored."""
        return 0 < number < self.log_start

    def changes_after(self, number: int) -> int:
        """Return how many changes follow `number`; negative if the log has not reached it."""
        return self.number - number - (self.skipped_numbers if number < self.log_start else 0)

    @property
    def full_headline(self) -> str:
        return full_headline(self.kicker, self.headline)
