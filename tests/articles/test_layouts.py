"""Parsing of articles in the layouts of other newsrooms."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given, settings
from hypothesis import strategies as st

from liveblog.articles.article import Article, ArticleError, Paragraph
from liveblog.articles.match import text_of as entry_text
from liveblog.articles.parse import parse, read
from liveblog.articles.saved import standfirst_text
from newsroom import hongkong
from tests.articles.layouts import WORDS, RenderedBlog, expected_entries, rendered_blogs


def entries_of(article: Article) -> list[tuple[object, str, tuple[str, ...]]]:
    return [
        (
            hongkong.at(entry.day, entry.clock).astimezone(UTC) if entry.clock else None,
            entry.heading,
            tuple(block.text for block in entry.blocks if isinstance(block, Paragraph)),
        )
        for entry in article.entries
    ]


def all_text(article: Article) -> str:
    """Return the text of an article, of the lines it leaves out and of its doubtful lines."""
    parts = [article.kicker, article.headline, standfirst_text(article.standfirst)[0]]
    parts += [entry_text(entry) for entry in article.entries]
    parts += [line.text for line in article.left_out]
    doubtful_lines = {doubt.line for doubt in article.doubts}
    return "\n".join([*parts, *(line.text for line in article.lines if line.number in doubtful_lines)])


@st.composite
def damaged_blogs(draw: st.DrawFn) -> tuple[RenderedBlog, str]:
    """Return a live blog and its text with the damage that copy and paste can do."""
    blog = draw(rendered_blogs())
    lines = blog.text.split("\n")
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
    return blog, "\n".join(lines)


@given(damaged_blogs())
@settings(max_examples=100)
def test_parse_of_a_damaged_article_accounts_for_every_word_and_line(case: tuple[RenderedBlog, str]) -> None:
    blog, text = case
    try:
        article = parse(text)
    except ArticleError:
        return
    remaining_text = all_text(article).lower()
    for word in WORDS[blog.layout.language]:
        assert text.lower().count(word) <= remaining_text.count(word), word
    numbers = {number for number, line in enumerate(text.splitlines(), 1) if line.strip()}
    assert {line.number for line in article.lines} == numbers


@given(rendered_blogs(), st.sampled_from(["utf-8-sig", "utf-16", "gb18030", "big5hkscs"]))
@settings(max_examples=30)
def test_parse_result_does_not_depend_on_the_encoding(blog: RenderedBlog, encoding: str) -> None:
    try:
        data = blog.text.replace("\n", "\r\n").encode(encoding)
    except UnicodeEncodeError:
        return
    if blog.layout.language == "en" and not encoding.startswith("utf"):
        # The few dashes of an English text do not identify a Chinese encoding, so such a file is refused.
        return
    assert parse(read(data)) == parse(blog.text)


@given(rendered_blogs())
@settings(max_examples=100)
def test_parse_reads_back_a_live_blog_in_any_layout(blog: RenderedBlog) -> None:
    article = parse(blog.text)
    assert entries_of(article) == expected_entries(blog)
    assert (article.headline, article.published_at) == (blog.title, blog.published_at)
