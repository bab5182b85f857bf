"""Round trips between articles and text, with and without the database."""

from __future__ import annotations

import re
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, reject, settings

from liveblog.articles.article import Article, ArticleError
from liveblog.articles.load import load
from liveblog.articles.parse import parse, read
from liveblog.articles.report import Action
from liveblog.articles.saved import is_as_imported, write_blog
from liveblog.articles.write import write
from liveblog.models import LiveBlog
from liveblog.publishing import SYSTEM
from tests.articles.strategies import articles, running_copy

_serial = count(1)


@given(articles())
@settings(max_examples=60)
def test_written_article_parses_as_the_same_article(article: Article) -> None:
    output = write(article)
    assert output.warnings == ()
    assert parse(output.text) == article


@given(running_copy())
@settings(max_examples=60)
@example("甲︱乙\n2026-01-01 10:00\n【10:00】\n【09:00】\n最新回應\n---\n相關新聞:")
def test_any_copy_survives_writing_or_the_writer_warns(text: str) -> None:
    try:
        article = parse(text)
    except ArticleError:
        reject()
    output = write(article)
    assert output.warnings or parse(output.text) == article
    assert _unaccounted_letters(article, text) == Counter()


def _unaccounted_letters(article: Article, text: str) -> Counter[str]:
    """Count the letters below the publication time that are not written back, doubted or left out."""
    forms = (
        r"更新|[报報]道|最新|消息|相[关關]新[闻聞]|回應|Related|Updates|July|上午|下午|凌晨|正午|[时時]|am|pm"
    )
    excused_lines = {doubt.line for doubt in article.doubts} | {line.number for line in article.left_out}
    lines = enumerate(text.splitlines(), 1)
    certain_text = "\n".join(line for number, line in lines if number > 2 and number not in excused_lines)
    letters = [
        char for char in re.sub(forms, "", certain_text) if char.isalpha() and char not in "月日時时年分零"
    ]
    return Counter(letters) - Counter(write(article).text)


@pytest.mark.django_db
@given(articles(is_sorted=True))
@settings(max_examples=20)
def test_published_blog_is_written_as_the_loaded_article(article: Article) -> None:
    report = load(article, by=SYSTEM, slug=f"round-{next(_serial)}", publish=True)
    blog = LiveBlog.objects.get(slug=report.slug)
    output = write_blog(blog)
    assert output.warnings == ()
    assert parse(output.text) == article
    assert all(is_as_imported(update) for update in blog.updates.complete())


@pytest.mark.django_db
@given(articles(is_sorted=True))
@settings(max_examples=12)
def test_loading_the_same_copy_again_changes_nothing(article: Article) -> None:
    slug = f"again-{next(_serial)}"
    load(article, by=SYSTEM, slug=slug, publish=True)
    before = LiveBlog.objects.get(slug=slug).number
    report = load(article, by=SYSTEM, slug=slug, publish=True)
    assert {outcome.action for outcome in report.outcomes} <= {Action.UNCHANGED}
    assert (report.head_changes, LiveBlog.objects.get(slug=slug).number) == ((), before)


@pytest.mark.django_db
@given(articles(is_sorted=True))
@settings(max_examples=8)
def test_draft_blog_is_written_as_the_loaded_article(article: Article) -> None:
    report = load(article, by=SYSTEM, slug=f"draft-{next(_serial)}")
    output = write_blog(LiveBlog.objects.get(slug=report.slug))
    assert parse(output.text) == article


@pytest.mark.django_db
@pytest.mark.parametrize("publish", [True, False])
def test_long_sample_round_trips_character_by_character(samples: Path, publish: bool) -> None:
    source = read((samples / "ukraine-2025-03-18.txt").read_bytes())
    report = load(parse(source), by=SYSTEM, publish=publish)
    output = write_blog(LiveBlog.objects.get(slug=report.slug))
    assert "".join(output.text.split()) == "".join(source.split())
    assert output.warnings == ()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["typhoon-zh-hant.txt", "typhoon-en.txt", "ukraine-2025-03-18.txt"])
def test_samples_round_trip_without_losing_words_times_or_links(samples: Path, name: str) -> None:
    source = read((samples / name).read_bytes())
    article = parse(source)
    report = load(article, by=SYSTEM, publish=True)
    output = write_blog(LiveBlog.objects.get(slug=report.slug))
    assert article.doubts == ()
    assert parse(output.text) == article
    # The canonical time mark has only the time, so 更新 and 更新報道 beside it may be dropped.
    plain = re.sub(r"(?<=\d)更新(?:報道)?(?=】)", "", source)
    assert Counter("".join(plain.split())) - Counter(output.text) == Counter()
