"""The search index: search tokens of public text."""

from __future__ import annotations

from typing import Final

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from newsroom.text import chinese

# PostgreSQL does not number words of a text beyond 16,383, so longer texts are indexed in parts.
TOKENS_PER_PART: Final = 10_000

# Further parts of a query are ignored, because each costs a search.
MOST_PARTS: Final = 10

# Tokens, and whether the last one is a prefix.
Phrase = tuple[list[str], bool]


class SearchEntryQuerySet(models.QuerySet["SearchEntry"]):
    def matching(self, query: str) -> SearchEntryQuerySet:
        """Return entries that contain every space-separated part of `query` as a phrase."""
        phrases = [phrase for phrase in map(chinese.phrase, query.split()) if phrase[0]][:MOST_PARTS]
        if not phrases:
            return self.none()
        match = _match_on_postgresql if connection.vendor == "postgresql" else _match_on_sqlite
        return self.filter(pk__in=match(phrases))


def _match_on_postgresql(phrases: list[Phrase]) -> RawSQL:
    parts = [
        " <-> ".join(f"'{token}'" for token in tokens) + (":*" if is_beginning else "")
        for tokens, is_beginning in phrases
    ]
    return RawSQL(
        "SELECT id FROM liveblog_searchentry WHERE to_tsvector('simple', tokens) @@ to_tsquery('simple', %s)",
        [" & ".join(f"({phrase})" for phrase in parts)],
    )


def _match_on_sqlite(phrases: list[Phrase]) -> RawSQL:
    parts = [f'"{" ".join(tokens)}"' + ("*" if is_beginning else "") for tokens, is_beginning in phrases]
    return RawSQL(
        "SELECT rowid FROM liveblog_searchindex WHERE liveblog_searchindex MATCH %s", [" AND ".join(parts)]
    )


class SearchEntry(models.Model):
    """The space-separated tokens of a published update, or of a blog's head if `update` is null.

    Migration 0003 creates an index over the tokens that depends on the database.
    """

    blog = models.ForeignKey(
        "liveblog.LiveBlog", on_delete=models.CASCADE, related_name="+", verbose_name=_("live blog")
    )
    update = models.ForeignKey(
        "liveblog.Update", on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("update")
    )
    part = models.PositiveSmallIntegerField()
    tokens = models.TextField()

    objects = SearchEntryQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.update_id or self.blog_id} ({self.part})"
