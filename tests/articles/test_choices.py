"""An editor's decisions about single lines, roles and days, and their effect on the rest of the article."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from liveblog.articles.article import Article, ArticleError, Bullets, Caption, Doubt, Paragraph, Related
from liveblog.articles.choices import CHOOSABLE, Choices, LineChoice, Role, digest_of, fitting
from liveblog.articles.lines import split
from liveblog.articles.match import text_of as entry_text
from liveblog.articles.notation import Heading, Order
from liveblog.articles.parse import parse
from liveblog.articles.saved import standfirst_text
from tests.articles.strategies import running_copy
from tests.articles.test_layouts import damaged_blogs

MARCH_18, MARCH_19 = date(2025, 3, 18), date(2025, 3, 19)
ARTICLE = """渡輪擱淺︱百人獲救（持續更新）
發佈時間：2025-03-18 17:14
渡輪在霧中擱淺。
【17:40】乘客上岸
全部乘客已經上岸。
署長稍後會見記者。
【17:20】消防到場
消防員到場。
"""


def summary(article: Article) -> list[tuple[object, ...]]:
    return [(entry.day, entry.clock, entry.heading, entry.blocks) for entry in article.entries]


def roles(article: Article) -> dict[int, Role]:
    return {line.number: line.role for line in article.lines}


def test_each_line_has_the_role_that_it_was_read_as() -> None:
    assert roles(parse(ARTICLE)) == {
        1: Role.TITLE,
        2: Role.PUBLISHED,
        3: Role.STANDFIRST,
        4: Role.TIMED_HEADING,
        5: Role.TEXT,
        6: Role.TEXT,
        7: Role.TIMED_HEADING,
        8: Role.TEXT,
    }


@pytest.mark.parametrize(
    ("role", "blocks"),
    [
        (Role.TEXT, (Paragraph("全部乘客已經上岸。"), Paragraph("署長稍後會見記者。"))),
        (Role.JOINED, (Paragraph("全部乘客已經上岸。署長稍後會見記者。"),)),
        (Role.ITEM, (Paragraph("全部乘客已經上岸。"), Bullets(("署長稍後會見記者。",)))),
        (Role.CAPTION, (Paragraph("全部乘客已經上岸。"), Caption("署長稍後會見記者。"))),
        (Role.LINK, (Paragraph("全部乘客已經上岸。"), Related("署長稍後會見記者。"))),
        (Role.LEFT_OUT, (Paragraph("全部乘客已經上岸。"),)),
        (Role.STANDFIRST, (Paragraph("全部乘客已經上岸。"),)),
    ],
)
def test_chosen_role_decides_what_a_line_of_text_becomes(role: Role, blocks: tuple[object, ...]) -> None:
    article = parse(ARTICLE, choices=Choices(roles={6: role}))
    assert article.entries[0].blocks == blocks
    line = next(line for line in article.lines if line.number == 6)
    assert (line.role, line.is_chosen) == (role, True)
    assert [line.text for line in article.left_out] == (
        ["署長稍後會見記者。"] if role is Role.LEFT_OUT else []
    )
    assert ("署長" in standfirst_text(article.standfirst)[0]) is (role is Role.STANDFIRST)


@pytest.mark.parametrize(
    ("role", "heading", "blocks"),
    [
        (Role.START, "", (Paragraph("署長稍後會見記者。"),)),
        (Role.HEADING, "署長稍後會見記者。", ()),
    ],
)
def test_line_can_open_an_update_of_its_own(role: Role, heading: str, blocks: tuple[Paragraph, ...]) -> None:
    article = parse(ARTICLE, choices=Choices(roles={6: role}))
    assert [(entry.clock, entry.heading) for entry in article.entries] == [
        (time(17, 40), "乘客上岸"),
        (None, heading),
        (time(17, 20), "消防到場"),
    ]
    assert article.entries[1].blocks == blocks


def test_time_read_as_text_joins_the_update_above() -> None:
    article = parse(ARTICLE, choices=Choices(roles={7: Role.TEXT}))
    (entry,) = article.entries
    assert entry.blocks[-2:] == (Paragraph("【17:20】消防到場"), Paragraph("消防員到場。"))


def test_time_within_a_line_opens_an_update_without_losing_its_words() -> None:
    text = ARTICLE.replace("署長稍後會見記者。", "署長約17:35會見記者。")
    article = parse(text, choices=Choices(roles={6: Role.TIME}))
    assert article.entries[1].clock == time(17, 35)
    assert article.entries[1].blocks == (Paragraph("署長約會見記者。"),)


def test_choosing_one_time_makes_others_of_its_shape_times() -> None:
    text = "渡輪擱淺\n2025-03-18 17:14\n20:40乘客上岸。\n說明。\n17:20消防到場。\n"
    assert parse(text).entries == ()
    article = parse(text, choices=Choices(roles={3: Role.TIME}))
    assert [entry.clock for entry in article.entries] == [time(20, 40), time(17, 20)]


def test_day_given_for_one_update_dates_those_around_it() -> None:
    article = parse(ARTICLE, choices=Choices(days={7: MARCH_19}))
    assert [entry.day for entry in article.entries] == [MARCH_19, MARCH_19]
    assert not [doubt for doubt in article.doubts if doubt.line == 7]


def test_day_is_given_in_hong_kong_time_whatever_the_zone() -> None:
    choices = Choices(zone="America/New_York", days={4: MARCH_19})
    newest = parse(ARTICLE, choices=choices).entries[0]
    assert (newest.day, newest.clock) == (MARCH_19, time(5, 40))


def test_day_heading_can_be_chosen_and_given_its_day() -> None:
    text = ARTICLE.replace("署長稍後會見記者。", "較早時間")
    article = parse(text, choices=Choices(roles={6: Role.DAY}, days={6: date(2025, 3, 17)}))
    assert [entry.day for entry in article.entries] == [MARCH_18, date(2025, 3, 17)]
    assert [line.text for line in article.left_out] == ["較早時間"]


def test_head_can_be_chosen_line_by_line() -> None:
    text = "港聞\n渡輪擱淺\n百人獲救 市民關注\n更新\n2025-03-18 17:14\n【17:20】消防到場。\n【17:16】待命。"
    choices = Choices(roles={2: Role.KICKER, 3: Role.TITLE, 1: Role.LEFT_OUT})
    article = parse(text, choices=choices)
    assert (article.kicker, article.headline) == ("渡輪擱淺", "百人獲救 市民關注")
    assert (roles(article)[2], roles(article)[3]) == (Role.KICKER, Role.TITLE)


def test_only_publication_time_keeps_its_role_with_a_doubt() -> None:
    article = parse(ARTICLE, choices=Choices(roles={2: Role.TEXT}))
    assert roles(article)[2] is Role.PUBLISHED
    assert Doubt(2, "Needed for the head of the article, so its role stays as it was.") in article.doubts


def test_line_of_an_article_in_our_own_form_can_be_chosen_too() -> None:
    head = "燈塔︱重新亮燈|持續更新\n2026-03-19 10:00\n19日最新消息\n"
    text = head + "修復完成\n【09:05】人員離開。\n動工\n【08:00】抵達。\n"
    article = parse(text, choices=Choices(roles={6: Role.TEXT}))
    assert [(entry.clock, entry.heading) for entry in article.entries] == [
        (time(9, 5), "修復完成"),
        (time(8), ""),
    ]
    assert article.profile.is_own_form


def test_choices_follow_a_line_that_moved_and_are_dropped_with_changed_text() -> None:
    choices = [
        LineChoice(6, digest_of("署長稍後會見記者。"), Role.LEFT_OUT),
        LineChoice(8, digest_of("舊文"), Role.TEXT),
    ]
    moved = ARTICLE.replace("渡輪在霧中擱淺。\n", "渡輪在霧中擱淺。\n\n導語。\n")
    fit, dropped = fitting(choices, split(moved))
    assert ([(choice.number, choice.role) for choice in fit], dropped) == ([(8, Role.LEFT_OUT)], 1)


# Random choices


@st.composite
def chosen_texts(draw: st.DrawFn) -> tuple[str, Choices]:
    text = draw(damaged_blogs().map(lambda case: case[1]) | running_copy())
    numbers = [number for number, _line in split(text)]
    line = st.sampled_from(numbers)
    days = st.dates(MARCH_18 - timedelta(400), MARCH_18 + timedelta(400))
    return text, Choices(
        heading=draw(st.none() | st.sampled_from(Heading)),
        order=draw(st.none() | st.sampled_from(Order)),
        zone=draw(st.sampled_from(["", "", "BST", "America/New_York", "Pacific/Kiritimati"])),
        roles=draw(st.dictionaries(line, st.sampled_from(CHOOSABLE), max_size=8)),
        days=draw(st.dictionaries(line, days, max_size=4)),
    )


def everything(article: Article) -> str:
    parts = [article.kicker, article.headline, standfirst_text(article.standfirst)[0]]
    parts += [entry_text(entry) for entry in article.entries]
    parts += [story.title for block in (article.standfirst,) for story in block if isinstance(story, Related)]
    return "\n".join([*parts, *(line.text for line in article.left_out)])


WORDS = re.compile(
    r"渡輪|碼頭|署方|市民|隧道|消防|居民|會議|議員|海旁|署長|首班車|等到了|準時|第一項|第二項|受影響|搶修"
    r"|ferries|harbour|crews|minister|tunnel|islanders|engineers|inquiry|item|reopen|resume",
    re.IGNORECASE,
)


@given(chosen_texts())
@settings(max_examples=200)
def test_random_choices_lose_no_word_and_raise_nothing(case: tuple[str, Choices]) -> None:
    text, choices = case
    try:
        parse(text)
    except ArticleError:
        reject()
    article = parse(text, choices=choices)
    remaining = everything(article).lower()
    for word in set(WORDS.findall(text.lower())):
        assert text.lower().count(word) <= remaining.count(word), (word, text, choices)
    assert {line.number for line in article.lines} == {number for number, _line in split(text)}
