"""Simplified into Traditional Chinese as Hong Kong's newspapers write, word by word.

The text is cut into words (`segmenter`), each word is looked up in the newsroom's own list and then in OpenCC,
and a character that stands alone and has several readings is decided by its neighbours (`_READINGS`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from opencc import OpenCC

from newsroom.text import names
from newsroom.text.segmenter import Characters, Segmenter, read_words

# OpenCC's forms that Hong Kong's newspapers do not print, inside a word.
_FORMS: Final = str.maketrans({"麪": "麵", "蔘": "參", "燬": "毀", "喫": "吃", "孃": "娘", "箇": "個", "啓": "啟"})
_HOUSE_FORMS: Final = {
    "公佈": "公布", "宣佈": "宣布", "發佈": "發布", "分佈": "分布", "頒佈": "頒布", "瞭解": "了解", "衚衕": "胡同",
    "彙報": "匯報", "彙集": "匯集",
}  # fmt: skip
# Characters that OpenCC, without a word around them, gives a rarer reading.
_ALONE: Final = {
    "签": "簽", "扎": "扎", "布": "布", "征": "征", "志": "志", "谷": "谷", "岩": "岩", "赞": "讚", "范": "范",
    "咸": "咸", "曲": "曲", "斗": "斗", "松": "松", "只": "只", "系": "系", "了": "了", "岳": "岳", "游": "游", "恒": "恒",
}  # fmt: skip
_NUMERAL: Final = re.compile(r"[0-9０-９一二两三四五六七八九十百千万亿几数多半零〇]$")
_DISTANCE: Final = re.compile("[零〇一二两三四五六七八九十百千万几数公英华]里")
_COUNTED: Final = re.compile("[一二两三四五六七八九十百千万几数多]+只")
_HAN: Final = re.compile("[\u3400-\u9fff]")
# Characters that OpenCC's phrases write in more than one way; words of others are translated one by one.
_AMBIGUOUS: Final = frozenset(
    "万丑个丰么了于云仆仇仑价仿伙余佛佣俊修借僵克党具冢冬冲凄准凌几凶出划别刮制匯千升卜占卤卫卷厂历厘参发只台叶叹吁吃合吊同后向吣呆周咨咸咽哄哗啟喂喫噪回团困坐坛堤复夫夸奸妍姍姜娘宁家寧"
    "尝尸尽局岗岩岭岳峯峰巨布帘席干并幸幺广庵弥弦強当录彝彩彷征径御志念恆恒恤恶愈愿戚扇扎托扣折抵拐拿挨挽捆据搜摆斗斤斫昆暗曲札术朱朴杆杠杯杰松板果枪柏柜栗梁檗欲毁汇沈沖沾泛注浚涂涌淀温"
    "游溪溫漓澄炼焰熏牀狸玩琅症皁皂矩确礦私秋种穎穗筑筱签糊系線繡纤线绣羣耇胄背胜胡脏腊腌膻臘致臺舍芸苏苔苹范荐荡荫药获蒙蔑蕴藤藴蘊虫虱蜡衛衞表袅詠證谷豆豔象赞跖辟迹适郁酸采里鉴钟铲链锄"
    "镰闲雇雕霉面韻须饥麪鼇"
)
_DOTS: Final = frozenset("·‧・•")


@cache
def _opencc() -> OpenCC:
    """One is enough: it is safe across threads."""
    return OpenCC("s2hk")


@cache
def _characters() -> Characters:
    return Characters(_by_opencc)


@cache
def _house_words() -> dict[str, str]:
    return {word: reading for word, reading in read_words("traditional.tsv")}


@cache
def segmenter() -> Segmenter:
    phrases = [word for (word,) in read_words("opencc_phrases.txt")]
    return Segmenter([*_house_words(), *phrases])


def segments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the words of a text in Traditional Chinese, each with the length of its source."""
    words = segmenter().cut(text)
    for place, word in enumerate(words):
        reading = _reading(word)
        yield len(word), _in_context(words, place) if reading is None else reading


