"""Differences between revisions: completeness, and cost for hostile text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.desk.differences import Effort, Piece, compared

TEXTS = st.text("的一二\n a", max_size=300)


def text_of(pieces: list[Piece], *kinds: str) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


@given(TEXTS, TEXTS)
def test_comparison_contains_both_texts_completely(old, new):
    pieces = compared(old, new, Effort())
    assert (text_of(pieces, "same", "out"), text_of(pieces, "same", "in")) == (old, new)


def test_long_text_with_local_changes_gets_an_exact_difference():
    text = "的一" * 50_000
    assert compared(f"三{text}四", f"五{text}四", Effort()) == [
        Piece("out", "三"),
        Piece("in", "五"),
        Piece("same", f"{text}四"),
    ]


@pytest.mark.parametrize(("old", "new"), [("a ", "b a "), ("的一", "一二的"), ("a\n", "b\na\n")])
def test_repetitive_text_is_compared_quickly(old, new):
    """A thousand repetitive words once took more than a minute to compare and blocked the page."""
    pieces = compared(old * 20_000, new * 20_000, Effort())
    assert (text_of(pieces, "same", "out"), text_of(pieces, "same", "in")) == (old * 20_000, new * 20_000)
