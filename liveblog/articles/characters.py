"""Normalization of characters for matching, and detection of a text's encoding and language."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.article import ArticleError

MAX_BYTES: Final = 2 * 1024 * 1024

# Each character maps to exactly one, so that positions in folded text are valid in the original, too.
_FOLDED: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord("\u3000"): " ",
    ord("\u00a0"): " ",
    ord("\ufe30"): ":",
    ord("\ufe55"): ":",
    ord("\u2236"): ":",
    ord("〔"): "[",
    ord("〕"): "]",
    ord("【"): "[",
    ord("】"): "]",
    ord("︱"): "|",
    ord("│"): "|",
    ord("┃"): "|",
    ord("丨"): "|",
    ord("\uffe8"): "|",
}
_INVISIBLE: Final = re.compile(r"[\ufeff\u200b\u2060\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def folded(text: str) -> str:
    """Return text of the same length with half-width signs, and brackets and separators unified."""
    return text.translate(_FOLDED)


def tidied(line: str) -> str:
    """Return a line without invisible characters or outer spaces, and with single plain spaces."""
    return " ".join(_INVISIBLE.sub("", line).split())


# The encodings that a file may be in, with the names that people know them by.
ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "gb18030": "GB18030",
    "big5hkscs": "Big5-HKSCS",
}


def read(data: bytes, encoding: str = "") -> str:
    """Decode a file in one of ENCODINGS, or in the one given.

    Raise ArticleError for a file that is empty, too large, binary, or in some other encoding.
    """
    if len(data) > MAX_BYTES:
        reason = _("The file is too large for an article: it has more than %(size)s MB by this line.")
        raise ArticleError(_line_of(data, MAX_BYTES), reason % {"size": MAX_BYTES // 1024 // 1024})
    if not data.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"):
        raise ArticleError(1, _("The file is empty."))
    text = _decoded_as(data, encoding) if encoding else _decoded(data)
    strange = re.search(r"[\x00-\x08\x0e-\x1b\x7f]", text)
    if strange:
        raise ArticleError(text.count("\n", 0, strange.start()) + 1, _("This is a binary file, not text."))
    return text


def guessed_encoding(data: bytes) -> str:
    """Guess the encoding of a file that does not declare one; return an empty string if it is certain."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data or _tried(data, "utf-8") is not None:
        return ""
    return _likeliest(data)[0]


def _decoded_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        reason = _("This line is not in %(encoding)s.") % {"encoding": ENCODINGS.get(encoding, encoding)}
        raise ArticleError(_line_of(data, error.start), reason) from error


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(data, "utf-16")
    if b"\x00" in data:
        return _utf_16_without_mark(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        best = _likeliest(data)[1]
        if _familiarity(best) < 0.05:
            reason = _("The encoding of this line is not known. Save the file as UTF-8.")
            raise ArticleError(_line_of(data, error.start), reason) from error
        return best


def _likeliest(data: bytes) -> tuple[str, str]:
    """Return the likelier of the two Chinese encodings and the text in it, both empty if neither fits."""
    candidates = [(name, text) for name in ("gb18030", "big5hkscs") if (text := _tried(data, name))]
    return max(candidates, key=lambda candidate: _familiarity(candidate[1]), default=("", ""))


def _utf_16_without_mark(data: bytes) -> str:
    """Decode UTF-16 without a byte order mark.

    The wrong byte order yields characters of every script, the right one everyday words and line breaks.
    """
    best = max((_tried(data, "utf-16-le") or "", _tried(data, "utf-16-be") or ""), key=_plainness)
    if _plainness(best) < 0.2:
        raise ArticleError(_line_of(data, data.index(0)), _("This is a binary file, not text."))
    return best


def _plainness(text: str) -> float:
    """Return the share of plain letters, signs, line breaks and everyday Chinese in a text."""
    plain = sum(char in _EVERYDAY or "\x20" <= char <= "\x7e" or char in "\r\n。「」" for char in text)
    return plain / len(text) if text else 0.0


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "ignore")
        raise ArticleError(before.count("\n") + 1, _("This is a binary file, not text.")) from error