def name(text: str) -> str:
    """Return a name on its own (a byline, a part of a name) in Traditional Chinese."""
    house = _house_words().get(text)
    return house or names.spelled(text, "".join(_alone(character) for character in text))


def mentioned(text: str) -> dict[str, str]:
    """Return the names that a text gives in full and that are not common words, with their Traditional forms."""
    return {given: name(given) for given in names.mentioned(text) if name(given) != _by_opencc(given)}


@lru_cache(maxsize=65_536)
def _reading(word: str) -> str | None:
    """Return a word in Traditional Chinese, or None if its neighbours decide."""
    if word in _READINGS:
        return None
    if word in (house := _house_words()):
        return house[word]
    if _AMBIGUOUS.isdisjoint(word):
        return word.translate(_characters())
    if len(word) == 1:
        return _alone(word)
    if word[0] == "于" and len(word) == 3:
        # jieba's dictionary has a thousand names that begin with 于, and most are none: 于本周, 于城镇.
        return None
    if segmenter().is_word(word):
        return _of_known(word)
    return None if "里" in word or word[0] in names.SURNAMES else _of_unknown(word)


def _alone(character: str) -> str:
    return _ALONE.get(character) or _by_opencc(character)


def _by_opencc(text: str) -> str:
    converted = _opencc().convert(text).translate(_FORMS)
    for form, house_form in _HOUSE_FORMS.items():
        converted = converted.replace(form, house_form)
    if "鍊" in converted:
        converted = converted.replace("鍊", "煉" if "炼" in text else "鏈")
    return converted


def _of_known(word: str) -> str:
    converted = _by_opencc(word)
    if len(word) == 4 and (halves := _of_halves(word)) != converted:
        # 分配|制度 is no phrase of OpenCC's, which finds 配制 in it; 一发千钧 is one.
        if converted in (_by_opencc(word[0]) + _by_opencc(word[1:]), _by_opencc(word[:3]) + _by_opencc(word[3])):
            converted = halves or converted
    tag = segmenter().tag(word)
    if tag.startswith("nr") and word[0] in names.SURNAMES and len(word) == 3:
        converted = names.spelled(word[0], converted[0]) + converted[1:]
    if _COUNTED.fullmatch(word):
        return f"{converted[:-1]}隻"
    is_name = tag.startswith(("nr", "ns", "nz", "nt"))
    if is_name and len(word) > 2 and names.is_sound(word):
        return names.spelled(word, converted)
    if "裏" in converted and (_DISTANCE.search(word) or (is_name and names.has_sounds_around(word, "里"))):
        converted = converted.replace("裏", "里")
    return converted


def _of_halves(word: str) -> str:
    """Return a word of four characters as two words, or an empty string if it is not made of two."""
    if not all(map(segmenter().is_word, (word[:2], word[2:]))):
        return ""
    return "".join(_reading(half) or _by_opencc(half) for half in (word[:2], word[2:]))


def _of_unknown(word: str) -> str:
    """Return a word that jieba guessed at: by the words that it consists of."""
    if names.is_sound(word) and len(word) > 2:
        return name(word)
    return "".join(
        _reading(part) or _alone(part) if len(part) > 1 or part not in _READINGS else _alone(part)
        for part in segmenter().cut_known(word)
    )


def _in_context(words: Sequence[str], place: int) -> str:
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    if decide := _READINGS.get(word):
        return decide(before, after, words, place)
    if "里" in word:
        return _unknown_with_li(word, before, after)
    return _unknown_with_surname(word, before, after)


def _unknown_with_li(word: str, before: str, after: str) -> str:
    if names.is_sound(word) and (len(word) > 2 or word[0] == "里" or before in _DOTS or after in _DOTS):
        return name(word)
    parts = segmenter().cut_known(word)
    if all(len(part) == 1 for part in parts) and len(word) > 2:
        # 舒文里: a lane or a name, for nothing in it is a word that something could be inside of.
        return name(word)
    return "".join(
        "裏" if part == "里" else _reading(part) or _alone(part) for part in parts
    )


