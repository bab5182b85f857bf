"""Parsing of invented articles: heads with several dates, reporters' names, zones, chronologies in prose."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from liveblog.articles.article import Article, Paragraph
from liveblog.articles.parse import Given, parse
from newsroom import hongkong

SEPTEMBER_23 = date(2025, 9, 23)
BODY = "【18:05】碼頭關閉。\n【17:30】渡輪停航。\n【16:55】三號風球。"


def clocks(article: Article) -> list[tuple[date, time | None]]:
    return [(entry.day, entry.clock) for entry in article.entries]


def headings(article: Article) -> list[str]:
    return [entry.heading for entry in article.entries]


def reasons(article: Article) -> dict[int, list[str]]:
    reasons: dict[int, list[str]] = {}
    for doubt in article.doubts:
        reasons.setdefault(doubt.line, []).append(doubt.reason)
    return reasons


@pytest.mark.parametrize(
    "head",
    [
        "港聞\n2025-09-23 14:00 HKT\n渡輪停航（不斷更新）\n發佈時間：2025-09-23 14:00 HKT\n"
        "更新時間：2025-09-23 18:10 HKT\n",
        "【短片】渡輪停航（不斷更新）\n2025-09-23 14:00\n",
        "渡輪停航（不斷更新）\n本報記者\n2025-09-23 14:00\n字體大小：\n",
    ],
)
def test_section_above_the_date_is_not_the_title(head: str) -> None:
    article = parse(head + BODY)
    assert (article.headline, article.is_running) == ("渡輪停航", True)
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))
    assert (len(article.entries), article.standfirst) == (3, ())


def test_second_tag_of_a_title_is_its_kicker() -> None:
    article = parse("【短片】【颱風海燕】渡輪停航\n2025-09-23 14:00（明報）\n" + BODY)
    assert (article.kicker, article.headline) == ("颱風海燕", "渡輪停航")


def test_first_publication_time_wins_and_a_closed_blog_has_its_own_title() -> None:
    article = parse(
        "Ferries stop at 8pm – as it happened\nThis live blog is now closed.\nTue 23 Sep 2025 15.10 GMT\n"
        "First published on Tue 23 Sep 2025 06.00 GMT\n15.05 GMT\nFerries are back\nThey run again.\n"
        "14.30 GMT\nPiers shut\nThe piers are closed.\n13.55 GMT\nSignal is up\nNo 3 is hoisted."
    )
    assert article.headline == "Ferries stop at 8pm – as it happened"
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))
    assert clocks(article) == [
        (SEPTEMBER_23, time(23, 5)),
        (SEPTEMBER_23, time(22, 30)),
        (SEPTEMBER_23, time(21, 55)),
    ]


def test_names_below_most_times_are_reporters_but_a_single_one_is_doubted() -> None:
    head = "Ferries stop\n23 September 2025, 2:00pm\n"
    signed = "6.05pm\nAnn Lee\nFerries stop.\n5.30pm\nBob Chan and Ann Lee\nPiers shut.\n"
    signed += "4.55pm\nCat Wong\nSignal up."
    article = parse(head + signed)
    assert headings(article) == ["", "", ""]
    assert {line.text for line in article.left_out} >= {"Ann Lee", "Cat Wong"}
    mixed = (
        "6.05pm\nFerries have stopped\nThey stop.\n5.30pm\nAnn Lee\nPiers shut.\n4.55pm\nSignal is up\nNo 3."
    )
    article = parse(head + mixed)
    assert headings(article) == ["Ferries have stopped", "Ann Lee", "Signal is up"]
    assert "Read as a heading, though it could be the name of a reporter." in reasons(article)[7]


def test_clock_time_beside_a_relative_time_takes_precedence() -> None:
    article = parse(
        "Ferries stop: live\n23 September 2025\nUpdated: 10:42 am (02:42 GMT)\n1h ago (09:30 GMT)\n"
        "Ferries stop\nThey stop.\n2h ago (08:10 GMT)\nPiers shut\nThey shut.\n"
        "4h ago (06:25 GMT)\nSignal up\nNo 3."
    )
    assert clocks(article) == [
        (SEPTEMBER_23, time(17, 30)),
        (SEPTEMBER_23, time(16, 10)),
        (SEPTEMBER_23, time(14, 25)),
    ]
    assert headings(article) == ["Ferries stop", "Piers shut", "Signal up"]


def test_chronology_in_prose_is_divided_at_its_times_with_a_doubt() -> None:
    article = parse(
        "渡輪碰撞時序\n2025-09-23 20:00\n海事處公布時序。\n"
        "上午9時許，渡輪離開碼頭；10時15分，與貨船碰撞；船身入水；10時41分，消防輪抵達；下午1時，乘客送院；2時半，封鎖航道。"
    )
    assert [clock for _day, clock in clocks(article)] == [
        time(14, 30),
        time(13),
        time(10, 41),
        time(10, 15),
        time(9),
    ]
    assert article.entries[3].blocks == (Paragraph("與貨船碰撞；船身入水；"),)
    assert article.standfirst == (Paragraph("海事處公布時序。"),)
    assert (
        "Several times in one paragraph: each was read as the beginning of an update." in reasons(article)[4]
    )


@pytest.mark.parametrize(
    ("published", "hour", "doubt"),
    [
        ("Posted Tue 23 Sep 2025 at 4:00pm", 14, "read in that of the updates, AEST."),
        ("2025-09-23 16:00", 16, "read as Hong Kong time."),
    ],
)
def test_publication_time_without_the_zone_of_the_updates_is_doubted(
    published: str, hour: int, doubt: str
) -> None:
    article = parse(
        f"Ferries stop: live updates\n{published}\nTue 23 Sep at 8:05pm\n"
        "Ferries stop\nThey stop.\nTue 23 Sep at 7:30pm\nPiers shut\nThey shut.\nAll times AEST"
    )
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(hour))
    assert clocks(article) == [(SEPTEMBER_23, time(18, 5)), (SEPTEMBER_23, time(17, 30))]
    assert f"The publication time names no zone: {doubt}" in reasons(article)[2]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            "【随時更新】フェリー運休\n2025年9月23日 14時00分\n",
            "【午後6時5分】\nすべてのフェリーが運休しています。\n【午後5時半】\n港が閉鎖されました。",
        ),
        (
            "EN DIRECT, les ferries à l’arrêt\nPublié le 23 septembre 2025 à 14h00\n",
            "18:05\nLes quais fermés\nÀ l’arrêt.\n17:30\nÀ quai\nFermé.",
        ),
    ],
)
def test_article_in_another_language_without_a_zone_is_doubted(head: str, body: str) -> None:
    article = parse(head + body)
    assert article.published_at == hongkong.at(SEPTEMBER_23, time(14))
    expected = "The article is in another language and its times name no zone: read as Hong Kong time."
    assert expected in reasons(article)[3]


@pytest.mark.parametrize("clock", ["14:00", "14:20"])
def test_publication_time_without_its_year_is_not_an_update_once_the_year_is_given(clock: str) -> None:
    article = parse(
        f"颱風海燕不斷更新：渡輪停航\n09月23日(二) {clock}\n渡輪停航後，市面受影響。\n" + BODY,
        given=Given(published_at=datetime(2025, 9, 23, 14, tzinfo=hongkong.ZONE)),
    )
    assert clocks(article) == [
        (SEPTEMBER_23, time(18, 5)),
        (SEPTEMBER_23, time(17, 30)),
        (SEPTEMBER_23, time(16, 55)),
    ]
    assert article.standfirst == (Paragraph("渡輪停航後，市面受影響。"),)


def test_running_mark_before_an_article_without_times_is_not_part_of_its_title() -> None:
    article = parse(
        "【文字直播】東方對傑志\n2025-06-01 17:05\n東方捧盃。\n"
        "90+4分鐘　全場完\n東方捧盃。\n45+2'　半場完\n雙方1:1。"
    )
    assert (article.headline, article.is_running) == ("東方對傑志", True)
    assert headings(article) == ["90+4分鐘 全場完", "45+2' 半場完"]


def test_fragment_above_the_first_update_is_doubted() -> None:
    article = parse("渡輪停航\n2025-09-23 14:00\n∙ 無障礙\n渡輪全線停航。\n" + BODY)
    assert (
        "Above the first update, but not a sentence: read as part of the standfirst." in reasons(article)[3]
    )


def test_bullet_before_an_approximate_time_is_not_part_of_the_text() -> None:
    article = parse(
        "渡輪停航時序\n2025-09-23 20:00\n‧ 9月23日下午4時許：三號風球\n‧ 9月23日下午5時半：渡輪停航\n"
        "‧ 9月23日下午6時05分：碼頭關閉"
    )
    assert article.entries[-1].blocks == (Paragraph("9月23日下午4時許：三號風球"),)
