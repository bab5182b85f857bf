"""The numbered log of changes that readers can see, and the reach of each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from liveblog.models.blog import LiveBlog


class ChangeQuerySet(models.QuerySet["Change"]):
    def after(self, number: int) -> ChangeQuerySet:
        """Return the changes after `number`, oldest first."""
        return self.filter(number__gt=number).order_by("number")

    def corrections(self) -> ChangeQuerySet:
        """Return the corrections that readers see (of published updates), latest first."""
        corrected = self.filter(kind=Change.Kind.CORRECTED, update__status="published")
        return corrected.order_by("-number")

    def last_of_batch(self, blog: LiveBlog, after: int, size: int) -> int:
        """Return the last number of the next `size` changes after `after`, at most the number of `blog`.

        Numbers are dense, except for the gap where the log resumed after a backup was restored.
        """
        last = min(after + size, blog.number)
        if after < blog.log_start <= blog.number:
            numbers = self.filter(blog=blog, number__lte=blog.number).after(after)
            batch = list(numbers.values_list("number", flat=True)[:size])
            last = batch[-1] if len(batch) == size else blog.number
        return last


class Change(models.Model):
    """An entry of a blog's log. `update` is null for changes of the blog itself."""

    class Kind(models.TextChoices):
        PUBLISHED = "published", _("Published")
        EDITED = "edited", _("Edited")
        CORRECTED = "corrected", _("Corrected")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        RESTORED = "restored", _("Restored")
        PINNED = "pinned", _("Pinned")
        UNPINNED = "unpinned", _("Unpinned")
        MARKED_KEY = "marked_key", _("Marked as key event")
        UNMARKED_KEY = "unmarked_key", _("No longer a key event")
        UNPUBLISHED = "unpublished", _("Publication undone")
        ERASED = "erased", _("Erased")
        BLOG_EDITED = "blog_edited", _("Live blog edited")
        BLOG_STARTED = "blog_started", _("Coverage started")
        BLOG_ENDED = "blog_ended", _("Coverage ended")
        BLOG_RESUMED = "blog_resumed", _("Coverage resumed")
        BLOG_WITHDRAWN = "blog_withdrawn", _("Live blog withdrawn")
        BLOG_RESTORED = "blog_restored", _("Live blog restored")
        RESPONSE_APPROVED = "response_approved", _("Reader's response approved")
        RESPONSE_WITHDRAWN = "response_withdrawn", _("Reader's response withdrawn")
        BLOG_EMBARGOED = "blog_embargoed", _("Embargoed")
        EMBARGO_LIFTED = "embargo_lifted", _("Embargo lifted")

    blog = models.ForeignKey(
        "liveblog.LiveBlog", on_delete=models.PROTECT, related_name="changes", verbose_name=_("live blog")
    )
    number = models.PositiveIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=18, choices=Kind)
    update = models.ForeignKey(
        "liveblog.Update",
        on_delete=models.PROTECT,
        null=True,
        related_name="changes",
        verbose_name=_("update"),
    )
    at = models.DateTimeField(_("at"))
    # Both are null if the schedule or a command made the change, or the account has been deleted.
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

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        indexes = [
            models.Index(fields=["-at"], condition=models.Q(kind="blog_embargoed"), name="change_embargoed"),
            models.Index(
                fields=["blog", "-number"], condition=models.Q(kind="corrected"), name="change_corrected"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["blog", "number"], name="change_number_once_per_blog"),
            models.CheckConstraint(name="change_number_from_one", condition=models.Q(number__gte=1)),
            models.CheckConstraint(
                name="change_one_actor",
                condition=models.Q(by__isnull=True) | models.Q(by_partner__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.get_kind_display()}"


# Changes that feeds do not print. They leave `updated` alone, or feed readers would show entries again.
NOT_IN_FEEDS: Final = frozenset(
    {
        Change.Kind.PINNED,
        Change.Kind.UNPINNED,
        Change.Kind.MARKED_KEY,
        Change.Kind.UNMARKED_KEY,
        Change.Kind.RESPONSE_APPROVED,
        Change.Kind.RESPONSE_WITHDRAWN,
    }
)


class Reach(models.Model):
    """The number of open pages to which a publication was streamed, with no data on individual readers."""

    change = models.OneToOneField(Change, on_delete=models.CASCADE, related_name="reach")
    pages = models.PositiveIntegerField(_("pages"), default=0)

    class Meta:
        ordering = ["-change"]
        verbose_name = _("reach")
        verbose_name_plural = _("reach")

    def __str__(self) -> str:
        return f"{self.change}: {self.pages}"
