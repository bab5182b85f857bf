"""Sanitizing of hostile rich text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.text import html, markup
from tests import work
from tests.newsroom.markup_strategies import markup as hostile_markup

KNOWN_ATTRIBUTES = {
    "a": {"href", "rel"},
    "ol": {"start"},
    "th": {"colspan", "rowspan", "scope", "lang"},
    "td": {"colspan", "rowspan", "lang"},
    **{tag: {"lang"} for tag in ("p", "h3", "h4", "li", "blockquote", "caption", "q")},
}
KNOWN_TAGS = {
    *KNOWN_ATTRIBUTES,
    *("b", "strong", "i", "em", "u", "s", "sub", "sup", "code", "br"),
    *("ul", "table", "thead", "tbody", "tr", "hr", "pre"),
}

# Pieces of markup that the tests repeat many times, because each of them was slow to clean once.
REPEATED = {
    "paragraphs": "<p>字</p>",
    "open blocks": "<blockquote>",
    "open lists": "<ul><li>",
    "open tables": "<table><tr><td>",
    "open quotations": "<q>",
    "open bold with attributes": "<p><b class=一>",
    "stray items": "<li>",
    "line breaks": "<br>",
    "spaces": " ",
    "ideographic spaces": "　",
    "lone angles": "<",
    "lone ampersands": "&#",
    "references": "&amp;",
    "digits": "9",
    "declarations": "<!",
    "comments": "<!--",
    "closed comments": "a<!-- -->",
    "unclosed attributes": '<a href="',
    "attributes": ' <a x="1" y',
    "raw text": "<title>",
    "skipped elements": "<select>",
    "closing tags": "</p>",
}


def test_link_around_blocks_is_closed_before_them():
    link = '<a href="https://a.example/">'
    assert html.clean(f"{link}<p>一</p></a>二") == (
        '<p><a href="https://a.example/" rel="noopener"></a></p><p>一</p><p>二</p>'
    )
    assert html.clean("<b><hr>") == "<p><b></b></p><hr>"


@pytest.mark.parametrize(
    ("source", "cleaned"),
    [
        ("<li>一<li>二", "<ul><li>一</li><li>二</li></ul>"),
        ("一<li>二</li>三", "<p>一</p><ul><li>二</li></ul><p>三</p>"),
        ("<ul>一<li>二</ul>", "<ul><li>一</li><li>二</li></ul>"),
        ("<ul><li>一</li><ul><li>二</li></ul></ul>", "<ul><li>一<ul><li>二</li></ul></li></ul>"),
        ("<td>一</td><td>二</td>", "<p>一</p><p>二</p>"),
        (
            "<table><td>一<tr><th>二</table>",
            "<table><tbody><tr><td>一</td></tr><tr><th>二</th></tr></tbody></table>",
        ),
        ("<table>一</table>", "<table><tbody><tr><td>一</td></tr></tbody></table>"),
        (
            "<table><tr><td><table><tr><td>一</table>二</table>",
            "<table><tbody><tr><td><table><tbody><tr><td>一</td></tr></tbody></table>二</td></tr></tbody></table>",
        ),
        ("<p><object><p>一</p></object></p>", "<p>一</p>"),
        ("<h3>一<h4>二", "<h3>一</h3><h4>二</h4>"),
        ("<b>一<b>二</b>三</b>四", "<p><b>一二三</b>四</p>"),
        ("<b>一<i>二</b>三", "<p><b>一<i>二</i></b>三</p>"),
        (
            "<a href=/一>一<a href=/二>二",
            '<p><a href="/一" rel="noopener">一</a><a href="/二" rel="noopener">二</a></p>',
        ),
        ("<q>一<q>二</q></q>", "<p><q>一<q>二</q></q></p>"),
        ("<pre>\n\n一\n二</pre>", "<pre>一\n二</pre>"),
        ("一&#13;二&#x1;三", "<p>一\n二三</p>"),
        (f"&#{'9' * 5000};", "<p>\ufffd</p>"),
        ("\ud800一", "<p>一</p>"),
        ('<p lang="en">One</p><p lang="de">Eins</p><b lang="en">x</b>', None),
    ],
)
def test_malformed_markup_is_repaired(source, cleaned):
    expected = '<p lang="en">One</p><p>Eins</p><p><b>x</b></p>' if cleaned is None else cleaned
    assert html.clean(source) == expected
    assert html.clean(expected) == expected


def test_text_survives_tags_that_are_nested_too_deeply():
    cleaned = html.clean("<blockquote><ul><li><b><q>" * 200 + "字")
    assert html.plain_text(cleaned) == "字"
    assert html.clean(cleaned) == cleaned
    depth = deepest = 0
    for token in markup.read(cleaned):
        depth += isinstance(token, markup.Start) - isinstance(token, markup.End)
        deepest = max(deepest, depth)
    assert deepest <= 40


@given(hostile_markup)
def test_cleaning_is_idempotent_and_each_block_is_whole(text):
    cleaned = html.clean(text)
    assert html.clean(cleaned) == cleaned
    assert markup.write(markup.read(cleaned)) == cleaned
    assert "".join(html.blocks(cleaned)) == cleaned
    for block in html.blocks(cleaned):
        assert html.clean(block) == block


class Inspector(HTMLParser):
    """An independent parser that collects the forbidden things that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.forbidden: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = KNOWN_ATTRIBUTES.get(tag, set())
        self.forbidden += [tag] if tag not in KNOWN_TAGS else []
        self.forbidden += [(tag, name) for name, _value in attrs if name not in known]
        for name, value in attrs:
            if name == "lang" and value not in {"en", "zh-Hans", "zh-Hant-HK"}:
                self.forbidden.append(value)
            scheme, colon, _rest = (value or "").partition(":")
            is_scheme = colon and not set(scheme) & set("/?#")
            if name == "href" and is_scheme and scheme.lower() not in {"http", "https", "mailto"}:
                self.forbidden.append(value)

    def handle_comment(self, data: str) -> None:
        self.forbidden.append(data)

    handle_decl = unknown_decl = handle_pi = handle_comment


