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


def test_words_beside_a_publication_day_are_the_title_if_there_is_no_other() -> None:
    body = "【18:05】停航。\n【17:30】關閉。\n【16:55】三號風球。"
    article = parse("港聞\n渡輪停航 2025-09-23\n署長見記者\n" + body)
    assert (article.headline, article.standfirst) == ("渡輪停航", (Paragraph("署長見記者"),))
    assert "It could be the title as well as the line below it." in reasons(article)[2]
    assert "霧港" in left_out(parse("渡輪停航\n霧港 2025-09-23\n" + body))


def test_time_in_a_heading_that_was_not_read_as_one_is_doubted() -> None:
    body = "渡輪18:05停航\n渡輪全線停航。\n碼頭17:30關閉\n碼頭已關閉。\n三號風球生效\n風勢增強。"
    article = parse(HEAD_ZH + body)
    doubt = "Contains what looks like a time but was not read as one."
    assert [line for line, texts in reasons(article).items() if doubt in texts] == [3, 5]


@pytest.mark.parametrize(
    ("body", "standfirst"),
    [
        ("颱風逼近。 【1805】渡輪停航。 【1730】碼頭關閉。【1655】三號風球。", "颱風逼近。"),
        ("【18:05更新】渡輪停航。【17:30更新】\n碼頭關閉。\n【16:55更新】\n三號風球。", ""),
        ("18:05 渡輪停航。\n17:30 碼頭關閉。\n16:55 三號風球。", ""),
    ],
)
def test_times_in_brackets_inside_a_line_open_updates(body: str, standfirst: str) -> None:
    article = parse(HEAD_ZH + body)
    assert article.standfirst == ((Paragraph(standfirst),) if standfirst else ())
    assert updates(article) == [
        (SEPTEMBER_23, time(18, 5), "", ["渡輪停航。"]),
        (SEPTEMBER_23, time(17, 30), "", ["碼頭關閉。"]),
        (SEPTEMBER_23, time(16, 55), "", ["三號風球。"]),
    ]
    is_divided = "。【" in body or "。 【" in body
    assert any("Several times" in reason for reason in reasons(article).get(3, [])) == is_divided


def test_time_in_brackets_within_a_sentence_stays_there() -> None:
    body = "【18:05】渡輪停航。\n【17:30】通告【17:25】發出，碼頭關閉。\n【16:55】三號風球。"
    assert updates(parse(HEAD_ZH + body))[1][3] == ["通告【17:25】發出，碼頭關閉。"]


@pytest.mark.parametrize("names", [("陳大文 ",) * 3, ("", "", "")])
def test_time_below_its_text_closes_the_update(names: tuple[str, ...]) -> None:
    posts = (("18:05", "渡輪停航"), ("17:30", "碼頭關閉"), ("16:55", "三號風球"))
    body = "".join(
        f"{heading}\n{heading}。\n{name}{clock}\n"
        for (clock, heading), name in zip(posts, names, strict=True)
    )
    article = parse(HEAD_ZH + f"颱風逼近。\n{body}")
    assert article.standfirst == (Paragraph("颱風逼近。"),)
    assert clocks(article) == [
        (time(18, 5), "渡輪停航"),
        (time(17, 30), "碼頭關閉"),
        (time(16, 55), "三號風球"),
    ]
    assert {6, 9, 12} <= reasons(article).keys()


def test_time_behind_the_first_words_is_read_if_there_is_no_other_notation() -> None:
    body = "・東堤道（18:05）：三車相撞。\n・山頂道（17:30）：貨車溜後。\n・海旁大道（16:55）：巴士撞欄。"
    assert updates(parse(HEAD_ZH + body)) == [
        (SEPTEMBER_23, time(18, 5), "東堤道", ["三車相撞。"]),
        (SEPTEMBER_23, time(17, 30), "山頂道", ["貨車溜後。"]),
        (SEPTEMBER_23, time(16, 55), "海旁大道", ["巴士撞欄。"]),
    ]


@pytest.mark.parametrize("about", ["許", "左右", "前後"])
def test_approximate_time_before_a_heading_is_read_as_exact_with_a_doubt(about: str) -> None:
    body = f"18時05分 停航\n渡輪停航。\n17時{about} 關閉\n碼頭關閉。\n16時55分 風球\n三號風球。"
    article = parse(HEAD_ZH + body)
    assert clocks(article)[1] == (time(17), "關閉")
    assert "An approximate time: read as exact." in reasons(article)[5]


