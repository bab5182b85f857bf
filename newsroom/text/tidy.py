"""The content model of rich text: turns any tokens into well-formed rich text, in one pass.

Browsers parse the output without any repair: there is no paragraph in a paragraph, no item outside of a list,
no block in a heading and no cell outside of a table. So tidying is idempotent. The sanitizer, which builds a
tree like browsers do, has no misnested tags to repair either: it would copy every open `<b>` into every later
block, which can turn 17 KB into 7 MB.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

from newsroom.text.markup import End, Start, Token

BLOCK_TAGS: Final = frozenset({"p", "ul", "ol", "blockquote", "table", "hr", "h3", "h4", "pre"})
PHRASING_TAGS: Final = frozenset({"a", "b", "strong", "i", "em", "u", "s", "sub", "sup", "code", "br", "q"})
INNER_TAGS: Final = frozenset({"li", "thead", "tbody", "tr", "th", "td", "caption"})
# The elements that may have a `lang` attribute, and its possible values (BCP 47).
PASSAGE_TAGS: Final = frozenset({"p", "h3", "h4", "li", "blockquote", "th", "td", "caption", "q"})
LANGUAGE_TAGS: Final = frozenset({"en", "zh-Hans", "zh-Hant-HK"})

# Characters that are forbidden in XML, even escaped (XML 1.0, production 2).
NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# All but spaces, controls, the Braille blank and Default_Ignorable_Code_Point (UAX #44).
_VISIBLE: Final = re.compile(
    "[^\\s\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)

_LEAVES: Final = frozenset({"p", "h3", "h4", "pre"})
_LISTS: Final = frozenset({"ul", "ol"})
_TABLE_FRAME: Final = frozenset({"table", "thead", "tbody", "tr"})
_TABLE_PARTS: Final = frozenset({"caption", "thead", "tbody", "tr", "th", "td"})
# A `<li>` or `</ul>` in one of these does not belong to a list around it.
_LIST_BOUNDARIES: Final = frozenset({"td", "th", "caption", "blockquote", "table"})
_CELL_BOUNDARIES: Final = frozenset({"td", "th", "caption", "table"})
# Phrasing elements that may be nested in themselves: quotations, superscripts and subscripts.
_NESTABLE: Final = frozenset({"q", "sub", "sup"})
_RENAMED: Final = {
    **dict.fromkeys(["div", "section", "article", "center", "main", "dd", "dt"], "p"),
    **dict.fromkeys(["h1", "h2", "h5", "h6"], "h3"),
    "tfoot": "tbody",
}
# Elements whose content is dropped, because it is not text.
_SKIPPED: Final = frozenset({"template", "select"})

# Deeper than any real text. Beyond this depth, tags are dropped but their text is kept. Lists and tables need
# room for the items and cells that they imply, so that the output respects the limit, too.
_DEEPEST: Final = 24
_DEEPEST_PHRASING: Final = 16
_ROOM: Final = {"ul": 2, "ol": 2, "table": 4}

_ATTRIBUTES: Final = {
    "a": {"href": re.compile(r".+", re.DOTALL)},
    "ol": {"start": re.compile(r"-?[0-9]{1,6}")},
    "th": {
        "colspan": re.compile(r"[0-9]{1,3}"),
        "rowspan": re.compile(r"[0-9]{1,3}"),
        "scope": re.compile(r"(?:row|col)(?:group)?"),
    },
    "td": {"colspan": re.compile(r"[0-9]{1,3}"), "rowspan": re.compile(r"[0-9]{1,3}")},
}
_LANGUAGE: Final = re.compile("|".join(sorted(LANGUAGE_TAGS)))
LINK_REL: Final = "noopener"


def printable(text: str) -> str:
    """Return `text` without the characters that XML forbids, any of which would break a feed."""
    return NOT_XML.sub("", text)


def is_blank(text: str) -> bool:
    """Return whether readers would see nothing of `text`, which may be spaces or zero-width characters."""
    return _VISIBLE.search(text) is None


def tidy(tokens: Iterable[Token]) -> list[Token]:
    """Return rich text: only known tags with known attributes, nested as the content model wants them.

    Text outside any block gets a paragraph, and empty paragraphs between blocks are removed. A block closes
    open elements that may not contain it; an item or cell gets its missing list or row. URLs are not checked.
    """
    builder = _Builder()
    for token in tokens:
        builder.add(token)
    return builder.finish()


class _Element(NamedTuple):
    """An open element; `start` is the index of its tag in the output."""

    tag: str
    start: int
    is_implied: bool


class _Builder:
    """State of `tidy`: `_open` holds open blocks and their parts, `_phrasing` the open phrasing elements."""

    def __init__(self) -> None:
        self._output: list[Token] = []
        self._open: list[_Element] = []
        self._phrasing: list[str] = []
        # Numbers of omitted start tags whose end tags must be omitted as well.
        self._omitted: Counter[str] = Counter()
        self._omitted_phrasing: Counter[str] = Counter()
        self._skipped: tuple[str, int] | None = None

    def add(self, token: Token) -> None:
        if self._skipped:
            self._skip(token, *self._skipped)
        elif isinstance(token, str):
            self._add_text(token)
        elif isinstance(token, Start):
            self._start(_RENAMED.get(token.tag, token.tag), token)
        else:
            self._end(_RENAMED.get(token.tag, token.tag))

    def finish(self) -> list[Token]:
        while self._open:
            self._close_element()
        return self._output

    def _skip(self, token: Token, tag: str, depth: int) -> None:
        if isinstance(token, str) or token.tag != tag:
            return
        depth += 1 if isinstance(token, Start) else -1
        self._skipped = (tag, depth) if depth else None

    def _add_text(self, text: str) -> None:
        text = printable(text).replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
        last = self._last()
        if isinstance(last, Start) and last.tag == "pre":
            # Browsers drop a line break right after <pre>.
            text = text.lstrip("\n")
        if not text:
            return
        context = self._context()
        is_between = context == "" or context in _LISTS or context in _TABLE_FRAME
        if is_between and not self._phrasing and is_blank(text):
            return
        self._make_place_for_phrasing()
        self._output.append(text)

    def _start(self, tag: str, token: Start) -> None:
        if tag in _SKIPPED:
            self._skipped = (tag, 1)
        elif tag == "br":
            self._make_place_for_phrasing()
            self._output.append(Start("br"))
        elif tag in PHRASING_TAGS:
            self._start_phrasing(tag, token)
        elif tag == "li":
            self._start_item(token)
        elif tag in _TABLE_PARTS:
            self._start_table_part(tag, token)
        elif tag in BLOCK_TAGS:
            self._start_block(tag, token)

    def _end(self, tag: str) -> None:
        if tag in PHRASING_TAGS:
            self._end_phrasing(tag)
        elif tag in BLOCK_TAGS or tag in INNER_TAGS:
            self._end_element(tag)

    # Phrasing

    def _start_phrasing(self, tag: str, token: Start) -> None:
        if tag == "a" and "a" in self._phrasing:
            self._end_phrasing("a")
        is_doubled = tag in self._phrasing and tag not in _NESTABLE
        if is_doubled or len(self._phrasing) >= _DEEPEST_PHRASING:
            self._omitted_phrasing[tag] += 1
            return
        self._make_place_for_phrasing()
        self._phrasing.append(tag)
        self._output.append(Start(tag, _known_attributes(tag, token)))

    def _end_phrasing(self, tag: str) -> None:
        if self._omitted_phrasing[tag]:
            self._omitted_phrasing[tag] -= 1
            return
        if tag in self._phrasing:
            while self._phrasing:
                closed = self._phrasing.pop()
                self._output.append(End(closed))
                if closed == tag:
                    return

    def _close_phrasing(self) -> None:
        while self._phrasing:
            self._output.append(End(self._phrasing.pop()))
        self._omitted_phrasing.clear()

    def _make_place_for_phrasing(self) -> None:
        if self._is_in_implied_list():
            self._close_element()
        context = self._context()
        if context == "":
            self._open_element("p", is_implied=True)
        elif context in _LISTS:
            self._open_element("li")
        elif context in _TABLE_FRAME:
            self._open_cell("td")

    # Blocks

    def _start_block(self, tag: str, token: Start) -> None:
        self._make_place_for_block()
        if tag == "hr":
            self._output.append(Start("hr"))
        elif len(self._open) + _ROOM.get(tag, 1) > _DEEPEST:
            self._omitted[tag] += 1
        else:
            self._open_element(tag, _known_attributes(tag, token))

    def _make_place_for_block(self) -> None:
        self._close_phrasing()
        if self._context() in _LEAVES or self._is_in_implied_list():
            self._close_element()
        context = self._context()
        if context in _LISTS:
            # Reopen the previous item: word processors put a nested list after the item that it belongs to.
            if self._last() == End("li"):
                self._output.pop()
                self._open.append(_Element("li", len(self._output), is_implied=False))
            else:
                self._open_element("li")
        elif context in _TABLE_FRAME:
            self._open_cell("td")

    def _start_item(self, token: Start) -> None:
        self._close_phrasing()
        place = self._find({"li"} | _LISTS, _LIST_BOUNDARIES)
        if place is None:
            self._make_place_for_block()
            if len(self._open) + _ROOM["ul"] > _DEEPEST:
                self._omitted["li"] += 1
                return
            self._open_element("ul", is_implied=True)
        else:
            self._close_down_to(place if self._open[place].tag == "li" else place + 1)
        self._open_element("li", _known_attributes("li", token))

    def _start_table_part(self, tag: str, token: Start) -> None:
        self._close_phrasing()
        table = self._find({"table"}, frozenset())
        if table is None:
            self._start_block("p", Start("p"))
            return
        self._close_down_to(table + 1, unless=_PARENTS[tag])
        if tag in ("td", "th"):
            self._open_cell(tag, _known_attributes(tag, token))
            return
        if tag == "tr" and self._context() == "table":
            self._open_element("tbody")
        self._open_element(tag, _known_attributes(tag, token))

    def _open_cell(self, tag: str, attributes: tuple[tuple[str, str], ...] = ()) -> None:
        if self._context() == "table":
            self._open_element("tbody")
        if self._context() != "tr":
            self._open_element("tr")
        self._open_element(tag, attributes)

    def _end_element(self, tag: str) -> None:
        if self._omitted[tag]:
            self._omitted[tag] -= 1
            return
        if tag in _TABLE_PARTS:
            boundaries = frozenset({"table"})
            if self._find({"table"}, frozenset()) is None:
                tag = "p"
        elif tag == "table":
            boundaries = frozenset()
        else:
            boundaries = _CELL_BOUNDARIES | (_LISTS if tag == "li" else frozenset())
        place = self._find({tag}, boundaries)
        if place is not None:
            self._close_down_to(place)

    # The stack

    def _context(self) -> str:
        return self._open[-1].tag if self._open else ""

    def _last(self) -> Token | None:
        return self._output[-1] if self._output else None

    def _is_in_implied_list(self) -> bool:
        return bool(self._open) and self._open[-1].is_implied and self._open[-1].tag == "ul"

    def _find(self, tags: Iterable[str], boundaries: frozenset[str]) -> int | None:
        """Return the index of the innermost open element of `tags`, or None; stop at a boundary."""
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place].tag in tags:
                return place
            if self._open[place].tag in boundaries:
                return None
        return None

    def _open_element(
        self, tag: str, attributes: tuple[tuple[str, str], ...] = (), *, is_implied: bool = False
    ) -> None:
        self._open.append(_Element(tag, len(self._output), is_implied))
        self._output.append(Start(tag, attributes))

    def _close_down_to(self, place: int, unless: frozenset[str] = frozenset()) -> None:
        """Close the open elements from index `place` on, innermost first; stop at a tag of `unless`."""
        self._close_phrasing()
        while len(self._open) > place and self._open[-1].tag not in unless:
            self._close_element()

    def _close_element(self) -> None:
        self._close_phrasing()
        element = self._open.pop()
        if element.tag == "p" and not self._open:
            content = self._output[element.start + 1 :]
            del self._output[element.start + 1 :]
            content = _trimmed(content, with_breaks=element.is_implied)
            if not content:
                self._output.pop()
                return
            self._output += content
        self._output.append(End(element.tag))


# The possible parents of each table part; elements inside of the parent are closed first.
_PARENTS: Final = {
    **dict.fromkeys(["caption", "thead", "tbody"], frozenset({"table"})),
    "tr": frozenset({"table", "thead", "tbody"}),
    **dict.fromkeys(["td", "th"], frozenset({"table", "thead", "tbody", "tr"})),
}


def _trimmed(content: list[Token], *, with_breaks: bool) -> list[Token]:
    """Trim spaces around a paragraph's content, and line breaks as well if `with_breaks`.

    Return an empty list if the text is blank.
    """

    def is_space(token: Token) -> bool:
        if isinstance(token, str):
            return not token.strip()
        return with_breaks and token == Start("br")

    start, end = 0, len(content)
    while start < end and is_space(content[start]):
        start += 1
    while start < end and is_space(content[end - 1]):
        end -= 1
    content = content[start:end]
    if all(isinstance(token, str) and is_blank(token) for token in content):
        return []
    if isinstance(content[0], str):
        content[0] = content[0].lstrip()
    if isinstance(content[-1], str):
        content[-1] = content[-1].rstrip()
    return content


def _known_attributes(tag: str, token: Start) -> tuple[tuple[str, str], ...]:
    """Return the attributes that rich text keeps, in a fixed order."""
    if not token.attributes and tag != "a":
        return ()
    known = []
    language = token.get("lang") or ""
    if tag in PASSAGE_TAGS and _LANGUAGE.fullmatch(language):
        known.append(("lang", language))
    for name, pattern in _ATTRIBUTES.get(tag, {}).items():
        value = printable(token.get(name) or "").replace("\u00a0", " ").strip()
        if pattern.fullmatch(value):
            known.append((name, value))
    if tag == "a":
        known.append(("rel", LINK_REL))
    return tuple(known)