@given(hostile_markup)
def test_cleaned_markup_has_only_known_tags_attributes_and_schemes(text):
    inspector = Inspector()
    inspector.feed(html.clean(text))
    inspector.close()
    assert inspector.forbidden == []


@given(st.text(max_size=40))
def test_escaped_text_round_trips(text):
    lines = html.printable(text).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ").split("\n")
    plain = " ".join(" ".join(map(html.one_line, lines)).split())
    cleaned = html.clean(markup.write([plain]))
    assert " ".join(html.plain_text(cleaned).split()) == plain


@pytest.mark.parametrize("run", REPEATED.values(), ids=REPEATED)
@pytest.mark.parametrize("around", ["{}", "<p>一{}", "一<b>{}</b>二", "&#{};"])
def test_work_is_linear_in_the_length_of_the_markup(run, around):
    def clean_and_read(size: int) -> None:
        cleaned = html.clean(around.format(run * size))
        html.blocks(cleaned)
        html.plain_text(cleaned)
        html.excerpt(cleaned)

    work.assert_linear(clean_and_read, 300)


@pytest.mark.parametrize("run", REPEATED.values(), ids=REPEATED)
def test_cleaned_markup_grows_linearly_with_its_source(run):
    assert len(html.clean(run * 2_000)) <= 2.1 * len(html.clean(run * 1_000)) + 200


def test_open_formatting_is_not_copied_into_every_later_block():
    source = "<p>" + "".join(f"<b class={number}>" for number in range(500)) + "<p>字" * 500
    assert len(html.clean(source)) < len(source)


@pytest.mark.parametrize("run", [" ", "<br>", "<br> ", "　", "\n"])
@pytest.mark.parametrize("around", ["<p>一{}二</p>", "一{}二", "一{}<p>二</p>"])
def test_long_runs_of_space_are_cleaned(run, around):
    assert html.clean(around.format(run * 20_000)).startswith("<p>一")
