"""Proposed slugs: Latin words as they are, Chinese in Hanyu Pinyin without tones, else the day."""

from __future__ import annotations

import os
import re
from datetime import date
from typing import Final

from django.utils.text import slugify

# The dictionary of phrases takes 45 MB; a proposal can do without the second readings of characters.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import lazy_pinyin

MAX_LENGTH: Final = 40
_HAN: Final = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def is_chinese(text: str) -> bool:
    return _HAN.search(text) is not None


def propose(texts: list[str], day: date) -> str:
    """Return a slug for the first of `texts` that gives one, or for the day; it may be taken already."""
    for text in texts:
        parts = slugify("-".join(lazy_pinyin(text))).split("-") if is_chinese(text) else [slugify(text)]
        slug = _joined([part for part in "-".join(parts).split("-") if part])
        if len(slug) > 1:
            return slug
    return f"{day:%Y-%m-%d}"


def _joined(parts: list[str]) -> str:
    """Return as many whole parts as fit."""
    slug = ""
    for part in parts:
        longer = f"{slug}-{part}" if slug else part
        if len(longer) > MAX_LENGTH:
            return slug or part[:MAX_LENGTH]
        slug = longer
    return slug
