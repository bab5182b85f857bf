"""Updates, the entries of live blogs, and the revisions of their published states."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from liveblog.models.blog import address_of
from liveblog.models.byline import Byline, UpdateByline
from liveblog.models.change import Change
from liveblog.models.media import UpdateImage
from liveblog.models.search import SearchEntry
from liveblog.models.story import RelatedStory
from newsroom import hongkong, joined_rows
from newsroom.ids import PublicIdModel, PublicIdQuerySet
from newsroom.joined_rows import JoinedRows
from newsroom.text import html

_FIRST_MOMENT: Final = datetime(1, 1, 1, tzinfo=UTC)


def opening(heading: str, body: str) -> str:
    """Return the heading of an update or, without one, the opening of its text."""
    return heading or html.excerpt(body, 40)


class UpdateQuerySet(PublicIdQuerySet["Update"]):
    def published(self) -> UpdateQuerySet:
        return self.filter(status=Update.Status.PUBLISHED)

    def visible(self) -> UpdateQuerySet:
        """Return what pages show: published updates, and withdrawn ones as tombstones."""
        return self.filter(status__in=[Update.Status.PUBLISHED, Update.Status.WITHDRAWN])

    def scheduled(self) -> UpdateQuerySet:
        return self.filter(status=Update.Status.SCHEDULED)

    def due(self, at: datetime) -> UpdateQuerySet:
        """Return scheduled updates due by `at`; in a withdrawn live blog, they wait until it is restored."""
        rows = self.scheduled().filter(publish_at__lte=at).exclude(blog__status="withdrawn")
        return rows.order_by("publish_at", "pk")

    def key_events(self) -> UpdateQuerySet:
        return self.published().filter(is_key_event=True)

    def newest_first(self) -> UpdateQuerySet:
        """Order like the page: by the time of the event and then by id, both descending."""
        return self.order_by("-happened_at", "-pk")

    # The first condition bounds the range of the index that is read; an OR of both would not.
    def older_than(self, update: Update) -> UpdateQuerySet:
        is_older = Q(happened_at__lt=update.happened_at) | Q(pk__lt=update.pk)
        return self.filter(Q(happened_at__lte=update.happened_at) & is_older)

    def newer_than(self, update: Update) -> UpdateQuerySet:
        is_newer = Q(happened_at__gt=update.happened_at) | Q(pk__gt=update.pk)
        return self.filter(Q(happened_at__gte=update.happened_at) & is_newer)

    def after(self, number: int) -> UpdateQuerySet:
        """Return updates whose last change is after `number` in their blog's log."""
        return self.filter(number__gt=number)

    def changed_within(self, after: int, last: int) -> UpdateQuerySet:
        """Return updates whose last change is numbered above `after` and up to `last`.

        They are published, withdrawn, or unpublished by an undo. An update that changed again after `last` is
        not included, because only its last number counts.
        """
        return self.filter(number__gt=after, number__lte=last).newest_first()

    def published_after(self, moment: datetime) -> UpdateQuerySet:
        """Return published updates whose `published_at` is after `moment`."""
        brought_along = Q(
            happened_at__gte=F("blog__coverage_start_at"), happened_at__lt=F("blog__first_published_at")
        )
        return self.published().filter(
            Q(happened_at__gt=moment) | ~brought_along, first_published_at__gt=moment
        )

    def saying(self, query: str) -> UpdateQuerySet:
        """Return published updates that contain every part of `query`."""
        entries = SearchEntry.objects.matching(query).filter(update__isnull=False)
        return self.published().filter(pk__in=entries.values("update"))

    def removed(self) -> UpdateQuerySet:
        """Return updates that were public once, the latest removal first, annotated with `removed_at`.

        They were withdrawn, or unpublished by an undo. `modified_at` is not their removal time, because an
        update that is a draft again keeps changing.
        """
        return self.filter(~Q(status=Update.Status.PUBLISHED), number__gt=0)._latest_removal_first()

    def removed_with_their_blogs(self) -> UpdateQuerySet:
        """Return published updates whose whole blog was withdrawn, annotated and sorted like `removed()`."""
        return self.published().filter(blog__status="withdrawn")._latest_removal_first()

    def _latest_removal_first(self) -> UpdateQuerySet:
        last_change = Change.objects.filter(blog=OuterRef("blog"), number=OuterRef("number")).values("at")
        removed_at = Case(
            When(blog__status="withdrawn", then=F("blog__modified_at")),
            default=Coalesce(F("withdrawn_at"), Subquery(last_change)),
        )
        return self.annotate(removed_at=removed_at).order_by(
            "-removed_at", F("first_published_at").desc(nulls_last=True), "-pk"
        )

    def complete(self) -> UpdateQuerySet:
        """Fetch everything that a page or payload prints of an update, in the same query.

        Set `corrections` to the list of Revisions that readers see as corrections, newest first.
        """
        # no-redef: the stubs' plugin expects that nothing declares the attribute.
        rows = self.select_related("blog").annotate(corrections=_corrections())  # type: ignore[no-redef]
        return joined_rows.join(rows, _relations())


