"""Choice between several Traditional forms of a character or word by its neighbouring words.

余 is a surname in 余先生 and 餘 in 三十余; 干 is 乾 after 晒 and 幹 before 一天. Most decisions are lists of
neighbours (`words/contexts.toml`); the others are functions in this module.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from newsroom.text import names
from newsroom.text.segmenter import Segmenter, word_list

_NUMERAL: Final = re.compile(r"(?:[0-9０-９一二两三四五六七八九十百千万亿几数多半零〇]|[十百千万]余)$")
_HAN: Final = re.compile("[\u3400-\u9fff]")
_CANTONESE: Final = re.compile("[嘅喺佢哋咁唔睇啲嗰冇咗㗎嘢噉嚟攞揾搵咩喎]")
# The number of words on either side that a decision looks at.
NEIGHBOURS: Final = 12
_WORKS: Final = ("戏", "剧", "片", "电影", "《")
_GENRES: Final = ("剧", "戏", "电影")
_VENUES: Final = ("戏院", "剧院", "剧场", "片场", "戏棚", "电影院", "电影节")
_LEVIED: Final = tuple("税费地兵求集收召询用婚聘稿文友")
_EATEN: Final = tuple("吃煮端捧擀揉捞拌嗦泡炒盛")
_PARTICLES: Final = frozenset("着了过完好")
_GROOMED: Final = tuple("理剪染烫洗削剃吹梳束绑")
_MATERIALS: Final = frozenset({"布", "石", "泥", "砖", "丝", "羊毛", "真皮", "牛皮", "不锈钢", "尼龙"})
_COUNTED_WATCHES: Final = re.compile(r"[0-9０-９一二两三四五六七八九十百千万几数多半][只块枚]$")
_WET: Final = tuple("衣服衫裤裙鞋袜发漆面地巾墨泥单被泪血汗水河井塘胶")
_DRIED: Final = tuple("晒吹擦抹烘晾风抽流喝烤拧沥甩焙榨哭蒸")
# Before 准 they make it "permit", even before a noun: 只准成人入场.
_LIMITING: Final = frozenset("不只未没才方仅")
_WHICH: Final = frozenset({"这", "那", "此", "整", "每", "首", "多少", "同"})
_SPOKEN: Final = ("说", "表示", "指出", "认为", "强调", "坦言", "称")
# Prefixes of a surname among friends: 老于.
_FAMILIAR: Final = frozenset("老小阿")
_DOTS: Final = frozenset("·‧・•")
# The length in characters up to which transliterated names are searched.
_LONGEST_NAME: Final = 12


@dataclass(frozen=True, slots=True)
class Place:
    """A word in the context of its text."""

    words: Sequence[str]
    at: int
    segmenter: Segmenter

    def __getitem__(self, distance: int) -> str:
        """Return the word at a distance, or an empty string beyond the text."""
        at = self.at + distance
        return self.words[at] if 0 <= at < len(self.words) else ""

    @property
    def word(self) -> str:
        return self.words[self.at]

    @property
    def before(self) -> str:
        return self[-1]

    @property
    def after(self) -> str:
        return self[1]

    def tag(self, distance: int) -> str:
        return self.segmenter.tag(self[distance])


@dataclass(frozen=True, slots=True)
class _Context:
    """A reading and the neighbouring words that select it."""

    reading: str
    before: frozenset[str]
    after: frozenset[str]


@cache
def _contexts() -> dict[str, Any]:
    return tomllib.loads(word_list("contexts.toml"))


@cache
def _beside(word: str) -> list[_Context]:
    return [
        _Context(reading, *(frozenset(sides.get(side, "").split()) for side in ("before", "after")))
        for reading, sides in _contexts()[word].items()
        if reading != "usually"
    ]


@cache
def name_words(kind: str) -> frozenset[str]:
    """Return words found next to names: `titles`, `offices`, `speech`, `introducing`, `surnames`."""
    return frozenset(_contexts()["names"][kind].split())


def depends(word: str) -> bool:
    """Return whether the form of a word depends on its neighbours."""
    return word in _DECISIONS or (word != "names" and word in _contexts())


def words() -> list[str]:
    """Return the words for which `depends` is true."""
    return [word for word in {**_DECISIONS, **_contexts()} if word != "names"]


def decide(place: Place) -> str:
    """Return the Traditional form of a word for which `depends` is true."""
    decision = _DECISIONS.get(place.word)
    return decision(place) if decision else _by_neighbours(place) or _contexts()[place.word]["usually"]


def _by_neighbours(place: Place) -> str:
    before, after = _ends_of(place, -1), _ends_of(place, 1)
    for context in _beside(place.word):
        if not context.before.isdisjoint(before) or not context.after.isdisjoint(after):
            return context.reading
    return ""


def _ends_of(place: Place, distance: int) -> set[str]:
    """Return the neighbouring word and, if jieba guessed it (两人传), its characters next to the word."""
    word = place[distance]
    if len(word) < 2 or place.segmenter.is_word(word):
        return {word}
    return {word, *((word[-1:], word[-2:]) if distance < 0 else (word[:1], word[:2]))}


def is_place(word: str, segmenter: Segmenter) -> bool:
    """Return whether a word may be a place although jieba tags it as a person (nrt: transliterated)."""
    return word in name_words("places") or segmenter.tag(word) == "nrt"


def is_introduced(place: Place) -> bool:
    """Return whether a name may begin here: at the start of a clause, or after an office or a conjunction."""
    return (
        _is_mark(place.before)
        or place.before in name_words("offices")
        or place.before in name_words("introducing")
    )


def is_alone(place: Place) -> bool:
    """Return whether a word has no neighbours, or only marks."""
    return _is_mark(place.before) and _is_mark(place.after)


def speaks(after: str) -> bool:
    """Return whether the word after a name confirms it: a title, a verb of speech or the end of a clause."""
    if _is_mark(after) or after[0] in "被获":
        return True
    return after in name_words("speech") or after in name_words("titles")


def _is_mark(word: str) -> bool:
    return not _HAN.search(word)


def _is_given_name(word: str, tag: str) -> bool:
    is_usual = not tag or tag.startswith("nr") or word in name_words("given")
    return len(word) < 3 and bool(_HAN.search(word)) and is_usual


def _is_titled(place: Place) -> bool:
    return place.after in name_words("titles") or place.after == "某"


def _is_married(place: Place) -> bool:
    """Return whether the surname follows a husband's surname, as is usual in Hong Kong: 胡于玉珍."""
    return place.before in name_words("surnames") and _is_given_name(place.after, place.tag(1))


