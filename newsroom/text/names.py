"""Recognition of names in Chinese text where they determine how a character is converted.

A surname keeps a form of its own (余, not 餘; 范, not 範), and a transliterated name spells sounds with fixed
characters (埃里克, not 埃裏克).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

# Characters used in transliterations, except for those that are mostly words by themselves.
_SOUNDS: Final = frozenset(
    "阿埃艾爱安昂奥巴邦保鲍贝本比彼毕边宾波伯勃博布查达戴丹道德邓狄迪蒂丁杜敦顿多厄恩尔法凡范菲费芬丰冯佛弗福富"
    "盖甘冈高戈哥格葛根贡古瓜圭哈海汉汗豪赫黑亨侯胡华怀惠霍基吉加贾简杰金京喀卡凯坎康考科柯克肯孔库夸奎昆拉莱兰"
    "朗劳勒雷黎里理利莉丽立连列烈林琳伦隆娄卢鲁陆路伦罗洛吕马玛迈麦曼芒毛茂梅门蒙孟米密缅明缪摩莫默姆木穆拿纳娜"
    "乃奈南内尼涅宁纽农努诺女欧帕派潘庞培佩彭蓬皮平珀普其齐奇恰乔切钦琴青丘热仁日荣茹瑞若撒萨塞赛桑瑟森沙莎珊尚"
    "舍圣施什石士史舒朔斯丝松苏索所塔泰坦汤唐陶特腾提廷图土托脱瓦万汪旺威韦维魏温文翁沃乌吾伍武西希悉席锡夏香肖歇"
    "谢辛欣兴雄休修许叙雅亚延扬耶叶伊衣易因英尤于约云泽扎詹章哲珍芝治朱竹兹祖佐妮娅薇蕾黛丽茜蓓拜泊澳干"
    "尕垒颇夫茨代朵琪梵汀逊赖捷梭缇迦佳谟凌津"
)
# Characters that keep this form in names, although OpenCC converts them to another one when alone.
_NAME_FORMS: Final = {
    character: character
    for character in "里余于干范扎布松克谷托占志朴征准后郁涂沈丘岳升周游恒斗曲岩向千才系卷舍"
} | {"钟": "鍾"}
# Surnames that are written differently from the common word.
SURNAMES: Final = frozenset("余于范涂郁钟朴岳游")
_HAN: Final = "[\u3400-\u9fff]"
_DOTTED: Final = re.compile(rf"{_HAN}{{1,7}}(?:[·‧・•]{_HAN}{{1,7}})+")
_DOT: Final = re.compile("[·‧・•]")
_SURNAMED: Final = re.compile(rf"[{''.join(sorted(SURNAMES))}](?={_HAN})")
_MARKS: Final = tuple("，。、；：！？（）「」『』《》“” \n")


def form(character: str) -> str:
    """Return the form that a character keeps in names, itself if it has no special one."""
    return _NAME_FORMS.get(character, character)


def spelled(name: str, reading: str) -> str:
    """Return `reading`, the conversion of `name` as common words, with the forms that names keep."""
    if len(reading) != len(name):
        return reading
    return "".join(_NAME_FORMS.get(old, new) for old, new in zip(name, reading, strict=True))


def is_sound(text: str) -> bool:
    """Return whether a text consists of characters used in transliterations."""
    return _SOUNDS.issuperset(text)


def has_sounds_around(word: str, character: str) -> bool:
    """Return whether the character's neighbour in the word may belong to a transliterated name (马里)."""
    place = word.index(character)
    return is_sound(word[place - 1] if place else word[1:2])


def mentioned(text: str, offices: frozenset[str], speech: tuple[str, ...]) -> set[str]:
    """Return names that a text gives in full: both parts of 里克·特里, 于晓明 after the office of 局长 or 由.

    A name after an office must be followed by a word of `speech`, a punctuation mark or the end of the text.
    """
    full_names: set[str] = set()
    if _DOT.search(text):
        full_names = {part for match in _DOTTED.finditer(text) for part in _parts(match[0])}
    for match in _SURNAMED.finditer(text):
        # 由于 is 由於 more often than the name of an agent.
        is_agent = match[0] != "于" and text.endswith("由", 0, match.start())
        if is_agent or _follows(offices, text, match.start()):
            for length in (2, 3):
                end = match.start() + length
                if text.startswith((*speech, *_MARKS), end) or end == len(text):
                    full_names.add(text[match.start() : end])
                    break
    return full_names


def _follows(offices: frozenset[str], text: str, start: int) -> bool:
    # Looking up suffixes is several times as fast as `endswith` with more than a hundred offices.
    return any(text[max(0, start - length) : start] in offices for length in _lengths(offices))


@cache
def _lengths(words: frozenset[str]) -> tuple[int, ...]:
    return tuple(sorted(set(map(len, words))))


def _parts(dotted: str) -> list[str]:
    """Return the parts of a dotted name, trimming characters at either end that may not belong to it."""
    first, *middle, last = _DOT.split(dotted)
    while first and not is_sound(first):
        first = first[1:]
    while last and not is_sound(last):
        last = last[:-1]
    return [part for part in (first, *middle, last) if len(part) > 1]
