"""Passages in another language than their page: the BCP 47 tag that they carry in `lang` (WCAG 3.1.2)."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from newsroom import chinese

_TAG: Final = re.compile("<[^>]*>")
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD: Final = re.compile("[A-Za-z][A-Za-z'’]+")
# A block, or a quotation, with no other block in it.
_PASSAGE: Final = re.compile(
    r"<(p|li|h3|h4|th|td|caption|q)>((?:(?!<(?:p|li|ul|ol|q)\b).)*?)</\1>", re.DOTALL
)


def foreign_tag(text: str, page: str) -> str:
    """The tag of `text` where it is not in the language of its page; empty where it is, or cannot be told.

    `page` is `en`, `zh-hant` or `zh-hans`. On a Chinese page English is told by two words of plain letters
    and no letters besides: a single name belongs to the sentence that it stands in.
    """
    if page == "en":
        if not _HAN.search(text):
            return ""
        return "zh-Hans" if _is_simplified(text) else "zh-Hant-HK"
    is_plain = all(character.isascii() for character in text if character.isalpha())
    return "en" if is_plain and len(_WORD.findall(text)) > 1 else ""


def tag_passages(html: str, page: str) -> str:
    """Rich text with `lang` on each block or quotation that is in another language than its page."""

    def tagged(passage: re.Match[str]) -> str:
        tag = foreign_tag(unescape(_TAG.sub("", passage[2])), page)
        return f'<{passage[1]} lang="{tag}">{passage[2]}</{passage[1]}>' if tag else passage[0]

    return _PASSAGE.sub(tagged, html)


def _is_simplified(text: str) -> bool:
    return chinese.convert(text, chinese.SIMPLIFIED) == text != chinese.convert(text, chinese.TRADITIONAL)