def _tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _line_of(data: bytes, place: int) -> int:
    return data.count(b"\n", 0, place) + 1


# Everyday characters of both scripts: a third of any Chinese text, but hardly any of a wrongly decoded one.
_EVERYDAY: Final = frozenset(
    "的一是在不了有和人這这中大為为上個个國国我以要他時时來来用們们生到作地於于出就分對对成會会可主發发年動动同工也能下過过"
    "說说而面方後后多定行學学法所民得經经十三之進进着等部家電电力裡里如水高自二理起小物現现實实加量都兩两體体制機机當当使點点"
    "從从業业本去把性好應应開开它合還还因由其些然前外天政四日社義义事平形相全表間间樣样與与關关各重新線线內内數数正心反你明看"
    "原又麼么但第向道命此變变條条月示稱称指報报最更星期早晚午"
)


def _familiarity(text: str) -> float:
    """Return the share of everyday characters among the Chinese characters of a text."""
    chinese = [char for char in text if char > "\u2e7f"]
    return sum(char in _EVERYDAY for char in chinese) / len(chinese) if chinese else 0.0


_SIMPLIFIED: Final = frozenset(
    "们这国对时来发会过说经现实点从业开还关间样体两应当数条门问题东车马长书见风飞机电话报导传闻击战争议员协约统总党军认为论证计划"
    "乌罗兰顾与习进联际场动网页图铁线运输务处导师医护疗营业亿万号码码单双产区华湾岛观众闭热带压损坏树伤势维权财经济货币银帮"
    "专请让谁话调谈评识试详误读课谢谋记讯许讨设访诉诊词译"
) - frozenset("当")
_TRADITIONAL: Final = frozenset(
    "們這國對時來發會過說經現實點從業開還關間樣體兩應當數條門問題東車馬長書見風飛機電話報導傳聞擊戰爭議員協約統總黨軍認為論證計劃"
    "烏羅蘭顧與習進聯際場動網頁圖鐵線運輸務處師醫護療營億萬號碼單雙產區華灣島觀眾閉熱帶壓損壞樹傷勢維權財經濟貨幣銀幫"
    "專請讓誰調談評識試詳誤讀課謝謀記訊許討設訪訴診詞譯"
)
_ONLY_SIMPLIFIED: Final = _SIMPLIFIED - _TRADITIONAL
_ONLY_TRADITIONAL: Final = _TRADITIONAL - _SIMPLIFIED
_SIMPLIFIED_WORDS: Final = re.compile(r"持续更新|不断更新|最新回应|相关新闻|更新报道")
_TRADITIONAL_WORDS: Final = re.compile(r"持續更新|不斷更新|最新回應|相關新聞|更新報道")
_ENGLISH_DAYS: Final = re.compile(r"^updates?:? .*[a-z]{3}", re.IGNORECASE | re.MULTILINE)
_CHINESE_DAYS: Final = re.compile(r"^.{0,16}日.{0,8}(?:消息|更新)", re.MULTILINE)


def language_of(text: str) -> str:
    """Return `zh-hant`, `zh-hans` or `en`, judged by the words of the form first, then by characters.

    Chinese that both scripts write alike counts as Traditional.
    """
    if not _is_chinese(text):
        return "en"
    simplified, traditional = len(_SIMPLIFIED_WORDS.findall(text)), len(_TRADITIONAL_WORDS.findall(text))
    if simplified == traditional:
        simplified = sum(char in _ONLY_SIMPLIFIED for char in text)
        traditional = sum(char in _ONLY_TRADITIONAL for char in text)
    return "zh-hans" if simplified > traditional else "zh-hant"


def _is_chinese(text: str) -> bool:
    days_in_chinese, days_in_english = bool(_CHINESE_DAYS.search(text)), bool(_ENGLISH_DAYS.search(text))
    if days_in_chinese != days_in_english:
        return days_in_chinese
    chinese = sum("\u3400" <= char <= "\u9fff" for char in text)
    latin = sum(char.isascii() and char.isalpha() for char in text)
    # One Chinese character counts as five Latin letters, as it carries about as much meaning.
    return chinese * 5 > latin
