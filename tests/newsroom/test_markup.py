"""Reading of HTML into tokens and writing of tokens as HTML."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom.site import absolute_links
from newsroom.text.markup import End, Start, read, write


@pytest.mark.parametrize(
    ("markup", "tokens"),
    [
        ("<p>字</p>", [Start("p"), "字", End("p")]),
        ("<P CLASS=a id='b' x>", [Start("p", (("class", "a"), ("id", "b"), ("x", None)))]),
        ("<a href='1' href='2'>", [Start("a", (("href", "1"),))]),
        ('<a title=">" / b>', [Start("a", (("title", ">"), ("b", None)))]),
        ("a < b <3 </ >c", ["a < b <3 ", "c"]),
        ("a<!-- <b> -->b<!-->c<!doctype x>d<?php ?>e", ["a", "b", "c", "d", "e"]),
        ("<script><b></script >x", [End("script"), "x"]),
        ("x<title>y", ["x"]),
        ("x<p y", ["x"]),
        ('x<p y="', ["x"]),
        ("&lt;&amp;lt;&#x5b57;&hellip;&bogus;", ["<&lt;字…&bogus;"]),
        (f"&#{'0' * 9000}65;&#{'9' * 9000};&#x{'f' * 9000};", ["A\ufffd\ufffd"]),
        ('<a href="?a=1&copy=2&copy;&#38;">', [Start("a", (("href", "?a=1&copy=2©&"),))]),
    ],
)
def test_markup_is_read_as_browsers_read_it(markup, tokens):
    assert list(read(markup)) == tokens


@given(st.text(), st.text())
def test_any_text_and_attribute_value_round_trips(text, value):
    tokens = [Start("a", (("href", value),)), *([text] if text else []), End("a")]
    assert list(read(write(tokens))) == tokens


def test_only_urls_of_local_links_and_pictures_are_made_absolute(settings):
    settings.SITE_URL = "https://news.example"
    markup = (
        '<a href="/live/x/" title=" href=&quot;/y">/z href="/z"</a>'
        '<img alt=" src=&quot;/y" src="/media/a.jpg">'
        '<a href="//other.example/">x</a><a href="https://other.example/">y</a><p title="/x">z</p>'
    )
    assert absolute_links(markup) == (
        '<a href="https://news.example/live/x/" title=" href=&quot;/y">/z href="/z"</a>'
        '<img alt=" src=&quot;/y" src="https://news.example/media/a.jpg">'
        '<a href="//other.example/">x</a><a href="https://other.example/">y</a><p title="/x">z</p>'
    )