def _is_surname(place: Place) -> bool:
    if _is_titled(place) or _is_married(place):
        return True
    return is_introduced(place) and (_is_given_name(place.after, place.tag(1)) or speaks(place.after))


def _surname_or(common: str) -> Callable[[Place], str]:
    """Return a decision between the forms of a surname and of the common word."""
    return lambda place: names.form(place.word) if _is_surname(place) else common


def _yu_remainder(place: Place) -> str:
    if _NUMERAL.search(place.before) or _by_neighbours(place):
        return "餘"
    # 餘 (remainder) is counted, or forms one word with what remains: 余额.
    is_single = len(place.after) == 1 and place.tag(1)[:1] not in ("m", "q")
    return "余" if is_single or _is_surname(place) or _is_given_name(place.after, place.tag(1)) else "餘"


def _yu_at(place: Place) -> str:
    """Decide between the preposition 於, which is by far the most frequent, and the surname."""
    # Require longer titles: 于太 and 于家 can begin a phrase (于太平洋, 于家中).
    if (_is_titled(place) and (len(place.after) > 1 or place.after in "某姓氏")) or _is_married(place):
        return "于"
    is_given = _is_given_name(place.after, place.tag(1)) and not is_place(place.after, place.segmenter)
    is_doubled = len(place.after) == 2 and place.after[0] == place.after[1]
    speaks_next = place.after in name_words("speech") and not place.tag(1).startswith("t")
    if place.before in name_words("offices") and (is_given or speaks_next):
        return "于"
    if place.before in _FAMILIAR and place.after.startswith(_SPOKEN):
        return "于"
    if _is_mark(place.before) and place.tag(1).startswith("nr") and is_given:
        return "于"
    if is_introduced(place) and (is_given or is_doubled) and speaks(place[2]):
        return "于"
    return "于" if _is_mark(place.before) and place.after in _SPOKEN else "於"


def _yu_gloom(place: Place) -> str:
    return "郁" if _is_surname(place) and not _by_neighbours(place) else "鬱"


