"""Chinese in its two scripts: conversion as Hong Kong writes, and the tokens that search compares."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Final

from opencc import OpenCC

from newsroom import html
from newsroom.text import lexicon, markup
from newsroom.text.lexicon import Lexicon
from newsroom.text.markup import Start, Token

TRADITIONAL: Final = "zh-hant"
SIMPLIFIED: Final = "zh-hans"
# OpenCC's configurations for Hong Kong's forms: 隨着, 裏, 羣.
_CONFIGURATIONS: Final = {TRADITIONAL: "s2hk", SIMPLIFIED: "hk2s"}


def _wordings(table: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in table.split())


# Simplified to Traditional: names and words that OpenCC does not know. The longest match wins.
_TO_TRADITIONAL: Final = _wordings(
    """
    范徐丽泰=范徐麗泰 范太=范太 范冰冰=范冰冰 范某=范某 姓范=姓范 余某=余某 姓余=姓余 余先生=余先生
    余女士=余女士 于某=于某 姓于=姓于 于洋=于洋 于正=于正 并发布=並發布 并发生=並發生 并发现=並發現
    并发出=並發出 并发表=並發表 并发送=並發送 马里=馬里 馬里=馬里 马里面=馬裏面 马里边=馬裏邊
    马里头=馬裏頭 马里程=馬里程 里卡多=里卡多 贝里=貝里 泰里=泰里 占士=占士 人参=人參 点赞=點讚
    托福=托福 面粉=麵粉 面包=麵包 面条=麵條 面馆=麵館 拉面=拉麵 方便面=方便麵 米面=米麵 制片=製片
    胡同=胡同 回复=回覆 复核=覆核 汇报=匯報 汇集=匯集 东铁线=東鐵綫 西铁线=西鐵綫 屯马线=屯馬綫
    观塘线=觀塘綫 荃湾线=荃灣綫 港岛线=港島綫 南港岛线=南港島綫 将军澳线=將軍澳綫 东涌线=東涌綫
    机场快线=機場快綫 迪士尼线=迪士尼綫 马鞍山线=馬鞍山綫
    """
)
# What OpenCC's Traditional is put into as Hong Kong's newspapers write.
_HOUSE_FORMS: Final = _wordings(
    """
    公佈=公布 宣佈=宣布 發佈=發布 分佈=分布 頒佈=頒布 瞭解=了解
    """
)
# Traditional to Simplified: what writers of Traditional use beside Hong Kong's own forms.
_TO_SIMPLIFIED: Final = {"乾昇": "乾升", "原著": "原著"}
# OpenCC has the forms of rare tables for these; fonts have not, and nobody writes them.
_RARE_FORMS: Final = {"𠮶": "嗰", "㓥": "劏", "揾": "搵", "𬬻": "炉"}
# 著 read as the particle 着: everywhere but in words of writing, fame and settling.
_PARTICLE: Final = re.compile(r"(?<![显卓昭编原专名巨土论译合所拙遗新旧大小撰力])著(?![名作述者称录书有])")

# Addresses stand as they are: the host to the first Han character, a path to the next space or mark.
_ADDRESSES: Final = lexicon.Pattern(
    re.compile(
        r"""
    (?:https?://|www\.)[^\s/<>"'，。；：！？、（）「」『』《》【】“”‘’\u3400-\u9fff]*
    (?:/[^\s<>"'，。；：！？、（）「」『』《》【】“”‘’]*)?
  | (?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+
  | (?<![A-Za-z0-9])@\w+
""",
        re.VERBOSE,
    )
)
_HAN: Final = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN: Final = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN: Final = re.compile(f"[{_HAN}]")

# Tags that begin or end a block; words do not continue across them.
_BLOCK_ENDS: Final = html.BLOCK_TAGS | html.INNER_TAGS | {"br"}
_CODE_TAGS: Final = frozenset({"code", "pre"})

Wordings = Mapping[str, str] | Lexicon


def convert(text: str, edition: str, *wordings: Wordings) -> str:
    """Return plain text in the script of `edition`, `zh-hant` or `zh-hans`.

    `wordings` map source wording to wording in the edition (a locked term maps to itself). They take
    precedence over OpenCC, and replacements are not converted again. The longest match wins; of equally long
    ones, the last mapping's. URLs, mail addresses and @names are kept. Raises ValueError for any other
    edition.
    """
    return "".join(converted for _length, converted in _segments(text, edition, wordings))


def _segments(text: str, edition: str, wordings: Iterable[Wordings]) -> Iterator[tuple[int, str]]:
    """Yield the converted parts of a text, each with the length of its source."""
    if edition not in _CONFIGURATIONS:
        raise ValueError(f"No edition is called {edition!r}.")
    lexicons = [mapping if isinstance(mapping, Lexicon) else Lexicon(mapping) for mapping in wordings]
    end = 0
    for match in lexicon.matches(text, _ADDRESSES, [_house_wordings(edition), *lexicons]):
        if match.start > end:
            yield match.start - end, _by_opencc(text[end : match.start], edition)
        yield match.end - match.start, match.replacement
        end = match.end
    if end < len(text):
        yield len(text) - end, _by_opencc(text[end:], edition)


@cache
def _house_wordings(edition: str) -> Lexicon:
    return Lexicon(_TO_TRADITIONAL if edition == TRADITIONAL else _TO_SIMPLIFIED)


def _by_opencc(text: str, edition: str) -> str:
    if not text:
        return text
    converted = _converter(_CONFIGURATIONS[edition]).convert(text)
    if edition == TRADITIONAL:
        return _replaced(converted, _HOUSE_FORMS)
    return _replaced(_PARTICLE.sub("着", converted), _RARE_FORMS)


def _replaced(text: str, forms: Mapping[str, str]) -> str:
    for form, wanted in forms.items():
        text = text.replace(form, wanted)
    return text


@cache
def _converter(configuration: str) -> OpenCC:
    """One is enough: it is safe across threads."""
    return OpenCC(configuration)


def convert_html(rich_text: str, edition: str, *wordings: Wordings) -> str:
    """Return cleaned rich text (`newsroom.html.clean`) with its text converted; tags and code are kept.

    Each block is converted as a whole, so words may span tags (头<b>发</b>). Replacements are text, even
    if they look like markup: they are escaped, and the result is sanitized again.
    """
    converted: list[Token] = []
    # Indexes in `converted` of the text tokens of the current block.
    places: list[int] = []
    code_depth = 0

    def convert_block() -> None:
        pieces = [converted[place] for place in places]
        segments = _segments("".join(pieces), edition, wordings)
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
    """What search compares by: width, case, script and variants of a character make no difference.

    Han characters fold one by one, whatever stands beside them: a word folds alike wherever it stands.
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_folded_characters())


@cache
def _folded_characters() -> dict[int, str]:
    """Each Han character that has a simpler or a more usual form, and that form."""
    han = [chr(code) for first, last in ((0x3400, 0x4DC0), (0x4E00, 0xA000)) for code in range(first, last)]
    # Between spaces no character has a neighbour that would make a word of it.
    simple = _converter("hk2s").convert(_converter("t2s").convert(" ".join(han))).split(" ")
    folded = {ord(old): new for old, new in zip(han, simple, strict=True) if old != new}
    return folded | {ord("著"): "着", ord("囘"): "回", ord("峯"): "峰", ord("濶"): "阔", ord("祕"): "秘"}


def bigrams(text: str) -> list[str]:
    """The tokens that a text is searched by: Han by overlapping twos, everything else by words, all folded.

    A run of Han ends with its last character alone (停火: 停火, 火), so that what follows is found beside it.
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
    """The tokens of `query` as they follow one another in a text, and whether the last is only a beginning.

    Whatever stands in a text, words whole, is found: its phrase is a part of the text's bigrams.
    """
    tokens = bigrams(query)
    is_han = bool(tokens and _IS_HAN.match(tokens[-1]))
    if is_han and len(tokens) > 1 and len(tokens[-2]) == 2 and tokens[-2].endswith(tokens[-1]):
        return tokens[:-1], False
    return tokens, is_han
