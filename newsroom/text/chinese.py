"""Conversion between the two Chinese scripts by Hong Kong usage, and tokens for search."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

from opencc import OpenCC

from newsroom.text import html, lexicon, markup, simplified, traditional
from newsroom.text.lexicon import Lexicon
from newsroom.text.markup import Start, Token
from newsroom.text.segmenter import Cuts

TRADITIONAL: Final = "zh-hant"
SIMPLIFIED: Final = "zh-hans"
# URLs, mail addresses and @names are not converted. A host ends before the first Han character, a path before
# the next space or Chinese punctuation mark.
_ADDRESSES: Final = lexicon.Pattern(
    re.compile(
        r"""
    (?:https?://|www\.)[^\s/<>"'，。；：！？、（）「」『』《》【】“”‘’\u3400-\u9fff]*
    (?:/[^\s<>"'，。；：！？、（）「」『』《》【】“”‘’]*)?
  | (?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+
  | (?<![A-Za-z0-9])@\w+
""",
        re.VERBOSE,
    ),
    signs=("://", "www.", "@"),
)
_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN: Final = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN: Final = re.compile(f"[{_HAN}]")

# Tags that begin or end a block; words do not continue across them.
_BLOCK_ENDS: Final = html.BLOCK_TAGS | html.INNER_TAGS | {"br"}
_CODE_TAGS: Final = frozenset({"code", "pre"})

_SCRIPTS: Final = {TRADITIONAL: traditional, SIMPLIFIED: simplified}
Wordings = Mapping[str, str] | Lexicon


def convert(text: str, edition: str, *wordings: Wordings, names: Iterable[str] = ()) -> str:
    """Return plain text in the script of `edition`, `zh-hant` or `zh-hans`.

    `wordings` map source wording to wording in the edition (a locked term maps to itself). They take
    precedence over the dictionaries, and replacements are not converted again. The longest match wins; of
    equally long ones, the last mapping's. `names` (see `names_in`) keep the forms that names have. URLs, mail
    addresses and @names are kept. Raises ValueError for any other edition.
    """
    return "".join([converted for _length, converted in _segments(text, edition, wordings, names)])


def convert_name(name: str, edition: str, *wordings: Wordings) -> str:
    """Convert a person's name that is not part of a text, such as a byline."""
    names = [name] if edition == TRADITIONAL and traditional.is_personal_name(name) else []
    return convert(name, edition, *wordings, names=names)


def names_in(text: str, edition: str) -> tuple[str, ...]:
    """Return the names that an article gives in full, to be passed as `names` for its other texts."""
    return tuple(sorted(traditional.mentioned(text))) if edition == TRADITIONAL else ()


def _own_names(text: str, names: Iterable[str]) -> dict[str, str]:
    own = traditional.mentioned(text)
    for name in names:
        own[name] = traditional.name(name)
    return own


def _segments(
    text: str, edition: str, wordings: Iterable[Wordings], names: Iterable[str]
) -> Iterable[tuple[int, str]]:
    """Return the converted parts of a text, each with the length of its source."""
    if edition not in _SCRIPTS:
        raise ValueError(f"No edition is called {edition!r}.")
    if not text:
        return ()
    lexicons = [mapping if isinstance(mapping, Lexicon) else Lexicon(mapping) for mapping in wordings]
    if edition == TRADITIONAL and (own := _own_names(text, names)):
        lexicons.insert(0, Lexicon(own))
    if lexicons or _ADDRESSES.may_match(text):
        return _around_matches(text, edition, lexicons)
    segments: Iterable[tuple[int, str]] = _SCRIPTS[edition].segments(text)
    return segments


def _around_matches(text: str, edition: str, lexicons: list[Lexicon]) -> Iterator[tuple[int, str]]:
    script = _SCRIPTS[edition]
    end = 0
    cuts = Cuts(script.segmenter(), text, script.draft)
    for match in lexicon.matches(text, _ADDRESSES, lexicons, cuts.is_whole):
        if match.start > end:
            yield from script.segments(text[end : match.start])
        yield match.end - match.start, match.replacement
        end = match.end
    if end < len(text):
        yield from script.segments(text[end:])


def convert_html(rich_text: str, edition: str, *wordings: Wordings, names: Iterable[str] = ()) -> str:
    """Return cleaned rich text (`newsroom.text.html.clean`) with its text converted; tags and code are kept.

    Each block is converted as a whole, so words may span tags (头<b>发</b>). Replacements are text, even
    if they look like markup: they are escaped, and the result is sanitized again.
    """
    names = {*names, *names_in(html.plain_text(rich_text), edition)}
    converted: list[Token] = []
    # Indexes in `converted` of the text tokens of the current block.
    places: list[int] = []
    code_depth = 0

    def convert_block() -> None:
        pieces = [str(converted[place]) for place in places]
        segments = _segments("".join(pieces), edition, wordings, names)
        for place, piece in zip(places, _deal_out(segments, list(map(len, pieces))), strict=True):
            converted[place] = piece
        places.clear()

    for token in markup.read(rich_text):
        if isinstance(token, str):
            if not code_depth:
                places.append(len(converted))
        else:
            if token.tag in _CODE_TAGS:
                code_depth += 1 if isinstance(token, Start) else -1
            if token.tag in _BLOCK_ENDS:
                convert_block()
        converted.append(token)
    convert_block()
    return html.clean(markup.write(converted))


def _deal_out(segments: Iterable[tuple[int, str]], lengths: list[int]) -> list[str]:
    """Split converted segments into pieces whose sources had the given lengths.

    A segment that spans several pieces is cut at the same positions as its source; any added length goes into
    the last of these pieces.
    """
    pieces: list[list[str]] = [[] for _length in lengths]
    place = room = 0
    if lengths:
        room = lengths[0]
    for length, converted in segments:
        start = 0
        while length > room:
            pieces[place].append(converted[start : start + room])
            start, length, place = start + room, length - room, place + 1
            room = lengths[place]
        pieces[place].append(converted[start:])
        room -= length
    return ["".join(piece) for piece in pieces]


def fold(text: str) -> str:
    """Fold text for search: ignore width, case, script and variants of characters.

    Han characters fold one by one, so that a word folds alike in every context.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_folded_characters())


@cache
def _folded_characters() -> dict[int, str]:
    """Return a translation table of Han characters that have a simpler or a more usual form."""
    han = [chr(code) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for code in range(first, last)]
    # Separate the characters by spaces, so that neighbours are not converted as words.
    printed = convert(" ".join(han), SIMPLIFIED)
    simple = OpenCC("hk2s").convert(OpenCC("t2s").convert(printed)).split(" ")
    folded = {ord(old): new for old, new in zip(han, simple, strict=True) if old != new}
    return folded | {ord("著"): "着", ord("囘"): "回", ord("峯"): "峰", ord("濶"): "阔", ord("祕"): "秘"}


def bigrams(text: str) -> list[str]:
    """Return the folded search tokens of a text: overlapping pairs of Han characters, and other words.

    Each run of Han characters also yields its last character alone (停火: 停火, 火), which connects it to the
    token after it in a phrase.
    """
    tokens = []
    for run in _RUN.findall(fold(text)):
        if _IS_HAN.match(run):
            tokens += [first + second for first, second in pairwise(run)]
            tokens.append(run[-1])
        else:
            tokens.append(run)
    return tokens


def phrase(query: str) -> tuple[list[str], bool]:
    """Return the consecutive tokens to search for, and whether the last of them is a prefix.

    Every part of a text that starts and ends between words matches: its phrase is a part of the `bigrams`.
    """
    tokens = bigrams(query)
    is_han = bool(tokens and _IS_HAN.match(tokens[-1]))
    if is_han and len(tokens) > 1 and len(tokens[-2]) == 2 and tokens[-2].endswith(tokens[-1]):
        return tokens[:-1], False
    return tokens, is_han
