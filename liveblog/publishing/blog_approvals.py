"""Verbs of the two-person rule on a live blog itself: proposing, approving and overriding an action.

See `blog_safeguards`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import BlogProposal, LiveBlog
from liveblog.publishing import blogs, safeguards
from liveblog.publishing.blog_safeguards import is_second, proposed_details
from liveblog.publishing.details import BlogDetails, edit_fingerprint
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.log import locked
from liveblog.publishing.permissions import Actor, filter_permissions, person, require
from liveblog.publishing.rules import Stale

_VERBS: Final[dict[str, Callable[..., LiveBlog | None]]] = {
    BlogProposal.Action.START: blogs.start_coverage,
    BlogProposal.Action.RESTORE: blogs.restore_blog,
    BlogProposal.Action.LIFT: blogs.lift_embargo,
}


def propose_on_blog(
    blog: LiveBlog,
    action: BlogProposal.Action,
    *,
    by: Actor,
    details: BlogDetails | None = None,
    seen: str = "",
) -> BlogProposal:
    """Propose an action on a guarded live blog to a second person; readers see nothing of it yet.

    `details` and `seen` belong to SAVE, as in `edit_blog`.
    """
    require(by, _permission(action), blog)
    with locked(blog) as blog:
        if not blog.needs_second_person:
            raise ValidationError(_("This live blog needs no second person."))
        before = BlogDetails.of(blog)
        if seen and seen != edit_fingerprint(blog):
            raise Stale
        if action == BlogProposal.Action.SAVE:
            details = blogs.checked_edit(blog, before, details or before)
        proposal, _is_new = BlogProposal.objects.update_or_create(
            blog=blog,
            defaults={
                "action": action,
                "details": details.as_json() if details else None,
                "base": fingerprint(before),
                "by": person(by),
                "at": timezone.now(),
            },
        )
        fields = details.changed_from(before) if details else []
        audit.record("proposed", by=by, blog=blog, subject=blog, proposed=str(action), fields=fields)
        return proposal


def can_approve_on_blog(by: Actor, proposal: BlogProposal) -> bool:
    """Return whether `by` may take the proposed action, and did not propose it."""
    permission = _permission(BlogProposal.Action(proposal.action))
    return is_second(by, proposal) and bool(filter_permissions(by, [permission], proposal.blog))


def approve_on_blog(blog: LiveBlog, *, by: Actor) -> LiveBlog:
    """Take the action on a live blog that a colleague has proposed."""
    with locked(blog) as blog:
        proposal = _pending(blog)
        if not is_second(by, proposal):
            raise ValidationError(_("Nothing here is waiting for your approval."))
        return _carry_out(proposal, blog, by, "")


def override_on_blog(blog: LiveBlog, *, by: Actor, reason: str) -> LiveBlog:
    """Take the proposed action without a second person; the audit log keeps the reason."""
    reason = safeguards.checked_override(by, blog, reason)
    with locked(blog) as blog:
        proposal = _pending(blog)
        # A proposal without an author can be approved by anyone.
        BlogProposal.objects.filter(pk=proposal.pk).update(by=None)
        return _carry_out(proposal, blog, by, reason)


def _pending(blog: LiveBlog) -> BlogProposal:
    proposal = BlogProposal.objects.select_related("by").filter(blog=blog).first()
    if proposal is None or not blog.needs_second_person:
        raise ValidationError(_("Nothing here is waiting for your approval."))
    return proposal


def _carry_out(proposal: BlogProposal, blog: LiveBlog, by: Actor, reason: str) -> LiveBlog:
    require(by, _permission(BlogProposal.Action(proposal.action)), blog)
    audit.record(
        **safeguards.approval_entry(reason),
        by=by,
        blog=blog,
        subject=blog,
        proposed=proposal.action,
        proposed_by=proposal.by_id,
    )
    details = proposed_details(proposal)
    if details is not None:
        blog = blogs.edit_blog(blog, details, by=by)
    else:
        blog = _VERBS[proposal.action](blog, by=by) or blog
    BlogProposal.objects.filter(pk=proposal.pk).delete()
    return blog


def _permission(action: BlogProposal.Action) -> str:
    return "change_liveblog" if action == BlogProposal.Action.SAVE else "run_coverage"
