"""Conversion from Traditional to Simplified Chinese.

Nearly every Traditional character has one Simplified form, so characters are translated one by one.
If one has two forms (看著 becomes 看着, but 名著 is unchanged), this draft is segmented into words, and a
list gives the words with the rarer form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from opencc import OpenCC

from newsroom.text import readings
from newsroom.text.segmenter import Characters, Segmenter, read_words

# Variants that OpenCC does not know, and characters whose form is in few fonts, in pairs of old and new.
_VARIANTS: Final = (
    "暱昵痲麻痺痹簷檐餽馈鎗枪燄焰糢模瞇眯啣衔迺乃搆构慇殷懃勤煖暖籐藤鼇鳌燐磷嬝袅踫碰"
    "瑯琅礡礴勦剿諠喧讌宴窰窑疎疏肈肇殽肴寳宝鬭斗囓啮擧举剉锉湼涅伕夫巿市"
    "倣仿傚效毬球撢掸覜眺銲焊隄堤櫺棂蘗蘖玨珏勗勖瘉愈跼局啗啖𨋢𨋢孻孻輋輋燶燶鱲鱲"
)
# Characters for which OpenCC has no form, or a form that is missing in fonts and never written.
_FORMS: Final = dict(zip(_VARIANTS[::2], _VARIANTS[1::2], strict=True)) | {
    "著": "着",
    "乾": "干",
    "藉": "借",
    "祇": "只",
    "瞭": "了",
    "牠": "它",
    "姪": "侄",
    "揹": "背",
    "甦": "苏",
    "吒": "吒",
    "嗰": "嗰",
    "劏": "劏",
    "搵": "搵",
    "爐": "炉",
    "砲": "炮",
    "讎": "仇",
    "妳": "你",
}
_AUTHORS: Final = frozenset({"等", "等人", "合", "编", "主"})
_CLAUSE_ENDS: Final = re.compile(r"[\s，。、；！？,.;!?）)」』】]?$")
_TITLE_OPENS: Final = ("《", "〈", "「", "『", "（", "(")


@cache
def characters() -> Characters:
    converter = OpenCC("hk2s")
    return Characters(lambda character: _FORMS.get(character) or converter.convert(character))


@cache
def _house_words() -> dict[str, dict[str, str]]:
    """Return the listed words by their draft, each as a mapping from the source to its reading."""
    words: dict[str, dict[str, str]] = {}
    for source, reading, *_frequency in read_words("simplified.tsv"):
        words.setdefault(draft(source), {})[source] = reading
    return words


@cache
def _triggers() -> re.Pattern[str]:
    """Return a pattern of the characters whose form depends on their word."""
    differing = {
        old
        for simple, sources in _house_words().items()
        for source, reading in sources.items()
        for old, usual, new in zip(source, simple, reading, strict=True)
        if usual != new
    }
    return re.compile(f"[{''.join(sorted(differing))}]")


@cache
def segmenter() -> Segmenter:
    rows = read_words("simplified.tsv")
    counted = [(draft(row[0]), int(row[2])) for row in rows if len(row) > 2]
    return Segmenter([draft(row[0]) for row in rows if len(row) == 2], counted)


def draft(text: str) -> str:
    """Return a text translated character by character; the length stays the same."""
    return text.translate(characters())


def segments(text: str) -> Iterator[tuple[int, str]]:
    """Yield parts of a text in Simplified Chinese, each with the length of its source."""
    simple = draft(text)
    if not _triggers().search(text):
        yield len(text), simple
        return
    words = segmenter().cut(simple)
    start = 0
    for place, word in enumerate(words):
        source = text[start : start + len(word)]
        start += len(word)
        if word == "着" and source == "著":
            yield 1, "著" if _is_authorship(words, place) else "着"
        else:
            yield len(word), _house_words().get(word, {}).get(source, word)


def _is_authorship(words: Sequence[str], place: int) -> bool:
    """Return whether 著 as a word means "written by" (金庸著《…》) and is not the particle of 看着."""
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    # The segmenter may split off the last character of a name: 刘以|鬯.
    joined = "".join(words[max(0, place - 2) : place])
    is_single = len(before) == 1 and not segmenter().tag(before).startswith("v")
    if not _is_author(before) and not (is_single and _is_author(joined)):
        return False
    if after.startswith(_TITLE_OPENS) or not after or _CLAUSE_ENDS.fullmatch(after):
        return True
    return after == "的" and "由" in words[max(0, place - 6) : place]


def _is_author(word: str) -> bool:
    """Return whether a word is a person's name, or can end a list of authors."""
    tag = segmenter().tag(word)
    may_be_name = not tag and len(word) in (2, 3) and word[0] in readings.name_words("surnames")
    if len(word) == 2 and segmenter().tag(word[1]).startswith("v"):
        # A verb, as in 陈坐 from 老陈坐着.
        may_be_name = False
    return word in _AUTHORS or tag.startswith("nr") or may_be_name
