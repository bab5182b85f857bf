"""Parsing of invented articles with heads, lists and posts that few newsrooms use."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from liveblog.articles.article import Caption, Paragraph
from liveblog.articles.parse import Given, parse
from newsroom import hongkong
from tests.articles.invented import HEAD_EN, HEAD_ZH, SEPTEMBER_23, headings, left_out, reasons, updates


@pytest.mark.parametrize("zone", ["[GMT+8]·3 分鐘文章", "(GMT+8)", "HKT"])
def test_offset_of_the_publication_time_is_read_in_brackets(zone: str) -> None:
    article = parse(f"渡輪停航（持續更新）\n2025年9月23日 下午2:00 {zone}\n（18:05）停航。\n（17:30）關閉。")
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))
    assert [clock for clock, _heading in headings(article)] == [time(18, 5), time(17, 30)]


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
    assert headings(article) == [
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
    assert headings(article) == [
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


def test_words_beside_a_publication_day_are_the_title_if_there_is_no_other() -> None:
    body = "【18:05】停航。\n【17:30】關閉。\n【16:55】三號風球。"
    article = parse("港聞\n渡輪停航 2025-09-23\n署長見記者\n" + body)
    assert (article.headline, article.standfirst) == ("渡輪停航", (Paragraph("署長見記者"),))
    assert "It could be the title as well as the line below it." in reasons(article)[2]
    assert "霧港" in left_out(parse("渡輪停航\n霧港 2025-09-23\n" + body))


def test_publication_is_read_behind_the_time_of_the_last_change() -> None:
    line = "更新於 2025年09月23日18:37 • 發布於 2025年09月23日14:00 • 編輯中心 / 綜合報導"
    article = parse(f"渡輪停航\n{line}\n18:05 停航。\n17:30 關閉。\n16:55 三號風球。")
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))


@pytest.mark.parametrize(
    "line", ["Here are the latest updates:", "日期 時間 事件", "reaction icon 0", "查看原始文章"]
)
def test_labels_and_column_titles_are_left_out(line: str) -> None:
    article = parse(HEAD_ZH + f"{line}\n18:05\n停航\n渡輪停航。\n17:30\n關閉\n碼頭關閉。\n{line}")
    assert (len(article.entries), article.standfirst, left_out(article)) == (2, (), [line] * 2)


def test_details_in_brackets_are_a_related_story() -> None:
    article = parse(HEAD_ZH + "【18:05】停航。\n（詳情請點：快訊／渡輪停航！）\n【17:30】關閉。")
    assert [story.title for entry in article.entries for story in entry.stories] == ["快訊／渡輪停航！"]


def test_running_mark_before_a_slash_is_not_part_of_the_title() -> None:
    article = parse("不斷更新／渡輪停航\n2025-09-23 14:00\n【18:05】停航。\n【17:30】關閉。")
    assert (article.kicker, article.headline, article.is_running) == ("", "渡輪停航", True)


def test_attachment_that_a_chat_omits_is_left_out() -> None:
    body = "[18:05] 陳大文: 停航。\n[17:30] 李小芬: \u200e圖片已略去\n[16:55] 李小芬: 三號風球。"
    article = parse(HEAD_ZH + body)
    assert [clock for clock, _heading in headings(article)] == [time(18, 5), time(16, 55)]
    assert left_out(article) == ["李小芬: 圖片已略去"]


def test_tags_above_a_list_of_links_are_doubted() -> None:
    article = parse(
        HEAD_ZH + "【18:05】停航。\n【17:30】關閉。\n【16:55】三號風球。\n渡輪\n碼頭\n延伸閱讀\n颱風路徑一覽"
    )
    assert {6, 7} <= reasons(article).keys()


@pytest.mark.parametrize("line", ["分享 收藏 留言 12", "Share Save 1.2K", "HEADLINES"])
def test_rows_of_buttons_are_left_out(line: str) -> None:
    article = parse(HEAD_ZH + f"{line}\n18:05\n停航\n渡輪停航。\n17:30\n關閉\n碼頭關閉。")
    assert (len(article.entries), article.standfirst, left_out(article)) == (2, (), [line])


def test_row_of_sections_is_not_the_title_and_its_repetition_is_left_out() -> None:
    head = "跳到主要內容\n最新消息 港聞 財經 國際\n渡輪停航\n渡輪停航\n2025-09-23 14:00\n"
    article = parse(head + "更新 18:05　停航。\n更新 17:30　關閉。\n更新 16:55　三號風球。")
    assert (article.headline, article.standfirst) == ("渡輪停航", ())


@pytest.mark.parametrize("line", ["114年9月23日 14:00", "民國114年9月23日 14:00", "發稿：114年9月23日 14:00"])
def test_publication_time_is_read_in_the_calendar_of_taiwan(line: str) -> None:
    article = parse(f"渡輪停航\n{line}\n18:05 停航。\n17:30 關閉。\n16:55 三號風球。")
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))


def test_tag_of_an_ended_page_is_not_a_kicker() -> None:
    article = parse("【已結束】渡輪停航文字直播\n2025-09-23 14:00\n18:05 停航。\n17:30 關閉。\n16:55 風球。")
    assert (article.kicker, article.headline, article.is_running) == ("", "渡輪停航文字直播", False)


def test_date_in_a_caption_is_not_the_publication_time() -> None:
    article = parse(
        "渡輪停航\n2025-09-23 14:00\n碼頭。本報記者陳小明攝 114年9月20日\n"
        "18:05 停航。\n17:30 關閉。\n16:55 風球。"
    )
    assert article.standfirst == (Caption("碼頭。本報記者陳小明攝 114年9月20日"),)
