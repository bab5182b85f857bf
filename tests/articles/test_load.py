"""Loading of articles and of newer copy of the same article."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from liveblog import publishing
from liveblog.articles.article import Article, ArticleError
from liveblog.articles.load import load
from liveblog.articles.parse import parse, read
from liveblog.articles.place import Slot, place
from liveblog.articles.report import Action, HeadChange, Report, Unresolved
from liveblog.articles.saved import write_blog
from liveblog.models import Change, LiveBlog, Revision, Update
from liveblog.publishing import SYSTEM, BlogDetails, Content, Story
from newsroom import hongkong
from tests.factories import make_image, make_person, make_user

pytestmark = pytest.mark.django_db

COPY = """\
燈塔︱百年燈塔重新亮燈|持續更新
2026-03-19 10:00
燈塔停用十年後重新啟用。
相關新聞:燈塔︱開放時間一覽
20日最新消息
首晚亮燈
【00:30】燈塔零時亮燈。
.燈光可見20公里;
.每10秒一閃。
相關新聞:修復工程全紀錄
居民到場觀看。
燈塔志願者獲嘉許
志願者說很高興。
19日最新消息
修復完成
【10:05】工程隊離開。
【09:00】最後測試完成。
"""
AT_10_05 = datetime(2026, 3, 19, 10, 5, tzinfo=hongkong.ZONE)


def load_copy(text: str = COPY, **options: object) -> Report:
    """Load copy after a dry run, which must give the same report and neither write nor lock."""
    article, options = parse(text), {"by": SYSTEM, "slug": "lighthouse", "publish": True} | options
    dry_report, refusal = _run(lambda: _rehearse(article, options))
    report, real_refusal = _run(lambda: load(article, **options))
    assert str(refusal) == str(real_refusal)
    if real_refusal:
        raise real_refusal
    if not options.get("dry_run"):
        assert _without_ids(dry_report) == replace(_without_ids(report), is_dry_run=True)
    return report


def _rehearse(article: Article, options: dict[str, object]) -> Report:
    with CaptureQueriesContext(connection) as queries:
        report = load(article, **options | {"dry_run": True})
    assert writes_in(queries) == []
    return report


def _run(act: Callable[[], Report]) -> tuple[Report | None, Exception | None]:
    try:
        return act(), None
    except (ArticleError, PermissionDenied, ValidationError) as refusal:
        return None, refusal


def _without_ids(report: Report) -> Report:
    """Return the report without update ids, which a dry run does not have for new updates."""
    return replace(report, outcomes=tuple(replace(outcome, update_id=None) for outcome in report.outcomes))


def writes_in(queries: CaptureQueriesContext) -> list[str]:
    """Return the SQL statements that write or lock.

    Savepoints are ignored, because Django checks constraints by a SELECT inside one.
    """
    statements = [query["sql"] for query in queries.captured_queries]
    reading = ("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT")
    return [sql for sql in statements if not sql.startswith(reading) or "FOR UPDATE" in sql]


def blog() -> LiveBlog:
    return LiveBlog.objects.get(slug="lighthouse")


def update(heading: str) -> Update:
    return Update.objects.get(blog=blog(), heading=heading)


def changes_in(report: Report) -> list[tuple[Action, str]]:
    """Return action and name of each update that the load did not leave unchanged."""
    return [
        (outcome.action, outcome.about)
        for outcome in report.outcomes
        if outcome.action is not Action.UNCHANGED
    ]


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


def test_unchanged_copy_leaves_the_change_number_alone() -> None:
    load_copy()
    before = blog().number
    report = load_copy()
    assert (changes_in(report), report.head_changes, blog().number) == ([], (), before)


def test_newer_copy_inserts_new_updates_in_order() -> None:
    load_copy()
    newer = COPY.replace(
        "修復完成\n", "市民可預約參觀\n名額有限。\n交還鑰匙\n【10:05】署方接收。\n修復完成\n"
    )
    report = load_copy(newer)
    assert changes_in(report) == [(Action.ADDED, "“市民可預約參觀”"), (Action.ADDED, "“交還鑰匙”")]
    assert write_blog(blog()).text == newer
    assert update("修復完成").happened_at == AT_10_05
    assert AT_10_05 < update("交還鑰匙").happened_at < AT_10_05 + timedelta(seconds=1)


def test_change_in_the_copy_alone_is_saved_as_a_minor_edit() -> None:
    load_copy()
    before = blog().number
    report = load_copy(COPY.replace("工程隊離開。", "工程隊已離開。"))
    assert changes_in(report) == [(Action.CHANGED, "“修復完成”")]
    assert blog().number == before + 1
    assert update("修復完成").body == "<p>工程隊已離開。</p>"
    assert update("修復完成").revisions.first().kind == Revision.Kind.MINOR


def test_change_with_a_note_is_saved_as_a_correction() -> None:
    load_copy()
    load_copy(COPY.replace("工程隊離開。", "工程隊已離開。"), note="更正工程隊的行蹤。")
    revision = update("修復完成").revisions.first()
    assert (revision.kind, revision.note) == (Revision.Kind.CORRECTION, "更正工程隊的行蹤。")


@pytest.mark.parametrize(
    ("old", "new", "heading"),
    [
        ("修復完成\n【10:05】", "修復工程完成\n【10:05】", "修復工程完成"),
        ("修復完成\n【10:05】", "修復完成\n【10:35】", "修復完成"),
        ("燈塔志願者獲嘉許", "十名志願者獲嘉許", "十名志願者獲嘉許"),
        ("燈塔志願者獲嘉許\n", "燈塔志願者獲嘉許\n【00:15】", "燈塔志願者獲嘉許"),
    ],
    ids=["heading", "time", "heading of an untimed update", "time becomes known"],
)
def test_update_with_a_changed_heading_or_time_is_matched(old: str, new: str, heading: str) -> None:
    load_copy()
    update_ids = set(blog().updates.values_list("pk", flat=True))
    newer = COPY.replace(old, new)
    assert changes_in(load_copy(newer)) == [(Action.CHANGED, f"“{heading}”")]
    assert set(blog().updates.values_list("pk", flat=True)) == update_ids
    assert write_blog(blog()).text == newer


def test_change_at_the_desk_alone_survives_the_same_copy() -> None:
    load_copy()
    _edit_at_desk("修復完成", body="<p>工程隊收隊。</p>")
    before = blog().number
    assert (changes_in(load_copy()), blog().number) == ([], before)
    assert update("修復完成").body == "<p>工程隊收隊。</p>"


def test_update_moved_and_renamed_at_the_desk_is_matched() -> None:
    load_copy()
    _edit_at_desk("修復完成", heading="工程完結", happened_at=AT_10_05 + timedelta(minutes=3))
    assert changes_in(load_copy()) == []
    assert blog().updates.count() == 4


@pytest.mark.parametrize("body", ["<p>工程隊收隊。</p>", "<p>工程隊<strong>離開</strong>。</p>"])
def test_change_on_both_sides_is_a_conflict_that_keeps_the_desk_version(body: str) -> None:
    load_copy()
    _edit_at_desk("修復完成", body=body)
    newer = COPY.replace("工程隊離開。", "工程隊已離開。")
    assert changes_in(load_copy(newer)) == [(Action.CONFLICT, "“修復完成”")]
    assert changes_in(load_copy(newer)) == [(Action.CONFLICT, "“修復完成”")]
    assert update("修復完成").body == body


def test_same_change_on_both_sides_never_conflicts() -> None:
    load_copy()
    _edit_at_desk("修復完成", body="<p>工程隊收隊。</p>")
    newer = COPY.replace("工程隊離開。", "工程隊收隊。")
    assert changes_in(load_copy(newer)) == []
    assert changes_in(load_copy(newer.replace("工程隊收隊。", "工程隊已收隊。"))) == [
        (Action.CHANGED, "“修復完成”")
    ]


def test_desk_pictures_source_and_story_links_survive_newer_copy() -> None:
    load_copy()
    image = make_image()
    _edit_at_desk("首晚亮燈", images=(image,), is_key_event=True, source="署方")
    story = update("首晚亮燈").related_stories.get()
    publishing.edit_story(story, by=SYSTEM, title=story.title, url="https://example.com/works")
    report = load_copy(COPY.replace("居民到場觀看。", "數百居民到場觀看。"))
    assert changes_in(report) == [(Action.CHANGED, "“首晚亮燈”")]
    content = Content.of(update("首晚亮燈"))
    assert (content.images, content.is_key_event, content.source) == ((image,), True, "署方")
    assert content.stories == (Story("修復工程全紀錄", 2, "https://example.com/works"),)
    assert "<p>數百居民到場觀看。</p>" in content.body


def test_story_url_is_added_from_newer_copy_and_stays() -> None:
    load_copy()
    report = load_copy(COPY.replace("修復工程全紀錄", "修復工程全紀錄 https://example.com/works"))
    assert changes_in(report) == [(Action.CHANGED, "“首晚亮燈”")]
    assert update("首晚亮燈").related_stories.get().url == "https://example.com/works"
    assert changes_in(load_copy()) == []
    assert update("首晚亮燈").related_stories.get().url == "https://example.com/works"


def test_withdrawn_update_stays_withdrawn() -> None:
    load_copy()
    publishing.withdraw_update(update("修復完成"), by=SYSTEM, reason="有誤")
    newer = COPY.replace("工程隊離開。", "工程隊已離開。")
    assert changes_in(load_copy(newer)) == [(Action.STAYS_WITHDRAWN, "“修復完成”")]
    assert (update("修復完成").status, update("修復完成").body) == ("withdrawn", "<p>工程隊離開。</p>")


@pytest.mark.parametrize("heading", ["修復完成", "燈塔志願者獲嘉許"])
def test_erased_update_is_not_recreated(heading: str) -> None:
    load_copy()
    publishing.erase_update(update(heading), by=SYSTEM, reason="法庭命令")
    assert changes_in(load_copy()) == [(Action.STAYS_WITHDRAWN, f"“{heading}”")]
    assert not blog().updates.filter(heading=heading).exists()


def test_missing_update_is_reported_and_withdrawn_only_on_request() -> None:
    load_copy()
    newer = COPY.replace("修復完成\n【10:05】工程隊離開。\n", "")
    assert changes_in(load_copy(newer)) == [(Action.VANISHED, "“修復完成”")]
    assert update("修復完成").is_published
    assert changes_in(load_copy(newer, withdraw_missing=True)) == [(Action.WITHDRAWN, "“修復完成”")]
    assert update("修復完成").is_withdrawn
    assert changes_in(load_copy(newer, withdraw_missing=True)) == []


def test_update_written_at_the_desk_is_left_alone() -> None:
    load_copy()
    desk_update = publishing.publish_update(
        blog(), Content(heading="本台消息", body="<p>本台記者在場。</p>", happened_at=AT_10_05), by=SYSTEM
    )
    assert changes_in(load_copy(withdraw_missing=True)) == []
    desk_update.refresh_from_db()
    assert (desk_update.is_published, desk_update.imported_hash) == (True, "")


def test_ambiguous_updates_are_reported_and_left_alone() -> None:
    twins = COPY.replace("修復完成\n", "消息一\n【10:05】甲說。\n消息二\n【10:05】乙說。\n修復完成\n")
    load_copy(twins)
    newer = twins.replace("消息一\n【10:05】甲說。", "消息三\n【10:05】丙說。")
    newer = newer.replace("消息二\n【10:05】乙說。", "消息四\n【10:05】丁說。")
    before = blog().number
    report = load_copy(newer)
    assert sorted(about for action, about in changes_in(report) if action is Action.AMBIGUOUS) == [
        "“消息一”",
        "“消息三”",
        "“消息二”",
        "“消息四”",
    ]
    assert (len(changes_in(report)), blog().number) == (4, before)


def test_changed_title_updates_the_headline() -> None:
    load_copy()
    before = blog().number
    report = load_copy(COPY.replace("百年燈塔重新亮燈", "燈塔亮燈 居民歡呼"))
    assert report.head_changes == (HeadChange("headline", "百年燈塔重新亮燈", "燈塔亮燈 居民歡呼"),)
    assert (blog().headline, blog().number) == ("燈塔亮燈 居民歡呼", before + 1)


def test_desk_headline_wins_and_a_change_on_both_sides_is_a_conflict() -> None:
    load_copy()
    details = replace(BlogDetails.of(blog()), headline="編輯的標題")
    publishing.edit_blog(blog(), details, by=publishing.SYSTEM)
    before = blog().number
    assert load_copy().head_changes == ()
    report = load_copy(COPY.replace("百年燈塔重新亮燈", "燈塔亮燈 居民歡呼"))
    assert report.head_changes == (
        HeadChange("headline", "編輯的標題", "燈塔亮燈 居民歡呼", is_conflict=True),
    )
    assert (blog().headline, blog().number) == ("編輯的標題", before)


def test_copy_in_the_other_script_adds_a_note_and_keeps_the_language() -> None:
    load_copy()
    report = load_copy("灯塔\n2026-03-19 10:00\n19日最新消息\n无时间表\n发言人说,尚无时间表。\n")
    assert report.notes == ("The copy reads as zh-hans, the live blog is in zh-hant.",)
    assert blog().language == "zh-hant"


def test_copy_without_the_running_mark_ends_coverage_for_good() -> None:
    load_copy()
    load_copy(COPY.replace("|持續更新", ""), publish=False)
    assert blog().status == "live"
    load_copy(COPY.replace("|持續更新", ""))
    assert blog().status == "ended"
    report = load_copy()
    assert (blog().status, report.notes) == (
        "ended",
        ("The copy is marked as running, but coverage here has ended and stays ended.",),
    )


def test_coverage_continues_if_the_editor_may_not_end_it() -> None:
    load_copy()
    day = "19日最新消息\n"
    copy = COPY.replace("|持續更新", "").replace(day, f"{day}新一則\n【10:30】內文。\n", 1)
    report = load_copy(copy, by=make_person("Editor"))
    assert (blog().status, report.notes) == (
        "live",
        ("The copy is not marked as running. Coverage goes on, because your account may not end it.",),
    )
    assert Update.objects.published().filter(heading="新一則").exists()


def test_new_updates_of_a_live_blog_are_drafts_unless_published() -> None:
    load_copy()
    newer = COPY.replace("修復完成\n", "交還鑰匙\n【10:45】署方接收。\n修復完成\n")
    load_copy(newer, publish=False)
    assert (blog().status, update("交還鑰匙").status) == ("live", "draft")
    assert changes_in(load_copy(newer)) == [(Action.PUBLISHED, "“交還鑰匙”")]


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


def test_untimed_update_is_placed_between_its_neighbours_on_its_own_day() -> None:
    day = date(2026, 3, 19)
    published_at = datetime(2026, 3, 19, 17, 14, tzinfo=hongkong.ZONE)
    slots = [
        Slot(day, None),
        Slot(day, time(23, 59)),
        Slot(day, time(10, 5)),
        Slot(day, None),
        Slot(day, time(10, 5)),
        Slot(day, time(0, 0)),
        Slot(day, None),
        Slot(day - timedelta(days=1), None),
        Slot(day - timedelta(days=1), time(23, 59)),
    ]
    moments = place(slots, published_at)
    assert moments == sorted(set(moments), reverse=True)
    labels = [f"{hongkong.to_hong_kong(moment):%Y-%m-%d %H:%M}" for moment in moments]
    assert [text[: 16 if slot.clock else 10] for text, slot in zip(labels, slots, strict=True)] == [
        "2026-03-19",
        "2026-03-19 23:59",
        "2026-03-19 10:05",
        "2026-03-19",
        "2026-03-19 10:05",
        "2026-03-19 00:00",
        "2026-03-19",
        "2026-03-18",
        "2026-03-18 23:59",
    ]


def test_forty_insertions_fit_within_the_minute_of_an_update() -> None:
    day = date(2026, 3, 19)
    published_at = datetime(2026, 3, 19, 17, 14, tzinfo=hongkong.ZONE)
    slots = [Slot(day, time(10, 5), AT_10_05)]
    for insertion in range(40):
        slots.insert(insertion % 2, Slot(day, time(10, 5)))
        moments = place(slots, published_at)
        assert moments == sorted(set(moments), reverse=True)
        assert {moment.replace(second=0, microsecond=0) for moment in moments} == {AT_10_05}
        slots = [replace(slot, moment=moment) for slot, moment in zip(slots, moments, strict=True)]


def _edit_at_desk(target: str, **changes: object) -> None:
    edited_update = update(target)
    publishing.edit_update(edited_update, replace(Content.of(edited_update), **changes), by=SYSTEM)


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