@cache
def _relations() -> dict[str, JoinedRows]:
    return {
        "update_bylines": JoinedRows(UpdateByline.objects.all(), "update", related="byline"),
        "update_images": JoinedRows(UpdateImage.objects.all(), "update", related="image"),
        "related_stories": JoinedRows(RelatedStory.objects.all(), "update", related="live_blog"),
    }


@cache
def _corrections() -> JoinedRows:
    rows = Revision.objects.filter(kind=Revision.Kind.CORRECTION).order_by("-pk")
    return JoinedRows(rows, "update", without=["content"])


class Update(PublicIdModel):
    """An entry of a live blog. `happened_at` is the time of the event and determines the order."""

    # Read by `UpdateQuerySet.complete`.
    corrections: list[Revision]

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Submitted")
        SCHEDULED = "scheduled", _("Scheduled")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Verification(models.TextChoices):
        NONE = "", _("Not stated")
        CONFIRMED = "confirmed", _("Confirmed")
        UNCONFIRMED = "unconfirmed", _("Unconfirmed")

    blog = models.ForeignKey(
        "liveblog.LiveBlog", on_delete=models.PROTECT, related_name="updates", verbose_name=_("live blog")
    )
    heading = models.CharField(_("heading"), max_length=250, blank=True)
    body = models.TextField(_("text"), blank=True)
    happened_at = models.DateTimeField(_("time of the event"))
    has_clock_time = models.BooleanField(
        _("clock time is known"),
        default=True,
        help_text=_("Without it readers see the day only; the time still decides the update's place."),
    )
    has_given_time = models.BooleanField(
        default=True,
        editable=False,
        help_text="False: nobody gave the time of the event, which is then the moment of going live.",
    )
    is_to_be_pinned = models.BooleanField(
        default=False, editable=False, help_text="Pinned when it goes live; false once it is public."
    )
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT)
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    first_published_at = models.DateTimeField(_("first published"), null=True, editable=False)
    modified_at = models.DateTimeField(_("last changed"), editable=False)
    feed_updated_at = models.DateTimeField(
        null=True, editable=False, help_text="When something last changed that its entry in a feed prints."
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)
    number = models.PositiveIntegerField(
        _("number"),
        default=0,
        editable=False,
        help_text=_("The number of its last change in the blog's log."),
    )
    is_key_event = models.BooleanField(_("key event"), default=False)
    bylines = models.ManyToManyField(
        Byline, through="liveblog.UpdateByline", related_name="updates", verbose_name=_("bylines")
    )
    source = models.CharField(_("source"), max_length=120, blank=True)
    verification = models.CharField(
        _("verification"), max_length=11, choices=Verification, blank=True, default=Verification.NONE
    )
    edition_wording = models.TextField(
        _("wording in the other script"),
        blank=True,
        help_text=_(
            "Corrects the conversion to the other script in this update: one wording "
            "per line, original=replacement."
        ),
    )
    images = models.ManyToManyField("liveblog.Image", through="liveblog.UpdateImage", related_name="updates")
    flags = models.JSONField(
        default=list, editable=False, help_text="Why it needs a second person: values of Flag."
    )
    is_erased = models.BooleanField(default=False, editable=False)
    imported_hash = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="SHA-256 of the running copy that it was imported from; empty when written here.",
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="Who wrote the present content; empty for a partner, the importer and earlier updates.",
    )
    created_by_partner = models.ForeignKey(
        "liveblog.Partner",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by partner"),
    )

    objects: ClassVar = UpdateQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_at", "-pk"]
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        permissions = [
            ("publish_update", _("Can publish, correct, pin and schedule updates")),
            ("withdraw_update", _("Can withdraw and restore updates")),
        ]
        indexes = [
            models.Index(fields=["blog", "status", "-happened_at", "-id"], name="update_page_order"),
            # These two cover published and withdrawn updates together, by time and by creation.
            models.Index(fields=["blog", "-happened_at", "-id"], name="update_timeline"),
            models.Index(fields=["blog", "-id"], name="update_by_id"),
            # `status` and `number` make SQLite prefer these to the indexes of all updates.
            models.Index(
                fields=["blog", "status", "-happened_at", "-id"],
                condition=Q(status="published", is_key_event=True),
                name="update_key_events",
            ),
            models.Index(
                fields=["blog", "number"],
                condition=~Q(status="published") & Q(number__gt=0),
                name="update_removed",
            ),
            models.Index(fields=["blog", "number"], name="update_by_number"),
            models.Index(fields=["-first_published_at", "-id"], name="update_feed_order"),
            models.Index(fields=["publish_at"], condition=Q(status="scheduled"), name="update_due"),
        ]
        constraints = [
            models.CheckConstraint(
                name="update_scheduled_has_time",
                condition=~Q(status="scheduled") | Q(publish_at__isnull=False),
                violation_error_message=_("A scheduled update needs the time when it goes live."),
            ),
            models.CheckConstraint(
                name="update_public_has_first_time",
                condition=Q(status__in=["published", "withdrawn"], first_published_at__isnull=False)
                | Q(status__in=["draft", "submitted", "scheduled"], first_published_at__isnull=True),
            ),
            models.CheckConstraint(
                name="update_withdrawn_has_time",
                condition=Q(status="withdrawn", withdrawn_at__isnull=False)
                | (~Q(status="withdrawn") & Q(withdrawn_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="update_public_has_number",
                condition=Q(status__in=["published", "withdrawn"], number__gte=1)
                | Q(status__in=["draft", "submitted", "scheduled"]),
            ),
            models.CheckConstraint(
                name="update_known_verification",
                condition=Q(verification__in=["", "confirmed", "unconfirmed"]),
            ),
        ]

    def __str__(self) -> str:
        return self.heading or f"#{self.pk}"

    def get_absolute_url(self) -> str:
        return address_of("update", self.blog.slug, self.pk)

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED

    @property
    def is_withdrawn(self) -> bool:
        return self.status == self.Status.WITHDRAWN

    @property
    def is_visible(self) -> bool:
        return self.is_published or self.is_withdrawn

    @property
    def writer_id(self) -> int | None:
        """Return the id of the user who wrote the current content; None if it is not known."""
        return self.written_by_id or self.created_by_id

    def is_by(self, user: User) -> bool:
        return (self.created_by_id, self.created_by_partner_id) == (user.pk, None)

    @property
    def is_pinned(self) -> bool:
        return self.blog.pinned_update_id == self.pk

    @property
    def is_unpublished(self) -> bool:
        """Return whether it was public for a moment until its publication was undone."""
        return self.number > 0 and not self.is_visible

    @property
    def published_at(self) -> datetime:
        """Return when it was first published, possibly elsewhere; the time of the event if it is not public.

        An event after the start of coverage but before the live blog was public here was imported from
        elsewhere. Such an update counts as published at the time of the event, not of publication here.
        """
        start, blog_published_at = self.blog.coverage_start_at, self.blog.first_published_at
        published_at = self.first_published_at or self.happened_at
        if start and blog_published_at and start <= self.happened_at < blog_published_at:
            return min(self.happened_at, published_at)
        return published_at

    @property
    def given_time(self) -> datetime | None:
        """Return the time of the event; None if nobody has set it and the update has not gone live."""
        return self.happened_at if self.has_given_time or self.is_visible else None

    @property
    def happened_on(self) -> date:
        """Return the day in Hong Kong under which it is shown."""
        return hongkong.day_of(self.happened_at)

    @property
    def title(self) -> str:
        """Return the heading, else the opening of the text, a picture's description or the time."""
        return self.words or self.picture_title or self.time_label(self.blog.language)

    @property
    def words(self) -> str:
        """Return the heading or the opening of the text; empty if there is neither."""
        return opening(self.heading, self.body)

    @property
    def picture_title(self) -> str:
        """Return the description of the first picture; empty if there is none."""
        return next((place.image.alt for place in self.update_images.all()), "")

    def time_label(self, language: str) -> str:
        """Return day and time in Hong Kong as on the page: `19日 02:45`, `19 March 02:45`."""
        day = hongkong.day_label(self.happened_on, language)
        return f"{day} {hongkong.clock_label(self.happened_at)}" if self.has_clock_time else day

    @property
    def ordered_bylines(self) -> list[Byline]:
        """Return the bylines in the editor's order."""
        return [place.byline for place in self.update_bylines.all()]

    @property
    def order(self) -> str:
        """Return an opaque key whose text order is the order of the page; higher is newer."""
        micros = (self.happened_at - _FIRST_MOMENT) // timedelta(microseconds=1)
        # Ids have 53 bits, which take 14 hexadecimal digits.
        return f"{micros:016x}-{self.pk:014x}"

    @property
    def wording(self) -> tuple[tuple[str, str], ...]:
        """Return pairs of original and converted wording for the other script."""
        pairs = (line.partition("=") for line in self.edition_wording.splitlines())
        return tuple((written, read) for written, _equals, read in pairs)

    def passages(self) -> list[str | RelatedStory]:
        """Return the text in reading order: top-level blocks as HTML, and the related stories in place."""
        return html.with_inserts(
            self.body, ((story.after_block, story) for story in self.related_stories.all())
        )


class Revision(models.Model):
    """A published state of an update, with its author, time and reason."""

    class Kind(models.TextChoices):
        PUBLISHED = "published", _("Published")
        MINOR = "minor", _("Minor edit")
        CORRECTION = "correction", _("Correction")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        RESTORED = "restored", _("Restored")
        UNPUBLISHED = "unpublished", _("Publication undone")

    update = models.ForeignKey(
        Update, on_delete=models.PROTECT, related_name="revisions", verbose_name=_("update")
    )
    number = models.PositiveIntegerField(_("number"), help_text=_("The number of the change that made it."))
    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    note = models.TextField(_("note"), blank=True)
    content = models.JSONField(_("content"))
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    by_partner = models.ForeignKey(
        "liveblog.Partner",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by partner"),
    )

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints = [
            models.UniqueConstraint(fields=["update", "number"], name="revision_once_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"
