"""Markup of updates, rendered once for each state and edition, and kept for later pages and deltas.

The cache key of a piece is everything that it prints, so nothing has to be invalidated: different words,
another picture or a withdrawn related story give another key.
"""

from __future__ import annotations

from dataclasses import fields
from threading import Lock
from typing import Final

from cachetools import LRUCache, cached
from cachetools.keys import hashkey
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from liveblog.presentation.views import UpdateView
from newsroom.site import absolute

# Total size of the kept markup in characters.
MAX_CHARACTERS: Final = 32_000_000

# Only the live blog's address is printed.
_PRINTED: Final = [field.name for field in fields(UpdateView) if field.name != "blog"]


def _key(update: UpdateView, *, is_text_only: bool = False) -> tuple[object, ...]:
    values = (getattr(update, name) for name in _PRINTED)
    return hashkey(
        *values, absolute(update.get_absolute_url()), translation.get_language(), is_text_only=is_text_only
    )


@cached(LRUCache(MAX_CHARACTERS, getsizeof=len), key=_key, lock=Lock())
def update_markup(update: UpdateView, *, is_text_only: bool = False) -> SafeString:
    """Return an update as the timeline prints it, in the active language."""
    context = {"update": update, "is_text_only": is_text_only}
    return render_to_string("presentation/_update.html", context)


def forget() -> None:
    """Forget all kept markup, as after a restart."""
    update_markup.cache_clear()
