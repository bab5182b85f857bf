"""The two-person rule on a live blog itself: its head, and what makes all of it public.

In a guarded live blog, one person alone cannot change what readers see of the head, start coverage, restore
the live blog or lift its embargo early. One person proposes the action; it is carried out when a second one
takes the same action on the same details. Ending and resuming coverage, withdrawing and a planned end of the
embargo show readers nothing new, so they need no second person. A draft's head can be changed freely, because
starting it needs two people who have the same head before them.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from liveblog.models import BlogProposal, LiveBlog
from liveblog.publishing.details import BlogDetails
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.permissions import Actor
from liveblog.publishing.rules import Stale

# Details that readers see, and that could name or defame somebody.
IN_SIGHT: Final = frozenset(
    {
        "kicker", "headline", "standfirst", "summary", "hero_image", "bylines", "topics", "stories",
        "successor",
    }
)  # fmt: skip


class BlogNeedsSecondPerson(ValidationError):
    """Raised if the two-person rule requires a second person to take the same action."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Needs a second person, as everything in this live blog does. Propose it at the desk; it is "
                "done once a colleague approves it."
            )
        )


def shows_more(blog: LiveBlog, before: BlogDetails, details: BlogDetails) -> bool:
    """Return whether changing the details changes what readers see, now or when the embargo ends."""
    if blog.status == LiveBlog.Status.DRAFT:
        return False
    is_sooner = before.embargo_until_at is not None and (
        details.embargo_until_at is None or details.embargo_until_at < before.embargo_until_at
    )
    return is_sooner or not IN_SIGHT.isdisjoint(details.changed_from(before))


def refuse_alone_on_blog(
    blog: LiveBlog, action: BlogProposal.Action, by: Actor, details: BlogDetails | None = None
) -> None:
    """Raise BlogNeedsSecondPerson unless somebody else has proposed the same. Call this under the lock.

    Raise Stale if the live blog has changed since it was proposed.
    """
    if not blog.needs_second_person:
        return
    proposal = BlogProposal.objects.filter(blog=blog, action=action).first()
    if proposal is None or not is_second(by, proposal):
        raise BlogNeedsSecondPerson
    if details is not None and fingerprint(details) != fingerprint(proposed_details(proposal)):
        raise BlogNeedsSecondPerson
    if proposal.base != fingerprint(BlogDetails.of(blog)):
        raise Stale
    proposal.delete()


def is_second(by: Actor, proposal: BlogProposal) -> bool:
    return isinstance(by, User) and by.pk != proposal.by_id


def proposed_details(proposal: BlogProposal) -> BlogDetails | None:
    return BlogDetails.from_json(proposal.details) if proposal.details else None


def pending_on_blog(blog: LiveBlog) -> BlogProposal | None:
    """Return the action on a guarded live blog that waits for a second person."""
    if not blog.needs_second_person:
        return None
    return BlogProposal.objects.select_related("by").filter(blog=blog).first()
