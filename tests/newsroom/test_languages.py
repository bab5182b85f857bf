"""Language tags of passages in a different language from their page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.text import html, languages
from tests import work
from tests.newsroom.markup_strategies import markup as hostile_markup

PAGES = ["en", "zh-hant", "zh-hans"]


@pytest.mark.parametrize(
    ("page", "text", "tagged"),
    [
        ("zh-hant", "<p>停火。</p>", "<p>停火。</p>"),
        ("zh-hant", "<p>Both sides agree.</p>", '<p lang="en">Both sides agree.</p>'),
        ("zh-hant", "<p>Reuters</p>", "<p>Reuters</p>"),
        ("zh-hant", "<p>Reuters 報道</p>", "<p>Reuters 報道</p>"),
        ("zh-hant", "<p>雨<b>He</b>llo</p>", "<p>雨<b>He</b>llo</p>"),
        ("zh-hant", "<p>Two<br>words</p>", '<p lang="en">Two<br>words</p>'),
        ("zh-hant", "<p>One <code>x = y</code></p>", "<p>One <code>x = y</code></p>"),
        ("zh-hant", "<p>他說：<q>We agree.</q></p>", '<p>他說：<q lang="en">We agree.</q></p>'),
        (
            "zh-hant",
            "<p>He called it <q>停火</q> in English.</p>",
            '<p lang="en">He called it <q lang="zh-Hant-HK">停火</q> in English.</p>',
        ),
        (
            "zh-hans",
            "<ul><li>One item<ul><li>停火</li><li>OK</li></ul></li></ul>",
            '<ul><li lang="en">One item<ul><li lang="zh-Hans">停火</li><li>OK</li></ul></li></ul>',
        ),
        (
            "zh-hant",
            '<table><tbody><tr><td colspan="2">Two words</td></tr></tbody></table>',
            '<table><tbody><tr><td lang="en" colspan="2">Two words</td></tr></tbody></table>',
        ),
        (
            "zh-hant",
            '<p><a href="https://a.example/" rel="noopener">https://a.example/the/words</a></p>',
            '<p><a href="https://a.example/" rel="noopener">https://a.example/the/words</a></p>',
        ),
        ("en", "<p>The talks</p>", "<p>The talks</p>"),
        ("en", "<p>停火協議</p>", '<p lang="zh-Hant-HK">停火協議</p>'),
        ("en", "<p>停火协议</p>", '<p lang="zh-Hans">停火协议</p>'),
        ("en", '<p lang="zh-Hans">The talks</p>', "<p>The talks</p>"),
    ],
)
def test_passages_are_tagged_with_the_language_of_their_text(page, text, tagged):
    assert html.clean(text) == text
    assert languages.tag_passages(text, page) == tagged


@given(hostile_markup, st.sampled_from(PAGES), st.sampled_from(PAGES))
def test_tagging_keeps_text_clean_and_depends_on_the_page_alone(text, page, other_page):
    cleaned = html.clean(text)
    tagged = languages.tag_passages(cleaned, page)
    assert html.clean(tagged) == tagged
    assert languages.untagged(tagged) == languages.untagged(cleaned)
    assert languages.tag_passages(languages.tag_passages(cleaned, other_page), page) == tagged


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "run",
    [
        "<p>The words</p>",
        "<p>停火",
        "<q>",
        "<q>The words",
        "<li>停火<ul>",
        "<table><td>The words",
        "The words ",
        "火",
    ],
)
def test_work_is_linear_in_the_length_of_the_text(page, run):
    work.assert_linear(lambda size: languages.tag_passages(html.clean(run * size), page), 300)
