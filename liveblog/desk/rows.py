"""The timeline as the desk shows it: each update, with what the user may do with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from liveblog import audience, publishing
from liveblog.models import LiveBlog, Proposal, Update
from liveblog.publishing import Action, Content, Permitted, fingerprint, safeguards

PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class May:
    """Permissions of a user on a desk; a `Row` has those on a single update."""

    write: bool
    publish: bool
    withdraw: bool
    moderate: bool
    upload: bool
    run: bool

    @classmethod
    def of(cls, user: User, blog: LiveBlog) -> May:
        actions = publishing.actions_for(user, blog)
        return cls(
            write=Action.DRAFT in actions,
            # Scheduling takes the same permission, and the two-person rule allows it before an approval.
            publish=Action.SCHEDULE in actions,
            withdraw=user.has_perm("liveblog.withdraw_update"),
            moderate=user.has_perm("liveblog.moderate_readerresponse"),
            upload=user.has_perm("liveblog.add_image"),
            run=user.has_perm("liveblog.run_coverage"),
        )


def timeline(blog: LiveBlog, before: Update | None = None) -> tuple[list[Update], bool]:
    """Return a page of the visible updates, newest first, and whether there are older ones."""
    rows = Update.objects.filter(blog=blog).visible().newest_first().complete().select_related("created_by")
    if before:
        rows = rows.older_than(before)
    updates = list(rows[: PAGE_SIZE + 1])
    for update in updates:
        update.blog = blog
    return updates[:PAGE_SIZE], len(updates) > PAGE_SIZE


@dataclass(frozen=True)
class Row:
    """An update in the timeline, with what the user may do with it and how far it reached."""

    update: Update
    actions: frozenset[str]
    # The number of open pages that the update was streamed to, or None if unknown.
    reach: int | None

    @property
    def seen(self) -> str:
        """Return the fingerprint of the content shown.

        Optimistic locking: a button must not act on what a colleague has saved since.
        """
        return fingerprint(Content.of(self.update))

    @property
    def needs(self) -> str:
        """Return in plain words what a second person has to do, or an empty string."""
        if not safeguards.is_needed(self.update):
            return ""
        reason = safeguards.reason_for(self.update)
        if self.update.is_published:
            if not Proposal.objects.filter(update=self.update).exists():
                return ""
            return _("A change needs a second person: %(reason)s. See the history.") % {"reason": reason}
        if not safeguards.lacks_approval(self.update):
            return _("Approved by a second person; any change voids that.")
        return _("Needs a second person: %(reason)s.") % {"reason": reason}


def rows_of(user: User, blog: LiveBlog, updates: Iterable[Update]) -> list[Row]:
    updates = list(updates)
    reach_by_pk = audience.reach_of(blog, updates)
    permitted = Permitted(user, blog)
    return [
        Row(update, frozenset(permitted.actions(update)), reach_by_pk.get(update.pk)) for update in updates
    ]
