"""Times counted back from publication: `8m ago`, `1 hr 10 min ago`, `3小時前`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNIT: Final = (
    r"m|h|d|s|mins?|minutes?|hrs?|hours?|days?|secs?|seconds?"
    r"|分鐘|分钟|小時|小时|個小時|個小时|个小时|日|天|秒"
)
_AMOUNT: Final = rf"(?:\d{{1,3}}|an?|one)\s?(?:{_UNIT})"
_AGO: Final = re.compile(
    rf"{_AMOUNT}(?:(?:\s|,\s|\sand\s)?{_AMOUNT})?(?:\s+ago\b|[之以]?前)|just now\b|剛剛|刚刚", re.IGNORECASE
)
_PART: Final = re.compile(rf"(?P<count>\d{{1,3}}|an?|one)\s?(?P<unit>{_UNIT})(?![a-z])", re.IGNORECASE)
_SECONDS: Final = {
    "s": 1, "秒": 1, "m": 60, "分": 60, "h": 3600, "小": 3600, "個": 3600, "个": 3600,
    "d": 86400, "日": 86400, "天": 86400,
}  # fmt: skip
_LONGEST: Final = 40


def age_at(text: str, place: int) -> tuple[timedelta, int] | None:
    """Return the time counted back at `place` in a folded line and the end of its words, or None."""
    match = _AGO.match(text, place, place + _LONGEST)
    if not match:
        return None
    parts = _PART.finditer(text, match.start(), match.end())
    return sum((_length(part) for part in parts), timedelta()), match.end()


def _length(part: re.Match[str]) -> timedelta:
    count = int(part["count"]) if part["count"].isdigit() else 1
    return timedelta(seconds=count * _SECONDS[part["unit"][0].lower()])
