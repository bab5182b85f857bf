"""Related stories without a link: in a saved live blog, and as a plan would leave them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from liveblog.articles.plan import Plan
from liveblog.articles.report import Unresolved
from liveblog.articles.saved import name_of_update
from liveblog.articles.write import name_of
from liveblog.models import LiveBlog, RelatedStory, Update
from liveblog.publishing import Story

# Sort key for the order of updates on the page: the time of the event, then the order of saving, in which
# new updates follow those already saved.
_Place = tuple[datetime, bool, int]


def unresolved(blog: LiveBlog) -> Iterator[Unresolved]:
    """Yield the stories of `blog` in reading order: beside the blog, then update by update."""
    for story in RelatedStory.objects.unresolved().filter(blog=blog):
        yield Unresolved(story.title, _("standfirst"))
    in_updates = _in_updates(blog).order_by("-update__happened_at", "-update_id", "after_block", "position")
    for story in in_updates:
        # Always true by the query.
        if story.update is not None:
            yield Unresolved(story.title, name_of_update(story.update, blog.language))


def unresolved_after(plan: Plan) -> Iterator[Unresolved]:
    """Yield the stories that `unresolved` will yield once the plan is carried out."""
    head_stories: tuple[Story, ...] = ()
    if plan.head.details is not None:
        head_stories = plan.head.details.stories
    elif plan.blog is not None:
        head_stories = tuple(Story.of(row) for row in plan.blog.related_stories.select_related("live_blog"))
    for story in head_stories:
        if _is_unresolved(story):
            yield Unresolved(story.title, _("standfirst"))
    in_updates = [*_saved_and_kept(plan), *_planned(plan)]
    # The sort is stable, so the stories of one update keep their order.
    for _place, story_in_update in sorted(in_updates, key=lambda placed: placed[0], reverse=True):
        yield story_in_update


def _saved_and_kept(plan: Plan) -> Iterator[tuple[_Place, Unresolved]]:
    if plan.blog is None:
        return
    replaced = {step.update.pk for step in plan.steps if step.update and step.content}
    replaced |= {missing.update.pk for missing in plan.missing if missing.is_withdrawn}
    for row in _in_updates(plan.blog).order_by("update", "after_block", "position"):
        if row.update is not None and row.update.pk not in replaced:
            place = (row.update.happened_at, False, row.update.pk)
            yield place, Unresolved(row.title, name_of_update(row.update, plan.blog.language))


def _planned(plan: Plan) -> Iterator[tuple[_Place, Unresolved]]:
    language = plan.target.language
    for place, step in enumerate(reversed(plan.steps)):
        if step.content is None or step.content.happened_at is None:
            continue
        is_new = step.update is None
        key = (step.content.happened_at, is_new, step.update.pk if step.update else place)
        for story in sorted(step.content.stories, key=lambda story: story.after_block):
            if _is_unresolved(story):
                yield key, Unresolved(story.title, name_of(step.entry, language))


def _is_unresolved(story: Story) -> bool:
    return not story.url and story.live_blog is None


def _in_updates(blog: LiveBlog) -> QuerySet[RelatedStory]:
    stories = RelatedStory.objects.unresolved().filter(update__blog=blog)
    return stories.exclude(update__status=Update.Status.WITHDRAWN).select_related("update")
