"""Conversion from Simplified to Traditional Chinese by the usage of Hong Kong's newspapers, word by word.

The text is segmented into words (`segmenter`). Each word is looked up in the newsroom's own list and then in
OpenCC; `readings` decides between several forms by the neighbouring words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import Final

from opencc import OpenCC

from newsroom.text import names, readings
from newsroom.text.readings import Place
from newsroom.text.segmenter import Characters, Segmenter, read_words

# OpenCC's forms that Hong Kong's newspapers do not print.
_FORMS: Final = str.maketrans("麪蔘燬譭喫孃箇啓枴蒐嫺黴慼豔", "麵參毀毀吃娘個啟拐搜嫻霉戚艷")
_WORD_FORMS: Final = {
    "公佈": "公布",
    "宣佈": "宣布",
    "發佈": "發布",
    "分佈": "分布",
    "頒佈": "頒布",
    "瞭解": "了解",
    "衚衕": "胡同",
    "彙報": "匯報",
    "彙集": "匯集",
    "傢俱": "家具",
}
_FORM_CHARACTERS: Final = frozenset("佈瞭衕彙鍊鉅俱")
# The usual forms of characters to which OpenCC gives a rarer form when they stand alone.
_ALONE: Final = {character: character for character in "扎布志谷岩范咸曲斗松系了岳恒朴佣厘"} | {
    "签": "簽",
    "赞": "讚",
}
# Characters with several forms in OpenCC's dictionaries. Words without them need no dictionary.
_AMBIGUOUS: Final = frozenset(
    "万丑个丰么了于云仆仇仑价仿伙余佛佣俊修借僵克党具冢冬冲凄准凌几凶出划别刮制匯千升卜占卤卫卷厂历厘参发只台叶叹吁吃合吊同后向吣呆周咨咸咽哄哗啟喂喫噪回团困坐坛堤复夫夸奸妍姍姜娘宁家寧"
    "尝尸尽局岗岩岭岳峯峰巨布帘席干并幸幺广庵弥弦強当录彝彩彷征径御志念恆恒恤恶愈愿戚扇扎托扣折抵拐拿挨挽捆据搜摆斗斤斫昆暗曲札术朱朴杆杠杯杰松板果枪柏柜栗梁檗欲毁汇沈沖沾泛注浚涂涌淀温"
    "游溪溫漓澄炼焰熏牀狸玩琅症皁皂矩确礦私秋种穎穗筑筱签糊系線繡纤线绣羣耇胄背胜胡脏腊腌膻臘致臺舍芸苏苔苹范荐荡荫药获蒙蔑蕴藤藴蘊虫虱蜡衛衞表袅詠證谷豆豔象赞跖辟迹适郁酸采里鉴钟铲链锄"
    "镰闲雇雕霉面韻须饥麪鼇"
)
_DISTANCE: Final = re.compile("[零〇一二两三四五六七八九十百千万几数公英华]里")
_COUNTED: Final = re.compile("[一二两三四五六七八九十百千万几数多半]+[只斗厘]")
# OpenCC knows the singer 余天, but not 二十余天.
_REMAINDER: Final = re.compile("[一二两三四五六七八九十百千万几数]+余")
_UNITS: Final = {"只": "隻", "斗": "斗", "厘": "厘"}
_PAINTING: Final = tuple(f"涂{after}" for after in "上在成满了抹改")
# Characters with another form in given names (林建岳) than in words.
_GIVEN: Final = frozenset("岳征谷涂郁升松志占斗里")
# Follow a surname where a family or an unnamed member of it is meant: 于氏.
_FAMILY: Final = frozenset({"氏", "某", "某某", "姓"})
_LOCATIVES: Final = frozenset("中上下内外里后前间时期")
# Single characters for a time, which may follow 于: 主席于昨表示.
_HOURS: Final = _LOCATIVES | frozenset("昨今晨夜晚午早翌明年月日此")
# jieba may join these words to a name that follows: 指于秀英.
_JOINED: Final = frozenset("指称由与和向")
_PERFORMED: Final = re.compile("第?[一二两三四五六七八九十百千万几数多]+出")
# Stands for a character whose form depends on its word. A text that contains it is converted correctly, too.
_MARK: Final = "\x00"
# The number of cached words, which is more than a newsroom uses in a year.
_WORDS_KEPT: Final = 65_536


@cache
def _opencc() -> OpenCC:
    """Return the converter, which is safe for use in several threads."""
    return OpenCC("s2hk")


@cache
def _characters() -> Characters:
    return Characters(_by_opencc)


@cache
def _house_words() -> dict[str, str]:
    return dict(read_words("traditional.tsv"))


@cache
def _phrases() -> dict[str, None]:
    """Return OpenCC's phrases in the order of their list, on which the segmenter's frequencies depend."""
    return dict.fromkeys(word for (word,) in read_words("opencc_phrases.txt"))


@cache
def segmenter() -> Segmenter:
    return Segmenter([*_house_words(), *readings.words(), *_phrases()])


def draft(text: str) -> str:
    """Return the text itself: the segmenter's dictionary is written in Simplified."""
    return text


