"""Related stories: links to other coverage, beside a blog or at their place in an update's text."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from liveblog.models.blog import LiveBlog
from newsroom.ids import PublicIdModel, PublicIdQuerySet


class RelatedStoryQuerySet(PublicIdQuerySet["RelatedStory"]):
    def unresolved(self) -> RelatedStoryQuerySet:
        """Return stories with a title but no target yet."""
        return self.filter(url="", live_blog__isnull=True)


class RelatedStory(PublicIdModel):
    """A title with a target: a URL, another live blog, or none until an editor links it."""

    # Annotated by the admin's lists.
    is_link_shown: bool

    blog = models.ForeignKey(
        "liveblog.LiveBlog",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="related_stories",
        verbose_name=_("beside live blog"),
    )
    update = models.ForeignKey(
        "liveblog.Update",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="related_stories",
        verbose_name=_("in update"),
    )
    after_block = models.PositiveSmallIntegerField(
        _("after paragraph"),
        default=0,
        help_text=_("How many of the text's paragraphs, lists or tables come before it."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0, editable=False)
    title = models.CharField(_("title"), max_length=250)
    url = models.URLField(_("address"), blank=True, max_length=500)
    live_blog = models.ForeignKey(
        "liveblog.LiveBlog",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="referred_by",
        verbose_name=_("other live blog"),
    )

    objects: ClassVar = RelatedStoryQuerySet.as_manager()

    class Meta:
        ordering = ["after_block", "position", "pk"]
        verbose_name = _("related story")
        verbose_name_plural = _("related stories")
        constraints = [
            models.CheckConstraint(
                name="story_has_one_place",
                condition=Q(blog__isnull=False, update__isnull=True)
                | Q(blog__isnull=True, update__isnull=False),
            ),
            models.CheckConstraint(
                name="story_leads_to_one_place",
                condition=Q(url="") | Q(live_blog__isnull=True),
                violation_error_message=_("Give an address or a live blog, not both."),
            ),
            models.CheckConstraint(name="story_has_title", condition=~Q(title="")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def printed_in(self) -> LiveBlog:
        """Return the live blog that shows the story, in its head or in an update."""
        home = self.update.blog if self.update else self.blog
        # The constraint `story_has_one_place` guarantees one.
        assert home is not None
        return home
