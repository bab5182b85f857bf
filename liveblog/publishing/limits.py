"""Limits on what people and partners may submit, in one table.

Verbs check these first, whichever interface is used. Models repeat some of them, but SQLite does not enforce
column lengths, and a TextField has no limit at all. All limits are generous: real copy stays far below them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsroom import hongkong

# Characters per text.
LONGEST: Final = {
    "heading": 250,
    "body": 200_000,
    "source": 120,
    "note": 1_000,
    "standfirst": 5_000,
    "summary": 20_000,
    "title": 250,
    "url": 500,
    "alt": 300,
    "caption": 300,
    "credit": 120,
    "wording": 80,
}
# Rows per list.
MOST: Final = {
    "stories": 50,
    "images": 30,
    "bylines": 20,
    "topics": 20,
    "team": 200,
    "blogs": 200,
    "granted_blogs": 500,
    "corrections": 100,
    "edition_wording": 100,
    "glossary": 10_000,
    "pending": 2_000,
    "keys": 20,
    "webhooks": 20,
}

_LABELS: Final = {
    "heading": gettext_lazy("heading"),
    "source": gettext_lazy("source"),
    "note": gettext_lazy("note"),
    "standfirst": gettext_lazy("standfirst"),
    "summary": gettext_lazy("what we know"),
    "title": gettext_lazy("title"),
    "url": gettext_lazy("address"),
    "alt": gettext_lazy("text alternative"),
    "caption": gettext_lazy("caption"),
    "credit": gettext_lazy("credit"),
    "wording": gettext_lazy("wording"),
}


def refuse_long(**texts: str) -> None:
    """Raise ValidationError with an error for each text that is longer than LONGEST allows."""
    too_long = {name: text for name, text in texts.items() if len(text) > LONGEST[name]}
    if too_long:
        raise ValidationError({name: _too_long(name, text) for name, text in too_long.items()})


def _too_long(name: str, text: str) -> str:
    return _("Too long (%(what)s): at most %(limit)s characters, not %(count)s.") % {
        "what": _LABELS[name],
        "limit": LONGEST[name],
        "count": len(text),
    }


def refuse_many(**rows: Collection[object]) -> None:
    """Raise ValidationError with an error for each list that has more rows than MOST allows."""
    too_many = {name: len(items) for name, items in rows.items() if len(items) > MOST[name]}
    if too_many:
        raise ValidationError(
            {
                name: _("Too many: at most %(limit)s, not %(count)s.") % {"limit": MOST[name], "count": count}
                for name, count in too_many.items()
            }
        )


def refuse_far(**moments: datetime | None) -> None:
    """Raise ValidationError with an error for each time outside the years in `hongkong.YEARS`."""
    names = [name for name, moment in moments.items() if moment and moment.year not in hongkong.YEARS]
    if names:
        reason = _("Give a year from %(first)s to %(last)s.") % {
            "first": hongkong.YEARS[0],
            "last": hongkong.YEARS[-1],
        }
        raise ValidationError(dict.fromkeys(names, reason))
