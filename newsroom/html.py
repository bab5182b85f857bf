"""Rich text: cleaning what editors and machines send, and taking plain text back out of it."""

from __future__ import annotations

import re
from html import escape, unescape
from html.parser import HTMLParser
from typing import Final

import nh3

BLOCK_TAGS: Final = frozenset({"p", "ul", "ol", "blockquote", "table", "hr", "h3", "h4", "pre"})
_INLINE_TAGS: Final = frozenset({"a", "b", "strong", "i", "em", "u", "s", "sub", "sup", "code", "br", "q"})
_INNER_TAGS: Final = frozenset({"li", "thead", "tbody", "tr", "th", "td", "caption"})
_LINE_ENDS: Final = frozenset({"p", "li", "h3", "h4", "tr", "blockquote", "pre", "caption"})
_FOREIGN_BLOCK: Final = re.compile(r"(</?)(?:div|section|article|center|main|dd|dt)(?=[\s>/])", re.I)
_FOREIGN_HEADING: Final = re.compile(r"(</?)(?:h1|h2|h5|h6)(?=[\s>/])", re.I)
# Characters that no XML document may hold, not even escaped (XML 1.0, production 2).
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SENTENCE_END: Final = re.compile(r"[。！？!?…]+[」』”’)）]*|\.(?=\s)|\.$")

_cleaner: Final = nh3.Cleaner(
    tags=set(BLOCK_TAGS | _INLINE_TAGS | _INNER_TAGS),
    attributes={
        # Without this nh3 lets `title` and `lang` stand on every tag.
        "*": set(),
        "a": {"href"},
        "ol": {"start"},
        "th": {"colspan", "rowspan", "scope"},
        "td": {"colspan", "rowspan"},
    },
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener",
    strip_comments=True,
    clean_content_tags={"script", "style", "template", "title", "textarea", "select"},
)


def printable(text: str) -> str:
    """`text` without the characters that no XML may hold: one of them would break every feed."""
    return NOT_XML.sub("", text)


def one_line(text: str) -> str:
    """Return text on one line, with single spaces."""
    return " ".join(printable(text).split())


def clean(html: str) -> str:
    """`html` with only the tags that a page may print, no scripts, styles, classes or handlers.

    Text that stands outside any block is put into a paragraph; empty paragraphs go; non-breaking
    spaces that word processors leave become plain ones. Cleaning twice changes nothing.
    """
    blocked = _FOREIGN_HEADING.sub(r"\1h3", _FOREIGN_BLOCK.sub(r"\1p", html.replace("\x00", "")))
    tidy = printable(_cleaner.clean(blocked)).replace("&nbsp;", " ").replace("\u00a0", " ")
    parted = blocks(tidy)
    if "".join(parted) != tidy:
        # A tag around blocks was cut apart with them: left open, a link would run on over the page.
        parted = [_trimmed(_cleaner.clean(block)) for block in parted]
    return "".join(block for block in parted if block != "<p></p>")


class _BlockSplitter(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.blocks: list[str] = []
        self._open: list[str] = []
        self._depth = 0
        self._loose: list[str] = []

    def _write(self, text: str) -> None:
        (self._open if self._depth else self._loose).append(text)

    def _end_loose(self) -> None:
        loose = self._loose
        self._loose = []
        start, end = 0, len(loose)
        while start < end and _is_blank(loose[start]):
            start += 1
        while start < end and _is_blank(loose[end - 1]):
            end -= 1
        if text := "".join(loose[start:end]).strip():
            self.blocks.append(f"<p>{text}</p>")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text = self.get_starttag_text() or ""
        if tag not in BLOCK_TAGS or self._depth:
            self._write(text)
            if tag in BLOCK_TAGS and tag != "hr":
                self._depth += 1
            return
        self._end_loose()
        if tag == "hr":
            self.blocks.append("<hr>")
            return
        self._depth, self._open = 1, [text]

    def handle_endtag(self, tag: str) -> None:
        self._write(f"</{tag}>")
        if tag in BLOCK_TAGS and self._depth:
            self._depth -= 1
            if not self._depth:
                self.blocks.append(_trimmed("".join(self._open)))

    def handle_data(self, data: str) -> None:
        self._write(data)

    def handle_entityref(self, name: str) -> None:
        self._write(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._write(f"&#{name};")

    def close(self) -> None:
        super().close()
        self._end_loose()


# Not by patterns: those look at a long run of spaces or breaks once for each of its characters.


def _is_blank(part: str) -> bool:
    return part == "<br>" or not part.strip()


def _trimmed(block: str) -> str:
    inner = block.removeprefix("<p>").removesuffix("</p>")
    return f"<p>{inner.strip()}</p>" if block == f"<p>{inner}</p>" else block


def blocks(cleaned: str) -> list[str]:
    """The top-level blocks (paragraphs, lists, tables …) of cleaned rich text, in order, each as HTML."""
    splitter = _BlockSplitter()
    splitter.feed(cleaned)
    splitter.close()
    return splitter.blocks


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "ul", "ol", "li"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _LINE_ENDS:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append("\t")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain_text(html: str) -> str:
    """The text of rich text: one line for each paragraph, list item or table row."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\r\f\v]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)


def from_typed(text: str) -> str:
    """What was typed in a field for rich text.

    Where there is no JavaScript it is plain text, each line of which gets its paragraph.
    """
    if "<" in text:
        return text
    return "".join(
        f"<p>{escape(line.strip(), quote=False)}</p>" for line in text.splitlines() if line.strip()
    )


def excerpt(html: str, limit: int = 140) -> str:
    """The opening of rich text in at most `limit` characters, cut at the end of a sentence where one is near.

    Chinese sentences end at 。！？, with no space after them.
    """
    text = " ".join(plain_text(html).split("\n"))
    if len(text) <= limit:
        return text
    head = text[:limit]
    ends = [found.end() for found in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] >= limit // 2:
        return head[: ends[-1]].strip()
    cut = head[: limit - 1]
    if text[limit - 1 : limit].isascii() and " " in cut[limit // 2 :]:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,;:，、；：") + "…"


def is_empty(html: str) -> bool:
    """Whether rich text says nothing."""
    return not unescape(plain_text(html)).strip()
