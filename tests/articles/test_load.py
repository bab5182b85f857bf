"""Articles loaded through the publishing verbs, and newer copy of the same article."""

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
from tests.factories import make_image, make_user

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


def take(text: str = COPY, **options: object) -> Report:
    """Load copy after a dry run, which must give the same report and neither write nor lock."""
    article, options = parse(text), {"by": SYSTEM, "slug": "lighthouse", "publish": True} | options
    rehearsed, refusal = _outcome(lambda: _rehearse(article, options))
    report, real_refusal = _outcome(lambda: load(article, **options))
    assert str(refusal) == str(real_refusal)
    if real_refusal:
        raise real_refusal
    if not options.get("dry_run"):
        assert _without_ids(rehearsed) == replace(_without_ids(report), is_dry_run=True)
    return report


def _rehearse(article: Article, options: dict[str, object]) -> Report:
    with CaptureQueriesContext(connection) as captured:
        report = load(article, **options | {"dry_run": True})
    assert writes_in(captured) == []
    return report


def _outcome(act: Callable[[], Report]) -> tuple[Report | None, Exception | None]:
    try:
        return act(), None
    except (ArticleError, PermissionDenied, ValidationError) as refusal:
        return None, refusal


def _without_ids(report: Report) -> Report:
    """Return the report without update ids, which a dry run does not have for new updates."""
    return replace(report, outcomes=tuple(replace(outcome, update_id=None) for outcome in report.outcomes))


def writes_in(captured: CaptureQueriesContext) -> list[str]:
    """Return the SQL statements that write or lock.

    Savepoints are ignored, because Django checks constraints by a SELECT inside one.
    """
    statements = [query["sql"] for query in captured.captured_queries]
    reading = ("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT")
    return [sql for sql in statements if not sql.startswith(reading) or "FOR UPDATE" in sql]


def blog() -> LiveBlog:
    return LiveBlog.objects.get(slug="lighthouse")


def update(heading: str) -> Update:
    return Update.objects.get(blog=blog(), heading=heading)


def acted(report: Report) -> list[tuple[Action, str]]:
    """What was not simply left as it is."""
    return [(found.action, found.about) for found in report.outcomes if found.action is not Action.UNCHANGED]


def test_publishing_an_article_makes_a_running_blog() -> None:
    report = take()
    found = blog()
    assert (found.kicker, found.headline, found.language, found.status) == (
        "燈塔",
        "百年燈塔重新亮燈",
        "zh-hant",
        "live",
    )
    assert found.standfirst == "燈塔停用十年後重新啟用。"
    assert [Story.of(story) for story in found.related_stories.all()] == [Story("燈塔︱開放時間一覽", 1)]
    assert found.coverage_start_at == datetime(2026, 3, 19, 10, 0, tzinfo=hongkong.ZONE)
    assert [outcome.action for outcome in report.outcomes] == [Action.ADDED] * 4
    assert report.unresolved == (
        Unresolved("燈塔︱開放時間一覽", "standfirst"),
        Unresolved("修復工程全紀錄", "“首晚亮燈”"),
    )
    assert write_blog(found).text == COPY


def test_updates_keep_their_own_times_text_and_places() -> None:
    take()
    first = update("首晚亮燈")
    assert first.body == (
        "<p>燈塔零時亮燈。</p><ul><li>燈光可見20公里;</li><li>每10秒一閃。</li></ul><p>居民到場觀看。</p>"
    )
    assert [Story.of(story) for story in first.related_stories.all()] == [Story("修復工程全紀錄", 2)]
    assert first.happened_at == first.first_published_at == datetime(2026, 3, 20, 0, 30, tzinfo=hongkong.ZONE)
    untimed = update("燈塔志願者獲嘉許")
    assert (untimed.has_clock_time, untimed.happened_on) == (False, date(2026, 3, 20))
    assert untimed.first_published_at == untimed.happened_at
    headings = [found.heading for found in blog().updates.newest_first()]
    assert headings == ["首晚亮燈", "燈塔志願者獲嘉許", "修復完成", ""]


def test_a_title_without_the_running_mark_ends_coverage_at_the_newest_update() -> None:
    take(COPY.replace("|持續更新", ""))
    assert (blog().status, blog().coverage_end_at) == (
        "ended",
        datetime(2026, 3, 20, 0, 30, tzinfo=hongkong.ZONE),
    )


