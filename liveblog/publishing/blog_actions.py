"""Actions on a live blog's coverage: which ones an actor may take, and the verb of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy

from liveblog.models import BlogProposal, LiveBlog
from liveblog.publishing import blogs
from liveblog.publishing.blog_approvals import propose_on_blog
from liveblog.publishing.blog_safeguards import BlogNeedsSecondPerson
from liveblog.publishing.permissions import Actor, filter_permissions


class BlogAction(models.TextChoices):
    SAVE = "save", gettext_lazy("Save text changes")
    START = "start", gettext_lazy("Start coverage")
    END = "end", gettext_lazy("End coverage")
    RESUME = "resume", gettext_lazy("Resume coverage")
    WITHDRAW = "withdraw", gettext_lazy("Withdraw the live blog")
    RESTORE = "restore", gettext_lazy("Restore the live blog")
    LIFT = "lift", gettext_lazy("Lift the embargo now")


_IN_STATUS: Final[dict[str, list[BlogAction]]] = {
    LiveBlog.Status.DRAFT: [BlogAction.START],
    LiveBlog.Status.LIVE: [BlogAction.END, BlogAction.WITHDRAW],
    LiveBlog.Status.ENDED: [BlogAction.RESUME, BlogAction.WITHDRAW],
    LiveBlog.Status.WITHDRAWN: [BlogAction.RESTORE],
}
# SAVE is not included, because its verb needs the submitted details.
_VERBS: Final[dict[BlogAction, Callable[..., LiveBlog | None]]] = {
    BlogAction.START: blogs.start_coverage,
    BlogAction.END: blogs.end_coverage,
    BlogAction.RESUME: blogs.start_coverage,
    BlogAction.WITHDRAW: blogs.withdraw_blog,
    BlogAction.RESTORE: blogs.restore_blog,
    BlogAction.LIFT: blogs.lift_embargo,
}


def blog_actions_for(by: Actor, blog: LiveBlog | None) -> list[BlogAction]:
    """Return the actions that `by` may take on a live blog (None: a new one), in the order to offer them."""
    permissions = filter_permissions(by, ("add_liveblog", "change_liveblog", "run_coverage"), blog)
    if blog is None:
        return [BlogAction.SAVE] if "add_liveblog" in permissions else []
    actions = [BlogAction.SAVE] if "change_liveblog" in permissions else []
    if "run_coverage" in permissions:
        actions += _IN_STATUS[blog.status]
        if blog.embargo_until_at:
            actions.append(BlogAction.LIFT)
    return actions


def perform_on_blog(action: BlogAction, blog: LiveBlog, *, by: Actor) -> LiveBlog | BlogProposal:
    """Carry out any `action` except SAVE through its verb, which checks all rules. See `edit_blog`.

    If it needs a second person, propose it and return the proposal.
    """
    try:
        return _VERBS[action](blog, by=by) or blog
    except BlogNeedsSecondPerson:
        return propose_on_blog(blog, BlogProposal.Action(action.value), by=by)
