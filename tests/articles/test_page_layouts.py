"""Parsing of invented articles in the page layouts of newspapers, agencies, broadcasters and chats."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from liveblog.articles.article import Article, Caption, Paragraph, Related
from liveblog.articles.notation import Heading, Order
from liveblog.articles.parse import parse
from newsroom import hongkong
from tests.articles.invented import HEAD_EN, HEAD_ZH, SEPTEMBER_23, headings, updates

SEPTEMBER_24 = date(2025, 9, 24)


def doubtful_lines(article: Article) -> set[int]:
    return {doubt.line for doubt in article.doubts}


@pytest.mark.parametrize("line", ["東網", "TVB News", "字號", "瀏覽 1.2萬", "即時更新", "星島網"])
def test_scrap_above_the_first_time_is_left_out_and_not_read_as_a_heading(line: str) -> None:
    article = parse(HEAD_ZH + f"{line}\n18:05\n渡輪停航。\n17:30\n碼頭關閉。\n16:55\n三號風球。")
    assert article.profile.heading is Heading.NONE
    assert headings(article) == [(time(18, 5), ""), (time(17, 30), ""), (time(16, 55), "")]
    assert line in {left_out.text for left_out in article.left_out}


def test_short_line_above_the_first_time_alone_is_doubted() -> None:
    article = parse(
        HEAD_EN + "Piers on alert\n6.05pm\nFerries stop.\n5.30pm\nPiers shut.\n4.55pm\nSignal up."
    )
    assert article.standfirst == (Paragraph("Piers on alert"),)
    assert 3 in doubtful_lines(article)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("17時41分許，渡輪停航。", "17時41分許，渡輪停航。"),
        ("下午5時41分左右，渡輪停航。", "下午5時41分左右，渡輪停航。"),
        ("下午5時41分許：渡輪停航。", "下午5時41分許：渡輪停航。"),
        ("約下午5時41分，渡輪停航。", "約下午5時41分，渡輪停航。"),
        ("下午5時41分，渡輪停航。", "渡輪停航。"),
        ("傍晚五時四十一分，渡輪停航。", "渡輪停航。"),
    ],
)
def test_time_at_the_head_of_a_sentence_leaves_no_broken_words(words: str, text: str) -> None:
    article = parse(
        HEAD_ZH + f"{words}\n下午4時20分，碼頭關閉。\n下午3時10分，學校停課。\n下午2時，三號風球。"
    )
    assert updates(article)[0] == (SEPTEMBER_23, time(17, 41), "", [text])


def test_time_at_the_end_of_a_line_is_read_and_doubted() -> None:
    lines = "渡輪停航 18:45\n渡輪全線停航。\n碼頭關閉 17:30\n碼頭已關閉。\n學校停課 15:10\n全日停課。"
    article = parse(HEAD_ZH + lines)
    assert headings(article) == [
        (time(18, 45), "渡輪停航"),
        (time(17, 30), "碼頭關閉"),
        (time(15, 10), "學校停課"),
    ]
    assert {3, 5, 7} <= doubtful_lines(article)


def test_names_before_the_times_of_a_chat_are_left_out() -> None:
    messages = (
        "Jane Example  6:45 PM\nFerries stop.\nJohn Sample  5:30 PM\nPiers shut.\n(edited)\n"
        "Jane Example  3:10 PM\nSchools close.\n:eyes: 2\n"
    )
    article = parse(HEAD_EN + messages)
    assert headings(article) == [(time(18, 45), ""), (time(17, 30), ""), (time(15, 10), "")]
    assert {line.text for line in article.left_out} == {"Jane Example", "John Sample", "(edited)", ":eyes: 2"}


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ("【Day 2】9月24日", "【Day 1】9月23日"),
        ("9月24日（三）", "9月23日（二）"),
        ("24/9（三）", "23/9（二）"),
        ("24 Sep (Wed)", "23 Sep (Tue)"),
    ],
)
def test_weekday_in_brackets_belongs_to_its_day_heading(above: str, below: str) -> None:
    article = parse(
        HEAD_ZH + f"{above}\n【02:45】九號風球。\n【00:20】水浸。\n{below}\n【23:00】停航。\n【21:30】大風。"
    )
    assert [day for day, *_rest in updates(article)] == [SEPTEMBER_24] * 2 + [SEPTEMBER_23] * 2


def test_second_point_of_a_list_is_not_a_weekday() -> None:
    article = parse(HEAD_ZH + "【02:45】兩項安排：\n（一）\n渡輪停航。\n（二）\n碼頭關閉。\n【00:20】水浸。")
    assert not article.profile.has_days


@pytest.mark.parametrize(
    "line",
    [
        "有線新聞 2025年9月23日(二) 14:00",
        "2025-09-23 (Tue) 14:00",
        "Published 2025-09-23T14:00:00+08:00",
        "23 September 2025 2pm",
    ],
)
def test_publication_time_is_read_beside_outlets_and_weekdays(line: str) -> None:
    article = parse(f"渡輪停航\n{line}\n18:20 停航。\n17:16 待命。")
    assert article.published_at == datetime(2025, 9, 23, 14, 0, tzinfo=hongkong.ZONE)


def test_iso_times_open_updates() -> None:
    body = "2025-09-23T18:45:00+08:00\nFerries stop.\n2025-09-23T10:10:00Z\nSchools close."
    assert [clock for _day, clock, *_rest in updates(parse(HEAD_EN + body))] == [time(18, 45), time(18, 10)]


@pytest.mark.parametrize(
    "date_line", ["刊登於 2025-09-23", "撰文：陳大文 | 23 Sep 2025", "Sep 23, 2025 撰文：陳大文"]
)
def test_updates_get_the_day_of_a_publication_time_without_a_clock_time(date_line: str) -> None:
    article = parse(f"渡輪停航\n{date_line}\n【23:30】停航。\n【18:45】水浸。\n【08:30】大風。")
    assert {day for day, *_rest in updates(article)} == {SEPTEMBER_23}
    assert 2 in doubtful_lines(article)


def test_last_update_of_the_page_bounds_the_days() -> None:
    head = "Polls close\nPublished Sep 23, 2025, 08:00 AM\nUpdated Sep 23, 2025, 10:40 PM\n"
    body = (
        "10:32 PM\nFirst result\nA ward counts.\n8:02 PM\nPolls close\nVoting ends.\n"
        "12:05 AM\nRallies end\nIt is quiet.\n"
    )
    article = parse(head + body)
    assert {day for day, *_rest in updates(article)} == {SEPTEMBER_23}


def test_relative_times_are_counted_from_the_last_update_of_the_page() -> None:
    head = "Ferries stop\nPosted Tue 23 Sep 2025 at 6:02am, updated Tue 23 Sep 2025 at 4:12pm\n"
    article = parse(head + "8m ago\nPower out\nHomes are dark.\n3h ago\nPiers shut\nPiers have shut.")
    assert headings(article) == [(time(16, 4), "Power out"), (time(13, 12), "Piers shut")]
    # A whole number of hours does not give the minute.
    assert doubtful_lines(article) == {6}


def test_times_without_zone_are_in_the_zone_of_the_publication_time() -> None:
    head = "Ferries stop\nUpdated 24 Sep 2025, 6:05 PM NZST\n"
    article = parse(head + "6.01pm\nPower out\nHomes are dark.\n4.45pm\nPiers shut\nPiers have shut.")
    assert [clock for clock, _heading in headings(article)] == [time(14, 1), time(12, 45)]
    assert 3 in doubtful_lines(article)


def test_local_times_of_an_unknown_place_are_doubted() -> None:
    head = "Ferries stop\nPublished 2:10 AM EST, September 23, 2025\nThe latest (all times local):\n"
    article = parse(head + "4:42 p.m.\nFerries stop.\n4:05 p.m.\nPiers shut.\n2:10 p.m.\nSignal up.")
    assert (article.profile.zone, 4 in doubtful_lines(article)) == ("", True)


@pytest.mark.parametrize(
    "byline",
    [
        "From CNN's Jane Example and John Sample",
        "By Jane Example, John Sample and Morning Post staff",
        "Jane Example (now) and John Sample (earlier)",
        "(Reporting by Jane Example; Editing by John Sample)",
        "海報記者 陳小明",
        "【纠错】 【责任编辑:张三】",
        "js/ab/cd",
        "Support us | Policies | Contact | Newsletter",
        "讚 120 分享",
        "圖片來源：港鐵",
        "UPDATE 4",
        "45 Posts",
        "SKIP ADVERTISEMENT",
    ],
)
def test_bylines_and_page_furniture_are_left_out_and_listed(byline: str) -> None:
    article = parse(
        HEAD_EN
        + f"6.45pm\nFerries stop\nAll ferries have stopped.\n{byline}\n5.30pm\nPiers shut\nPiers have shut."
    )
    assert headings(article) == [(time(18, 45), "Ferries stop"), (time(17, 30), "Piers shut")]
    assert [line.text for line in article.left_out] == [byline]


def test_byline_between_heading_and_time_is_left_out() -> None:
    body = (
        "Ferries stop\nFrom CNN's Jane Example\n9:05 PM EST, September 23, 2025\nAll ferries have stopped.\n"
        "Piers shut\nFrom CNN's John Sample\n8:51 PM EST, September 23, 2025\nPiers have shut.\n"
    )
    assert [heading for _clock, heading in headings(parse(HEAD_EN + body))] == ["Ferries stop", "Piers shut"]


def test_reporter_and_role_below_a_heading_are_left_out() -> None:
    body = (
        "16:42\nPower cut\nHomes are dark.\n"
        "16:05\nPier shut\nJane Example\nHarbour editor, at the pier\nThe pier is shut.\n"
    )
    article = parse(HEAD_EN + body)
    assert updates(article)[1] == (SEPTEMBER_23, time(16, 5), "Pier shut", ["The pier is shut."])


def test_heading_below_a_name_is_not_a_role() -> None:
    body = "".join(
        f"{clock}, 23 Sep 2025\nJane Example\n{heading}\n{text}\n"
        for clock, heading, text in (
            ("16:05", "That is all", "Thank you for following."),
            ("14:40", "Critics react", "They say it is unfair."),
            ("12:20", "Speech ends", "It lasted an hour."),
        )
    )
    assert [heading for _clock, heading in headings(parse(HEAD_EN + body))] == [
        "That is all",
        "Critics react",
        "Speech ends",
    ]


def test_line_that_opens_with_a_day_but_is_not_a_day_heading_is_doubted() -> None:
    article = parse(HEAD_ZH + "9月23日 八號風球懸掛\n【18:45】停航。\n【17:30】水浸。\n【16:20】大風。")
    assert 3 in doubtful_lines(article)


def test_names_above_times_are_not_headings() -> None:
    body = "".join(
        f"{name}\nSept. 23, 2025, {clock} p.m. ET\n11 minutes ago\n{name}\n{text}\n"
        for name, clock, text in (
            ("Jane Example", "9:05", "It rains."),
            ("Jane Example", "8:51", "Piers shut."),
        )
    )
    assert [
        heading
        for _clock, heading in headings(
            parse("Live\nUpdated\nSept. 23, 2025, 9:12 p.m. ET\nStorm: Live Updates\n" + body)
        )
    ] == ["", ""]


def test_label_above_the_publication_time_is_not_the_title() -> None:
    head = "Live\nUpdated\nSept. 23, 2025, 9:12 p.m. ET\nFerries stop across the bay\n"
    body = "Sept. 23, 2025, 9:05 p.m. ET\nIt rains.\nSept. 23, 2025, 8:51 p.m. ET\nPiers shut.\n"
    assert parse(head + body).headline == "Ferries stop across the bay"


@pytest.mark.parametrize(
    ("title", "kicker", "headline"),
    [
        ("颱風動態》渡輪停航", "颱風動態", "渡輪停航"),
        ("不斷更新》渡輪停航", "", "渡輪停航"),
        ("渡輪停航（14:30更新）", "", "渡輪停航"),
        ("渡輪停航懶人包／一次看 持續更新", "", "渡輪停航懶人包／一次看"),
        ("# 渡輪停航（持續更新）", "", "渡輪停航"),
        ("**渡輪停航**", "", "渡輪停航"),
        ("電影《大船》重映", "", "電影《大船》重映"),
    ],
)
def test_title_marks_of_other_sites_are_recognized(title: str, kicker: str, headline: str) -> None:
    article = parse(f"{title}\n2025/09/23 14:00\n【17:20】停航。\n【17:16】待命。")
    assert (article.kicker, article.headline) == (kicker, headline)


def test_only_dated_line_of_the_head_is_doubted_if_the_updates_look_the_same() -> None:
    body = "2025-09-23 15:58\n閉幕。\n2025-09-23 15:42\n表決。\n2025-09-23 15:10\n開始。"
    assert 2 in doubtful_lines(parse("會議直播\n" + body))


def test_titles_below_a_label_of_related_stories_are_links() -> None:
    article = parse(HEAD_ZH + "【18:45】停航。\n【17:30】水浸。\n相關文章\n颱風路徑一覽\n學校停課安排")
    assert article.entries[-1].stories == [Related("颱風路徑一覽"), Related("學校停課安排")]
    assert {6, 7} <= doubtful_lines(article)


def test_scraps_at_the_end_of_the_article_are_doubted() -> None:
    article = parse(
        HEAD_ZH + "【18:45】停航。\n【17:30】水浸。\n海報「一手新聞」\n不受演算法操控\n未經授權 不得轉載"
    )
    assert {5, 6} <= doubtful_lines(article)


def test_dashes_around_a_wire_heading_are_dropped() -> None:
    body = "- 10:45 GMT: Ferries stop -\nFerries have stopped.\n- 09:30 GMT: Piers shut -\nPiers have shut.\n"
    article = parse("Storm: what we know\nHong Kong | 23/09/2025 - 14:20 GMT\n" + body)
    assert headings(article) == [(time(18, 45), "Ferries stop"), (time(17, 30), "Piers shut")]


def test_heading_below_a_time_alone_is_read_where_others_stand_beside_theirs() -> None:
    body = (
        "11.30pm: Polls close\nVoting has ended.\n"
        "7.30pm\nQueue at the pier\nDozens wait.\n"
        "3.30pm: Polls open\nThey open.\n"
    )
    assert [heading for _clock, heading in headings(parse(HEAD_EN + body))] == [
        "Polls close",
        "Queue at the pier",
        "Polls open",
    ]


def test_picture_captions_of_broadcasters_are_captions() -> None:
    body = (
        "16:42\nPower cut\nHomes are dark.\nImage caption, The pier at night\n"
        "16:05\nPier shut\nThe pier is shut.\n"
    )
    assert parse(HEAD_EN + body).entries[0].blocks[-1] == Caption("Image caption, The pier at night")


@pytest.mark.parametrize(
    ("times", "clocks"),
    [
        (("14h05", "12h50", "10h10"), (time(14, 5), time(12, 50), time(10, 10))),
        (("1805HKT", "1730HKT", "1655HKT"), (time(18, 5), time(17, 30), time(16, 55))),
        (("18:05▌", "17:30▌", "16:55▌"), (time(18, 5), time(17, 30), time(16, 55))),
        (("🕕18:05", "🕔17:30", "🕒15:10"), (time(18, 5), time(17, 30), time(15, 10))),
        (("晚上11時", "下午3時半", "中午12時"), (time(23), time(15, 30), time(12))),
        (("凌晨2時45分", "半夜12時20分", "零時10分"), (time(2, 45), time(0, 20), time(0, 10))),
    ],
)
def test_rarer_notations_of_times_open_updates(times: tuple[str, ...], clocks: tuple[time, ...]) -> None:
    article = parse(HEAD_ZH + "".join(f"{clock}\n渡輪停航。\n" for clock in times))
    assert [clock for clock, _heading in headings(article)] == list(clocks)
    assert article.profile.order is Order.NEWEST_FIRST
