"""Rich text: sanitizing HTML from editors and programs, and extracting plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from operator import itemgetter
from typing import Final, TypeVar

import nh3

from newsroom.text import markup
from newsroom.text.markup import End, Start, Token
from newsroom.text.tidy import (
    BLOCK_TAGS,
    INNER_TAGS,
    LANGUAGE_TAGS,
    LINK_REL,
    NOT_XML,
    PASSAGE_TAGS,
    PHRASING_TAGS,
    is_blank,
    printable,
    tidy,
)

__all__ = [
    "BLOCK_TAGS",
    "INNER_TAGS",
    "NOT_XML",
    "PHRASING_TAGS",
    "blocks",
    "clean",
    "excerpt",
    "from_typed",
    "is_blank",
    "is_empty",
    "one_line",
    "plain_text",
    "printable",
    "shortened",
    "stripped",
]

T = TypeVar("T")

_LINE_STARTS: Final = frozenset({"br", "ul", "ol", "li"})
_LINE_ENDS: Final = frozenset({"p", "li", "h3", "h4", "tr", "blockquote", "pre", "caption"})
_SPACES: Final = re.compile(r"[ \t\r\f\v]+")
_SENTENCE_END: Final = re.compile(r"[。！？!?…]+[」』”’)）]*|\.(?=\s)|\.$")

_sanitizer: Final = nh3.Cleaner(
    tags=set(BLOCK_TAGS | PHRASING_TAGS | INNER_TAGS),
    attributes={
        # Without this entry, nh3 allows `title` and `lang` on every tag.
        "*": set(),
        "a": {"href"},
        "ol": {"start"},
        "th": {"colspan", "rowspan", "scope"},
        "td": {"colspan", "rowspan"},
    },
    tag_attribute_values={tag: {"lang": set(LANGUAGE_TAGS)} for tag in PASSAGE_TAGS},
    url_schemes={"http", "https", "mailto"},
    link_rel=LINK_REL,
    strip_comments=True,
    clean_content_tags={"script", "style", "template", "title", "textarea", "select"},
)


def stripped(text: str) -> str:
    """Return text without surrounding spaces or characters that XML forbids; empty if nothing is visible."""
    text = printable(text).strip()
    return "" if is_blank(text) else text


def one_line(text: str) -> str:
    """Return text on one line, with single spaces; empty if nothing of it is visible."""
    return " ".join(stripped(text).split())


def clean(html: str) -> str:
    """Return `html` with only the tags that a page may print: no scripts, styles, classes or handlers.

    Text outside any block is put into a paragraph, empty paragraphs are removed, and the non-breaking spaces
    of word processors become plain ones. Cleaning is idempotent.

    The text is tidied first, in one pass, so that the sanitizer gets well-formed and shallow markup with
    nothing to repair. The sanitizer runs last. Code that rewrites its output must work on tokens
    (`newsroom.text.markup`), never on the string.
    """
    return _sanitizer.clean(markup.write(tidy(markup.read(html))))


def blocks(cleaned: str) -> list[str]:
    """Return the top-level blocks (paragraphs, lists, tables …) of cleaned rich text, in order, as HTML."""
    return [markup.write(block) for block in _split(markup.read(cleaned))]


def with_inserts(cleaned: str, inserts: Iterable[tuple[int, T]]) -> list[str | T]:
    """Return the top-level blocks as HTML, with each insert after its number of blocks, or at the end."""
    passages: list[str | T] = list(blocks(cleaned))
    for offset, (place, insert) in enumerate(sorted(inserts, key=itemgetter(0))):
        passages.insert(min(place, len(passages) - offset) + offset, insert)
    return passages


def _split(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    block, depth = [], 0
    for token in tokens:
        block.append(token)
        if isinstance(token, Start):
            depth += token.tag not in markup.VOID_TAGS
        elif isinstance(token, End):
            depth -= 1
        if depth == 0:
            yield block
            block = []


def plain_text(html: str) -> str:
    """Return the text of rich text: one line for each paragraph, list item or table row."""
    return "\n".join(_lines(html))


def _lines(html: str) -> Iterator[str]:
    line: list[str] = []
    for part in _text_parts(html):
        first, *others = part.split("\n")
        line.append(first)
        for other in others:
            if text := stripped(_SPACES.sub(" ", "".join(line))):
                yield text
            line = [other]
    if text := stripped(_SPACES.sub(" ", "".join(line))):
        yield text


def _text_parts(html: str) -> Iterator[str]:
    for token in markup.read(html):
        if isinstance(token, str):
            yield token
        elif isinstance(token, Start):
            if token.tag in _LINE_STARTS:
                yield "\n"
        elif token.tag in _LINE_ENDS:
            yield "\n"
        elif token.tag in ("td", "th"):
            yield "\t"


def from_typed(text: str) -> str:
    """Return the HTML of text submitted in a rich text field.

    Without JavaScript, the field contains plain text; make each line of it a paragraph.
    """
    if "<" in text:
        return text
    return "".join(
        f"<p>{escape(line.strip(), quote=False)}</p>" for line in text.splitlines() if line.strip()
    )


def excerpt(html: str, limit: int = 140) -> str:
    """Return the opening of rich text, shortened. Only as much of the text is read as is needed."""
    opening, length = [], 0
    for line in _lines(html):
        opening.append(line)
        length += len(line) + 1
        if length > limit + 1:
            break
    return shortened(" ".join(opening), limit)


def shortened(text: str, limit: int = 140) -> str:
    """Return plain text cut to `limit` characters, at the end of a sentence if one is near.

    Chinese sentences end at 。！？, with no space after them.
    """
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [match.end() for match in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] >= limit // 2:
        return head[: ends[-1]].strip()
    cut = head[: limit - 1]
    if text[limit - 1 : limit].isascii() and " " in cut[limit // 2 :]:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,;:，、；：") + "…"


def is_empty(html: str) -> bool:
    """Return whether rich text has no text."""
    return next(_lines(html), None) is None
