"""Language tags (BCP 47) for passages in another language than their page (WCAG 3.1.2, Language of Parts).

Rich text is tagged once, when it is saved; rendering adds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from newsroom.text import chinese, markup
from newsroom.text.markup import End, Start, Token
from newsroom.text.tidy import PASSAGE_TAGS

ENGLISH: Final = "en"
# Page languages, as in settings and addresses, and their BCP 47 tags.
_TAGS: Final = {ENGLISH: "en", chinese.TRADITIONAL: "zh-Hant-HK", chinese.SIMPLIFIED: "zh-Hans"}
_CODE_TAGS: Final = frozenset({"code", "pre"})
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD: Final = re.compile("[A-Za-z][A-Za-z'’]+")
# Words in a web address have no language.
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)[!-~]+")


def foreign_tag(text: str, page: str) -> str:
    """Return the tag of `text`, or an empty string if it is in the page's language or cannot be identified.

    `page` is `en`, `zh-hant` or `zh-hans`. On a Chinese page, text is English if it has at least two words
    and only ASCII letters: a single name belongs to the sentence around it.
    """
    tag = _tag_of(text, page)
    return "" if tag == _TAGS[page] else tag


def tag_passages(rich_text: str, page: str) -> str:
    """Return cleaned rich text with `lang` on each passage in another language than its surroundings.

    A passage is a block, a part of a list or table, or a quotation. Its language is that of its own text,
    without nested passages. Existing tags are replaced.
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
    """Return rich text without language tags, as its writers entered it."""
    return markup.write(_without_tags(markup.read(rich_text)))


def _without_tags(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        if isinstance(token, Start) and token.attributes:
            token = Start(token.tag, tuple(pair for pair in token.attributes if pair[0] != "lang"))
        yield token


def _own_texts(tokens: Iterable[Token]) -> dict[int, str]:
    """Return the text of each passage by the index of its start tag, without code and nested passages."""
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
                # A nested passage or a line break separates words.
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
    """Return the tag of `text`, empty if unknown. Chinese on a Chinese page is taken to be in its script."""
    text = _ADDRESS.sub(" ", text)
    if _HAN.search(text):
        if page != ENGLISH:
            return _TAGS[page]
        return _TAGS[chinese.SIMPLIFIED if _is_simplified(text) else chinese.TRADITIONAL]
    is_plain = all(character.isascii() for character in text if character.isalpha())
    return _TAGS[ENGLISH] if is_plain and len(_WORD.findall(text)) > 1 else ""


def _is_simplified(text: str) -> bool:
    return chinese.convert(text, chinese.SIMPLIFIED) == text != chinese.convert(text, chinese.TRADITIONAL)