def segments(text: str) -> list[tuple[int, str]]:
    """Return parts of a text in Traditional Chinese, each with the length of its source.

    Most characters have one form and are translated all at once. Only words with other characters are looked
    up, because looking up a new word takes as long as translating a line.
    """
    plain = text.translate(_marked_characters())
    if _MARK not in plain:
        return [(len(text), plain)]
    words = segmenter().cut(text)
    starts, places = _variable(words, plain)
    forms = [_form(words[at]) for at in places]
    if None in forms:
        words = _split(words, places)
        starts, places = _variable(words, plain)
        forms = [_reading(words[at]) for at in places]
    end = 0
    converted = []
    for at, form in zip(places, forms, strict=True):
        start = starts[at]
        if start > end:
            converted.append((start - end, plain[end:start]))
        end = starts[at + 1]
        converted.append((end - start, _in_context(words, at) if form is None else form))
    if end < len(text):
        converted.append((len(text) - end, plain[end:]))
    return converted


def _variable(words: list[str], plain: str) -> tuple[list[int], list[int]]:
    """Return where the words start and end, and the indexes of those with a marked character in `plain`."""
    starts = list(accumulate(map(len, words), initial=0))
    places = []
    marked = plain.find(_MARK)
    while marked >= 0:
        at = bisect_right(starts, marked) - 1
        places.append(at)
        marked = plain.find(_MARK, starts[at + 1])
    return starts, places


@cache
def _marked_characters() -> Characters:
    """Return a table like `_characters` in which characters that depend on their word are marked."""
    variable = _variable_characters()
    return Characters(lambda character: _MARK if character in variable else _by_opencc(character))


def _split(words: list[str], places: list[int]) -> list[str]:
    """Return the words of a text, splitting those that jieba guessed, because readings look at real words."""
    split: list[str] = []
    end = 0
    for at in places:
        split += words[end:at]
        split += _parts(words[at])
        end = at + 1
    return split + words[end:]


@lru_cache(maxsize=_WORDS_KEPT)
def _form(word: str) -> str | None:
    """Return a word of the segmenter in Traditional Chinese, or None if it depends on its neighbours."""
    forms = [_reading(part) for part in _parts(word)]
    return None if None in forms else "".join(filter(None, forms))


@cache
def _variable_characters() -> frozenset[str]:
    """Return the characters with several forms, at least one of each word that has a form of its own."""
    house = {
        old
        for word, form in _house_words().items()
        for old, usual, new in zip(word, word.translate(_characters()), form, strict=True)
        if usual != new
    }
    variable = _AMBIGUOUS | house
    return variable | {word[0] for word in readings.words() if variable.isdisjoint(word)}


def name(text: str) -> str:
    """Return a name on its own (a byline, a part of a name) in Traditional Chinese."""
    return _house_words().get(text) or names.spelled(text, "".join(map(_alone, text)))


def is_personal_name(text: str) -> bool:
    """Return whether a byline is a person's name: Chinese or transliterated, but not a team (后勤组)."""
    surnames = names.SURNAMES | readings.name_words("surnames")
    return (2 <= len(text) <= 4 and text[0] in surnames) or names.is_sound(re.sub("[·‧・•]", "", text))


