"""Parsing of invented articles in layouts that few newsrooms use."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from liveblog.articles.article import Article, Caption, Paragraph
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


def test_list_of_key_events_with_their_times_is_left_out() -> None:
    events = "15.10 BST\nFerries stop\n12.15 BST\nPiers shut\n"
    body = "15.10 BST\nFerries stop\nThey stop.\n13.30 BST\nIt rains.\n12.15 BST\nPiers shut\nThey shut.\n"
    article = parse(HEAD_EN + f"Key events\n{events}Show key events only\n{body}")
    assert updates(article) == [
        (SEPTEMBER_23, time(22, 10), "Ferries stop", ["They stop."]),
        (SEPTEMBER_23, time(20, 30), "", ["It rains."]),
        (SEPTEMBER_23, time(19, 15), "Piers shut", ["They shut."]),
    ]
    assert left_out(article)[1:5] == events.splitlines()


def test_line_that_recurs_before_the_times_is_not_their_heading() -> None:
    body = "".join(
        f"Back to the list\n{clock}\n{heading}\nIt is so.\n"
        for clock, heading in (("6.05pm", "Ferries stop"), ("5.30pm", "Piers shut"), ("4.55pm", "Signal up"))
    )
    article = parse(HEAD_EN + body)
    assert clocks(article) == [
        (time(18, 5), "Ferries stop"),
        (time(17, 30), "Piers shut"),
        (time(16, 55), "Signal up"),
    ]
    doubt = "The same line in several updates: left out as part of the page."
    assert [line for line, texts in reasons(article).items() if doubt in texts] == [3, 7, 11]


def test_row_that_heads_several_tables_stays_in_its_updates() -> None:
    body = "".join(f"【1{hour}:05】點票\n結果如下：\n候選人 得票\n李小明 {hour}20\n" for hour in (9, 8, 7, 6))
    assert [paragraphs[1] for *_rest, paragraphs in updates(parse(HEAD_ZH + body))] == ["候選人 得票"] * 4


def test_embedded_post_keeps_its_words_without_name_and_time() -> None:
    post = "Harbour Airport\n@harbourairport\nRunway 1 is open again.\n6:01 PM · Sep 23, 2025\n"
    signed = "Fog is thick.\n— Ann Lee (@annlee) September 23, 2025\n"
    article = parse(
        HEAD_EN + f"6:05 PM\nFerries stop\nThey stop.\n{post}5:30 PM\nPiers shut\nThey shut.\n{signed}"
        "下午5:02 · 2025年9月23日 · 1.2萬 次查看\n4:55 PM\nSignal up\nNo 3."
    )
    assert updates(article) == [
        (SEPTEMBER_23, time(18, 5), "Ferries stop", ["They stop.", "Runway 1 is open again."]),
        (SEPTEMBER_23, time(17, 30), "Piers shut", ["They shut.", "Fog is thick."]),
        (SEPTEMBER_23, time(16, 55), "Signal up", ["No 3."]),
    ]
    assert "Harbour Airport" in left_out(article)


@pytest.mark.parametrize("label", ["📌 置頂", "置顶", "Pinned post"])
def test_pinned_post_is_read_at_its_own_time(label: str) -> None:
    body = "18:05\n渡輪停航\n停航。\n17:30\n碼頭關閉\n關閉。\n14:10\n三號風球\n風勢增強。"
    article = parse(HEAD_ZH + f"{label}\n15:00\n安排一覽\n停課。\n{body}")
    assert clocks(article) == [
        (time(18, 5), "渡輪停航"),
        (time(17, 30), "碼頭關閉"),
        (time(15), "安排一覽"),
        (time(14, 10), "三號風球"),
    ]
    assert {day for day, *_rest in updates(article)} == {SEPTEMBER_23}
    assert reasons(article)[4] == ["Pinned at the top of the page: read as of 2025-09-23."]


def test_pinned_post_of_last_night_is_read_as_of_the_day_before() -> None:
    body = "24日最新消息\n02:05\n渡輪停航\n停航。\n00:30\n碼頭關閉\n關閉。"
    article = parse(HEAD_ZH + f"置頂\n23:40\n安排一覽\n停課。\n{body}")
    assert [(day, clock) for day, clock, *_rest in updates(article)] == [
        (date(2025, 9, 24), time(2, 5)),
        (date(2025, 9, 24), time(0, 30)),
        (SEPTEMBER_23, time(23, 40)),
    ]


def test_day_below_each_time_belongs_to_it() -> None:
    article = parse(
        HEAD_ZH + "02:05\n24/9/2025\n渡輪停航\n停航。\n17:30\n23/9/2025\n碼頭關閉\n關閉。\n"
        "16:55\n23/9/2025\n三號風球\n風勢增強。"
    )
    assert [(day, clock, heading) for day, clock, heading, _text in updates(article)] == [
        (date(2025, 9, 24), time(2, 5), "渡輪停航"),
        (SEPTEMBER_23, time(17, 30), "碼頭關閉"),
        (SEPTEMBER_23, time(16, 55), "三號風球"),
    ]
    assert not reasons(article)


@pytest.mark.parametrize("label", ["What we know so far", "Key moments", "Here’s the latest"])
def test_label_below_a_time_is_the_heading_of_its_update(label: str) -> None:
    article = parse(
        HEAD_EN + f"6.05pm\nFerries stop\nThey stop.\n5.30pm\n{label}\nPiers shut.\n4.55pm\nSignal up\nNo 3."
    )
    assert clocks(article)[1] == (time(17, 30), label)


@pytest.mark.parametrize("words", ["最新進度", "災情報導", "即時戰況", "大事記"])
def test_day_heading_is_read_with_other_words_for_its_updates(words: str) -> None:
    text = (
        HEAD_ZH + f"【9/24{words}】\n02:45 停航。\n00:20 水浸。\n【9/23{words}】\n23:00 停航。\n21:30 大風。"
    )
    assert [day.day for day, *_rest in updates(parse(text))] == [24, 24, 23, 23]


@pytest.mark.parametrize(
    "line",
    [
        "最新",
        "Bookmark",
        "WhatsApp",
        "Skip next section Key facts",
        ">>> 點擊下圖睇更多 >>>",
        "★《霧報》提醒您：酒後不開車，安全有保障！",
        "自殺不能解決問題，珍惜生命，請撥1995",
        "請同意我們的隱私權規範，才能啟用聽新聞的功能。",
        "（編輯：林大文）1140923",
        "霧港新聞編輯部",
    ],
)
def test_furniture_of_more_sites_is_left_out(line: str) -> None:
    article = parse(
        HEAD_ZH + f"{line}\n18:05\n停航\n渡輪停航。\n17:30\n關閉\n碼頭關閉。\n16:55\n風球\n三號。\n{line}"
    )
    assert len(article.entries) == 3
    assert article.standfirst == ()
    assert left_out(article) == [line] * 2


@pytest.mark.parametrize(
    "caption",
    [
        "The pier on Tuesday. (AP Photo/John Sample)",
        "The pier [John Sample/Getty Images]",
        "碼頭擠滿旅客。中央社記者陳小明攝 114年9月23日",
    ],
)
def test_captions_of_agencies_are_captions(caption: str) -> None:
    article = parse(HEAD_EN + f"6.05pm\nFerries stop\nThey stop.\n{caption}\n5.30pm\nPiers shut\nThey shut.")
    assert article.entries[0].blocks[-1] == Caption(caption)


def test_name_between_title_and_publication_time_is_left_out() -> None:
    article = parse(
        "Ferries stop\nThey stop at noon.\nJane Example\n23 Sep 2025 2:00pm\n6.05pm: Stop.\n5.30pm: Shut."
    )
    assert left_out(article) == ["Jane Example"]


def test_words_beside_a_publication_day_are_not_lost() -> None:
    article = parse(
        "港聞\n渡輪停航 2025-09-23\n署長見記者\n【18:05】停航。\n【17:30】關閉。\n【16:55】三號風球。"
    )
    assert "渡輪停航" in left_out(article)
    assert "It could be the title as well as the line below it." in reasons(article)[2]


def test_time_in_a_heading_that_was_not_read_as_one_is_doubted() -> None:
    body = "渡輪18:05停航\n渡輪全線停航。\n碼頭17:30關閉\n碼頭已關閉。\n三號風球生效\n風勢增強。"
    article = parse(HEAD_ZH + body)
    doubt = "Contains what looks like a time but was not read as one."
    assert [line for line, texts in reasons(article).items() if doubt in texts] == [3, 5]
