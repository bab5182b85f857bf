"""Cleaning rich text that was made to harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom import html

PARTS = ["<p>", "</p>", "<br>", " ", "\n", "　", "字", "<b>", "</b>", '<a href="https://a.example/">', "</a>"]
PARTS += [
    "<ul><li>",
    "</li></ul>",
    "<div>",
    "</div>",
    "<hr>",
    "&nbsp;",
    "&amp;",
    "<blockquote>",
    "</blockquote>",
]


def test_link_around_blocks_does_not_run_on_over_what_the_page_prints_next():
    link = '<a href="https://a.example/">'
    assert html.clean(f"{link}<p>一</p></a>二") == (
        '<p><a href="https://a.example/" rel="noopener"></a></p><p>一</p><p>二</p>'
    )
    assert html.clean("<b><hr>") == "<p><b></b></p><hr>"


@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_cleaning_twice_changes_nothing_and_each_block_is_whole(text):
    cleaned = html.clean(text)
    assert html.clean(cleaned) == cleaned
    for block in html.blocks(cleaned):
        assert html.clean(block) == block


@pytest.mark.parametrize("run", [" ", "<br>", "<br> ", "　", "\n"])
@pytest.mark.parametrize("around", ["<p>一{}二</p>", "一{}二", "一{}<p>二</p>"])
def test_long_runs_of_space_are_cleaned_in_one_look(run, around):
    """Looked at once for each of its characters, a megabyte would take a day."""
    assert html.clean(around.format(run * 250_000)).startswith("<p>一")
