"""The house glossary: wordings for conversion between the two scripts, and its revision."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Edition:
    """A script to convert to, at one revision of the glossary. `language` is a value of Language."""

    language: str
    glossary: int


class GlossaryTerm(models.Model):
    """A wording in both scripts. Conversion leaves a term unchanged if both are equal."""

    traditional = models.CharField(_("in Traditional"), max_length=80, unique=True)
    simplified = models.CharField(_("in Simplified"), max_length=80, unique=True)
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("For internal use only."))

    class Meta:
        ordering = ["traditional"]
        verbose_name = _("glossary term")
        verbose_name_plural = _("glossary")
        constraints = [
            models.CheckConstraint(
                name="term_is_whole",
                condition=~models.Q(traditional="") & ~models.Q(simplified=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.traditional} = {self.simplified}"


class GlossaryManager(models.Manager["Glossary"]):
    def revision(self) -> int:
        """Return the current revision of the glossary, which each change of a term increments."""
        return self.values_list("revision", flat=True).filter(pk=1).first() or 0

    def revision_column(self) -> Coalesce:
        """Return `revision` as an expression, to read it in the same query as other rows."""
        return Coalesce(models.Subquery(self.filter(pk=1).values("revision")), 0)

    def edition(self, language: str) -> Edition:
        return Edition(language, self.revision())

    def revise(self) -> None:
        """Increment the revision. The row lock makes concurrent editors take different revisions."""
        _row, is_new = self.get_or_create(pk=1, defaults={"revision": 1})
        if not is_new:
            self.filter(pk=1).update(revision=F("revision") + 1)


class Glossary(models.Model):
    """A single row with the revision of the glossary, which is part of the ETag of every edition."""

    revision = models.PositiveIntegerField(default=0)

    objects = GlossaryManager()

    class Meta:
        constraints = [models.CheckConstraint(name="one_glossary", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return f"g{self.revision}"
