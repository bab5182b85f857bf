"""Heads of invented articles, and what was read in one, for comparison."""

from __future__ import annotations

from datetime import date, time
from typing import Final

from liveblog.articles.article import Article, Paragraph

SEPTEMBER_23: Final = date(2025, 9, 23)
HEAD_ZH: Final = "渡輪停航（持續更新）\n2025-09-23 14:00\n"
HEAD_EN: Final = "Ferries stop\n23 September 2025, 2:00pm\n"


def updates(article: Article) -> list[tuple[date, time | None, str, list[str]]]:
    return [
        (
            entry.day,
            entry.clock,
            entry.heading,
            [block.text for block in entry.blocks if isinstance(block, Paragraph)],
        )
        for entry in article.entries
    ]


def headings(article: Article) -> list[tuple[time | None, str]]:
    return [(entry.clock, entry.heading) for entry in article.entries]


def reasons(article: Article) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for doubt in article.doubts:
        reasons.setdefault(doubt.line, []).append(doubt.reason)
    return reasons


def left_out(article: Article) -> list[str]:
    return [line.text for line in article.left_out]
