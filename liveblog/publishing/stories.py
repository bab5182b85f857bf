"""Related stories as values, and the rows that store them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from liveblog.models import LiveBlog, RelatedStory, Update
from liveblog.publishing.limits import refuse_long
from newsroom.text import html

_is_url: Final = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True)
class Story:
    """A related story after `after_block` blocks of the text; unresolved without `url` and `live_blog`."""

    title: str
    after_block: int = 0
    url: str = ""
    live_blog: LiveBlog | None = None

    @classmethod
    def of(cls, row: RelatedStory) -> Story:
        return cls(row.title, row.after_block, row.url, row.live_blog)

    def checked(self) -> Story:
        story = replace(self, title=html.one_line(self.title), url=self.url.strip())
        if not story.title:
            raise ValidationError({"stories": _("A related story needs a title.")})
        try:
            refuse_long(title=story.title, url=story.url)
        except ValidationError as error:
            raise ValidationError({"stories": error.messages}) from error
        if story.url and story.live_blog:
            raise ValidationError(
                {
                    "stories": _("“%(title)s”: give an address or a live blog, not both.")
                    % {"title": self.title}
                }
            )
        if story.url:
            try:
                _is_url(story.url)
            except ValidationError as error:
                raise ValidationError(
                    {"stories": _("“%(title)s”: this is not a web address.") % {"title": story.title}}
                ) from error
        return story


def story_rows(
    stories: tuple[Story, ...], *, update: Update | None = None, blog: LiveBlog | None = None
) -> list[RelatedStory]:
    """Return unsaved rows for the related stories of an update or of a blog's head, in order."""
    return [
        RelatedStory(
            update=update,
            blog=blog,
            position=position,
            title=story.title,
            after_block=story.after_block,
            url=story.url,
            live_blog=story.live_blog,
        )
        for position, story in enumerate(stories)
    ]


def write_stories(
    stories: tuple[Story, ...], *, update: Update | None = None, blog: LiveBlog | None = None
) -> None:
    """Replace the related stories of an update or of a blog's head."""
    RelatedStory.objects.filter(update=update, blog=blog).delete()
    RelatedStory.objects.bulk_create(story_rows(stories, update=update, blog=blog))