def test_without_publishing_all_are_drafts_that_publishing_the_same_copy_later_opens() -> None:
    take(publish=False)
    assert (blog().status, blog().number) == ("draft", 0)
    assert set(blog().updates.values_list("status", flat=True)) == {"draft"}
    report = take()
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
def test_a_slug_is_made_of_the_title_or_the_day(title: str, slugs: list[str]) -> None:
    text = f"{title}\n2026-03-19 10:00\n導語。\n"
    assert [take(text, slug="").slug for _slug in slugs] == slugs


def test_a_dry_run_tells_the_same_and_saves_nothing() -> None:
    rehearsed = take(dry_run=True)
    assert (LiveBlog.objects.count(), Update.objects.count(), Change.objects.count()) == (0, 0, 0)
    assert rehearsed.is_dry_run
    really = take()
    assert [(found.action, found.about, found.line) for found in rehearsed.outcomes] == [
        (found.action, found.about, found.line) for found in really.outcomes
    ]


def test_the_same_copy_again_takes_no_number() -> None:
    take()
    before = blog().number
    report = take()
    assert (acted(report), report.head_changes, blog().number) == ([], (), before)


def test_newer_copy_adds_what_is_new_in_its_place() -> None:
    take()
    newer = COPY.replace(
        "修復完成\n", "市民可預約參觀\n名額有限。\n交還鑰匙\n【10:05】署方接收。\n修復完成\n"
    )
    report = take(newer)
    assert acted(report) == [(Action.ADDED, "“市民可預約參觀”"), (Action.ADDED, "“交還鑰匙”")]
    assert write_blog(blog()).text == newer
    assert update("修復完成").happened_at == AT_10_05
    assert AT_10_05 < update("交還鑰匙").happened_at < AT_10_05 + timedelta(seconds=1)


def test_what_changed_in_the_copy_only_is_a_minor_edit() -> None:
    take()
    before = blog().number
    report = take(COPY.replace("工程隊離開。", "工程隊已離開。"))
    assert acted(report) == [(Action.CHANGED, "“修復完成”")]
    assert blog().number == before + 1
    assert update("修復完成").body == "<p>工程隊已離開。</p>"
    assert update("修復完成").revisions.first().kind == Revision.Kind.MINOR


def test_with_a_note_it_is_a_correction() -> None:
    take()
    take(COPY.replace("工程隊離開。", "工程隊已離開。"), note="更正工程隊的行蹤。")
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
def test_an_update_whose_heading_or_time_changed_stays_the_same_update(
    old: str, new: str, heading: str
) -> None:
    take()
    known = set(blog().updates.values_list("pk", flat=True))
    newer = COPY.replace(old, new)
    assert acted(take(newer)) == [(Action.CHANGED, f"“{heading}”")]
    assert set(blog().updates.values_list("pk", flat=True)) == known
    assert write_blog(blog()).text == newer


def test_what_the_desk_changed_and_the_copy_did_not_stays() -> None:
    take()
    _desk_says("修復完成", body="<p>工程隊收隊。</p>")
    before = blog().number
    assert (acted(take()), blog().number) == ([], before)
    assert update("修復完成").body == "<p>工程隊收隊。</p>"


def test_an_update_that_the_desk_moved_and_renamed_is_still_known() -> None:
    take()
    _desk_says("修復完成", heading="工程完結", happened_at=AT_10_05 + timedelta(minutes=3))
    assert acted(take()) == []
    assert blog().updates.count() == 4


@pytest.mark.parametrize("body", ["<p>工程隊收隊。</p>", "<p>工程隊<strong>離開</strong>。</p>"])
def test_what_both_changed_is_a_conflict_and_the_desks_is_kept(body: str) -> None:
    take()
    _desk_says("修復完成", body=body)
    newer = COPY.replace("工程隊離開。", "工程隊已離開。")
    assert acted(take(newer)) == [(Action.CONFLICT, "“修復完成”")]
    assert acted(take(newer)) == [(Action.CONFLICT, "“修復完成”")]
    assert update("修復完成").body == body


def test_what_the_copy_learned_from_the_desk_is_no_conflict_then_or_later() -> None:
    take()
    _desk_says("修復完成", body="<p>工程隊收隊。</p>")
    newer = COPY.replace("工程隊離開。", "工程隊收隊。")
    assert acted(take(newer)) == []
    assert acted(take(newer.replace("工程隊收隊。", "工程隊已收隊。"))) == [(Action.CHANGED, "“修復完成”")]


