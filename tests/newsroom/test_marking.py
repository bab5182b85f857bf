"""Snippets: what was found is marked around the first place alone, at a cost that no text can raise."""

from __future__ import annotations

import pytest

from newsroom.text import marking
from tests import work


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("<p>停火</p>", "停火", [("停火", True)]),
        (
            f"<p>{'前' * 3_000}隨後停火{'後' * 3_000}</p>",
            "随后 停火",
            [("…" + "前" * 24, False), ("隨後停火", True), ("後" * 91 + "…", False)],
        ),
        (f"<p>{'前' * 500}</p>", "停火", [("前" * 120 + "…", False)]),
        # Beyond what is looked through, the opening is shown.
        (f"<p>{'前' * 20_000}停火</p>", "停火", [("前" * 120 + "…", False)]),
        ("<p>甲</p><p>乙&lt;b&gt;</p>", "乙", [("甲 ", False), ("乙", True), ("<b>", False)]),
    ],
)
def test_a_snippet_is_cut_from_the_text_and_then_marked(text, query, expected):
    assert marking.snippet(text, query) == expected


@pytest.mark.parametrize("at", [0, 1, 24, 25, 130, 250, 255, 256, 257, 511, 512, 900])
def test_a_snippet_is_what_marking_the_whole_text_would_give(at):
    text = "前" * at + "停火協議" + "後" * 700
    assert marking.snippet(f"<p>{text}</p>", "停火") == marking.cut(marking.mark(text, "停火"))


@pytest.mark.parametrize("run", ["停火", "火", "<b>停火</b>", "a ", "㍿", "&lt;"])
def test_a_longer_text_takes_no_more_work(run):
    def count(size: int) -> int:
        text = run * size
        return work.count_calls(lambda: marking.snippet(text, "停火 火 a"))

    count(100)
    assert count(50_000) <= count(10_000) * 1.05
