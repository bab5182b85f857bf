"""Parsing of running copy."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path

import pytest

from liveblog.articles.article import (
    Article,
    ArticleError,
    Bullets,
    Caption,
    Doubt,
    Entry,
    Paragraph,
    Related,
)
from liveblog.articles.characters import MAX_BYTES, read
from liveblog.articles.parse import parse
from newsroom import hongkong

JULY_31, AUGUST_1 = date(2026, 7, 31), date(2026, 8, 1)

BRIDGE = """\
虹橋重開︱三日搶修完成 首班車今晨開出|持續更新
2026-07-31 21:40
虹橋封閉三日後,今晚重開。
海事處說,兩旁航道維持限速。
8月1日最新消息
首班車開出
【05:50更新】首班車載約60人過橋。
圖:首班車駛過橋面。(資料圖片)
相關新聞:虹橋重開︱改道巴士一覽 尾班車時間
居民說,終於等到這一天。
7月31日最新消息
工程隊:今晚完工
【23:55】
餘下的工序:
.鋪路面;
.試燈;
1.最後驗收
維修費仍在計算
署方未有交代。
【20:15】署方預告通車,強調「一切就緒」。
最新回應
"""


def article(body: str, *, title: str = "虹橋重開︱搶修完成", stamp: str = "2026-07-31 21:40") -> Article:
    return parse(f"{title}\n{stamp}\n{body}")


def entries(body: str, **head: str) -> list[tuple[date, time | None, str]]:
    return [(entry.day, entry.clock, entry.heading) for entry in article(body, **head).entries]


def days(body: str, stamp: str) -> list[date]:
    return [entry.day for entry in article(body, stamp=stamp).entries]


def doubts(body: str) -> list[tuple[int, str]]:
    return [(doubt.line, doubt.reason) for doubt in article(body).doubts]


def test_article_is_parsed_completely() -> None:
    assert parse(BRIDGE) == Article(
        kicker="虹橋重開",
        headline="三日搶修完成 首班車今晨開出",
        is_running=True,
        published_at=datetime(2026, 7, 31, 21, 40, tzinfo=hongkong.ZONE),
        language="zh-hant",
        standfirst=(Paragraph("虹橋封閉三日後,今晚重開。"), Paragraph("海事處說,兩旁航道維持限速。")),
        entries=(
            Entry(
                AUGUST_1,
                time(5, 50),
                "首班車開出",
                (
                    Paragraph("首班車載約60人過橋。"),
                    Caption("圖:首班車駛過橋面。(資料圖片)"),
                    Related("虹橋重開︱改道巴士一覽 尾班車時間"),
                    Paragraph("居民說,終於等到這一天。"),
                ),
            ),
            Entry(
                JULY_31,
                time(23, 55),
                "工程隊:今晚完工",
                (Paragraph("餘下的工序:"), Bullets(("鋪路面;", "試燈;")), Bullets(("最後驗收",), 1)),
            ),
            Entry(JULY_31, None, "維修費仍在計算", (Paragraph("署方未有交代。"),)),
            Entry(JULY_31, time(20, 15), "", (Paragraph("署方預告通車,強調「一切就緒」。"),)),
        ),
        has_responses=True,
    )


def test_entries_have_line_numbers_and_unsure_readings_are_doubted() -> None:
    bridge = parse(BRIDGE)
    assert [entry.line for entry in bridge.entries] == [6, 12, 18, 20]
    assert bridge.doubts == (
        Doubt(20, "A time below text that has none: opens an update without a heading."),
    )


def test_english_copy_is_parsed_completely() -> None:
    result = parse(
        "Bridge | It reopens | Live updates\n2026-07-31 21:40\nIt reopens tonight.\nUpdates: 1 August\n"
        "First bus crosses\n12.30am: It carried 60 people.\n"
        "Updates: 31 July\nWorks done\n11.55pm:\nWhat was done:\n"
        "- paving;\n- lights.\n8.15pm: The mayor spoke.\nRelated: Bridge | the list https://example.com/list\n"
    )
    assert result == Article(
        kicker="Bridge",
        headline="It reopens",
        is_running=True,
        published_at=datetime(2026, 7, 31, 21, 40, tzinfo=hongkong.ZONE),
        language="en",
        standfirst=(Paragraph("It reopens tonight."),),
        entries=(
            Entry(AUGUST_1, time(0, 30), "First bus crosses", (Paragraph("It carried 60 people."),)),
            Entry(
                JULY_31,
                time(23, 55),
                "Works done",
                (Paragraph("What was done:"), Bullets(("paving;", "lights."))),
            ),
            Entry(
                JULY_31,
                time(20, 15),
                "",
                (Paragraph("The mayor spoke."), Related("Bridge | the list", "https://example.com/list")),
            ),
        ),
    )
    assert result.doubts == ()


@pytest.mark.parametrize(
    ("title", "kicker", "headline", "is_running"),
    [
        ("虹橋重開︱搶修完成|持續更新", "虹橋重開", "搶修完成", True),
        ("虹桥重开|抢修完成|持续更新", "虹桥重开", "抢修完成", True),
        ("虹橋重開｜搶修完成｜不斷更新", "虹橋重開", "搶修完成", True),
        ("虹橋重開 │ 搶修完成", "虹橋重開", "搶修完成", False),
        ("搶修完成", "", "搶修完成", False),
        ("搶修完成|持續更新", "", "搶修完成", True),
        ("虹橋|搶修|通車|持續更新", "虹橋", "搶修|通車", True),
        ("Bridge | It reopens | live updates", "Bridge", "It reopens", True),
        ("持續更新中的橋|通車", "持續更新中的橋", "通車", False),
    ],
)
def test_title_is_split_into_kicker_headline_and_running_mark(
    title: str, kicker: str, headline: str, is_running: bool
) -> None:
    result = article("", title=title)
    assert (result.kicker, result.headline, result.is_running) == (kicker, headline, is_running)


@pytest.mark.parametrize(
    ("mark", "clock"),
    [
        ("【02:45】", time(2, 45)),
        ("【2:45】", time(2, 45)),
        ("【０２：４５】", time(2, 45)),
        ("【20:25更新】", time(20, 25)),
        ("【20:25更新報道】", time(20, 25)),
        ("【20:25更新报道】", time(20, 25)),
        ("【更新 20:25】", time(20, 25)),
        ("[20:25]", time(20, 25)),
        ("【凌晨零時20分】", time(0, 20)),
        ("1.05am: ", time(1, 5)),
        ("12.30am: ", time(0, 30)),
        ("12.30pm: ", time(12, 30)),
        ("11.55pm: ", time(23, 55)),
        ("9pm: ", time(21, 0)),
        ("9:40 p.m.: ", time(21, 40)),
        ("上午9時30分 ", time(9, 30)),
        ("上午9时30分:", time(9, 30)),
        ("下午三時半：", time(15, 30)),
        ("晚上十一時二十五分:", time(23, 25)),
        ("中午12時:", time(12, 0)),
        ("午夜12時:", time(0, 0)),
        ("21:40 ", time(21, 40)),
    ],
)
@pytest.mark.parametrize("after", ["橋上恢復行車。", "\n橋上恢復行車。"], ids=["before words", "alone"])
def test_time_mark_sets_the_clock_time_of_the_entry(mark: str, clock: time, after: str) -> None:
    result = article(f"31日最新消息\n大橋重開\n{mark}{after}")
    assert result.entries == (Entry(JULY_31, clock, "大橋重開", (Paragraph("橋上恢復行車。"),)),)


@pytest.mark.parametrize(
    "prose",
    [
        "香港周二晚上11時,署方表示通車。",
        "晚上11時,署方表示通車。",
        "下午3時起全綫停駛。",
        "1.05萬人過橋。",
        "三點:一是安全,二是準時。",
        "3時 30人過橋。",
        "9pm curfew ends on the bridge.",
        "【短片】橋上通車。",
    ],
)
def test_time_within_prose_is_not_a_time_mark(prose: str) -> None:
    assert article(f"31日最新消息\n大橋重開\n{prose}").entries[0].blocks == (Paragraph(prose),)


def test_time_run_into_the_text_below_a_heading_is_read_with_a_doubt() -> None:
    result = article("31日最新消息\n大橋重開\n上午9時30分署方表示通車。")
    assert result.entries == (Entry(JULY_31, time(9, 30), "大橋重開", (Paragraph("署方表示通車。"),)),)
    assert result.doubts == (Doubt(5, "Its first words were read as the time of the update."),)


def test_second_time_under_one_heading_starts_an_entry_without_heading() -> None:
    assert entries("31日最新消息\n大橋重開\n【21:40】通車。\n【20:15】預告通車。") == [
        (JULY_31, time(21, 40), "大橋重開"),
        (JULY_31, time(20, 15), ""),
    ]


def test_second_time_on_one_line_stays_text_with_a_doubt() -> None:
    result = article("31日最新消息\n大橋重開\n【21:40】【20:15更新】通車。")
    assert result.entries[0].blocks == (Paragraph("【20:15更新】通車。"),)
    assert result.doubts == (Doubt(5, "A second time on one line: kept as text."),)


def test_line_below_a_time_alone_on_its_line_is_the_heading() -> None:
    assert entries("31日最新消息\n【21:40】\n大橋重開\n通車。\n【20:15】\n大橋待開\n預告。") == [
        (JULY_31, time(21, 40), "大橋重開"),
        (JULY_31, time(20, 15), "大橋待開"),
    ]


@pytest.mark.parametrize(
    ("headings", "stamp", "expected"),
    [
        (("19日最新消息", "18日最新消息"), "2025-03-18 17:14", ["2025-03-19", "2025-03-18"]),
        (("8月1日最新消息", "7月31日最新消息"), "2026-07-31 21:40", ["2026-08-01", "2026-07-31"]),
        (("1月1日最新消息", "31日最新消息"), "2025-12-31 10:00", ["2026-01-01", "2025-12-31"]),
        (("5日最新消息", "30日最新消息"), "2026-03-18 10:00", ["2026-04-05", "2026-03-30"]),
        (("31日消息",), "2026-03-01 00:10", ["2026-01-31"]),
        (("31日消息",), "2026-01-02 10:00", ["2025-12-31"]),
        (("10月9日消息",), "2026-10-09 10:00", ["2026-10-09"]),
        (("２月２９日最新消息",), "2026-03-01 10:00", ["2028-02-29"]),
        (("2025年3月1日最新消息",), "2026-03-01 10:00", ["2025-03-01"]),
        (("Updates: 1 August", "Updates: 31 July"), "2026-07-31 21:40", ["2026-08-01", "2026-07-31"]),
        (("Updates: Friday, 2 January", "Updates: Jan 1"), "2026-01-02 10:00", ["2026-01-02", "2026-01-01"]),
        (("8月1日(周六)最新消息", "7月31日 星期五"), "2026-07-31 21:40", ["2026-08-01", "2026-07-31"]),
    ],
)
def test_day_headings_are_resolved_to_full_dates(
    headings: tuple[str, ...], stamp: str, expected: list[str]
) -> None:
    body = "\n".join(f"{heading}\n大橋重開\n通車。" for heading in headings)
    assert [day.isoformat() for day in days(body, stamp)] == expected


def test_wrong_weekday_is_doubted() -> None:
    assert (3, "The weekday does not fit: read as 2026-07-31.") in doubts(
        "7月31日(周四)最新消息\n大橋重開\n通車。"
    )


def test_repeated_day_heading_is_one_day_with_a_doubt() -> None:
    body = "31日最新消息\n大橋重開\n通車。\n31日最新消息\n大橋待開\n預告。"
    assert days(body, "2026-07-31 21:40") == [JULY_31, JULY_31]
    assert doubts(body) == [(3, "The same day heading twice: read as one day, 2026-07-31.")]


def test_date_in_a_time_mark_overrides_the_day_heading_with_a_doubt() -> None:
    result = article("8月1日最新消息\n大橋重開\n【7月31日17:05更新】通車。\n【8月1日16:00】預告。")
    assert [entry.day for entry in result.entries] == [JULY_31, AUGUST_1]
    reason = "The time names another day than its day heading: read as 2026-07-31."
    assert Doubt(4, reason) in result.doubts


def test_days_are_inferred_from_clock_times_without_day_headings() -> None:
    result = article(
        "大橋通車。\n大橋重開\n【00:45】通車。\n居民等候\n等了一晚。\n工程隊離開\n【23:50】收隊。"
    )
    assert [(entry.day, entry.clock) for entry in result.entries] == [
        (AUGUST_1, time(0, 45)),
        (JULY_31, None),
        (JULY_31, time(23, 50)),
    ]
    assert result.standfirst == (Paragraph("大橋通車。"),)


def test_entries_above_the_first_day_heading_get_the_publication_day() -> None:
    assert days("大橋重開\n【21:00】通車。\n30日最新消息\n大橋待開\n【21:00】預告。", "2026-07-31 21:40") == [
        JULY_31,
        date(2026, 7, 30),
    ]


@pytest.mark.parametrize(
    ("line", "is_heading"),
    [
        ("大橋重開", True),
        ("居民:「等了三日」 終於通車", True),
        ("能否準時通車?", True),
        ("Mayor: bridge ‘ready’", True),
        ("大橋重開。", False),
        ("工程隊說:", False),
        ("居民:「等了三日」", False),
        ("大橋重開。(資料來源:署方)", False),
        ("He said: “We are ready.”", False),
        ("大橋" * 30, False),
    ],
)
def test_short_line_without_final_punctuation_is_a_heading(line: str, is_heading: bool) -> None:
    parsed_entries = article(f"31日最新消息\n頭條\n【21:00】通車。\n{line}\n後文說明一切。").entries
    assert [entry.heading for entry in parsed_entries] == (["頭條", line] if is_heading else ["頭條"])


def test_long_line_before_a_time_is_a_heading_with_a_doubt() -> None:
    heading = "大橋重開" * 14
    result = article(f"31日最新消息\n{heading}\n【21:00】通車。")
    assert [entry.heading for entry in result.entries] == [heading]
    assert result.doubts == (Doubt(4, "Read as a heading, though it is long for one."),)


def test_quotation_between_day_heading_and_time_is_a_heading() -> None:
    assert entries("31日最新消息\n居民:「等了三日」\n【21:00】通車。") == [
        (JULY_31, time(21), "居民:「等了三日」")
    ]


@pytest.mark.parametrize("glyph", [".", "．", "·", "•", "・", "-", "－", "● "])
def test_bullets_become_a_list(glyph: str) -> None:
    entry = article(f"31日最新消息\n大橋重開\n{glyph}鋪路\n{glyph}3條行車線").entries[0]
    assert entry.blocks == (Bullets(("鋪路", "3條行車線")),)


def test_numbered_lines_become_numbered_lists_but_decimals_do_not() -> None:
    entry = article("31日最新消息\n大橋重開\n1.鋪路\n2、試燈\n4. 驗收\n2.5萬人過橋。").entries[0]
    assert entry.blocks == (Bullets(("鋪路", "試燈"), 1), Bullets(("驗收",), 4), Paragraph("2.5萬人過橋。"))


def test_related_stories_keep_their_places() -> None:
    result = article(
        "導語。\n相關新聞:橋︱甲\n31日最新消息\n大橋重開\n相關新聞：乙\n【21:00】通車。\n.鋪路\n相关新闻:丙\n.試燈"
    )
    assert result.standfirst == (Paragraph("導語。"), Related("橋︱甲"))
    assert result.entries[0].blocks == (
        Related("乙"),
        Paragraph("通車。"),
        Bullets(("鋪路",)),
        Related("丙"),
        Bullets(("試燈",)),
    )


def test_related_label_alone_on_its_line_applies_to_the_next_line() -> None:
    result = article("31日最新消息\n大橋重開\n通車。\n相關新聞:\n改道巴士一覽\n後文。")
    assert result.entries[0].blocks == (Paragraph("通車。"), Related("改道巴士一覽"), Paragraph("後文。"))
    assert result.doubts == (
        Doubt(7, "Read as the title of the related story that the line before announces."),
    )


def test_crlf_blank_lines_bom_and_wide_spaces_are_ignored() -> None:
    spaced = "\ufeff" + "\r\n\r\n".join(f"\u3000\u3000{line}\u200b" for line in BRIDGE.splitlines())
    assert parse(spaced) == parse(BRIDGE)


def test_text_after_the_responses_is_coverage_with_a_doubt() -> None:
    result = article("31日最新消息\n大橋重開\n【21:00】通車。\n最新回應\n讀者說好。")
    assert result.entries[0].blocks == (Paragraph("通車。"), Paragraph("讀者說好。"))
    reason = "After the readers' responses, which should be the last: read as coverage."
    assert result.doubts == (Doubt(7, reason),)


def test_standfirst_and_updates_are_optional() -> None:
    assert article("31日最新消息\n大橋重開\n通車。").standfirst == ()
    assert article("大橋通車,三日搶修完成。").entries == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (BRIDGE, "zh-hant"),
        ("虹桥重开\n2026-07-31 21:40\n31日最新消息\n时间表\n发言人说,车站开放。", "zh-hans"),
        ("虹橋\n2026-07-31 21:40\n大人入山。", "zh-hant"),
        ("Bridge\n2026-07-31 21:40\nIt reopens as 虹橋 tonight.", "en"),
    ],
)
def test_language_is_detected(text: str, language: str) -> None:
    assert parse(text).language == language


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs"]
)
def test_encoding_is_detected(encoding: str) -> None:
    assert read(BRIDGE.encode(encoding)) == BRIDGE


def test_encoding_of_the_samples_is_detected(samples: Path) -> None:
    for path in samples.glob("*.txt"):
        text = path.read_text()
        assert [read(text.encode(encoding)) == text for encoding in ("gb18030", "utf-16", "utf-16-be")] == [
            True
        ] * 3


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", 1, "The file is empty."),
        (b"\xef\xbb\xbf \r\n\n", 1, "The file is empty."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01", 3, "This is a binary file, not text."),
        ("甲\n乙\x07".encode(), 2, "This is a binary file, not text."),
        (
            "Café\n2026".encode("latin-1"),
            1,
            "The encoding of this line is not known. Save the file as UTF-8.",
        ),
        (
            "行\n".encode() * (MAX_BYTES // 4 + 10),
            524289,
            "The file is too large for an article: it has more than 2 MB by this line.",
        ),
    ],
)
def test_unreadable_file_raises_an_error_with_line_and_reason(data: bytes, line: int, reason: str) -> None:
    with pytest.raises(ArticleError) as excinfo:
        read(data)
    assert (excinfo.value.line, excinfo.value.reason) == (line, reason)


NO_TITLE = "The title is missing: the first line has to be kicker︱headline."
NO_STAMP = (
    "No publication time was found. "
    "Give one, such as 2025-03-18 17:14, with --published-at or in its field at the desk."
)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("\n \n", 1, "There is no text."),
        ("2026-07-31 21:40\n導語。", 1, NO_TITLE),
        ("31日最新消息\n2026-07-31 21:40", 1, NO_TITLE),
        ("持續更新\n2026-07-31 21:40", 1, NO_TITLE),
        (
            "橋" * 251 + "\n2026-07-31 21:40",
            1,
            "The title is too long: a headline has at most 250 characters.",
        ),
        ("虹橋重開", 2, NO_STAMP),
        ("虹橋重開\n\n導語。", 3, NO_STAMP),
        ("虹橋重開\n2026-02-30 21:40", 2, "There is no such day or time. (2026-02-30 21:40)"),
        (
            "虹橋重開\n2026-07-31 21:40\n導語。\n\n【29:99】通車。",
            5,
            "There is no such time. (【29:99】通車。)",
        ),
        ("虹橋重開\n2026-07-31 21:40\n【24:00】通車。", 3, "There is no such time. (【24:00】通車。)"),
        ("Bridge\n2026-07-31 21:40\n13.05pm: Open.", 3, "There is no such time. (13.05pm: Open.)"),
        ("虹橋重開\n2026-07-31 21:40\n32日最新消息", 3, "There is no such day. (32日最新消息)"),
        ("虹橋重開\n2026-07-31 21:40\n2月30日最新消息", 3, "There is no such day. (2月30日最新消息)"),
    ],
)
def test_malformed_article_raises_an_error_with_line_and_reason(text: str, line: int, reason: str) -> None:
    with pytest.raises(ArticleError) as excinfo:
        parse(text)
    assert (excinfo.value.line, excinfo.value.reason) == (line, reason)
