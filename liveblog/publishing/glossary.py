"""Verbs on the house glossary. Each increments its revision, which is part of the ETag of editions."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from liveblog import audit
from liveblog.models import Glossary, GlossaryTerm
from liveblog.publishing.limits import MOST
from liveblog.publishing.log import EVERY_BLOG, notify
from liveblog.publishing.permissions import Actor, require
from liveblog.publishing.saving import refuse_stale, save_checked
from newsroom.text import html


def add_term(*, by: Actor, traditional: str, simplified: str, note: str = "") -> GlossaryTerm:
    """Add a wording; if it is equal in both scripts, conversion leaves it unchanged."""
    require(by, "add_glossaryterm")
    if GlossaryTerm.objects.count() >= MOST["glossary"]:
        raise ValidationError(
            _("The glossary is full: it can hold %(limit)s wordings.") % {"limit": MOST["glossary"]}
        )
    return _save(GlossaryTerm(), by, "glossaryterm_added", traditional, simplified, note)


def edit_term(
    term: GlossaryTerm, *, by: Actor, traditional: str, simplified: str, note: str = "", seen: str = ""
) -> GlossaryTerm:
    require(by, "change_glossaryterm")
    return _save(term, by, "glossaryterm_changed", traditional, simplified, note, seen)


def remove_term(term: GlossaryTerm, *, by: Actor) -> None:
    """Delete a wording. This is safe, because it is a conversion rule and not published text."""
    require(by, "delete_glossaryterm")
    with transaction.atomic():
        _revise()
        audit.record("glossaryterm_deleted", by=by, subject=term)
        term.delete()


def _save(
    term: GlossaryTerm,
    by: Actor,
    action: str,
    traditional: str,
    simplified: str,
    note: str,
    seen: str = "",
) -> GlossaryTerm:
    term.traditional, term.simplified, term.note = map(html.one_line, (traditional, simplified, note))
    with transaction.atomic():
        refuse_stale(term, seen)
        save_checked(term)
        _revise()
        audit.record(action, by=by, subject=term)
    return term


def _revise() -> None:
    """Increment the revision, and wake the processes that keep answers converted with an earlier one."""
    Glossary.objects.revise()
    notify(EVERY_BLOG)