@cache
def _name_contexts() -> tuple[frozenset[str], tuple[str, ...]]:
    return readings.name_words("offices"), tuple(readings.name_words("speech"))


def mentioned(text: str) -> dict[str, str]:
    """Return the full names in a text that could be mistaken for words, with their converted forms."""
    mentioned_names = names.mentioned(text, *_name_contexts())
    if not mentioned_names:
        return {}
    forms = {full: name(full) for full in mentioned_names if not _is_phrase(full)}
    return {full: form for full, form in forms.items() if form != _by_opencc(full)}


def _as_words(place: Place) -> str:
    """Convert a word that jieba guessed as its constituent words, each in its context."""
    parts = segmenter().cut_known(place.word)
    # Pass only as many neighbours as a reading looks at.
    start = max(0, place.at - readings.NEIGHBOURS)
    before, after = (
        place.words[start : place.at],
        place.words[place.at + 1 : place.at + 1 + readings.NEIGHBOURS],
    )
    words = [*before, *parts, *after]
    return "".join(
        _in_context(words, len(before) + at) if readings.depends(part) else _reading(part) or _by_opencc(part)
        for at, part in enumerate(parts)
    )


def _is_given(given: str, place: Place) -> bool:
    """Return whether the word after 于 is a given name, not a noun, place (柏林) or locative (海中)."""
    if readings.is_alone(place) and segmenter().tag(place.word) == "nr":
        # Nothing but the name, as in a caption: 于海洋, but 于湖南 and 于今日.
        return segmenter().tag(given)[:1] not in ("t", "s", "f") and not _is_located(given)
    is_expected = readings.is_introduced(place) and readings.speaks(place.after)
    if given in readings.name_words("given"):
        return is_expected
    if is_expected and len(given) == 1 and given not in _HOURS:
        return True
    is_common = segmenter().is_word(given) and not segmenter().tag(given).startswith("nr")
    if is_common or readings.is_place(given, segmenter()):
        return False
    if not readings.is_introduced(place):
        return segmenter().tag(given).startswith("nr")
    return readings.speaks(place.after) or given[-1] not in _LOCATIVES


def _is_located(given: str) -> bool:
    is_place = segmenter().tag(given).startswith("ns") and given not in readings.name_words("given")
    return is_place or given[-1] in _LOCATIVES or readings.is_place(given, segmenter())


def _is_phrase(full: str) -> bool:
    """Return whether an apparent name is a word, or a word preceded by a surname's character (于家中)."""
    given = full[1:]
    is_time = given in _HOURS or given[-1] in _LOCATIVES
    if full[0] == "于" and (is_time or readings.is_place(given, segmenter())):
        return True
    return _is_common(full) or _is_common(given)


def _is_common(word: str) -> bool:
    if word in readings.name_words("given"):
        return False
    return segmenter().is_word(word) and not segmenter().tag(word).startswith("nr")


@lru_cache(maxsize=_WORDS_KEPT)
def _parts(word: str) -> tuple[str, ...]:
    """Return the constituent words of a word that jieba guessed, or the word itself if it may be a name."""
    if len(word) == 1 or _AMBIGUOUS.isdisjoint(word) or readings.depends(word):
        return (word,)
    if word[-1] == "出" and _PERFORMED.fullmatch(word):
        return word[:-1], "出"
    if segmenter().is_word(word):
        return (word,)
    if word[0] in _JOINED and word[1] in names.SURNAMES and len(word) > 2:
        return word[0], word[1:]
    parts = tuple(segmenter().cut_known(word))
    may_be_name = word[0] in names.SURNAMES or (names.is_sound(word) and len(word) > 2)
    # 舒文里 is a lane: none of its parts is a word that 里 (inside) could follow.
    if may_be_name or ("里" in word and len(parts) == len(word) > 2):
        return (word,)
    return parts


@lru_cache(maxsize=_WORDS_KEPT)
def _reading(word: str) -> str | None:
    """Return a word in Traditional Chinese, or None if it depends on its neighbours."""
    if readings.depends(word):
        return None
    if house_form := _house_words().get(word):
        return house_form
    if _AMBIGUOUS.isdisjoint(word):
        return word.translate(_characters())
    if len(word) == 1:
        return _alone(word)
    if word[0] == "于" and len(word) == 3:
        # jieba's dictionary lists a thousand names with 于, most of which are phrases: 于本周, 于城镇.
        return None
    if segmenter().is_word(word):
        return _of_known(word)
    return None if word[0] in names.SURNAMES else name(word)