def _unknown_with_surname(word: str, before: str, after: str) -> str:
    given = word[1:]
    if word[0] == "于" and len(given) == 2 and segmenter().is_word(given):
        tag = segmenter().tag(given)
        is_person = not tag.startswith(("t", "m", "f", "r", "s")) and _is_introduced(before) and _speaks(after)
        if not is_person and not tag.startswith("nr"):
            return "於" + (_reading(given) or name(given))
    rest = _reading(given) if len(given) > 1 else None
    return names.spelled(word[0], _alone(word[0])) + (rest or "".join(map(_alone, given)))


Decision = Callable[[str, str, Sequence[str], int], str]


def _is_start(before: str) -> bool:
    return not before or not _HAN.search(before)


def _is_given_name(word: str) -> bool:
    tag = segmenter().tag(word)
    return len(word) < 3 and bool(_HAN.search(word)) and (not tag or tag.startswith("nr"))


def _is_surname(before: str, after: str) -> bool:
    """Whether a surname's character that stands alone is one: by a title, a given name or a verb of speech."""
    if after in names.TITLES or after.startswith("某"):
        return True
    return _is_introduced(before) and (_is_given_name(after) or _speaks(after))


def _is_introduced(before: str) -> bool:
    return _is_start(before) or before in names.OFFICES or before in _CONJUNCTIONS


def _speaks(after: str) -> bool:
    return after in names.SPEECH or after in names.TITLES or _is_start(after)


_CONJUNCTIONS: Final = frozenset("和 与 及 跟 同 或 由 据 而 但 对 向 被 是 指 说 称 叫 名叫 因 当 以及 即 包括 其中".split())


def _surname(otherwise: str) -> Decision:
    """Decide between a surname and a common word, which is written `otherwise`."""

    def decide(before: str, after: str, words: Sequence[str], place: int) -> str:
        if _is_surname(before, after):
            return names.spelled(words[place], words[place])
        return otherwise

    return decide


def _yu(before: str, after: str, words: Sequence[str], place: int) -> str:
    if _NUMERAL.search(before) or before in _REMAINDERS:
        return "餘"
    if _is_surname(before, after) or _is_given_name(after):
        return "余"
    return "餘"


_REMAINDERS: Final = frozenset("之 有 其 剩 残 结 盈 无 扶 年 月 天 日 名 人 个 元 米 公里 岁 吨 亩 家 次 种 小时".split())


def _zhong(before: str, after: str, words: Sequence[str], place: int) -> str:
    is_clock = _NUMERAL.search(before) or before.endswith(("点", "分", "秒", "刻")) or before in _BELLS
    return "鐘" if is_clock and after not in names.TITLES else "鍾"


_BELLS: Final = frozenset("个 口 座 大 的 敲 撞 鸣 古 闹 挂 时 警 丧 台 响 电子 只 把 看".split())


def _li(before: str, after: str, words: Sequence[str], place: int) -> str:
    if _NUMERAL.search(before) or before in ("公", "英", "华") or before in _DOTS or after in _DOTS:
        return "里"
    if re.fullmatch("[0-9０-９]+", after) and words[place + 2 : place + 3] == ["号"]:
        return "里"
    return "里" if _sounds_around(words, place) > 2 else "裏"


def _sounds_around(words: Sequence[str], place: int) -> int:
    """Return how many characters around a word, itself included, may spell one transliterated name."""
    length = len(words[place])
    for step in (-1, 1):
        at = place + step
        while 0 <= at < len(words) and length < 12 and _may_spell(words[at]):
            length += len(words[at])
            at += step
    return length


def _may_spell(word: str) -> bool:
    if not names.is_sound(word):
        return False
    return len(word) == 1 or segmenter().tag(word).startswith(("nr", "ns", "nz")) or not segmenter().is_word(word)


