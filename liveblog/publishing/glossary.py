"""Verbs on the house glossary. Each takes its next revision, which every converted answer names."""

from __future__ import annotations

from django.db import transaction

from liveblog.models import Glossary, GlossaryTerm
from liveblog.publishing.log import Actor, require
from liveblog.publishing.saving import save_checked


def add_term(*, by: Actor, traditional: str, simplified: str, note: str = "") -> GlossaryTerm:
    """Teach conversion a wording; the same in both scripts keeps it as it is."""
    require(by, "add_glossaryterm")
    return _save(GlossaryTerm(), traditional, simplified, note)


def edit_term(
    term: GlossaryTerm, *, by: Actor, traditional: str, simplified: str, note: str = ""
) -> GlossaryTerm:
    require(by, "change_glossaryterm")
    return _save(term, traditional, simplified, note)


def remove_term(term: GlossaryTerm, *, by: Actor) -> None:
    """Take a wording out. It is a rule of conversion, not copy: nothing that readers saw is lost."""
    require(by, "delete_glossaryterm")
    with transaction.atomic():
        term.delete()
        Glossary.objects.revise()


def _save(term: GlossaryTerm, traditional: str, simplified: str, note: str) -> GlossaryTerm:
    term.traditional, term.simplified, term.note = traditional.strip(), simplified.strip(), note.strip()
    with transaction.atomic():
        save_checked(term)
        Glossary.objects.revise()
    return term
