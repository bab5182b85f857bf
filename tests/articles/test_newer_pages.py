"""Loading a newer version of a page in another layout neither duplicates nor loses an update."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from liveblog.articles.article import Article, ArticleError
from liveblog.articles.characters import folded
from liveblog.articles.choices import Role
from liveblog.articles.load import load
from liveblog.articles.notation import Order
from liveblog.articles.parse import Given, parse
from liveblog.articles.report import Action
from liveblog.articles.stamps import stamp_at_start
from liveblog.articles.tails import stamp_at_end
from liveblog.publishing import SYSTEM
from tests.articles.reading import PAGES, page

pytestmark = [pytest.mark.django_db, pytest.mark.any_database, pytest.mark.slow]
_MINUTES: Final = re.compile(r"(?<=\d[:.h時点點])\d\d(?!\d)|(?<=\b[0-2]\d)[0-5]\d(?!\d|年|-|, | at)")


def _move_publication_on(text: str, article: Article) -> Article:
    return parse(text, given=Given(published_at=article.published_at + timedelta(minutes=20)))


def _correct_time(text: str, article: Article) -> Article | None:
    """Move the time of the second timed line one minute on; return None if it has no minutes."""
    lines = text.splitlines()
    timed = [line for line in article.lines if line.role in (Role.TIME, Role.TIMED_HEADING)]
    if len(timed) < 3:
        return None
    number = timed[1].number
    plain = folded(lines[number - 1])
    stamp = stamp_at_start(plain)
    tail = stamp or stamp_at_end(plain)
    start, end = (0, stamp.end) if stamp else (tail.lead if tail else 0, len(plain))
    minutes = next((match for match in _MINUTES.finditer(plain, start, end) if int(match[0]) < 59), None)
    if minutes is None:
        return None
    later = f"{int(minutes[0]) + 1:02}"
    lines[number - 1] = f"{lines[number - 1][: minutes.start()]}{later}{lines[number - 1][minutes.end() :]}"
    return parse("\n".join(lines))


def _blocks(text: str, article: Article) -> tuple[list[str], list[list[str]]]:
    """Return the lines above the updates and those of each update, in the order of the text."""
    lines = text.splitlines()
    starts = sorted(entry.line for entry in article.entries)
    ends = [*(start - 1 for start in starts[1:]), len(lines)]
    return lines[: starts[0] - 1], [lines[start - 1 : end] for start, end in zip(starts, ends, strict=True)]


def _parse_blocks(head: list[str], blocks: list[list[str]]) -> Article:
    return parse("\n".join([*head, *(line for block in blocks for line in block)]))


def _cut_oldest(text: str, article: Article) -> Article | None:
    head, blocks = _blocks(text, article)
    if article.profile.has_days or len(blocks) < 4:
        return None
    return _parse_blocks(head, blocks[1:] if article.profile.order is Order.OLDEST_FIRST else blocks[:-1])


def _edit_one(text: str, article: Article) -> Article | None:
    lines = text.splitlines()
    texts = [line for line in article.lines if line.role is Role.TEXT and line.text.endswith(("。", "."))]
    if not texts:
        return None
    number = texts[len(texts) // 2].number
    line = lines[number - 1].rstrip()
    lines[number - 1] = f"{line[:-1]}，已更正。" if line.endswith("。") else f"{line[:-1]}, corrected."
    return parse("\n".join(lines))


def _move_one(text: str, article: Article) -> Article | None:
    head, blocks = _blocks(text, article)
    if article.profile.has_days or len(blocks) < 4:
        return None
    return _parse_blocks(head, [blocks[0], blocks[2], blocks[1], *blocks[3:]])


SOME_PAGES: Final = PAGES[::3]
VERSIONS: Final[dict[str, Callable[[str, Article], Article | None]]] = {
    "the publication line moved on": _move_publication_on,
    "a time put right": _correct_time,
    "the oldest cut": _cut_oldest,
    "one edited": _edit_one,
    "one moved past its neighbour": _move_one,
}


@pytest.mark.parametrize("newer", VERSIONS.values(), ids=VERSIONS)
def test_newer_version_of_a_page_neither_duplicates_nor_loses_updates(
    newer: Callable[[str, Article], Article | None],
) -> None:
    versions = {path.stem: version for path in SOME_PAGES if (version := _versions_of(path, newer))}
    # Not every page has something to change in each of these ways, but most have.
    assert len(versions) > len(SOME_PAGES) * 2 / 3
    for name, (article, version) in versions.items():
        load(article, by=SYSTEM, slug=name, publish=True)
        report = load(version, by=SYSTEM, slug=name, publish=True)
        actions = [outcome.action for outcome in report.outcomes]
        assert set(actions) <= {Action.UNCHANGED, Action.CHANGED, Action.VANISHED}, name
        assert actions.count(Action.VANISHED) == len(article.entries) - len(version.entries), name
        is_cut = len(version.entries) < len(article.entries)
        assert is_cut == (newer is _cut_oldest), name


def _versions_of(
    path: Path, newer: Callable[[str, Article], Article | None]
) -> tuple[Article, Article] | None:
    """Return a page before and after a change; None if it is refused or has nothing to change."""
    text, _reading = page(path)
    try:
        article = parse(text)
        version = newer(text, article) if article.entries else None
    except ArticleError:
        return None
    return (article, version) if version else None