def _hai_li(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "海里" if _NUMERAL.search(before) else "海裏"


def _gan(before: str, after: str, words: Sequence[str], place: int) -> str:
    is_last = after == "了" and (place + 2 == len(words) or _is_start(words[place + 2]))
    if before in _DRYING or before in _DRIED or after in _DRY:
        return "乾"
    if is_last and segmenter().tag(before).startswith("n"):
        return "乾"
    if before in _DOTS or after in _DOTS or _sounds_around(words, place) > 3:
        return "干"
    return "幹"


_DRYING: Final = frozenset("晒 吹 擦 抹 烘 晾 风 榨 抽 流 喝 烤 弄 抹 烧 沥 拧 变 已 未 太 很 最 口 血 泪 水 哭 熬 蒸 渐".split())
_DRIED: Final = frozenset("饼 牛肉 猪肉 豆腐 豆 萝卜 葡萄 芒果 鱿鱼 笋 菜 鱼 虾 果 肉 香蕉 苹果 杏 柿子 陈皮 番薯 地瓜".split())
_DRY: Final = frozenset("的 透 毛巾 衣 冷 湿 季 咳 等 瞪眼 粉 煎 炒 鲍 瑶柱 贝 辣椒 草 木 柴 树枝 树叶 皮肤 眼 电 选 着急".split()) - {"的"}


def _mian(before: str, after: str, words: Sequence[str], place: int) -> str:
    if before in _EATING or before in _NOODLES:
        return "麵"
    return "面"


def _mian_bao_fang(before: str, after: str, words: Sequence[str], place: int) -> str:
    # 對面|包房, a private room across the way, rather than 對|麵包房.
    return "面包房" if before == "对" else "麵包房"


_EATING: Final = frozenset("吃 煮 食 碗 一碗 两碗 三碗 擀 和 揉 泡 碟 一碟 捞 拌 卖 吃碗 煮碗".split()) - {"和"}
_NOODLES: Final = frozenset(
    "牛肉 牛腩 猪 鸡 海鲜 云吞 车仔 虾子 乌冬 荞麦 意大利 上海 担担 炸酱 阳春 葱油 排骨 龙须 手擀 刀削 热干 即食 公仔 杯 "
    "鱼蛋 鱼 羊肉 肠粉 火腿 餐蛋 沙嗲 阿婆 兰州 重庆 伊 全蛋 幼 粗 拉 干捞 鸡蛋 番茄 鸡丝 雪菜 肉丝 辣 酸辣 油泼".split()
) - {"上海", "意大利", "重庆", "兰州", "阿婆", "杯", "粗", "鱼", "猪"}


def _zhi(before: str, after: str, words: Sequence[str], place: int) -> str:
    is_measured = bool(_NUMERAL.search(before)) or before in _EACH
    return "隻" if is_measured and segmenter().tag(after)[:1] != "v" else "只"


_EACH: Final = frozenset("这 那 每 各 整 哪 双 单 某 多少 首 另 船 头 牛 羊 鸡 一只 两只 该 此".split()) - {"头", "该", "此", "各"}


def _xi(before: str, after: str, words: Sequence[str], place: int) -> str:
    if after in _TYING:
        return "繫"
    if before in _PEOPLE or after in _BEING:
        return "係"
    return "系"


_TYING: Final = frozenset("上 好 紧 着 住 安全带 鞋带 领带 围巾 红绳 丝带 绳 绳子 在".split())
_PEOPLE: Final = frozenset(
    "男子 女子 死者 伤者 嫌犯 疑犯 嫌疑人 犯罪嫌疑人 事主 被告 二人 两人 三人 双方 此 均 确 实 纯 乃 案件 事故 事件 火警 "
    "起火原因 原因 两者 该人 其 或 疑 应 非 并非 不 皆 多 大多 照片 视频 图片 网传 内容 消息 传闻".split()
)
_BEING: Final = frozenset("因 由 由于 一名 一宗 一种 本地人 当地 人为 意外 误会 谣言 虚构 捏造 本港 其 假".split())


def _zhun(before: str, after: str, words: Sequence[str], place: int) -> str:
    if before in _HITTING or (_is_start(after) and before in ("得", "不", "很", "最", "够")):
        return "準"
    if segmenter().tag(after).startswith("n") and before not in ("不", "只", "未", "没", "才", "方", "仅"):
        return "準"
    return "准"


_HITTING: Final = frozenset("瞄 看 说 算 拿 听 测 找 对 踩 认 投 射 踢 打 抓 猜 摸 吃 量 捉 瞄得 看得 说得 很 最 太 更 真 够 挺 极".split())


def _bu_zhun(before: str, after: str, words: Sequence[str], place: int) -> str:
    is_last = _is_start(after) and before and before not in _EVEN and not _is_start(before)
    if before in _HITTING or after.startswith(("确", "时", "点")) or is_last:
        return "不準"
    return "不准"


_EVEN: Final = frozenset("一律 也 都 均 又 还 仍 再 绝 就 概 亦 并 而 既 却 暂 绝对 依然 仍然 完全".split())


def _leng_mian(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "冷面" if after in ("杀手", "判官", "无情", "笑匠", "虎", "孔目") else "冷麵"


def _zheng(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "徵" if after[:1] in tuple("税费地兵求集收召询用婚聘稿文友") else "征"


def _song(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "鬆" if after in _LOOSENING or before in _LOOSE else "松"


_LOOSENING: Final = frozenset("一口气 口气 了 手 口 绑 开 动 散 脱 弛 软 懈 一 一松 了一口气 了口气 下 下来 了松 劲 土 紧".split())
_LOOSE: Final = frozenset("放 宽 稍 很 太 过 稀 蓬 手 一 轻 变 渐 不 未 略 再 更".split())


def _hou(before: str, after: str, words: Sequence[str], place: int) -> str:
    if before in ("影", "视", "歌", "天", "王", "太", "皇", "母", "封", "立为", "英女") or after in ("冠", "位"):
        return "后"
    return "後"


def _hui_fu(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "回復" if after in _STATES or after == "到" else "回覆"


_STATES: Final = frozenset("正常 常态 原状 平静 秩序 健康 自由 供电 水平 原有 原貌 平稳 稳定 往日 昔日 旧观 至 升势 生气 生机".split())


def _zi_zhi(before: str, after: str, words: Sequence[str], place: int) -> str:
    is_restraint = after in ("力", "能力", "的能力") or before in ("难以", "无法", "不能", "不能够", "懂得", "学会", "要", "能")
    return "自制" if is_restraint and not after[:1].isdigit() else "自製"


def _chong(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "沖" if after in ("水", "凉", "茶", "咖啡", "厕", "厕所", "澡", "身", "走", "淡", "泡", "印", "洗") else "衝"


def _zhe(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "著"


def _bing(before: str, after: str, words: Sequence[str], place: int) -> str:
    return "併" if after in ("入", "成", "为") or before in ("合", "吞", "兼", "归") else "並"


def _yu_at(before: str, after: str, words: Sequence[str], place: int) -> str:
    if after in names.TITLES or after.startswith("某") and len(after) == 1:
        return "于"
    is_opening = before in names.OFFICES or (_is_start(before) and segmenter().tag(after).startswith("nr"))
    if is_opening and (_is_given_name(after) or after in names.SPEECH):
        return "于"
    follows = words[place + 2] if place + 2 < len(words) else ""
    if _is_introduced(before) and _speaks(follows) and len(after) == 2 and (after[0] == after[1] or _is_given_name(after)):
        return "于"
    if _is_start(before) and after in ("说", "表示", "指出", "认为", "强调", "坦言", "称"):
        return "于"
    return "於"


def _yu_in_han(before: str, after: str, words: Sequence[str], place: int) -> str:
    if before in ("忧", "沉", "抑", "浓", "馥", "葱") or not _is_surname(before, after):
        return "鬱"
    return "郁"


_READINGS: Final[dict[str, Decision]] = {
    "里": _li, "海里": _hai_li, "余": _yu, "于": _yu_at, "范": _surname("范"), "涂": _surname("塗"),
    "郁": _yu_in_han, "钟": _zhong, "朴": _surname("樸"), "干": _gan, "面": _mian, "只": _zhi, "系": _xi,
    "准": _zhun, "不准": _bu_zhun, "松": _song, "后": _hou, "回复": _hui_fu, "自制": _zi_zhi, "冲": _chong,
    "并": _bing, "面包房": _mian_bao_fang, "冷面": _leng_mian, "征": _zheng, "著": _zhe,
}  # fmt: skip
