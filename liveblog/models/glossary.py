"""The house glossary: wording that conversion between the two scripts must keep to, and its revision."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Edition:
    """The other script of a Chinese blog, at one state of the glossary. `language` is a Language's value."""

    language: str
    glossary: int


class GlossaryTerm(models.Model):
    """One wording in both scripts; the same in both is a term that conversion leaves alone."""

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
        """The glossary's present revision; it grows with each change of a term."""
        return self.values_list("revision", flat=True).filter(pk=1).first() or 0

    def edition(self, language: str) -> Edition:
        return Edition(language, self.revision())

    def revise(self) -> None:
        """Take the next revision; the row's lock makes two editors take two."""
        _row, is_new = self.get_or_create(pk=1, defaults={"revision": 1})
        if not is_new:
            self.filter(pk=1).update(revision=F("revision") + 1)


class Glossary(models.Model):
    """One row: how often the glossary has changed. Part of every converted answer's ETag."""

    revision = models.PositiveIntegerField(default=0)

    objects = GlossaryManager()

    class Meta:
        constraints = [models.CheckConstraint(name="one_glossary", condition=models.Q(pk=1))]

    def __str__(self) -> str:
        return f"g{self.revision}"
