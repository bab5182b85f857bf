"""Parsing of whole invented articles in the layouts of newspapers, agencies and broadcasters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Final

import pytest

from liveblog.articles.article import Article, ArticleError, LineRead, Related
from liveblog.articles.characters import folded, tidied
from liveblog.articles.choices import Role
from liveblog.articles.match import text_of
from liveblog.articles.parse import parse, read
from liveblog.articles.saved import standfirst_text
from liveblog.articles.stamps import stamp_at_start
from liveblog.articles.tails import stamp_at_end
from tests.articles.reading import PAGES, page, reading_of
from tests.environment import ROOT

SHARED: Final = sorted((ROOT.parent / "shared" / "copy" / "cases").glob("*.txt"))
_WORD: Final = re.compile("[\u3400-\u9fff]{2,}|[A-Za-z]{3,}")
_HEAD: Final = frozenset({Role.TITLE, Role.KICKER, Role.PUBLISHED, Role.DAY, Role.LEFT_OUT, Role.RESPONSES})

every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
every_article = pytest.mark.parametrize("path", [*PAGES, *SHARED], ids=lambda path: path.stem)


def source(path: Path) -> str:
    text = page(path)[0] if path in PAGES else read(path.read_bytes())
    return "".join(f"{line}\n" for line in text.splitlines())


def lost_words(text: str, article: Article) -> list[str]:
    """Return the source's words that are in neither the head, an update, a left-out nor a doubtful line."""
    parts = [standfirst_text(article.standfirst)[0], *map(text_of, article.entries)]
    parts += [line.text for line in article.left_out]
    blocks = chain(article.standfirst, *(entry.blocks for entry in article.entries))
    parts += [block.title + block.url for block in blocks if isinstance(block, Related)]
    remaining = folded("".join("".join(parts).split()))
    doubtful = {doubt.line for doubt in article.doubts}
    return [
        f"{line.number}: {word}"
        for line in article.lines
        if line.role not in _HEAD and line.number not in doubtful
        for word in _words(line)
        if "".join(word.split()) not in remaining
    ]


def _words(line: LineRead) -> Iterable[str]:
    """Return the words of a line without those of its time."""
    plain = folded(line.text)
    if line.role in (Role.TIME, Role.TIMED_HEADING):
        stamp = stamp_at_start(plain)
        tail = None if stamp else stamp_at_end(plain)
        plain = plain[: stamp.lead] + plain[stamp.end :] if stamp else plain[: tail.lead if tail else None]
    if line.role is Role.LINK:
        # The label of a related story is not part of its title.
        plain = plain.partition(":")[2] or plain
    return _WORD.findall(plain)


@every_page
def test_page_is_read_as_a_careful_editor_would_read_it(path: Path) -> None:
    text, expected = page(path)
    assert reading_of(text) == expected


@every_article
def test_no_word_of_an_article_is_lost(path: Path) -> None:
    text = source(path)
    if reading_of(text).startswith("refused"):
        # Only pages without a time of publication are refused.
        assert "published_at" in reading_of(text)
    else:
        assert lost_words(text, parse(text)) == []


SPACES: Final[dict[str, Callable[[str], str]]] = {
    "returns and line feeds": lambda text: text.replace("\n", "\r\n"),
    "returns": lambda text: text.replace("\n", "\r"),
    "tabs": lambda text: text.replace(" ", "\t").replace("\u3000", "\t"),
    "no-break spaces": lambda text: text.replace(" ", "\u00a0"),
    "spaces around lines": lambda text: "".join(f"\u3000 {line}\t \n" for line in text.split("\n")),
    "zero-width characters": lambda text: "\ufeff" + re.sub(r"(?<=\w)(?=\W)", "\u200b", text),
    "soft hyphens": lambda text: re.sub(
        r"(?<=[A-Za-z\u3400-\u9fff]{2})(?=[a-z\u3400-\u9fff]{2})", "\u00ad", text
    ),
    "direction marks": lambda text: re.sub("^", "\u200e", text, flags=re.MULTILINE),
}


@pytest.mark.slow
@pytest.mark.parametrize("respaced", SPACES.values(), ids=SPACES)
@every_article
def test_spaces_and_invisible_characters_make_no_difference(
    path: Path, respaced: Callable[[str], str]
) -> None:
    text = source(path)
    assert reading_of(respaced(text)) == reading_of(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs"]
)
@every_article
def test_encoding_makes_no_difference(path: Path, encoding: str) -> None:
    text = source(path)
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        assert not encoding.startswith("utf")
        return
    is_chinese = len(re.findall("[\u3400-\u9fff]", text)) > 40
    if encoding.startswith("utf") or is_chinese:
        assert read(data) == text
    else:
        # Too few characters identify a Chinese encoding, so that the file may be refused.
        with suppress(ArticleError):
            assert read(data) == text


def _join_lines(lines: list[str], place: int) -> list[str]:
    return [*lines[:place], " ".join(lines[place : place + 2]), *lines[place + 2 :]]


def _split_line(lines: list[str], place: int) -> list[str]:
    line = lines[place]
    at = next(
        (line.find(sign) + 1 for sign in "。】，）: " if 0 < line.find(sign) < len(line) - 1), len(line) // 2
    )
    return [*lines[:place], line[:at], line[at:], *lines[place + 1 :]]


_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_NARROW: Final = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: " "}
DAMAGES: Final[dict[str, Callable[[list[str], int], list[str]]]] = {
    "a blank line": lambda lines, place: [*lines[:place], "", *lines[place:]],
    "blank lines everywhere": lambda lines, _place: [part for line in lines for part in (line, "")],
    "no blank lines": lambda lines, _place: [line for line in lines if tidied(line)],
    "two lines joined": _join_lines,
    "a line split": _split_line,
    "a line in full width": lambda lines, place: [
        *lines[:place],
        lines[place].translate(_WIDE),
        *lines[place + 1 :],
    ],
    "all lines in half width": lambda lines, _place: [line.translate(_NARROW) for line in lines],
    "a line twice": lambda lines, place: [*lines[:place], lines[place], *lines[place:]],
}


@pytest.mark.slow
@pytest.mark.parametrize("damaged", DAMAGES.values(), ids=DAMAGES)
@every_article
def test_damage_loses_no_word_silently(path: Path, damaged: Callable[[list[str], int], list[str]]) -> None:
    lines = source(path).splitlines()
    for place in range(0, len(lines), len(lines) // 5 + 1):
        text = "\n".join(damaged(lines, place))
        try:
            article = parse(text)
        except ArticleError:
            continue
        assert lost_words(text, article) == [], place
        assert {line.number for line in article.lines} == {
            number for number, line in enumerate(text.splitlines(), 1) if tidied(line)
        }
