"""Differences between revisions: what texts made to harm cost, and that nothing of a text is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.desk.history import Effort, Piece, compared

TEXTS = st.text("的一二\n a", max_size=300)


def said(pieces: list[Piece], *kinds: str) -> str:
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_their_comparison(old, new):
    pieces = compared(old, new, Effort())
    assert (said(pieces, "same", "out"), said(pieces, "same", "in")) == (old, new)


def test_long_text_is_still_compared_where_it_changed():
    text = "的一" * 50_000
    assert compared(f"三{text}四", f"五{text}四", Effort()) == [
        Piece("out", "三"),
        Piece("in", "五"),
        Piece("same", f"{text}四"),
    ]


@pytest.mark.parametrize(("old", "new"), [("a ", "b a "), ("的一", "一二的"), ("a\n", "b\na\n")])
def test_text_that_repeats_itself_is_compared_in_a_moment(old, new):
    """A thousand words of it took more than a minute, and the page stood still."""
    pieces = compared(old * 20_000, new * 20_000, Effort())
    assert (said(pieces, "same", "out"), said(pieces, "same", "in")) == (old * 20_000, new * 20_000)
