"""Names of people and places in Chinese text, as far as the choice of a character depends on them.

A surname keeps a form of its own (余, not 餘; 范, not 範), and a transliterated name spells sounds with fixed
characters (埃里克, not 埃裏克).
"""

from __future__ import annotations

import re
from typing import Final

# Characters that transliterations are spelled with, without those that mostly mean something by themselves.
_SOUNDS: Final = frozenset(
    "阿埃艾爱安昂奥巴邦保鲍贝本比彼毕边宾波伯勃博布查达戴丹道德邓狄迪蒂丁杜敦顿多厄恩尔法凡范菲费芬丰冯佛弗福富"
    "盖甘冈高戈哥格葛根贡古瓜圭哈海汉汗豪赫黑亨侯胡华怀惠霍基吉加贾简杰金京喀卡凯坎康考科柯克肯孔库夸奎昆拉莱兰"
    "朗劳勒雷黎里理利莉丽立连列烈林琳伦隆娄卢鲁陆路伦罗洛吕马玛迈麦曼芒毛茂梅门蒙孟米密缅明缪摩莫默姆木穆拿纳娜"
    "乃奈南内尼涅宁纽农努诺女欧帕派潘庞培佩彭蓬皮平珀普其齐奇恰乔切钦琴青丘热仁日荣茹瑞若撒萨塞赛桑瑟森沙莎珊尚"
    "舍圣施什石士史舒朔斯丝松苏索所塔泰坦汤唐陶特腾提廷图土托脱瓦万汪旺威韦维魏温文翁沃乌吾伍武西希悉席锡夏香肖歇"
    "谢辛欣兴雄休修许叙雅亚延扬耶叶伊衣易因英尤于约云泽扎詹章哲珍芝治朱竹兹祖佐妮娅薇蕾黛丽茜蓓拜泊澳干尕垒颇夫茨代朵琪梵汀逊赖捷梭缇迦佳谟凌津"
)
# Characters that keep this form in a name, although OpenCC writes others where they stand alone.
_NAME_FORMS: Final = str.maketrans(
    {character: character for character in "里余于干范扎布松克谷托占志朴征准后郁涂沈丘岳升周游恒斗曲岩向千才系卷舍"} | {"钟": "鍾"}
)
# Surnames that are written differently from the common word.
SURNAMES: Final = frozenset("余于范涂郁钟朴岳游")
_TITLES: Final = (
    "先生 女士 小姐 太太 太 夫人 某 某某 氏 姓 男 女 教授 博士 医生 律师 议员 局长 司长 处长 署长 部长 院长 校长 主席 "
    "主任 经理 总监 导演 教练 老师 法官 大法官 警司 督察 警长 爵士 伯 叔 婆婆 伯伯 家 父 母 妻 兄 弟 案"
).split()
_OFFICES: Final = tuple((
    "议员 局长 司长 处长 署长 部长 院长 校长 主席 副主席 主任 经理 总监 导演 教练 老师 法官 警司 督察 警长 记者 演员 歌手 "
    "发言人 召集人 董事 董事长 总裁 行政总裁 秘书长 总书记 书记 总理 总统 市长 省长 州长 外长 防长 财长 大使 特使 代表 "
    "球员 队长 选手 门将 前锋 后卫 作家 学者 专家 教授 博士 医生 律师 被告 死者 事主 疑犯 嫌犯 伤者 苦主 东主 负责人 "
    "创办人 主持 主播 编辑 摄影 候选人 成员 委员 理事 会长 副会长 校监 院士 将军 上将 中将 少将 上校 影星 影帝 影后 艺人 "
    "男星 女星 明星 名将 主帅 领队 船长 机长 司机 村长 老伯 老翁 男子 女子 男童 女童 少年 少女 妇人 男生 女生 叫 名叫 姓 "
    "副局长 常务 副司长 顾问 助理 区议员 立法会议员 前议员 大律师 记者 通讯员 编剧 制片 监制 歌星 首富 富商 商人 学生"
).split())
_SPEECH: Final = tuple((
    "说 称 表示 指 指出 认为 强调 透露 解释 回应 承认 否认 呼吁 批评 质疑 补充 坦言 直言 相信 估计 续指 又指 又称 则 "
    "今 今日 昨 昨日 曾 已 与 和 及 在 被 获 出席 担任 当选 宣布 接受 其后 随后 当时 现年 涉嫌 否认 认罪 承认 死 亡 "
    "的 是 也 亦 还 都 将 会 因 于 对 向 由 未 不 没有 以 在场 离开 抵达 到 去 来 送院 受伤 证实"
).split())
TITLES: Final = frozenset(_TITLES)
OFFICES: Final = frozenset(_OFFICES)
SPEECH: Final = frozenset(_SPEECH)

_HAN: Final = "[\u3400-\u9fff]"
_DOTTED: Final = re.compile(rf"{_HAN}{{1,7}}(?:[·‧・•]{_HAN}{{1,7}})+")
_DOT: Final = re.compile("[·‧・•]")
_SURNAMED: Final = re.compile(rf"[{''.join(sorted(SURNAMES))}](?={_HAN})")
_MARKS: Final = tuple("，。、；：！？（）「」『』《》“” \n")


def spelled(name: str, reading: str) -> str:
    """Return `reading`, a name that was converted as common words, with the forms that names keep."""
    if len(reading) != len(name):
        return reading
    return "".join(
        kept if kept != character or ord(character) in _NAME_FORMS else converted
        for character, kept, converted in zip(name, name.translate(_NAME_FORMS), reading, strict=True)
    )


def is_sound(text: str) -> bool:
    """Whether a text is spelled with characters of transliterations alone."""
    return _SOUNDS.issuperset(text)


def has_sounds_around(word: str, character: str) -> bool:
    """Whether a character stands beside another one that transliterations are spelled with: 马里 in 马里政府."""
    place = word.index(character)
    return is_sound(word[max(0, place - 1) : place + 1]) if place else is_sound(word[:2])


def mentioned(text: str) -> set[str]:
    """Return names that a text gives in full: 里克·特里 (each part), and surnames after an office (局长于晓明)."""
    found = {part for match in _DOTTED.finditer(text) for part in _parts(match[0])}
    for match in _SURNAMED.finditer(text):
        if text[: match.start()].endswith(_OFFICES):
            for length in (2, 3):
                end = match.start() + length
                if text.startswith((*_SPEECH, *_MARKS), end) or end == len(text):
                    found.add(text[match.start() : end])
                    break
    return found


def _parts(dotted: str) -> list[str]:
    """Return the parts of a dotted name; the first and the last may continue into the sentence, so only sounds."""
    first, *middle, last = _DOT.split(dotted)
    while first and not is_sound(first):
        first = first[1:]
    while last and not is_sound(last):
        last = last[:-1]
    return [part for part in (first, *middle, last) if len(part) > 1]
