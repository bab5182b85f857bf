"""An update's history: every published state with its differences, and who pinned the update."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from liveblog import publishing, visibility
from liveblog.desk.access import desk_view
from liveblog.desk.differences import Difference, Effort, differences_between
from liveblog.desk.rows import rows_of
from liveblog.models import Change, Flag, LiveBlog, Proposal, Revision, Update
from liveblog.publishing import Action, Content
from newsroom.http.parameters import whole_number
from newsroom.sign_in import user_of

PAGE_SIZE: Final = 20
MOST_CHANGES: Final = 200


@dataclass(frozen=True)
class Entry:
    """A published state, or a change without a revision, which left the text alone (a pin, a mark)."""

    row: Revision | Change
    differences: list[Difference]
    is_earlier_text: bool


@dataclass(frozen=True)
class Pending:
    """A proposed change of a published update, compared with what readers see."""

    proposal: Proposal
    differences: list[Difference]

    @classmethod
    def of(cls, update: Update, user: User) -> Pending | None:
        proposal = Proposal.objects.select_related("by").filter(update=update).first()
        if proposal is None:
            return None
        public = visibility.readable_content(user, Content.of(update).as_json())
        proposed = visibility.readable_content(user, proposal.content)
        return cls(proposal, differences_between(public, proposed, Effort()))


@desk_view
@require_GET
def history(request: HttpRequest, blog: LiveBlog, update_pk: int) -> HttpResponse:
    update = get_object_or_404(Update, blog=blog, pk=update_pk)
    update.blog = blog
    before = whole_number(request.GET.get("before"))
    revisions = update.revisions.select_related("by", "by_partner").order_by("-pk")
    # Fetch one more than a page shows, to compare the oldest entry with it.
    rows = list((revisions.filter(pk__lt=before) if before else revisions)[: PAGE_SIZE + 1])
    contents = [visibility.readable_content(user_of(request), revision.content) for revision in rows]
    effort = Effort()
    entries = []
    for index, revision in enumerate(rows[:PAGE_SIZE]):
        earlier = contents[index + 1] if index + 1 < len(rows) else None
        differences = differences_between(earlier, contents[index], effort)
        entries.append(Entry(revision, differences, is_earlier_text=bool(index or before)))
    entries += [
        Entry(change, [], is_earlier_text=False)
        for change in _changes_beside(update, rows, has_newer=bool(before))
    ]
    entries.sort(key=lambda entry: entry.row.number, reverse=True)
    context = {
        **admin.site.each_context(request),
        "title": update.title,
        "blog": blog,
        "update": update,
        "entries": entries,
        "row": rows_of(user_of(request), blog, [update])[0],
        "pending": Pending.of(update, user_of(request)),
        "flags": [(flag.value, flag.label, flag.value in update.flags) for flag in Flag],
        "older": rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None,
        "may_revert": Action.REVERT in publishing.actions_for(user_of(request), blog, update),
    }
    return render(request, "desk/history.html", context)


def _changes_beside(update: Update, revisions: list[Revision], *, has_newer: bool) -> Iterable[Change]:
    """Return the changes without a revision that belong among the revisions of this page."""
    changes = update.changes.exclude(number__in=update.revisions.values("number"))
    if len(revisions) > PAGE_SIZE:
        changes = changes.filter(number__gt=revisions[PAGE_SIZE].number)
    if has_newer:
        changes = changes.filter(number__lt=revisions[0].number) if revisions else changes.none()
    return changes.select_related("by", "by_partner").order_by("-number")[:MOST_CHANGES]
