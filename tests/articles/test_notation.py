"""Detection of the notation of an article before its lines are parsed, and overrides for it."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from liveblog.articles.article import ArticleError, Related
from liveblog.articles.choices import Choices
from liveblog.articles.days import DayName
from liveblog.articles.notation import Heading, Order
from liveblog.articles.parse import Given, parse
from newsroom import hongkong

MARCH_17, MARCH_18, MARCH_19 = date(2025, 3, 17), date(2025, 3, 18), date(2025, 3, 19)
HEAD = "渡輪擱淺︱百人獲救（持續更新）\n發佈時間：2025-03-18 17:14\n"


def read(body: str, head: str = HEAD) -> list[tuple[date, time | None, str]]:
    return [(entry.day, entry.clock, entry.heading) for entry in parse(head + body).entries]


@pytest.mark.parametrize(
    ("title", "kicker", "headline", "is_running"),
    [
        ("渡輪擱淺（持續更新）", "", "渡輪擱淺", True),
        ("【不斷更新】渡輪擱淺", "", "渡輪擱淺", True),
        ("不斷更新｜渡輪擱淺", "", "渡輪擱淺", True),
        ("【霧港海難】渡輪擱淺", "霧港海難", "渡輪擱淺", False),
        ("【霧港海難‧不斷更新‧有片】渡輪擱淺", "霧港海難", "渡輪擱淺", True),
        ("LIVE: Ferry runs aground", "", "Ferry runs aground", True),
        ("FERRY RESCUE - DAY TWO: Island waits", "FERRY RESCUE - DAY TWO", "Island waits", False),
        ("Live Updates: Ferry runs aground", "", "Live Updates: Ferry runs aground", True),
        ("Ferry runs aground – as it happened", "", "Ferry runs aground – as it happened", False),
    ],
)
def test_running_mark_and_kicker_are_recognized_anywhere_in_the_title(
    title: str, kicker: str, headline: str, is_running: bool
) -> None:
    article = parse(f"{title}\n2025/03/18 17:14\n【17:20】開船。\n【17:16】待命。")
    assert (article.kicker, article.headline, article.is_running) == (kicker, headline, is_running)


@pytest.mark.parametrize(
    "line",
    [
        "發佈時間：2025-03-18 17:14　最後更新：2025-03-18 23:50",
        "2025年3月18日 週二 下午5:14",
        "PUBLISHED : Tuesday, 18 March, 2025, 5:14pm",
        "18 March 2025, 5:14pm",
        "March 18, 2025, 5:14 a.m. ET",
        "By Jane Example | 18/3/2025 17:14",
    ],
)
def test_publication_time_is_read_in_every_common_notation(line: str) -> None:
    article = parse(f"Ferry runs aground\n{line}\n17:20 Ferry leaves.\n17:16 Crew waits.")
    assert article.published_at == datetime(2025, 3, 18, 17, 14, tzinfo=hongkong.ZONE)


def test_missing_publication_time_is_reported_and_can_be_given() -> None:
    text = "不斷更新｜渡輪擱淺\n【20:30】乘客上岸。\n【18:20】渡輪擱淺。"
    with pytest.raises(ArticleError) as excinfo:
        parse(text)
    assert excinfo.value.missing == "published_at"
    published_at = datetime(2025, 3, 18, 20, 31, tzinfo=hongkong.ZONE)
    article = parse(text, given=Given(published_at=published_at))
    assert [(entry.day, entry.clock) for entry in article.entries] == [
        (MARCH_18, time(20, 30)),
        (MARCH_18, time(18, 20)),
    ]


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("18/3", "17/3"),
        ("2025-03-18", "2025-03-17"),
        ("三月十八日", "三月十七日"),
        ("星期二", "星期一"),
        ("今日", "昨日"),
        ("Tuesday", "Monday"),
        ("【本港時間3月18日】", "【本港時間3月17日】"),
        ("== Tuesday, 18 March ==", "== Monday, 17 March =="),
    ],
)
def test_day_headings_are_read_in_every_common_wording(above: str, below: str) -> None:
    body = f"{above}\n【16:00】乘客上岸。\n【15:10】拖船到。\n{below}\n【20:40】求救。\n【18:20】擱淺。"
    assert [day for day, _clock, _heading in read(body)] == [MARCH_18, MARCH_18, MARCH_17, MARCH_17]


def test_later_clock_time_further_down_means_the_day_before() -> None:
    body = "【14:30】恢復供水。\n【12:20】尋獲裂口。\n【19:55】三區停水。\n【17:40】水管爆裂。"
    assert [day for day, _clock, _heading in read(body)] == [MARCH_19, MARCH_19, MARCH_18, MARCH_18]


def test_numbered_days_are_dated_from_publication_with_a_doubt() -> None:
    body = "Day 3\n【16:40】乘客上岸。\nDay 1\n【20:40】求救。\n【18:20】擱淺。"
    article = parse(HEAD + body)
    assert [entry.day for entry in article.entries] == [MARCH_18, date(2025, 3, 16), date(2025, 3, 16)]
    assert {doubt.line for doubt in article.doubts} == {3, 5}


def test_times_in_other_zones_are_converted_to_hong_kong_time() -> None:
    head = "Bridge closed\nPublished March 18, 2025, 9:14 a.m. ET\n\nAll times are Eastern.\n"
    body = "2:45 p.m.\nBridge stays shut\nIt stays shut.\n10:02 a.m.\nBridge closes\nIt has closed."
    assert read(body, head) == [
        (MARCH_19, time(2, 45), "Bridge stays shut"),
        (MARCH_18, time(22, 2), "Bridge closes"),
    ]


def test_relative_times_are_counted_from_publication() -> None:
    head = "Storm: live updates\nUpdated 18 March 2025, 5:14pm\n"
    body = "8m ago\nPower restored\nThe power is back.\n3h ago\nStorm arrives\nThe storm is here."
    assert read(body, head) == [
        (MARCH_18, time(17, 6), "Power restored"),
        (MARCH_18, time(14, 14), "Storm arrives"),
    ]


def test_related_links_are_read_with_the_url_beside_or_below() -> None:
    body = (
        "【18:20】乘客上岸。\n相關報道：[歷年海難](https://example.com/a)\n"
        "改道一覽\nhttps://example.com/b\n【17:30】擱淺。\n航班一覽::https://example.com/c"
    )
    stories = [story for entry in parse(HEAD + body).entries for story in entry.stories]
    assert stories == [
        Related("歷年海難", "https://example.com/a"),
        Related("改道一覽", "https://example.com/b"),
        Related("航班一覽", "https://example.com/c"),
    ]


def test_page_furniture_is_left_out_and_listed() -> None:
    body = "【18:20】乘客上岸。\n分享\n撰文：陳大文\n【17:30】擱淺。\n版權所有 不得轉載"
    article = parse(HEAD + body)
    assert [line.text for line in article.left_out] == ["分享", "撰文：陳大文", "版權所有 不得轉載"]
    assert all(len(entry.blocks) == 1 for entry in article.entries)


def test_detected_notation_can_be_overridden() -> None:
    body = "18:20\n乘客上岸\n乘客全部上岸。\n17:30\n渡輪擱淺\n渡輪觸礁。"
    article = parse(HEAD + body)
    assert (article.profile.time, article.profile.heading) == ("18:20", Heading.BELOW)
    assert article.profile.order is Order.NEWEST_FIRST
    choices = Choices(heading=Heading.NONE, order=Order.OLDEST_FIRST, zone="GMT")
    article = parse(HEAD + body, choices=choices)
    assert [entry.heading for entry in article.entries] == ["", ""]
    assert (article.entries[0].clock, article.entries[1].clock) == (time(1, 30), time(2, 20))


def test_line_that_resembles_a_time_is_read_or_doubted() -> None:
    body = "【18:20】乘客上岸。\n【17:50】拖船到。\n【17:30】擱淺。\n15:00 – 有人打電話"
    assert 6 in {doubt.line for doubt in parse(HEAD + body).doubts} or len(read(body)) == 4


def test_future_days_are_doubted() -> None:
    now = datetime(2025, 3, 18, 18, 0, tzinfo=hongkong.ZONE)
    article = parse(HEAD + "【18:20】乘客上岸。\n【17:30】擱淺。", now=now)
    assert "It lies in the future: 2025-03-18." in {doubt.reason for doubt in article.doubts}


@pytest.mark.parametrize("name", [DayName(1, 1), DayName(30), DayName(28, 2)])
def test_next_day_after_the_end_of_the_calendar_is_none(name: DayName) -> None:
    assert name.next_after(date(9998, 12, 31)) is None
