"""An update's history: every published state with its differences, and who pinned the update."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from liveblog import publishing, visibility
from liveblog.desk.access import desk_view
from liveblog.desk.rows import rows_of
from liveblog.models import Change, Flag, LiveBlog, Proposal, Revision, Update
from liveblog.publishing import Action, Content
from liveblog.publishing.content import LABELS, current_json
from newsroom import hongkong
from newsroom.http.parameters import whole_number
from newsroom.sign_in import user_of
from newsroom.text import html

# Compare Chinese character by character, and text written with spaces word by word.
_PIECE: Final = re.compile(r"[A-Za-z0-9'’_-]+|\s+|.", re.DOTALL)
PAGE_SIZE: Final = 20
MOST_CHANGES: Final = 200
# About a second per page. Without a limit, a text that repeats itself a thousand times would take an hour.
_MOST_EFFORT: Final = 50_000_000


@dataclass(frozen=True)
class Piece:
    """A piece of a comparison; `kind` is `same`, `out` or `in`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    label: Any
    pieces: list[Piece]


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


class Effort:
    """The remaining effort that may be spent on comparing the texts of one page."""

    def __init__(self) -> None:
        self.left = _MOST_EFFORT

    def takes(self, before: list[str], after: list[str]) -> bool:
        """Return whether these can be compared piece by piece, and if so deduct the effort."""
        effort = _effort(before, after)
        if effort > self.left:
            return False
        self.left -= effort
        return True


def differences_between(
    before: dict[str, Any] | None, after: dict[str, Any], effort: Effort
) -> list[Difference]:
    """Return how `after` differs from `before`, by field; `before` is None for the first state."""
    before, after = current_json(before or {}), current_json(after)
    differences = []
    for name, label in LABELS.items():
        old, new = _in_words(name, before[name]), _in_words(name, after[name])
        if old != new:
            differences.append(Difference(label, compared(old, new, effort)))
    return differences


def compared(old: str, new: str, effort: Effort) -> list[Piece]:
    """Return two texts merged in reading order, as pieces that both have, that went out and that came in.

    Compare them piece by piece; if that takes too much effort, line by line; if that does too, treat all that
    differs as one piece.
    """
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    start = _shared(before, after)
    before, head, after = before[start:], "".join(before[:start]), after[start:]
    end = _shared(before[::-1], after[::-1])
    tail = "".join(before[len(before) - end :])
    before, after = before[: len(before) - end], after[: len(after) - end]
    if not effort.takes(before, after):
        before, after = ("".join(pieces).splitlines(keepends=True) for pieces in (before, after))
        if not effort.takes(before, after):
            before, after = ["".join(before)], ["".join(after)]
    merged = [Piece("same", head), *_differing(before, after), Piece("same", tail)]
    return [piece for piece in merged if piece.text]


def _shared(before: list[str], after: list[str]) -> int:
    """Return the number of equal pieces that both begin with."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))


def _differing(before: list[str], after: list[str]) -> Iterator[Piece]:
    for tag, left, left_end, right, right_end in SequenceMatcher(None, before, after).get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(before[left:left_end]))
            continue
        yield Piece("out", "".join(before[left:left_end]))
        yield Piece("in", "".join(after[right:right_end]))


def _effort(before: list[str], after: list[str]) -> int:
    """Return how often, in the worst case, the matcher looks at a pair of equal pieces.

    In a text of 200 pieces or more, SequenceMatcher's autojunk heuristic ignores pieces that make up more
    than 1% of it.
    """
    limit = len(after) // 100 + 1 if len(after) >= 200 else len(after)
    before_counts = Counter(before)
    pairs = sum(before_counts[piece] * count for piece, count in Counter(after).items() if count <= limit)
    return pairs * min(len(before), len(after))


def _in_words(name: str, value: Any) -> str:
    """Return a field of a revision's JSON as text."""
    if name == "body":
        return html.plain_text(value)
    if name == "happened_at":
        return f"{hongkong.to_hong_kong(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}" if value else ""
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, list):
        return "\n".join(_reference_in_words(item) for item in value)
    text: str = value
    return text


def _reference_in_words(item: dict[str, Any]) -> str:
    if "title" in item:
        target = item["url"] or (item["live_blog"]["name"] if item["live_blog"] else "")
        return f"{item['title']} {target}".strip()
    return item["name"] or f"#{item['id']}"
