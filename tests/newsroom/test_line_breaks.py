"""Line breaks of drawn headlines. Each character is one unit wide here, an ASCII character half a unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.text.line_breaks import break_lines, cut_lines


def measure(text: str) -> float:
    return sum(0.5 if character.isascii() else 1 for character in text)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("八號信號生效", 6, ["八號信號生效"]),
        ("八號信號生效 全港停課", 8, ["八號信號生效", "全港停課"]),
        ("特朗普普京通話 普京同意停火 澤連斯基存疑", 14, ["特朗普普京通話", "普京同意停火 澤連斯基存疑"]),
        ("風暴逼近，全城戒備", 6, ["風暴逼近，", "全城戒備"]),
        # A line neither begins with closing punctuation nor ends with opening punctuation.
        ("他說「我們會回來」", 4, ["他說", "「我們", "會回來」"]),
        # A number stays on the line of the word that it counts.
        ("颱風致100人傷", 4, ["颱風致", "100人傷"]),
        ("No 8 signal in force", 6, ["No 8 signal", "in force"]),
        ("supercalifragilistic", 5, ["supercalif", "ragilistic"]),
    ],
)
def test_lines_break_where_an_editor_would_break_them(text, width, lines):
    assert break_lines(text, width, 5, measure) == lines


def test_breaking_between_clauses_returns_none_if_a_clause_is_too_long():
    assert break_lines("八號信號 全港停課", 4, 2, measure, between_clauses=True) == ["八號信號", "全港停課"]
    assert break_lines("八號信號生效 全港停課", 4, 5, measure, between_clauses=True) is None


def test_text_that_does_not_fit_is_cut_with_an_ellipsis():
    assert break_lines("一二三四五六七八九十", 3, 2, measure) is None
    assert cut_lines("一二三四五六七八九十", 3, 2, measure) == ["一二三", "四五…"]
    # Punctuation before the ellipsis is dropped.
    assert cut_lines("一二三四，五六七八九十", 3, 2, measure) == ["一二", "三四…"]
    assert cut_lines("x" * 400, 3, 2, measure)[-1].endswith("…")


@given(st.text("一二，。「」（）ab1 9%", max_size=60), st.integers(4, 12), st.integers(1, 5))
def test_lines_fit_and_contain_the_whole_text_or_its_beginning(text, width, most):
    whole = "".join(text.split())
    lines = break_lines(text, width, most, measure)
    if lines is not None:
        assert "".join("".join(lines).split()) == whole
    else:
        lines = cut_lines(text, width, most, measure)
        assert whole.startswith("".join("".join(lines).split()).removesuffix("…"))
    assert len(lines) <= most
    assert all(measure(line) <= width for line in lines)
