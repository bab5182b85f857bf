"""Loading of an article into a new live blog, and writing it back."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from liveblog import publishing
from liveblog.articles.article import ArticleError
from liveblog.articles.load import load
from liveblog.articles.parse import parse, read
from liveblog.articles.report import Action, Unresolved
from liveblog.articles.saved import write_blog
from liveblog.models import Change, LiveBlog, Update
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from newsroom import hongkong
from tests.articles.loading import AT_10_05, COPY, blog, load_copy, update
from tests.factories import make_image, make_user

pytestmark = pytest.mark.django_db


def test_publishing_an_article_creates_a_running_blog() -> None:
    report = load_copy()
    live_blog = blog()
    assert (live_blog.kicker, live_blog.headline, live_blog.language, live_blog.status) == (
        "燈塔",
        "百年燈塔重新亮燈",
        "zh-hant",
        "live",
    )
    assert live_blog.standfirst == "燈塔停用十年後重新啟用。"
    assert [Story.of(story) for story in live_blog.related_stories.all()] == [Story("燈塔︱開放時間一覽", 1)]
    assert live_blog.coverage_start_at == datetime(2026, 3, 19, 10, 0, tzinfo=hongkong.ZONE)
    assert [outcome.action for outcome in report.outcomes] == [Action.ADDED] * 4
    assert report.unresolved == (
        Unresolved("燈塔︱開放時間一覽", "standfirst"),
        Unresolved("修復工程全紀錄", "“首晚亮燈”"),
    )
    assert write_blog(live_blog).text == COPY


def test_updates_get_their_times_text_and_order_from_the_article() -> None:
    load_copy()
    first = update("首晚亮燈")
    assert first.body == (
        "<p>燈塔零時亮燈。</p><ul><li>燈光可見20公里;</li><li>每10秒一閃。</li></ul><p>居民到場觀看。</p>"
    )
    assert [Story.of(story) for story in first.related_stories.all()] == [Story("修復工程全紀錄", 2)]
    assert first.happened_at == first.first_published_at == datetime(2026, 3, 20, 0, 30, tzinfo=hongkong.ZONE)
    untimed = update("燈塔志願者獲嘉許")
    assert (untimed.has_clock_time, untimed.happened_on) == (False, date(2026, 3, 20))
    assert untimed.first_published_at == untimed.happened_at
    headings = [each.heading for each in blog().updates.newest_first()]
    assert headings == ["首晚亮燈", "燈塔志願者獲嘉許", "修復完成", ""]


def test_title_without_the_running_mark_ends_coverage_at_the_newest_update() -> None:
    load_copy(COPY.replace("|持續更新", ""))
    assert (blog().status, blog().coverage_end_at) == (
        "ended",
        datetime(2026, 3, 20, 0, 30, tzinfo=hongkong.ZONE),
    )


def test_unpublished_load_creates_drafts_that_a_later_load_publishes() -> None:
    load_copy(publish=False)
    assert (blog().status, blog().number) == ("draft", 0)
    assert set(blog().updates.values_list("status", flat=True)) == {"draft"}
    report = load_copy()
    assert [outcome.action for outcome in report.outcomes] == [Action.PUBLISHED] * 4
    assert write_blog(blog()).text == COPY
    assert update("首晚亮燈").first_published_at == datetime(2026, 3, 20, 0, 30, tzinfo=hongkong.ZONE)


@pytest.mark.parametrize(
    ("title", "slugs"),
    [
        ("燈塔︱亮燈", ["live-2026-03-19", "live-2026-03-19-2"]),
        ("Harbour | The old lighthouse is lit", ["harbour-the-old-lighthouse-is-lit"] * 1),
        ("燈塔停用10年 AI助修復", ["live-2026-03-19"]),
    ],
)
def test_slug_comes_from_a_latin_title_or_else_the_date(title: str, slugs: list[str]) -> None:
    text = f"{title}\n2026-03-19 10:00\n導語。\n"
    assert [load_copy(text, slug="").slug for _slug in slugs] == slugs


def test_dry_run_gives_the_same_report_and_saves_nothing() -> None:
    dry_report = load_copy(dry_run=True)
    assert (LiveBlog.objects.count(), Update.objects.count(), Change.objects.count()) == (0, 0, 0)
    assert dry_report.is_dry_run
    report = load_copy()
    assert [(outcome.action, outcome.about, outcome.line) for outcome in dry_report.outcomes] == [
        (outcome.action, outcome.about, outcome.line) for outcome in report.outcomes
    ]


def test_samples_load_completely_and_list_unresolved_stories(samples: Path) -> None:
    counts = {}
    for path in sorted(samples.glob("*.txt")):
        article = parse(read(path.read_bytes()))
        report = load(article, by=SYSTEM, slug=path.stem, publish=True)
        assert [outcome.action for outcome in report.outcomes] == [Action.ADDED] * len(article.entries)
        counts[path.name] = (len(article.entries), len(report.unresolved))
    assert counts == {
        "typhoon-en.txt": (4, 1),
        "typhoon-zh-hant.txt": (6, 1),
        "ukraine-2025-03-18.txt": (8, 2),
    }


def test_too_long_text_raises_an_error_with_its_line_and_saves_nothing() -> None:
    long_text = "甲" * 200_001 + "。"
    with pytest.raises(ArticleError) as excinfo:
        load_copy(COPY.replace("工程隊離開。", long_text))
    assert (excinfo.value.line, excinfo.value.reason) == (15, "The text is too long for one update.")
    assert LiveBlog.objects.count() == 0


def test_loading_into_a_withdrawn_blog_is_refused() -> None:
    load_copy()
    publishing.withdraw_blog(blog(), by=SYSTEM)
    with pytest.raises(ValidationError, match="withdrawn"):
        load_copy()


def test_loading_requires_the_publishing_permissions() -> None:
    with pytest.raises(PermissionDenied):
        load(parse(COPY), by=make_user("add_liveblog", "add_update"), publish=True)
    assert LiveBlog.objects.count() == 0
    load(parse(COPY), by=make_user("add_liveblog", "add_update"))
    assert LiveBlog.objects.get().updates.count() == 4


def test_export_warns_of_content_that_an_article_cannot_express() -> None:
    details = BlogDetails(slug="warned", language="zh-hant", headline="燈塔", summary="<p>要點</p>")
    live_blog = publishing.create_blog(details, by=SYSTEM)
    body = (
        '<p>見<a href="https://example.com/">此</a>處<strong>說明</strong>。</p><p>短句</p>'
        "<table><tbody><tr><td>甲</td><td>乙。</td></tr></tbody></table><p>首行。<br>次行。</p>"
    )
    publishing.draft_update(
        live_blog, Content(heading="亮燈", body=body, happened_at=AT_10_05, images=(make_image(),)), by=SYSTEM
    )
    assert [str(warning) for warning in write_blog(live_blog).warnings] == [
        "live blog: The summary is not written.",
        "“亮燈”: A table becomes lines of text.",
        "“亮燈”: A line break becomes a new paragraph.",
        "“亮燈”: Bold, italic and the like become plain.",
        "“亮燈”: Its pictures are not written.",
        "line 6, “亮燈”: “短句” would read as a heading.",
    ]


def test_link_in_a_sentence_is_saved_as_a_link_and_survives_export_and_import() -> None:
    text = (
        "燈塔︱重新亮燈|持續更新\n2026-03-19 10:00\n見[說明](https://example.com/a?b=1&c=2)。\n19日最新消息\n亮燈\n"
        "【09:05】見[前文](https://example.com/x)，另見[公告](https://example.com/y)。\n"
    )
    load(parse(text), by=SYSTEM, slug="links", publish=True)
    blog = LiveBlog.objects.get(slug="links")
    body = blog.updates.get().body
    assert [body.count(f'<a href="https://example.com/{name}"') for name in "xy"] == [1, 1]
    assert "[" not in body
    stories = [(story.title, story.url) for story in blog.related_stories.all()]
    assert (blog.standfirst, stories) == ("見說明。", [("說明", "https://example.com/a?b=1&c=2")])
    written = write_blog(blog)
    assert "見[前文](https://example.com/x)，另見[公告](https://example.com/y)。" in written.text
    assert written.warnings == ()
    report = load(parse(written.text), by=SYSTEM, slug="links", publish=True)
    assert [outcome.action for outcome in report.outcomes] == [Action.UNCHANGED]