def test_what_the_desk_added_beside_the_text_survives_newer_copy() -> None:
    take()
    image = make_image()
    _desk_says("首晚亮燈", images=(image,), is_key_event=True, source="署方")
    story = update("首晚亮燈").related_stories.get()
    publishing.edit_story(story, by=SYSTEM, title=story.title, url="https://example.com/works")
    report = take(COPY.replace("居民到場觀看。", "數百居民到場觀看。"))
    assert acted(report) == [(Action.CHANGED, "“首晚亮燈”")]
    content = Content.of(update("首晚亮燈"))
    assert (content.images, content.is_key_event, content.source) == ((image,), True, "署方")
    assert content.stories == (Story("修復工程全紀錄", 2, "https://example.com/works"),)
    assert "<p>數百居民到場觀看。</p>" in content.body


def test_an_address_that_the_copy_learns_is_taken() -> None:
    take()
    report = take(COPY.replace("修復工程全紀錄", "修復工程全紀錄 https://example.com/works"))
    assert acted(report) == [(Action.CHANGED, "“首晚亮燈”")]
    assert update("首晚亮燈").related_stories.get().url == "https://example.com/works"
    assert acted(take()) == []
    assert update("首晚亮燈").related_stories.get().url == "https://example.com/works"


def test_what_was_withdrawn_is_never_brought_back() -> None:
    take()
    publishing.withdraw_update(update("修復完成"), by=SYSTEM, reason="有誤")
    newer = COPY.replace("工程隊離開。", "工程隊已離開。")
    assert acted(take(newer)) == [(Action.STAYS_WITHDRAWN, "“修復完成”")]
    assert (update("修復完成").status, update("修復完成").body) == ("withdrawn", "<p>工程隊離開。</p>")


@pytest.mark.parametrize("heading", ["修復完成", "燈塔志願者獲嘉許"])
def test_what_was_erased_is_never_brought_back(heading: str) -> None:
    take()
    publishing.erase_update(update(heading), by=SYSTEM, reason="法庭命令")
    assert acted(take()) == [(Action.STAYS_WITHDRAWN, f"“{heading}”")]
    assert not blog().updates.filter(heading=heading).exists()


def test_what_vanished_is_listed_and_withdrawn_only_when_asked() -> None:
    take()
    newer = COPY.replace("修復完成\n【10:05】工程隊離開。\n", "")
    assert acted(take(newer)) == [(Action.VANISHED, "“修復完成”")]
    assert update("修復完成").is_published
    assert acted(take(newer, withdraw_missing=True)) == [(Action.WITHDRAWN, "“修復完成”")]
    assert update("修復完成").is_withdrawn
    assert acted(take(newer, withdraw_missing=True)) == []


def test_what_the_desk_wrote_itself_is_left_alone() -> None:
    take()
    own = publishing.publish_update(
        blog(), Content(heading="本台消息", body="<p>本台記者在場。</p>", happened_at=AT_10_05), by=SYSTEM
    )
    assert acted(take(withdraw_missing=True)) == []
    own.refresh_from_db()
    assert (own.is_published, own.imported_hash) == (True, "")


def test_what_stays_ambiguous_is_told_and_left_alone() -> None:
    twins = COPY.replace("修復完成\n", "消息一\n【10:05】甲說。\n消息二\n【10:05】乙說。\n修復完成\n")
    take(twins)
    newer = twins.replace("消息一\n【10:05】甲說。", "消息三\n【10:05】丙說。")
    newer = newer.replace("消息二\n【10:05】乙說。", "消息四\n【10:05】丁說。")
    before = blog().number
    report = take(newer)
    assert sorted(about for action, about in acted(report) if action is Action.AMBIGUOUS) == [
        "“消息一”",
        "“消息三”",
        "“消息二”",
        "“消息四”",
    ]
    assert (len(acted(report)), blog().number) == (4, before)


def test_the_title_and_the_standfirst_are_brought_up_to_date() -> None:
    take()
    before = blog().number
    report = take(COPY.replace("百年燈塔重新亮燈", "燈塔亮燈 居民歡呼"))
    assert report.head_changes == (HeadChange("headline", "百年燈塔重新亮燈", "燈塔亮燈 居民歡呼"),)
    assert (blog().headline, blog().number) == ("燈塔亮燈 居民歡呼", before + 1)


def test_a_title_changed_on_the_desk_alone_is_kept_and_one_changed_in_both_is_a_conflict() -> None:
    take()
    details = replace(BlogDetails.of(blog()), headline="編輯的標題")
    publishing.edit_blog(blog(), details, by=publishing.SYSTEM)
    before = blog().number
    assert take().head_changes == ()
    report = take(COPY.replace("百年燈塔重新亮燈", "燈塔亮燈 居民歡呼"))
    assert report.head_changes == (
        HeadChange("headline", "編輯的標題", "燈塔亮燈 居民歡呼", is_conflict=True),
    )
    assert (blog().headline, blog().number) == ("編輯的標題", before)


