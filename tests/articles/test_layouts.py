"""Parsing of articles in the layouts of other newsrooms."""

from __future__ import annotations

from datetime import UTC

from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from liveblog.articles.article import Article, ArticleError, Paragraph
from liveblog.articles.characters import tidied
from liveblog.articles.lines import split
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
    """Return the text of an article, including the lines it leaves out and its doubtful lines."""
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
        lines = draw(st.sampled_from(DAMAGES))(lines, place)
    return blog, "\n".join(lines)


def _join_lines(lines: list[str], place: int, sign: str) -> list[str]:
    return [*lines[:place], sign.join(lines[place : place + 2]), *lines[place + 2 :]]


def _split_line(lines: list[str], place: int, at: int) -> list[str]:
    return [*lines[:place], lines[place][:at].rstrip(), lines[place][at:].lstrip(), *lines[place + 1 :]]


def _replace_line(lines: list[str], place: int, line: str) -> list[str]:
    return [*lines[:place], line, *lines[place + 1 :]]


_WIDE = {code: code + 0xFEE0 for code in range(0x30, 0x3B)}
DAMAGES = (
    lambda lines, place: [*lines[:place], "", *lines[place:]],
    lambda lines, place: [*lines[:place], "", "\u3000 ", "", *lines[place:]],
    lambda lines, place: [line for index, line in enumerate(lines) if line or index < place],
    lambda lines, place: _join_lines(lines, place, " "),
    lambda lines, place: _join_lines(lines, place, ""),
    lambda lines, place: _join_lines(lines, place, "\u3000"),
    lambda lines, place: _split_line(lines, place, lines[place].find(" ") + 1),
    lambda lines, place: _split_line(lines, place, (lines[place].find("。") + 1) or len(lines[place])),
    lambda lines, place: _split_line(lines, place, lines[place].find("】") + 1),
    lambda lines, place: _replace_line(lines, place, lines[place].translate(_WIDE)),
    lambda lines, place: _replace_line(lines, place, f"\u3000\u3000{lines[place]}"),
    lambda lines, place: _replace_line(lines, place, f"\u200b{lines[place]}\u00a0\ufeff"),
    lambda lines, place: [line.translate(_WIDE) for line in lines],
    lambda lines, _place: [part for line in lines for part in (line, "")],
    lambda lines, place: [*lines[:place], lines[place], *lines[place:]],
)


@given(damaged_blogs())
@settings(max_examples=100)
def test_parse_of_a_damaged_article_accounts_for_every_word_and_line(case: tuple[RenderedBlog, str]) -> None:
    blog, text = case
    try:
        article = parse(text)
    except ArticleError:
        reject()
    remaining_text = all_text(article).lower()
    for word in WORDS[blog.layout.language]:
        assert text.lower().count(word) <= remaining_text.count(word), word
    numbers = {number for number, line in enumerate(text.splitlines(), 1) if tidied(line)}
    assert {line.number for line in article.lines} == numbers


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs")


@given(damaged_blogs(), st.sampled_from(ENCODINGS), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@settings(max_examples=60)
def test_text_does_not_depend_on_encoding_or_line_endings(
    case: tuple[RenderedBlog, str], encoding: str, line_end: str, has_mark: bool
) -> None:
    blog, text = case
    mark = "\ufeff" if has_mark and encoding.startswith(("utf-16-", "gb")) else ""
    # The few dashes of an English text do not identify a Chinese encoding, so such a file is refused.
    assume(encoding.startswith("utf") or blog.layout.language != "en")
    try:
        data = (mark + text.replace("\n", line_end)).encode(encoding)
    except UnicodeEncodeError:
        reject()
    assert split(read(data)) == split(text)


@given(rendered_blogs())
@settings(max_examples=100)
def test_parse_reads_back_a_live_blog_in_any_layout(blog: RenderedBlog) -> None:
    article = parse(blog.text)
    assert entries_of(article) == expected_entries(blog)
    assert (article.headline, article.published_at) == (blog.title, blog.published_at)