def _clock(place: Place) -> str:
    is_clock = _NUMERAL.search(place.before) or place.before.endswith(("点", "分", "秒", "刻", "个"))
    return "鐘" if (is_clock or _by_neighbours(place)) and not _is_titled(place) else "鍾"


def _inside(place: Place) -> str:
    """Decide between 裏, inside, and 里: a distance, a lane, a sound in a name."""
    if _NUMERAL.search(place.before) or place.before in ("公", "英", "华"):
        return "里"
    if is_introduced(place) and place.after and names.is_sound(place.after):
        # It is not 裏, inside, because no noun is before it: 里芬斯塔尔.
        return "里"
    is_lane = re.fullmatch("[0-9０-９]+", place.after) and place[2] == "号"
    return "里" if is_lane or _is_dotted(place) or _sounds_around(place) > 2 else "裏"


def _sea(place: Place) -> str:
    return "海里" if _NUMERAL.search(place.before) else "海裏"


def _dry(place: Place) -> str:
    if place.before == "不" and place[-2].endswith(_DRIED):
        return "乾"
    # After a noun at the end of a clause it is the predicate "dry": 外表干了，不代表里面干.
    is_last = _is_mark(place.after) or (place.after == "了" and _is_mark(place[2]))
    if _by_neighbours(place) or (is_last and place.tag(-1).startswith(("n", "f", "s"))):
        return "乾"
    if is_last and place.before in ("没", "没有", "还没"):
        # 衣服还没干, but 这事他没干.
        return "乾" if any(place[distance].endswith(_WET) for distance in (-2, -3, -4)) else "幹"
    return "干" if _is_dotted(place) or _sounds_around(place) > 3 else "幹"


def _only(place: Place) -> str:
    is_counted = bool(_NUMERAL.search(place.before) or _by_neighbours(place))
    return "隻" if is_counted and not place.tag(1).startswith("v") else "只"


def _exact(place: Place) -> str:
    if reading := _by_neighbours(place):
        return reading
    if _is_mark(place.after) and place.before in ("得", "不", "够"):
        return "準"
    is_prefix = place.tag(1).startswith("n") and place.before not in _LIMITING
    return "準" if is_prefix else "准"


def _inexact(place: Place) -> str:
    if reading := _by_neighbours(place):
        return reading
    return "不準" if _is_mark(place.after) and not _is_mark(place.before) else "不准"


def _days_later(place: Place) -> str:
    """Decide between 天後, some days later, and 天后, the goddess and her station."""
    return "天後" if _NUMERAL.search(place.before) else "天后"


def _performance(place: Place) -> str:
    """Decide between 齣, which counts plays and films, and 出, out."""
    is_counted = bool(_NUMERAL.search(place.before)) or place.before in _WHICH
    return "齣" if is_counted and _is_work(place) else "出"


def _is_work(place: Place) -> bool:
    """Return whether a play or film follows, perhaps after its adjectives: 一出新编粤剧."""
    if place.after.startswith(_WORKS):
        return not place.after.startswith(_VENUES)
    for distance in (1, 2, 3, 4):
        if _is_mark(place[distance]):
            return False
        if len(place[distance]) > 1 and place[distance].endswith(_GENRES):
            return True
    return False


def _levy(place: Place) -> str:
    """Decide between 徵, to levy or to ask for, and 征, to march."""
    return "徵" if place.after[:1] in _LEVIED or place.after[-1:] in ("税", "费") else "征"


def _travel(place: Place) -> str:
    return "游" if _is_surname(place) or _by_neighbours(place) else "遊"


def _paint(place: Place) -> str:
    is_verb = place.after in ("上", "在", "成", "满", "了", "抹", "改") or place.tag(1).startswith("n")
    return "塗" if is_verb and not _is_surname(place) else "涂"


def _noodles(place: Place) -> str:
    """Decide between 麵, noodles, and 面, a face or a side; also behind a particle: 端着面."""
    reading = _by_neighbours(place)
    is_eaten = place.before in _PARTICLES and place[-2].endswith(_EATEN)
    return reading or ("麵" if is_eaten else "面")