def test_copy_in_the_other_script_is_noted_and_the_blogs_language_stays() -> None:
    take()
    report = take("灯塔\n2026-03-19 10:00\n19日最新消息\n无时间表\n发言人说,尚无时间表。\n")
    assert report.notes == ("The copy reads as zh-hans, the live blog is in zh-hant.",)
    assert blog().language == "zh-hant"


def test_coverage_ends_when_newer_copy_no_longer_runs_and_is_not_resumed() -> None:
    take()
    take(COPY.replace("|持續更新", ""), publish=False)
    assert blog().status == "live"
    take(COPY.replace("|持續更新", ""))
    assert blog().status == "ended"
    report = take()
    assert (blog().status, report.notes) == (
        "ended",
        ("The copy is marked as running, but coverage here has ended and stays ended.",),
    )


def test_newer_copy_for_a_live_blog_leaves_new_updates_as_drafts_unless_published() -> None:
    take()
    newer = COPY.replace("修復完成\n", "交還鑰匙\n【10:45】署方接收。\n修復完成\n")
    take(newer, publish=False)
    assert (blog().status, update("交還鑰匙").status) == ("live", "draft")
    assert acted(take(newer)) == [(Action.PUBLISHED, "“交還鑰匙”")]


def test_the_samples_load_with_every_related_story_listed(samples: Path) -> None:
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


def test_refused_content_names_its_line_and_saves_nothing() -> None:
    long_text = "甲" * 200_001 + "。"
    with pytest.raises(ArticleError) as refused:
        take(COPY.replace("工程隊離開。", long_text))
    assert (refused.value.line, refused.value.reason) == (15, "The text is too long for one update.")
    assert LiveBlog.objects.count() == 0


def test_a_withdrawn_blog_takes_nothing() -> None:
    take()
    publishing.withdraw_blog(blog(), by=SYSTEM)
    with pytest.raises(ValidationError, match="withdrawn"):
        take()


def test_loading_needs_the_permissions_of_the_verbs() -> None:
    with pytest.raises(PermissionDenied):
        load(parse(COPY), by=make_user("add_liveblog", "add_update"), publish=True)
    assert LiveBlog.objects.count() == 0
    load(parse(COPY), by=make_user("add_liveblog", "add_update"))
    assert LiveBlog.objects.get().updates.count() == 4


def test_an_update_without_clock_time_stands_between_its_neighbours_in_its_own_day() -> None:
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
    shown = [f"{hongkong.to_hong_kong(moment):%Y-%m-%d %H:%M}" for moment in moments]
    assert [label[: 16 if slot.clock else 10] for label, slot in zip(shown, slots, strict=True)] == [
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


def test_twenty_insertions_fit_above_an_update_within_its_minute() -> None:
    day = date(2026, 3, 19)
    published_at = datetime(2026, 3, 19, 17, 14, tzinfo=hongkong.ZONE)
    slots = [Slot(day, time(10, 5), AT_10_05)]
    for insertion in range(40):
        slots.insert(insertion % 2, Slot(day, time(10, 5)))
        moments = place(slots, published_at)
        assert moments == sorted(set(moments), reverse=True)
        assert {moment.replace(second=0, microsecond=0) for moment in moments} == {AT_10_05}
        slots = [replace(slot, moment=moment) for slot, moment in zip(slots, moments, strict=True)]


def _desk_says(of: str, **changed: object) -> None:
    found = update(of)
    publishing.edit_update(found, replace(Content.of(found), **changed), by=SYSTEM)


def test_export_names_what_the_form_cannot_say() -> None:
    details = BlogDetails(slug="warned", language="zh-hant", headline="燈塔", summary="<p>要點</p>")
    warned = publishing.create_blog(details, by=SYSTEM)
    body = (
        '<p>見<a href="https://example.com/">此</a>處<strong>說明</strong>。</p><p>短句</p>'
        "<table><tbody><tr><td>甲</td><td>乙。</td></tr></tbody></table><p>首行。<br>次行。</p>"
    )
    publishing.draft_update(
        warned, Content(heading="亮燈", body=body, happened_at=AT_10_05, images=(make_image(),)), by=SYSTEM
    )
    assert [str(warning) for warning in write_blog(warned).warnings] == [
        "live blog: The summary is not written.",
        "“亮燈”: A table becomes lines of text.",
        "“亮燈”: A line break becomes a new paragraph.",
        "“亮燈”: A link in the text loses its address.",
        "“亮燈”: Bold, italic and the like become plain.",
        "“亮燈”: Its pictures are not written.",
        "line 6, “亮燈”: “短句” would read as a heading.",
    ]
