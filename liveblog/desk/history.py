"""An update's history: every state that it was published in, what each changed, who pinned it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from liveblog import publishing, visibility
from liveblog.desk.access import desk_view
from liveblog.models import Change, LiveBlog, Revision, Update
from liveblog.publishing import Action
from liveblog.publishing.content import LABELS, current_json
from newsroom import hongkong, html
from newsroom.http.parameters import whole_number

# Chinese is compared character by character, what is written with spaces word by word.
_PIECE: Final = re.compile(r"[A-Za-z0-9'’_-]+|\s+|.", re.DOTALL)
PAGE_SIZE: Final = 20
MOST_CHANGES: Final = 200
# About a second for a page. A text that repeats itself a thousand times would take an hour otherwise.
_MOST_EFFORT: Final = 50_000_000


@dataclass(frozen=True)
class Piece:
    """`kind` is `same`, `out` or `in`."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    label: Any
    pieces: list[Piece]


@dataclass(frozen=True)
class Entry:
    """A published state, or a change that left the text alone (a pin, a mark), which has no revision."""

    row: Revision | Change
    differences: list[Difference]
    is_earlier_text: bool


@desk_view
@require_GET
def history(request: HttpRequest, blog: LiveBlog, update_pk: int) -> HttpResponse:
    update = get_object_or_404(Update, blog=blog, pk=update_pk)
    update.blog = blog
    before = whole_number(request.GET.get("before"))
    revisions = update.revisions.select_related("by", "by_partner").order_by("-pk")
    # One more than is shown: the oldest is compared with it.
    shown = list((revisions.filter(pk__lt=before) if before else revisions)[: PAGE_SIZE + 1])
    contents = [visibility.readable_content(request.user, revision.content) for revision in shown]
    effort = Effort()
    entries = []
    for index, revision in enumerate(shown[:PAGE_SIZE]):
        earlier = contents[index + 1] if index + 1 < len(shown) else None
        differences = differences_between(earlier, contents[index], effort)
        entries.append(Entry(revision, differences, is_earlier_text=bool(index or before)))
    entries += [
        Entry(change, [], is_earlier_text=False)
        for change in _changes_beside(update, shown, has_newer=bool(before))
    ]
    entries.sort(key=lambda entry: entry.row.number, reverse=True)
    context = {
        **admin.site.each_context(request),
        "title": update.title,
        "blog": blog,
        "update": update,
        "entries": entries,
        "older": shown[PAGE_SIZE - 1] if len(shown) > PAGE_SIZE else None,
        "may_revert": Action.REVERT in publishing.actions_for(request.user, blog, update),
    }
    return render(request, "desk/history.html", context)


def _changes_beside(update: Update, shown: list[Revision], *, has_newer: bool) -> Iterable[Change]:
    """Return the changes that kept no revision and stand among those that are shown."""
    changes = update.changes.exclude(number__in=update.revisions.values("number"))
    if len(shown) > PAGE_SIZE:
        changes = changes.filter(number__gt=shown[PAGE_SIZE].number)
    if has_newer:
        changes = changes.filter(number__lt=shown[0].number) if shown else changes.none()
    return changes.select_related("by", "by_partner").order_by("-number")[:MOST_CHANGES]


class Effort:
    """What is left of the effort that comparing the texts of one page may take."""

    def __init__(self) -> None:
        self.left = _MOST_EFFORT

    def takes(self, before: list[str], after: list[str]) -> bool:
        """Return whether these can be compared piece by piece, and if so count what it takes."""
        effort = _effort(before, after)
        if effort > self.left:
            return False
        self.left -= effort
        return True


def differences_between(
    before: dict[str, Any] | None, after: dict[str, Any], effort: Effort
) -> list[Difference]:
    """Return what `after` says otherwise than `before`; of a first state (None) all that it says."""
    before, after = current_json(before or {}), current_json(after)
    differences = []
    for name, label in LABELS.items():
        old, new = _in_words(name, before[name]), _in_words(name, after[name])
        if old != new:
            differences.append(Difference(label, compared(old, new, effort)))
    return differences


def compared(old: str, new: str, effort: Effort) -> list[Piece]:
    """Two texts as one, in the order of reading: what both have, what went, what came.

    Piece by piece; where that would take long, line by line, or else what differs as a whole.
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
    found = [Piece("same", head), *_differing(before, after), Piece("same", tail)]
    return [piece for piece in found if piece.text]


def _shared(before: list[str], after: list[str]) -> int:
    """With how many equal pieces both begin."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))


def _differing(before: list[str], after: list[str]) -> Iterator[Piece]:
    for what, left, left_end, right, right_end in SequenceMatcher(None, before, after).get_opcodes():
        if what == "equal":
            yield Piece("same", "".join(before[left:left_end]))
            continue
        yield Piece("out", "".join(before[left:left_end]))
        yield Piece("in", "".join(after[right:right_end]))


def _effort(before: list[str], after: list[str]) -> int:
    """How often, at the worst, the matcher looks at a pair of equal pieces.

    Of a long text it leaves out those that come in more than every hundredth place, as it says itself.
    """
    often = len(after) // 100 + 1 if len(after) >= 200 else len(after)
    counted = Counter(before)
    pairs = sum(counted[piece] * count for piece, count in Counter(after).items() if count <= often)
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
    return value


def _reference_in_words(item: dict[str, Any]) -> str:
    if "title" in item:
        target = item["url"] or (item["live_blog"]["name"] if item["live_blog"] else "")
        return f"{item['title']} {target}".strip()
    return item["name"] or f"#{item['id']}"