def _hair(place: Place) -> str:
    """Decide between 髮, hair, and 發, to send, behind a verb of hairdressing and its particle: 理了发."""
    # jieba may join verb and particle (染过), or a subject to the verb (他理).
    verb = place.before[:-1] or place[-2]
    is_verb = verb.endswith(_GROOMED) and (len(verb) == 1 or not place.segmenter.is_word(verb))
    is_object = _is_mark(place.after) or place.after in ("的", "就", "才", "再", "后", "之后", "以后", "还")
    return "髮" if place.before[-1:] in _PARTICLES and is_verb and is_object else "發"


def _watch(place: Place) -> str:
    """Decide between 錶, a watch, and 表, a form or to show: 戴着表, 三只表."""
    is_worn = place.before in _PARTICLES and place[-2].endswith(("戴", "佩"))
    is_counted = bool(_COUNTED_WATCHES.search(place[-2] + place.before))
    return "錶" if is_worn or is_counted or _by_neighbours(place) else "表"


def _made(place: Place) -> str:
    """Decide between 製, made of a material or in a place, and 制, a system: 意大利制家具, 会员制."""
    is_origin = place.tag(-1).startswith("ns") and (place.after == "的" or place.tag(1).startswith("n"))
    return "製" if (is_origin and place.after != "水") or place.before in _MATERIALS else "制"


def _surplus(place: Place) -> str:
    """Decide between a unit after a number (三十余家, 二十余天) and the beginning of a name: 余家辉, 余天."""
    return f"{'餘' if _NUMERAL.search(place.before) else '余'}{place.word[1:]}"


def _model_text(place: Place) -> str:
    """Decide between 範文, a model text, and the beginning of a name: 范文浩."""
    is_name = len(place.after) == 1 and not _is_mark(place.after) and speaks(place[2])
    return "范文" if is_name and is_introduced(place) else "範文"


def _fight(place: Place) -> str:
    return "斗" if _NUMERAL.search(place.before) else "鬥"


def _note(place: Place) -> str:
    return "註" if place.after in ("：", ":") else "注"


def _is_cantonese(place: Place) -> bool:
    """Return whether the text is Cantonese, in which 系 is 係 (to be), and 晒 and 吓 are particles."""
    return any(_CANTONESE.search(place[distance]) for distance in range(-NEIGHBOURS, NEIGHBOURS + 1))


def _tie(place: Place) -> str:
    return "係" if _is_cantonese(place) else _by_neighbours(place) or "系"


def _particle_or(common: str) -> Callable[[Place], str]:
    """Return a decision between a Cantonese particle, which both scripts write alike, and a common word."""
    return lambda place: place.word if _is_cantonese(place) else common


def _is_dotted(place: Place) -> bool:
    return place.before in _DOTS or place.after in _DOTS


def _sounds_around(place: Place) -> int:
    """Return how many characters around a word, itself included, may spell one transliterated name."""
    length = len(place.word)
    for step in (-1, 1):
        is_beginning = step > 0 and length == len(place.word)
        distance = step
        while length < _LONGEST_NAME and place[distance] and _may_spell(place, distance):
            if is_beginning and len(place[distance]) > 1 and place.segmenter.is_word(place[distance]):
                # Stop at a complete name: 一页里奥巴马.
                break
            length += len(place[distance])
            distance += step
    return length


def _may_spell(place: Place, distance: int) -> bool:
    word = place[distance]
    if not names.is_sound(word):
        return False
    is_common = place.segmenter.is_word(word) and not place.tag(distance).startswith(("nr", "ns", "nz"))
    return len(word) == 1 or not is_common


_DECISIONS: Final[dict[str, Callable[[Place], str]]] = {
    "余": _yu_remainder,
    "于": _yu_at,
    "郁": _yu_gloom,
    "范": _surname_or("范"),
    "涂": _paint,
    "游": _travel,
    "征": _levy,
    "钟": _clock,
    "里": _inside,
    "海里": _sea,
    "干": _dry,
    "只": _only,
    "准": _exact,
    "不准": _inexact,
    "天后": _days_later,
    "出": _performance,
    "斗": _fight,
    "面": _noodles,
    "发": _hair,
    "表": _watch,
    "制": _made,
    "余家": _surplus,
    "余天": _surplus,
    "余海里": _surplus,
    "范文": _model_text,
    "注": _note,
    "系": _tie,
    "晒": _particle_or("曬"),
    "吓": _particle_or("嚇"),
}
