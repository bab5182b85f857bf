"""Parsing of invented articles whose times stand in places and notations that few newsrooms use."""

from __future__ import annotations

from datetime import date, time

import pytest

from liveblog.articles.article import Paragraph
from liveblog.articles.parse import parse
from tests.articles.invented import HEAD_EN, HEAD_ZH, SEPTEMBER_23, headings, left_out, reasons, updates


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
    assert headings(article) == [
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
    assert headings(article)[-1] == (clock, "Up")


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
    assert headings(article)[1] == (time(17, 30), label)


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
    assert headings(article) == [
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
    assert headings(article)[1] == (time(17), "關閉")
    assert "An approximate time: read as exact." in reasons(article)[5]


def test_clock_faces_are_one_sign() -> None:
    body = "🕙 10:00 停航\n渡輪停航。\n🕛 12:00 關閉\n碼頭關閉。\n🕓 16:00 風球\n三號風球。"
    assert headings(parse(HEAD_ZH + body)) == [(time(16), "風球"), (time(12), "關閉"), (time(10), "停航")]


def test_author_between_time_and_text_is_left_out() -> None:
    body = "6:05 PM (Ann Lee): They stop.\n5:30 PM: They shut.\n4:55 PM (Bob Chan): Signal up."
    article = parse(HEAD_EN + body)
    assert [paragraphs for *_rest, paragraphs in updates(article)] == [
        ["They stop."],
        ["They shut."],
        ["Signal up."],
    ]
    assert left_out(article) == ["(Ann Lee):", "(Bob Chan):"]


def test_last_of_the_key_points_is_not_a_heading_if_headings_are_below_times() -> None:
    body = "6.05pm\nFerries stop\nThey stop.\n5.30pm\nPiers shut\nThey shut.\n4.55pm\nSignal up\nNo 3."
    article = parse(HEAD_EN + f"Key points\nFerries stop\nPiers shut\n{body}")
    assert (len(article.entries), article.standfirst) == (3, ())
    assert left_out(article) == ["Key points", "Ferries stop", "Piers shut"]


def test_brackets_of_a_heading_behind_a_time_in_brackets_are_kept() -> None:
    body = "【18:05】【停航】\n渡輪停航。\n【17:30】【關閉】\n碼頭關閉。\n【16:55】【風球】\n三號風球。"
    assert headings(parse(HEAD_ZH + body)) == [
        (time(18, 5), "【停航】"),
        (time(17, 30), "【關閉】"),
        (time(16, 55), "【風球】"),
    ]


@pytest.mark.parametrize("label", ["最新：", "最新 ", "NEW ", "Latest: "])
def test_label_before_the_newest_time_is_no_part_of_the_notation(label: str) -> None:
    article = parse(HEAD_ZH + f"{label}18:05\n停航\n渡輪停航。\n17:30\n關閉\n碼頭關閉。\n16:55\n風球\n三號。")
    assert headings(article) == [(time(18, 5), "停航"), (time(17, 30), "關閉"), (time(16, 55), "風球")]


def test_bold_time_and_heading_before_a_sentence_are_divided() -> None:
    body = "**18:05｜停航** 渡輪停航。\n**17:30｜關閉** 碼頭關閉。\n**16:55｜風球** 三號風球。"
    assert updates(parse(HEAD_ZH + body)) == [
        (SEPTEMBER_23, time(18, 5), "停航", ["渡輪停航。"]),
        (SEPTEMBER_23, time(17, 30), "關閉", ["碼頭關閉。"]),
        (SEPTEMBER_23, time(16, 55), "風球", ["三號風球。"]),
    ]


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
    assert headings(article) == [(time(18, 5), "停航"), (time(17, 5), "停航"), (time(16, 5), "停航")]


@pytest.mark.parametrize("sign", ["#", "No. "])
def test_number_of_a_post_before_its_time_is_not_its_heading(sign: str) -> None:
    body = f"{sign}12 18:05\n停航\n渡輪停航。\n{sign}11 17:30\n關閉\n碼頭關閉。\n"
    body += f"{sign}10 16:55\n風球\n三號風球。"
    assert headings(parse(HEAD_ZH + body)) == [
        (time(18, 5), "停航"),
        (time(17, 30), "關閉"),
        (time(16, 55), "風球"),
    ]


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
    assert headings(parse(HEAD_ZH + body))[0][0] == time(2, 45)


@pytest.mark.parametrize("signs", ["「」", "『』", "《》", "〈〉"])
def test_quotation_marks_around_a_time_are_its_brackets(signs: str) -> None:
    opening, closing = signs[0], signs[1]
    body = "".join(f"{opening}{clock}{closing}　停航\n渡輪停航。\n" for clock in ("18:05", "17:30", "16:55"))
    assert headings(parse(HEAD_ZH + body)) == [
        (time(18, 5), "停航"),
        (time(17, 30), "停航"),
        (time(16, 55), "停航"),
    ]
