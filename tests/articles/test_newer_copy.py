"""Loading of newer copy of an article that is loaded already, and edited at the desk since."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liveblog import publishing
from liveblog.articles.report import Action, HeadChange
from liveblog.articles.saved import write_blog
from liveblog.models import Revision, Update
from liveblog.publishing import SYSTEM, Content, Story
from tests.articles.loading import AT_10_05, COPY, blog, changes_in, load_copy, update
from tests.factories import edit_blog, edit_update, make_image, make_person

pytestmark = pytest.mark.django_db


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
    edit_update(update("修復完成"), body="<p>工程隊收隊。</p>")
    before = blog().number
    assert (changes_in(load_copy()), blog().number) == ([], before)
    assert update("修復完成").body == "<p>工程隊收隊。</p>"


def test_update_moved_and_renamed_at_the_desk_is_matched() -> None:
    load_copy()
    edit_update(update("修復完成"), heading="工程完結", happened_at=AT_10_05 + timedelta(minutes=3))
    assert changes_in(load_copy()) == []
    assert blog().updates.count() == 4


@pytest.mark.parametrize("body", ["<p>工程隊收隊。</p>", "<p>工程隊<strong>離開</strong>。</p>"])
def test_change_on_both_sides_is_a_conflict_that_keeps_the_desk_version(body: str) -> None:
    load_copy()
    edit_update(update("修復完成"), body=body)
    newer = COPY.replace("工程隊離開。", "工程隊已離開。")
    assert changes_in(load_copy(newer)) == [(Action.CONFLICT, "“修復完成”")]
    assert changes_in(load_copy(newer)) == [(Action.CONFLICT, "“修復完成”")]
    assert update("修復完成").body == body


def test_same_change_on_both_sides_never_conflicts() -> None:
    load_copy()
    edit_update(update("修復完成"), body="<p>工程隊收隊。</p>")
    newer = COPY.replace("工程隊離開。", "工程隊收隊。")
    assert changes_in(load_copy(newer)) == []
    assert changes_in(load_copy(newer.replace("工程隊收隊。", "工程隊已收隊。"))) == [
        (Action.CHANGED, "“修復完成”")
    ]


def test_desk_pictures_source_and_story_links_survive_newer_copy() -> None:
    load_copy()
    image = make_image()
    edit_update(update("首晚亮燈"), images=(image,), is_key_event=True, source="署方")
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
    edit_blog(blog(), headline="編輯的標題")
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
