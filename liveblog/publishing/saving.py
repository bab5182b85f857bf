"""Validating and saving a row, with readable errors for concurrent saves."""

from __future__ import annotations

from typing import Final

from django.db import IntegrityError, models, transaction

from liveblog.models import Byline, GlossaryTerm, Image, RelatedStory, Topic
from liveblog.publishing.encoding import fingerprint
from liveblog.publishing.rules import Stale

# The columns that editors change. Changes to other columns do not conflict.
_EDITED: Final[dict[type[models.Model], tuple[str, ...]]] = {
    Image: ("alt", "caption", "credit", "focal_column", "focal_row", "is_sensitive"),
    Byline: ("name", "role"),
    Topic: ("name",),
    GlossaryTerm: ("traditional", "simplified", "note"),
    RelatedStory: ("title", "url", "live_blog_id"),
}


def row_fingerprint(row: models.Model) -> str:
    """Return the fingerprint of the columns of `row` that editors change in forms."""
    return fingerprint([getattr(row, name) for name in _EDITED[type(row)]])


def refuse_stale(row: models.Model, seen: str) -> None:
    """Lock the saved row. Raise Stale unless its `row_fingerprint` still equals `seen`.

    Call this in the transaction that saves the row, after locking the blogs. An empty `seen` is not checked.
    """
    if not seen:
        return
    saved = type(row)._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=row.pk).first()
    if saved is None or row_fingerprint(saved) != seen:
        raise Stale


def save_checked(row: models.Model) -> None:
    """Validate a row and save it. Raise ValidationError if it is not valid.

    A concurrent save may take a unique name or address between validating and saving. The database then
    raises IntegrityError, and validating again reports which value is taken.
    """
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.full_clean()
        raise
