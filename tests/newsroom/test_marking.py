"""Snippets around the first match, at a cost that does not grow with the text."""

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
        # If the match is beyond the part that is searched, the snippet is the beginning of the text.
        (f"<p>{'前' * 20_000}停火</p>", "停火", [("前" * 120 + "…", False)]),
        ("<p>甲</p><p>乙&lt;b&gt;</p>", "乙", [("甲 ", False), ("乙", True), ("<b>", False)]),
    ],
)
def test_snippet_is_cut_around_the_marked_match(text, query, expected):
    assert marking.snippet(text, query) == expected


@pytest.mark.parametrize("at", [0, 1, 24, 25, 130, 250, 255, 256, 257, 511, 512, 900])
def test_snippet_equals_the_cut_of_the_whole_marked_text(at):
    text = "前" * at + "停火協議" + "後" * 700
    assert marking.snippet(f"<p>{text}</p>", "停火") == marking.cut(marking.mark(text, "停火"))


@pytest.mark.parametrize("run", ["停火", "火", "<b>停火</b>", "a ", "㍿", "&lt;"])
def test_work_does_not_grow_with_the_length_of_the_text(run):
    def count(size: int) -> int:
        text = run * size
        return work.count_calls(lambda: marking.snippet(text, "停火 火 a"))

    count(100)
    assert count(50_000) <= count(10_000) * 1.05
