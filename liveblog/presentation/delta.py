"""Deltas: changes after a number of a live blog's log, as pages, the API and streams read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import translation

from liveblog.models import Change, Update
from liveblog.presentation import payloads, reading
from liveblog.presentation.pieces import update_markup
from liveblog.presentation.sharing import share_of_blog
from liveblog.presentation.timeline import day_heading
from liveblog.presentation.views import BlogView, UpdateView
from newsroom.site import identity

# Kinds of changes that can change which update is pinned.
_UNPINNING: Final = {
    Change.Kind.PINNED,
    Change.Kind.UNPINNED,
    Change.Kind.WITHDRAWN,
    Change.Kind.UNPUBLISHED,
    Change.Kind.ERASED,
}
# The maximum number of changes in one delta.
BATCH: Final = 100
# Pages that are further behind should be reloaded instead.
TOO_FAR_BEHIND: Final = 2_000


@dataclass(frozen=True)
class Delta:
    """One batch of changes after a number: the log itself, and each changed update in its latest state.

    An update that changed again after the batch follows in a later one. `number` is the last change included.
    """

    blog: BlogView
    number: int
    changes: list[Change]
    updates: list[UpdateView]

    @property
    def has_more(self) -> bool:
        return self.number < self.blog.number


def after(blog: BlogView, number: int) -> Delta:
    """Return the changes after `number`. `blog.number` must have been read before any other row."""
    last = Change.objects.last_of_batch(blog.row, number, BATCH)
    changes = Change.objects.filter(blog=blog.pk, number__lte=last).after(number)
    changed = Update.objects.filter(blog=blog.pk).changed_within(number, last).complete()
    return Delta(blog, last, list(changes), reading.updates(blog, changed))


def of_page(delta: Delta) -> dict[str, Any]:
    """Return the changes as an open page applies them, in the blog's edition.

    Each update comes with the markup (`html`) of a freshly loaded page and its day heading. `regions` has the
    markup of other parts of the page that may have changed.
    """
    with translation.override(delta.blog.language):
        return {
            "number": delta.number,
            "has_more": delta.has_more,
            "blog": payloads.blog(delta.blog),
            "updates": [_with_html(update) for update in delta.updates],
            "regions": _regions(delta),
        }


def _regions(delta: Delta) -> dict[str, str]:
    """Return the markup of the page's other parts that the changes may have affected, by name.

    `document` belongs in the page's `<head>`.
    """
    blog = delta.blog
    touched = {change.update_id for change in delta.changes}
    names = ["document", "head", "key_events"]
    # A change without an update is a change of the blog itself.
    if None in touched:
        names += ["lead", "pinned", "after", "responses"]
    elif blog.pinned_update_id in touched or any(change.kind in _UNPINNING for change in delta.changes):
        names.append("pinned")
    context = {
        "blog": blog,
        "pinned": pinned_of(blog, delta.updates) if "pinned" in names else None,
        "site": identity(),
        "share": share_of_blog(blog, blog.get_absolute_url()),
    }
    return {name: render_to_string(f"presentation/_{name}.html", context) for name in names}


def pinned_of(blog: BlogView, updates: Iterable[UpdateView]) -> UpdateView | None:
    """Return the pinned update or None. Reuse the view in `updates` if it is there."""
    if blog.pinned_update_id is None:
        return None
    view = next((update for update in updates if update.is_pinned), None)
    rows = Update.objects.filter(pk=blog.pinned_update_id).complete()
    return view or next(iter(reading.updates(blog, rows)), None)


def _with_html(update: UpdateView) -> dict[str, Any]:
    if update.is_unpublished:
        return payloads.update(update)
    return payloads.update(update) | {
        "day_heading": day_heading(update.blog, update.happened_on),
        "html": update_markup(update),
    }
