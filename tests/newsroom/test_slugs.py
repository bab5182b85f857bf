"""Proposed slugs for new live blogs."""

from __future__ import annotations

from datetime import date

import pytest

from newsroom.text import slugs

DAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("texts", "slug"),
    [
        (["", "Harbour bridge closed"], "harbour-bridge-closed"),
        (["颱風", "颱風海棠襲港"], "tai-feng"),
        (["", "台风“海棠”2026"], "tai-feng-hai-tang-2026"),
        (["", "MTR東鐵綫停駛"], "mtr-dong-tie-xian-ting-shi"),
        (["", "！？"], "2026-11-28"),
        (["", "Ω"], "2026-11-28"),
        (["", "x" * 90], "x" * 40),
        (["", "一" * 90], "-".join(["yi"] * 13)),
    ],
)
def test_slug_is_english_pinyin_or_the_day(texts, slug):
    assert slugs.propose(texts, DAY) == slug
