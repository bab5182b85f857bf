"""Saving a row by its own rules, also when somebody else saves at the same instant."""

from __future__ import annotations

from django.db import IntegrityError, models, transaction


def save_checked(row: models.Model) -> None:
    """Check a row and save it. Raises ValidationError for whatever its rules refuse.

    Between the check and the save somebody else may have taken a name or an address that must be unique. Then
    the database refuses, and checking again says in words what is taken.
    """
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.full_clean()
        raise
