"""Word-by-word conversion between the scripts, with news sentences, names and the project's demo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from newsroom.text import simplified, traditional
from newsroom.text.chinese import convert, convert_html, convert_name, names_in
from newsroom.text.lexicon import Lexicon
from tests import work

SCRIPTS = Path(__file__).parent / "scripts"
DEMO = Path(__file__).parents[2] / "liveblog/demo"
PLAIN = {"zh-hant": OpenCC("s2hk"), "zh-hans": OpenCC("hk2s")}


def rows(name: str, directory: Path = SCRIPTS) -> list[list[str]]:
    lines = (directory / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def test_traps_are_converted_as_a_sub_editor_would(cases: Path) -> None:
    traps = rows("script_traps.tsv", cases)
    wrong = [
        (written, converted, read)
        for edition, written, read in traps
        if (converted := convert(written, edition)) not in read.split("|")
    ]
    assert traps
    assert wrong == []


@pytest.mark.parametrize(("written", "read"), rows("to_traditional.tsv"))
def test_simplified_news_is_converted_to_hong_kong_usage(written: str, read: str) -> None:
    assert convert(written, "zh-hant") in read.split("|")


@pytest.mark.parametrize(("written", "read"), rows("to_simplified.tsv"))
def test_traditional_news_is_converted_to_simplified(written: str, read: str) -> None:
    assert convert(written, "zh-hans") in read.split("|")


# Pairs of words whose adjoining characters form another word, which a longest match would prefer.
JOINED = """
现金|发放 基金|发行 外长|发言 部长|发表 欧美|发达国家 规范|太宽松 处于|正常 方面|包括 地面|条件 若干|部门
受制|造船 交流|干扰 分配|制度 关联|系统 重大|斗争 女子|游览 校长|发信 水面|粉红 管制|造成 今后|天文台
对象|征求 复制|造型 特征|求助
"""


@pytest.mark.parametrize("pair", JOINED.split())
def test_adjacent_words_are_converted_as_they_are_alone(pair: str) -> None:
    words = pair.split("|")
    assert convert("".join(words), "zh-hant") == "".join(convert(word, "zh-hant") for word in words)


@pytest.mark.parametrize(
    ("written", "terms", "read"),
    [
        # A term may consist of two words, or share characters with a longer word.
        ("规范太宽松", {"范太": "范太"}, "規範太寬鬆"),
        ("范太出席", {"范太": "范太太"}, "范太太出席"),
        ("加沙停火线", {"加沙停火": "加薩停火"}, "加薩停火線"),
        ("李家超市开幕", {"李家超": "李家超先生"}, "李家超市開幕"),
        ("李家超表示", {"李家超": "李家超先生"}, "李家超先生表示"),
        ("政府特区", {"特区": "特別行政區"}, "政府特別行政區"),
    ],
)
def test_glossary_term_does_not_break_another_word(written: str, terms: dict[str, str], read: str) -> None:
    assert convert(written, "zh-hant", terms) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("局长于晓明发言。记者向于晓明提问。", "局長于曉明發言。記者向于曉明提問。"),
        ("里克·特里到场。特里家人没有出席。", "里克·特里到場。特里家人沒有出席。"),
        ("埃里克·特拉普致辞，埃里克里里外外都换了新装", "埃里克·特拉普致辭，埃里克裏裏外外都換了新裝"),
    ],
)
def test_name_given_in_full_keeps_its_form_in_the_whole_text(written: str, read: str) -> None:
    assert convert(written, "zh-hant") == read


def test_heading_keeps_the_form_of_a_name_that_its_article_gives_in_full() -> None:
    names = names_in("局长于浩洋宣布辞职。", "zh-hant")
    assert names == ("于浩洋",)
    assert convert("于浩洋辞职内情", "zh-hant", names=names) == "于浩洋辭職內情"
    assert names_in("局長于浩洋宣布辭職。", "zh-hans") == ()


def test_name_across_tags_keeps_its_form() -> None:
    assert convert_html("<p>局长<b>于</b>浩洋表示</p><p>于浩洋</p>", "zh-hant") == (
        "<p>局長<b>于</b>浩洋表示</p><p>于浩洋</p>"
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("于晓明", "于曉明"),
        ("余香凝", "余香凝"),
        ("范里昂", "范里昂"),
        ("钟里", "鍾里"),
        ("陈志云", "陳志雲"),
        ("后勤组", "後勤組"),
        ("里克·特里", "里克·特里"),
    ],
)
def test_byline_is_converted_as_a_name(written: str, read: str) -> None:
    assert convert_name(written, "zh-hant") == read


def demo_lines() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(DEMO.glob("*.t*"))]
    return [line for text in texts for line in text.splitlines() if re.search("[\u4e00-\u9fff]", line)]


def differences(direction: str) -> Iterator[tuple[str, str]]:
    """Yield words of the demo that conversion and plain OpenCC write differently, plain first."""
    script = traditional if direction == "zh-hant" else simplified
    for line in demo_lines():
        source = PLAIN["zh-hans"].convert(line) if direction == "zh-hant" else line
        plain, converted = PLAIN[direction].convert(source), convert(source, direction)
        assert len(plain) == len(converted) == len(source)
        draft = simplified.draft(source)
        start = 0
        for word in script.segmenter().cut(draft if direction == "zh-hans" else source):
            end = start + len(word)
            if plain[start:end] != converted[start:end]:
                yield plain[start:end], converted[start:end]
            start = end


@pytest.mark.parametrize("direction", ["zh-hant", "zh-hans"])
def test_every_difference_from_plain_opencc_in_the_demo_is_justified(direction: str) -> None:
    justified = {
        (plain, ours): why for way, plain, ours, why in rows("demo_differences.tsv") if way == direction
    }
    assert set(differences(direction)) == set(justified)
    assert all(justified.values())


@pytest.mark.parametrize("text", ["", "\x00", "😀发😀", "𠮷野家", "\u2028里", "a" * 3_000 + "里"])
def test_characters_of_no_script_keep_the_length_of_the_text(text: str) -> None:
    for edition in ("zh-hant", "zh-hans"):
        assert len(convert(text, edition)) == len(text)


@given(st.text("发面里干范余后着于准了的一·余若薇于晓明先生 a1，。\n", max_size=40))
def test_no_character_is_lost_or_added(text: str) -> None:
    for edition in ("zh-hant", "zh-hans"):
        converted = convert(text, edition)
        assert len(converted) == len(text)
        assert re.sub("[\u3400-\u9fff]", "", converted) == re.sub("[\u3400-\u9fff]", "", text)


@pytest.mark.parametrize("text", ["里", "余若薇", "局长于", "埃里克·", "干了", "不准", "著", "范太宽松，"])
def test_work_is_linear_in_the_length_of_the_text(text: str) -> None:
    terms = Lexicon({"范太": "范太", "里" * 8: "里"})
    for edition in ("zh-hant", "zh-hans"):
        work.assert_linear(lambda size, edition=edition: convert(text * size, edition, terms), 400)


def test_word_lists_have_no_duplicate_words_and_no_empty_readings() -> None:
    for name in ("traditional.tsv", "simplified.tsv"):
        entries = [row[:2] for row in traditional.read_words(name)]
        assert len({word for word, _reading in entries}) == len(entries)
        assert all(word and len(word) == len(reading) for word, reading in entries)