def test_clock_faces_are_one_sign() -> None:
    body = "🕙 10:00 停航\n渡輪停航。\n🕛 12:00 關閉\n碼頭關閉。\n🕓 16:00 風球\n三號風球。"
    assert clocks(parse(HEAD_ZH + body)) == [(time(16), "風球"), (time(12), "關閉"), (time(10), "停航")]


def test_author_between_time_and_text_is_left_out() -> None:
    body = "6:05 PM (Ann Lee): They stop.\n5:30 PM: They shut.\n4:55 PM (Bob Chan): Signal up."
    article = parse(HEAD_EN + body)
    assert [paragraphs for *_rest, paragraphs in updates(article)] == [
        ["They stop."],
        ["They shut."],
        ["Signal up."],
    ]
    assert left_out(article) == ["(Ann Lee):", "(Bob Chan):"]


def test_publication_is_read_behind_the_time_of_the_last_change() -> None:
    line = "更新於 2025年09月23日18:37 • 發布於 2025年09月23日14:00 • 編輯中心 / 綜合報導"
    article = parse(f"渡輪停航\n{line}\n18:05 停航。\n17:30 關閉。\n16:55 三號風球。")
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))


def test_last_of_the_key_points_is_not_a_heading_if_headings_are_below_times() -> None:
    body = "6.05pm\nFerries stop\nThey stop.\n5.30pm\nPiers shut\nThey shut.\n4.55pm\nSignal up\nNo 3."
    article = parse(HEAD_EN + f"Key points\nFerries stop\nPiers shut\n{body}")
    assert (len(article.entries), article.standfirst) == (3, ())
    assert left_out(article) == ["Key points", "Ferries stop", "Piers shut"]


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


def test_brackets_of_a_heading_behind_a_time_in_brackets_are_kept() -> None:
    body = "【18:05】【停航】\n渡輪停航。\n【17:30】【關閉】\n碼頭關閉。\n【16:55】【風球】\n三號風球。"
    assert clocks(parse(HEAD_ZH + body)) == [
        (time(18, 5), "【停航】"),
        (time(17, 30), "【關閉】"),
        (time(16, 55), "【風球】"),
    ]


@pytest.mark.parametrize("label", ["最新：", "最新 ", "NEW ", "Latest: "])
def test_label_before_the_newest_time_is_no_part_of_the_notation(label: str) -> None:
    article = parse(HEAD_ZH + f"{label}18:05\n停航\n渡輪停航。\n17:30\n關閉\n碼頭關閉。\n16:55\n風球\n三號。")
    assert clocks(article) == [(time(18, 5), "停航"), (time(17, 30), "關閉"), (time(16, 55), "風球")]


def test_bold_time_and_heading_before_a_sentence_are_divided() -> None:
    body = "**18:05｜停航** 渡輪停航。\n**17:30｜關閉** 碼頭關閉。\n**16:55｜風球** 三號風球。"
    assert updates(parse(HEAD_ZH + body)) == [
        (SEPTEMBER_23, time(18, 5), "停航", ["渡輪停航。"]),
        (SEPTEMBER_23, time(17, 30), "關閉", ["碼頭關閉。"]),
        (SEPTEMBER_23, time(16, 55), "風球", ["三號風球。"]),
    ]


def test_attachment_that_a_chat_omits_is_left_out() -> None:
    body = "[18:05] 陳大文: 停航。\n[17:30] 李小芬: \u200e圖片已略去\n[16:55] 李小芬: 三號風球。"
    article = parse(HEAD_ZH + body)
    assert [clock for clock, _heading in clocks(article)] == [time(18, 5), time(16, 55)]
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


@pytest.mark.parametrize(
    ("morning", "afternoon", "evening"), [("早上：", "下午：", "晚上："), ("Morning", "Afternoon", "Evening")]
)
def test_part_of_the_day_above_bare_times_is_theirs(morning: str, afternoon: str, evening: str) -> None:
    body = (
        f"{evening}\n9:10 停航\n渡輪停航。\n{afternoon}\n1:30 關閉\n碼頭關閉。\n12:05 水浸\n碼頭水浸。\n"
        f"{morning}\n8:25 風球\n三號風球。"
    )
    article = parse("渡輪停航\n2025-09-23 22:00\n" + body)
    assert [(day, clock) for day, clock, *_rest in updates(article)] == [
        (SEPTEMBER_23, time(21, 10)),
        (SEPTEMBER_23, time(13, 30)),
        (SEPTEMBER_23, time(12, 5)),
        (SEPTEMBER_23, time(8, 25)),
    ]
    assert left_out(article) == [evening, afternoon, morning]


