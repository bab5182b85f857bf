"""The search index: what readers may see, as the tokens that they are searched by."""

from __future__ import annotations

from typing import Final

from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from newsroom.text import chinese

# PostgreSQL numbers no word of a text above 16,383: longer ones are indexed in parts.
TOKENS_PER_PART: Final = 10_000

# Parts of a query that are searched for; further parts are ignored, because each costs a search.
MOST_PARTS: Final = 10

# Its tokens, and whether the last is only the beginning of one.
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
    asked = [
        " <-> ".join(f"'{token}'" for token in tokens) + (":*" if is_beginning else "")
        for tokens, is_beginning in phrases
    ]
    return RawSQL(
        "SELECT id FROM liveblog_searchentry WHERE to_tsvector('simple', tokens) @@ to_tsquery('simple', %s)",
        [" & ".join(f"({phrase})" for phrase in asked)],
    )


def _match_on_sqlite(phrases: list[Phrase]) -> RawSQL:
    asked = [f'"{" ".join(tokens)}"' + ("*" if is_beginning else "") for tokens, is_beginning in phrases]
    return RawSQL(
        "SELECT rowid FROM liveblog_searchindex WHERE liveblog_searchindex MATCH %s", [" AND ".join(asked)]
    )


class SearchEntry(models.Model):
    """What a published update says, or the head of a blog that names no update: tokens between spaces.

    The index over the tokens is of the database's own kind; migration 0003 makes it.
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