def forget_words() -> None:
    """Clear the caches of words, for benchmarks."""
    for cached in (_form, _parts, _reading):
        cached.cache_clear()


def _alone(character: str) -> str:
    return _ALONE.get(character) or _characters()[ord(character)]


def _by_opencc(text: str) -> str:
    converted: str = _opencc().convert(text).translate(_FORMS)
    if _FORM_CHARACTERS.isdisjoint(converted):
        return converted
    for form, house_form in _WORD_FORMS.items():
        converted = converted.replace(form, house_form)
    # OpenCC converts both 炼 and 链 to 鍊, and both 巨 and (in names) 钜 to 鉅.
    converted = converted.replace("鍊", "煉" if "炼" in text else "鏈")
    return converted.replace("鉅", "巨") if "巨" in text else converted


def _of_known(word: str) -> str:
    """Convert a word that is in jieba's dictionary but not in the newsroom's own lists."""
    converted = _by_opencc(word)
    if word[-1] in _UNITS and _COUNTED.fullmatch(word):
        return converted[:-1] + _UNITS[word[-1]]
    if "余" in word and _REMAINDER.match(word):
        return converted.replace("余", "餘")
    if "裏" in converted or len(word) > 2:
        converted = _with_names(word, converted)
    return _of_halves(word, converted) if len(word) == 4 and word not in _phrases() else converted


def _with_names(word: str, converted: str) -> str:
    """Apply the forms that names keep, if jieba's dictionary tags the word as a name."""
    tag = segmenter().tag(word)
    is_name = tag.startswith(("nr", "ns", "nz", "nt"))
    given = "".join(old if old in _GIVEN else new for old, new in zip(word, converted, strict=True))[1:]
    if tag.startswith("nr") and word[0] in names.SURNAMES and len(word) == 3:
        return names.form(word[0]) + given
    if tag == "nr" and len(word) == 3 and word[0] in readings.name_words("surnames"):
        return converted[0] + given
    if is_name and len(word) > 2 and names.is_sound(word):
        return names.spelled(word, converted)
    if "裏" in converted and (_DISTANCE.search(word) or (is_name and names.has_sounds_around(word, "里"))):
        return converted.replace("裏", "里")
    return converted


def _of_halves(word: str, converted: str) -> str:
    """Convert a word of four characters as two words if OpenCC matched a word across their boundary.

    OpenCC finds 配制 in 分配|制度, which is not in its dictionary; 一发千钧 is.
    """
    first, second = word[:2], word[2:]
    if not (segmenter().is_word(first) and segmenter().is_word(second)):
        return converted
    halves = "".join(_reading(half) or _by_opencc(half) for half in (first, second))
    if halves == converted:
        return converted
    by_threes = (_by_opencc(word[0]) + _by_opencc(word[1:]), _by_opencc(word[:3]) + _by_opencc(word[3]))
    return halves if converted in by_threes else converted


def _in_context(words: Sequence[str], at: int) -> str:
    place = Place(words, at, segmenter())
    return readings.decide(place) if readings.depends(place.word) else _surnamed(place)


def _surnamed(place: Place) -> str:
    """Convert a guessed word that begins with a surname: a name, or 于 before a word (于海边)."""
    surname, given = place.word[0], place.word[1:]
    if surname == "于" and given not in _FAMILY and not _is_given(given, place):
        return "於" + (_reading(given) or _by_opencc(given))
    may_be_word = (len(given) == 1 and given not in _FAMILY) or (
        surname in "涂游" and not readings.speaks(place.after)
    )
    if (may_be_word and not readings.is_introduced(place)) or place.word.startswith(_PAINTING):
        # Treat 两个钟后, 涂 (paint) and 游 (swim) as words unless a name is expected.
        return _as_words(place)
    reading = _reading(given) if len(given) > 1 else None
    return names.form(surname) + (reading or name(given))
