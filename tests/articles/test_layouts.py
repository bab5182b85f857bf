"""Articles in the layouts of other newsrooms are read as a careful sub-editor reads them."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from liveblog.articles.article import Article, ArticleError, Paragraph
from liveblog.articles.match import said
from liveblog.articles.parse import parse, read
from liveblog.articles.saved import standfirst_text
from newsroom import hongkong
from tests.articles.layouts import WORDS, Rendered, expected, rendered


def read_back(article: Article) -> list[tuple[object, str, tuple[str, ...]]]:
    return [
        (
            hongkong.at(entry.day, entry.clock).astimezone(UTC) if entry.clock else None,
            entry.heading,
            tuple(block.text for block in entry.blocks if isinstance(block, Paragraph)),
        )
        for entry in article.entries
    ]


def kept(article: Article) -> str:
    """Return every word of an article and of the lines that it leaves out."""
    parts = [article.kicker, article.headline, standfirst_text(article.standfirst)[0]]
    parts += [said(entry) for entry in article.entries]
    parts += [line.text for line in article.left_out]
    doubted = {doubt.line for doubt in article.doubts}
    return "\n".join([*parts, *(line.text for line in article.lines if line.number in doubted)])


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Rendered, str]:
    """Return a live blog and its text, changed as copying and pasting changes text."""
    found = draw(rendered())
    lines = found.text.split("\n")
    for _count in range(draw(st.integers(1, 4))):
        place = draw(st.integers(2, len(lines) - 2))
        match draw(st.sampled_from(["blank", "join", "split", "wide", "indent", "drop blank"])):
            case "blank":
                lines.insert(place, "")
            case "join" if place + 1 < len(lines):
                lines[place : place + 2] = [f"{lines[place]} {lines[place + 1]}"]
            case "split":
                middle = lines[place].find(" ") + 1
                lines[place : place + 1] = [lines[place][:middle], lines[place][middle:]]
            case "wide":
                lines[place] = lines[place].translate({code: code + 0xFEE0 for code in range(0x30, 0x3B)})
            case "indent":
                lines[place] = f"\u3000\u3000{lines[place]}"
            case _:
                lines = [line for index, line in enumerate(lines) if line or index < place]
    return found, "\n".join(lines)


@given(mutated())
@settings(max_examples=100)
def test_no_word_of_a_damaged_article_is_lost_silently(case: tuple[Rendered, str]) -> None:
    found, text = case
    try:
        article = parse(text)
    except ArticleError:
        return
    remains = kept(article).lower()
    for word in WORDS[found.layout.language]:
        assert text.lower().count(word) <= remains.count(word), word
    numbers = {number for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    assert {line.number for line in article.lines} == numbers


@given(rendered(), st.sampled_from(["utf-8-sig", "utf-16", "gb18030", "big5hkscs"]))
@settings(max_examples=30)
def test_every_encoding_is_read_alike(found: Rendered, encoding: str) -> None:
    try:
        data = found.text.replace("\n", "\r\n").encode(encoding)
    except UnicodeEncodeError:
        return
    if found.layout.language == "en" and not encoding.startswith("utf"):
        # A few dashes in English do not tell one Chinese encoding from another: such a file is refused.
        return
    assert parse(read(data)) == parse(found.text)


@given(rendered())
@settings(max_examples=100)
def test_a_live_blog_in_any_layout_is_read_back_whole(found: Rendered) -> None:
    article = parse(found.text)
    assert read_back(article) == expected(found)
    assert (article.headline, article.published_at) == (found.title, found.published_at)
