"""Time zones as newspapers name them: `BST`, `ET`, `GMT+8`, `香港時間`, `All times are UK`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from newsroom import hongkong

HONG_KONG: Final = "Asia/Hong_Kong"

# A named offset is taken literally (EST is UTC-5 in summer, too); a place follows its own clock changes.
_OFFSETS: Final = {
    "gmt": 0, "utc": 0, "z": 0, "bst": 60, "wet": 0, "west": 60, "ist": 330, "cet": 60, "cest": 120,
    "eet": 120, "eest": 180, "msk": 180, "trt": 180, "gst": 240, "pkt": 300, "ict": 420, "wib": 420,
    "hkt": 480, "sgt": 480, "myt": 480, "pht": 480, "awst": 480, "jst": 540, "kst": 540,
    "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780, "est": -300,
    "edt": -240, "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "brt": -180,
}  # fmt: skip
_PLACES: Final = {
    "et": "America/New_York", "ct": "America/Chicago", "cst": "America/Chicago",
    "mt": "America/Denver", "pt": "America/Los_Angeles", "aet": "Australia/Sydney",
    "uk": "Europe/London", "london": "Europe/London", "new york": "America/New_York",
    "eastern": "America/New_York", "central": "America/Chicago", "pacific": "America/Los_Angeles",
    "sydney": "Australia/Sydney", "tokyo": "Asia/Tokyo", "beijing": "Asia/Shanghai",
    "taipei": "Asia/Taipei", "singapore": "Asia/Singapore", "paris": "Europe/Paris",
    "kyiv": "Europe/Kyiv", "hong kong": HONG_KONG, "香港": HONG_KONG, "本港": HONG_KONG,
    "本地": HONG_KONG, "北京": "Asia/Shanghai", "台北": "Asia/Taipei", "臺北": "Asia/Taipei",
    "台灣": "Asia/Taipei", "台湾": "Asia/Taipei", "東京": "Asia/Tokyo", "东京": "Asia/Tokyo",
    "日本": "Asia/Tokyo", "韓國": "Asia/Seoul", "韩国": "Asia/Seoul", "首爾": "Asia/Seoul",
    "首尔": "Asia/Seoul", "新加坡": "Asia/Singapore", "倫敦": "Europe/London",
    "伦敦": "Europe/London", "英國": "Europe/London", "英国": "Europe/London", "格林尼治": "UTC",
    "格林威治": "UTC", "美東": "America/New_York", "美东": "America/New_York",
    "美國東部": "America/New_York", "美国东部": "America/New_York", "紐約": "America/New_York",
    "纽约": "America/New_York", "美西": "America/Los_Angeles", "悉尼": "Australia/Sydney",
    "澳洲東部": "Australia/Sydney", "巴黎": "Europe/Paris", "基輔": "Europe/Kyiv",
    "基辅": "Europe/Kyiv", "莫斯科": "Europe/Moscow", "曼谷": "Asia/Bangkok",
    "歐洲中部": "Europe/Berlin", "欧洲中部": "Europe/Berlin", "中歐": "Europe/Berlin",
    "中欧": "Europe/Berlin", "德國": "Europe/Berlin", "德国": "Europe/Berlin", "柏林": "Europe/Berlin",
    "法國": "Europe/Paris",
    "法国": "Europe/Paris", "日內瓦": "Europe/Zurich", "日内瓦": "Europe/Zurich", "瑞士": "Europe/Zurich",
    "印度": "Asia/Kolkata", "以色列": "Asia/Jerusalem", "耶路撒冷": "Asia/Jerusalem", "杜拜": "Asia/Dubai",
    "迪拜": "Asia/Dubai", "德黑蘭": "Asia/Tehran", "德黑兰": "Asia/Tehran", "伊朗": "Asia/Tehran",
    "開羅": "Africa/Cairo", "开罗": "Africa/Cairo", "烏克蘭": "Europe/Kyiv", "乌克兰": "Europe/Kyiv",
    "華盛頓": "America/New_York", "华盛顿": "America/New_York", "洛杉磯": "America/Los_Angeles",
    "洛杉矶": "America/Los_Angeles", "芝加哥": "America/Chicago", "墨爾本": "Australia/Melbourne",
    "墨尔本": "Australia/Melbourne", "新西蘭": "Pacific/Auckland", "紐西蘭": "Pacific/Auckland",
    "新西兰": "Pacific/Auckland", "吉隆坡": "Asia/Kuala_Lumpur", "馬來西亞": "Asia/Kuala_Lumpur",
    "马来西亚": "Asia/Kuala_Lumpur", "雅加達": "Asia/Jakarta", "雅加达": "Asia/Jakarta",
    "馬尼拉": "Asia/Manila", "马尼拉": "Asia/Manila", "泰國": "Asia/Bangkok", "泰国": "Asia/Bangkok",
    "越南": "Asia/Ho_Chi_Minh", "緬甸": "Asia/Yangon", "缅甸": "Asia/Yangon", "俄羅斯": "Europe/Moscow",
    "俄罗斯": "Europe/Moscow", "土耳其": "Europe/Istanbul", "berlin": "Europe/Berlin",
    "geneva": "Europe/Zurich", "jerusalem": "Asia/Jerusalem", "tel aviv": "Asia/Jerusalem",
    "gaza": "Asia/Gaza", "dubai": "Asia/Dubai", "tehran": "Asia/Tehran", "cairo": "Africa/Cairo",
    "moscow": "Europe/Moscow", "seoul": "Asia/Seoul", "bangkok": "Asia/Bangkok",
    "jakarta": "Asia/Jakarta", "manila": "Asia/Manila", "delhi": "Asia/Kolkata",
    "melbourne": "Australia/Melbourne", "brisbane": "Australia/Brisbane", "perth": "Australia/Perth",
    "auckland": "Pacific/Auckland", "rome": "Europe/Rome", "madrid": "Europe/Madrid",
    "brussels": "Europe/Brussels", "central european": "Europe/Berlin",
    "british summer": "Europe/London", "greenwich mean": "UTC",
}  # fmt: skip
_CITY_NAMES: Final = [name for name in _PLACES if (name.isascii() and len(name) > 3) or name == "uk"]
_CITIES: Final = "|".join(sorted(_CITY_NAMES, key=len, reverse=True))
_CHINESE: Final = "|".join(sorted((name for name in _PLACES if not name.isascii()), key=len, reverse=True))
_SHORT: Final = "|".join(
    sorted([*_OFFSETS, *(name for name in _PLACES if len(name) < 4)], key=len, reverse=True)
)
_UPPER: Final = "|".join(name.upper() for name in _OFFSETS if len(name) > 2)
NAME: Final = (
    rf"(?:(?:GMT|UTC)\s?[+-]\s?\d{{1,2}}(?::?\d{{2}})?(?!\d)|[+-]\d{{2}}:\d{{2}}(?!\d)"
    rf"|(?:{_CITIES})(?:\s+(?:local\s+|standard\s+|daylight\s+)?time)\b"
    rf"|(?:{_SHORT})\b"
    rf"|(?:{_CHINESE})(?:[標标]準|标准)?[時时][間间](?!\d{{1,2}}月\d{{1,2}}日[^\d\s]{{3}}))"
)
_NAMED: Final = re.compile(NAME, re.IGNORECASE)
_NAMED_ALONE: Final = re.compile(rf"(?<![A-Za-z])(?P<name>(?:GMT|UTC)\s?[+-]\s?\d{{1,2}}|(?-i:{_UPPER})\b)")
_NAMED_CITY: Final = re.compile(rf"[(](?P<name>{_CITIES})(?:\s+time)?[)]", re.IGNORECASE)
_STATED_WITHIN: Final = re.compile(
    rf"(?<![A-Za-z\u4e00-\u9fff])(?:all\s+times?\s+(?:are\s+)?(?:(?:stated|shown|given|listed|in)\s+)*(?:in\s+)?"
    rf"(?P<english>{NAME}|(?:{_CITIES})\b)"
    rf"|(?:所有|以下|文中|本文)(?:所有)?(?:的)?[時时][間间](?:均|皆|都)?[為为是以](?P<chinese>{NAME}))",
    re.IGNORECASE,
)
_FOREIGN: Final = re.compile("[\u3041-\u30f4\uac00-\ud7a3àâçéèêëîïôùûœäöüßñãõ]")
_STATEMENT: Final = re.compile(
    rf"[*(\[\s※]*(?:please note:?\s*)?(?:all\s+)?times?\s+(?:(?:stated|shown|given|listed|below"
    rf"|here|on this page)\s+)*"
    rf"(?:(?:are|is)\s+)?(?:(?:stated|shown|given|in|local)\s+)*(?P<english>(?:{_CITIES})"
    rf"|{NAME})(?:\s+time)?[.)\]]*"
    rf"|[*(\[\s※]*(?:[註注]:?)?(?:所有|以下|文中|本文|本頁|本页"
    rf"|下列)?(?:所有)?(?:的)?[時时][間间](?:均|皆|都)?(?:[為为是以]|採用|采用|:)+"
    rf"(?P<chinese>{NAME}|(?:{_CHINESE}))(?:\([A-Z]{{2,5}}\))?(?:[為為为]準|为准)?[。.)\]]*",
    re.IGNORECASE,
)


def match_at(text: str, place: int) -> tuple[str, int] | None:
    """Return the zone named at `place` in folded text and the end of its name, or None."""
    match = _NAMED.match(text, place, place + 40)
    return (match[0], match.end()) if match else None


def named_in(text: str, start: int) -> str:
    """Return the first zone that a short text names at or after `start`, or an empty string."""
    if len(text) > 200:
        return ""
    match = _NAMED_ALONE.search(text, start) or _NAMED_CITY.search(text, start)
    return match["name"] if match else ""


def stated(text: str) -> str:
    """Return the zone that a line such as `All times stated are UK` names, or an empty string."""
    match = _STATEMENT.fullmatch(text) if len(text) <= 80 else None
    return (match["english"] or match["chinese"]) if match else ""


def stated_within(text: str) -> str:
    """Return the zone that a sentence says all times are in, or an empty string."""
    match = _STATED_WITHIN.search(text) if len(text) <= 400 else None
    return (match["english"] or match["chinese"]) if match else ""


def in_zone(moment: datetime, name: str) -> datetime:
    """Return the moment, in Hong Kong time, at which a clock in the zone shows the clock time of `moment`."""
    local = moment.astimezone(hongkong.ZONE).replace(tzinfo=None)
    return hongkong.to_hong_kong(local.replace(tzinfo=zone_of(name)))


def is_foreign(text: str) -> bool:
    """Return whether a text is Japanese, Korean, or another language with accents, so probably not local."""
    return len(_FOREIGN.findall(text)) * 50 > len(text)


def zone_of(name: str) -> tzinfo:
    """Return the zone of a name that `match_at` or `stated` found, or of an IANA name.

    Raise ValueError for a name that is neither.
    """
    plain = " ".join(name.strip().lower().split())
    for ending in (
        "標準時間",
        "标准时间",
        "時間",
        "时间",
        " standard time",
        " daylight time",
        " local time",
        " time",
    ):
        plain = plain.removesuffix(ending)
    if not plain:
        return hongkong.ZONE
    offset = re.fullmatch(r"(?:gmt|utc)?\s?([+-])\s?(\d{1,2}):?(\d{2})?", plain)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes > 14 * 60:
            raise ValueError(name)
        return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    if plain in _OFFSETS:
        return timezone(timedelta(minutes=_OFFSETS[plain]))
    try:
        return ZoneInfo(_PLACES.get(plain, name.strip()))
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(name) from error
