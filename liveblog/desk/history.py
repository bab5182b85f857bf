"""An update's history: every state that it was published in, and what each changed, word by word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from liveblog.desk import rows
from liveblog.desk.access import desk_view
from liveblog.models import LiveBlog, Revision, Update
from newsroom import html
from newsroom.numbers import whole_number

# Chinese is compared character by character, what is written with spaces word by word.
_PIECE: Final = re.compile(r"[A-Za-z0-9'’_-]+|\s+|.", re.DOTALL)
PAGE_SIZE: Final = 20
# About a second for a page. A text that repeats itself a thousand times would take an hour otherwise.
_MOST_EFFORT: Final = 50_000_000
_SAID: Final = (
    ("heading", _("Heading")),
    ("body", _("Text")),
    ("happened_at", _("Time")),
    ("byline", _("Byline")),
    ("source", _("Source")),
    ("verification", _("Verification")),
    ("is_key_event", _("Key event")),
    ("stories", _("Related stories")),
    ("images", _("Pictures")),
)


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
    revision: Revision
    differences: list[Difference]
    is_latest: bool


@desk_view
@require_GET
def history(request: HttpRequest, blog: LiveBlog, update_pk: int) -> HttpResponse:
    update = get_object_or_404(Update.objects.select_related("byline"), blog=blog, pk=update_pk)
    update.blog = blog
    before = whole_number(request.GET.get("before"))
    revisions = update.revisions.select_related("by", "by_partner").order_by("-pk")
    # One more than is shown: the oldest is compared with it.
    shown = list((revisions.filter(pk__lt=before) if before else revisions)[: PAGE_SIZE + 1])
    effort = Effort()
    entries = []
    for index, revision in enumerate(shown[:PAGE_SIZE]):
        earlier = shown[index + 1].content if index + 1 < len(shown) else None
        differences = differences_between(earlier, revision.content, effort)
        entries.append(Entry(revision, differences, is_latest=not (index or before)))
    may = rows.May.of(request.user)
    context = {
        **admin.site.each_context(request),
        "title": update.title,
        "blog": blog,
        "update": update,
        "entries": entries,
        "older": entries[-1].revision if len(shown) > PAGE_SIZE else None,
        "may_revert": rows.may_open(may, request.user, update) and not update.is_erased,
    }
    return render(request, "desk/history.html", context)


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
    """What `after` says otherwise than `before`; of a first state (None) all that it says."""
    found = []
    for name, label in _SAID:
        old = _in_words(name, before[name]) if before else ""
        new = _in_words(name, after[name])
        if old != new:
            found.append(Difference(label, compared(old, new, effort)))
    return found


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
    if name == "body":
        return html.plain_text(value)
    if name == "happened_at":
        return value[:16].replace("T", " ")
    if name == "stories":
        return "\n".join(
            " ".join(filter(None, (story["title"], story["url"] or story["live_blog"]))) for story in value
        )
    if name == "images":
        return " ".join(f"#{pk}" for pk in value)
    if isinstance(value, bool):
        return "✓" if value else ""
    return value
