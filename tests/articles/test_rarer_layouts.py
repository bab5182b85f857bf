"""Parsing of invented articles in layouts that few newsrooms use."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from liveblog.articles.article import Article, Paragraph
from liveblog.articles.parse import Given, parse
from newsroom import hongkong

SEPTEMBER_23 = date(2025, 9, 23)
HEAD_ZH = "渡輪停航（持續更新）\n2025-09-23 14:00\n"
HEAD_EN = "Ferries stop\n23 September 2025, 2:00pm\n"


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


def clocks(article: Article) -> list[tuple[time | None, str]]:
    return [(entry.clock, entry.heading) for entry in article.entries]


def reasons(article: Article) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for doubt in article.doubts:
        reasons.setdefault(doubt.line, []).append(doubt.reason)
    return reasons


def left_out(article: Article) -> list[str]:
    return [line.text for line in article.left_out]


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("渡輪停航｜18:05", "碼頭關閉｜17:30", "三號風球｜16:55"),
        ("ＰＭ６：０５｜渡輪停航", "ＰＭ５：３０｜碼頭關閉", "ＰＭ４：５５｜三號風球"),
        ("+++ 18:05 渡輪停航 +++", "+++ 17:30 碼頭關閉 +++", "+++ 16:55 三號風球 +++"),
        ("09-23 18:05 渡輪停航", "09-23 17:30 碼頭關閉", "09-23 16:55 三號風球"),
        ("渡輪停航published at 18:05", "碼頭關閉Copied!published at 17:30", "三號風球published at 16:55"),
    ],
)
def test_time_and_heading_on_one_line_are_read_in_rarer_notations(
    first: str, second: str, third: str
) -> None:
    article = parse(HEAD_ZH + f"{first}\n渡輪全線停航。\n{second}\n碼頭已關閉。\n{third}\n風勢增強。")
    assert updates(article) == [
        (SEPTEMBER_23, time(18, 5), "渡輪停航", ["渡輪全線停航。"]),
        (SEPTEMBER_23, time(17, 30), "碼頭關閉", ["碼頭已關閉。"]),
        (SEPTEMBER_23, time(16, 55), "三號風球", ["風勢增強。"]),
    ]


def test_sentence_with_its_time_behind_it_is_text_and_not_a_heading() -> None:
    long = "渡輪全線停航，船公司表示會安排巴士接載乘客，" * 8 + "敬請留意。"
    article = parse(HEAD_ZH + f"颱風逼近。\n{long}（18:05）\n碼頭關閉。（17:30）\n三號風球。（16:55）")
    assert article.standfirst == (Paragraph("颱風逼近。"),)
    assert updates(article) == [
        (SEPTEMBER_23, time(18, 5), "", [long]),
        (SEPTEMBER_23, time(17, 30), "", ["碼頭關閉。"]),
        (SEPTEMBER_23, time(16, 55), "", ["三號風球。"]),
    ]


def test_times_counted_back_in_hours_and_minutes_are_exact() -> None:
    body = "25 min ago\nFerries stop\nThey stop.\n1 hr 10 min ago\nPiers shut\nThey shut.\n"
    article = parse(HEAD_EN + body + "2小時45分鐘前\nSignal up\nNo 3.")
    assert clocks(article) == [
        (time(13, 35), "Ferries stop"),
        (time(12, 50), "Piers shut"),
        (time(11, 15), "Signal up"),
    ]
    assert not {3, 6, 9} & reasons(article).keys()


@pytest.mark.parametrize(("word", "clock"), [("12nn", time(12)), ("12mn", time(0))])
def test_noon_and_midnight_are_read_as_hong_kong_abbreviates_them(word: str, clock: time) -> None:
    article = parse(
        HEAD_EN + f"10pm\nFerries stop\nThey stop.\n7pm\nPiers shut\nThey shut.\n{word}\nUp\nNo 3."
    )
    assert clocks(article)[-1] == (clock, "Up")


@pytest.mark.parametrize("zone", ["[GMT+8]·3 分鐘文章", "(GMT+8)", "HKT"])
def test_offset_of_the_publication_time_is_read_in_brackets(zone: str) -> None:
    article = parse(f"渡輪停航（持續更新）\n2025年9月23日 下午2:00 {zone}\n（18:05）停航。\n（17:30）關閉。")
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))
    assert [clock for clock, _heading in clocks(article)] == [time(18, 5), time(17, 30)]


@pytest.mark.parametrize("line", ["Stand: 23.09.2025 14:00", "更新：23.09.2025 14:00"])
def test_publication_time_with_points_is_read_after_a_label(line: str) -> None:
    article = parse(f"渡輪停航\n{line}\n18:05 停航。\n17:30 關閉。\n16:55 三號風球。")
    assert article.published_at == datetime(2025, 9, 23, 14, tzinfo=hongkong.ZONE)


def test_page_whose_only_dates_are_those_of_its_updates_asks_for_the_publication_time() -> None:
    text = (
        "Ferries stop: live\nRain falls\n"
        "Stoppedpublished at 18:05 British Summer Time 23 September 2025\nThey stop.\n"
        "Shutpublished at 17:30 British Summer Time 23 September 2025\nThey shut."
    )
    article = parse(text, given=Given(published_at=hongkong.at(SEPTEMBER_23, time(14))))
    assert updates(article) == [
        (date(2025, 9, 24), time(1, 5), "Stopped", ["They stop."]),
        (date(2025, 9, 24), time(0, 30), "Shut", ["They shut."]),
    ]
