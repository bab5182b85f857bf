"""Passages in another language than their page: the BCP 47 tag that they carry in `lang` (WCAG 3.1.2).

Rich text carries the tags in itself: they are decided once, when it is saved, and printing adds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from newsroom import chinese
from newsroom.text import markup
from newsroom.text.markup import End, Start, Token
from newsroom.text.tidy import PASSAGE_TAGS

ENGLISH: Final = "en"
# Pages' languages, as their codes in settings and addresses, and the tags of their text.
_TAGS: Final = {ENGLISH: "en", chinese.TRADITIONAL: "zh-Hant-HK", chinese.SIMPLIFIED: "zh-Hans"}
_CODE_TAGS: Final = frozenset({"code", "pre"})
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD: Final = re.compile("[A-Za-z][A-Za-z'’]+")
# The words of an address are of no language.
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[!-~]+")


def foreign_tag(text: str, page: str) -> str:
    """Return the tag of `text` where it is not in its page's language; empty where it is, or is not known.

    `page` is `en`, `zh-hant` or `zh-hans`. On a Chinese page English is told by two words of plain letters
    and no letters besides: a single name belongs to the sentence that it stands in.
    """
    tag = _tag_of(text, page)
    return "" if tag == _TAGS[page] else tag


def tag_passages(rich_text: str, page: str) -> str:
    """Return cleaned rich text with `lang` on each passage in another language than what is around it.

    A passage is a block, a part of a list or table, or a quotation. Its own words decide, without those of
    passages inside of it. Tags that it had before count for nothing.
    """
    tokens = list(_without_tags(markup.read(rich_text)))
    tags = {place: _tag_of(text, page) for place, text in _own_texts(tokens).items()}
    around = [_TAGS[page]]
    for place, token in enumerate(tokens):
        if isinstance(token, str) or token.tag not in PASSAGE_TAGS:
            continue
        if isinstance(token, End):
            around.pop()
            continue
        tag = tags[place] or around[-1]
        if tag != around[-1]:
            tokens[place] = Start(token.tag, (("lang", tag), *token.attributes))
        around.append(tag)
    return markup.write(tokens)


def untagged(rich_text: str) -> str:
    """Return rich text without the tags of its passages: the text as its writers know it."""
    return markup.write(_without_tags(markup.read(rich_text)))


def _without_tags(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        if isinstance(token, Start) and token.attributes:
            token = Start(token.tag, tuple(pair for pair in token.attributes if pair[0] != "lang"))
        yield token


def _own_texts(tokens: Iterable[Token]) -> dict[int, str]:
    """Return the text of each passage without code and inner passages, by the place of its start tag."""
    texts: dict[int, list[str]] = {}
    open_places: list[int] = []
    code_depth = 0
    for place, token in enumerate(tokens):
        if isinstance(token, str):
            if open_places and not code_depth:
                texts[open_places[-1]].append(token)
        elif token.tag in _CODE_TAGS:
            code_depth += 1 if isinstance(token, Start) else -1
        elif token.tag in PASSAGE_TAGS or token.tag == "br":
            if open_places:
                # Words do not run on over what is left out, or over a line break.
                texts[open_places[-1]].append(" ")
            if token.tag == "br":
                continue
            if isinstance(token, Start):
                texts[place] = []
                open_places.append(place)
            else:
                open_places.pop()
    return {place: "".join(text) for place, text in texts.items()}


def _tag_of(text: str, page: str) -> str:
    """Return the language of `text` as far as it can be told; Chinese on a Chinese page is in its script."""
    text = _ADDRESS.sub(" ", text)
    if _HAN.search(text):
        if page != ENGLISH:
            return _TAGS[page]
        return _TAGS[chinese.SIMPLIFIED if _is_simplified(text) else chinese.TRADITIONAL]
    is_plain = all(character.isascii() for character in text if character.isalpha())
    return _TAGS[ENGLISH] if is_plain and len(_WORD.findall(text)) > 1 else ""


def _is_simplified(text: str) -> bool:
    return chinese.convert(text, chinese.SIMPLIFIED) == text != chinese.convert(text, chinese.TRADITIONAL)