def test_same_moment_in_another_zone_is_not_part_of_the_heading() -> None:
    body = "".join(
        f"莫斯科時間{hour}:05（香港時間{hour + 5}:05）　停航\n渡輪停航。\n" for hour in (13, 12, 11)
    )
    article = parse("渡輪停航\n2025-09-23 14:00 HKT\n" + body)
    assert clocks(article) == [(time(18, 5), "停航"), (time(17, 5), "停航"), (time(16, 5), "停航")]


@pytest.mark.parametrize("sign", ["#", "No. "])
def test_number_of_a_post_before_its_time_is_not_its_heading(sign: str) -> None:
    body = f"{sign}12 18:05\n停航\n渡輪停航。\n{sign}11 17:30\n關閉\n碼頭關閉。\n"
    body += f"{sign}10 16:55\n風球\n三號風球。"
    assert clocks(parse(HEAD_ZH + body)) == [
        (time(18, 5), "停航"),
        (time(17, 30), "關閉"),
        (time(16, 55), "風球"),
    ]


def test_row_of_sections_is_not_the_title_and_its_repetition_is_left_out() -> None:
    head = "跳到主要內容\n最新消息 港聞 財經 國際\n渡輪停航\n渡輪停航\n2025-09-23 14:00\n"
    article = parse(head + "更新 18:05　停航。\n更新 17:30　關閉。\n更新 16:55　三號風球。")
    assert (article.headline, article.standfirst) == ("渡輪停航", ())


def test_twelve_hour_clock_without_its_half_is_read_by_its_fall_at_noon() -> None:
    posts = ("4:10 — Stop", "2:45 — Shut", "12:30 — Flood", "11:05 — Signal", "9:20 — Wind")
    body = "".join(f"{post}\nIt is so.\n" for post in posts)
    article = parse("Ferries stop\n23 September 2025, 4:30pm\n" + body)
    assert [(day, clock) for day, clock, *_rest in updates(article)] == [
        (SEPTEMBER_23, time(16, 10)),
        (SEPTEMBER_23, time(14, 45)),
        (SEPTEMBER_23, time(12, 30)),
        (SEPTEMBER_23, time(11, 5)),
        (SEPTEMBER_23, time(9, 20)),
    ]
    doubt = "Its time names no part of the day: read as after noon."
    assert [line for line, texts in reasons(article).items() if doubt in texts] == [3, 5]


def test_clock_that_falls_at_midnight_is_one_of_24_hours() -> None:
    body = "".join(f"{clock}\n停航\n渡輪停航。\n" for clock in ("02:45", "00:30", "11:05", "09:20"))
    assert clocks(parse(HEAD_ZH + body))[0][0] == time(2, 45)


@pytest.mark.parametrize("line", ["114年9月23日 14:00", "民國114年9月23日 14:00", "發稿：114年9月23日 14:00"])
def test_publication_time_is_read_in_the_calendar_of_taiwan(line: str) -> None:
    article = parse(f"渡輪停航\n{line}\n18:05 停航。\n17:30 關閉。\n16:55 三號風球。")
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))


@pytest.mark.parametrize("signs", ["「」", "『』", "《》", "〈〉"])
def test_quotation_marks_around_a_time_are_its_brackets(signs: str) -> None:
    opening, closing = signs[0], signs[1]
    body = "".join(f"{opening}{clock}{closing}　停航\n渡輪停航。\n" for clock in ("18:05", "17:30", "16:55"))
    assert clocks(parse(HEAD_ZH + body)) == [
        (time(18, 5), "停航"),
        (time(17, 30), "停航"),
        (time(16, 55), "停航"),
    ]


def test_tag_of_an_ended_page_is_not_a_kicker() -> None:
    article = parse("【已結束】渡輪停航文字直播\n2025-09-23 14:00\n18:05 停航。\n17:30 關閉。\n16:55 風球。")
    assert (article.kicker, article.headline, article.is_running) == ("", "渡輪停航文字直播", False)


def test_date_in_a_caption_is_not_the_publication_time() -> None:
    article = parse(
        "渡輪停航\n2025-09-23 14:00\n碼頭。本報記者陳小明攝 114年9月20日\n"
        "18:05 停航。\n17:30 關閉。\n16:55 風球。"
    )
    assert article.standfirst == (Caption("碼頭。本報記者陳小明攝 114年9月20日"),)
