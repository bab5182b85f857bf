"""Times of updates of which the article gives only the day or the minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from liveblog.articles.place import Slot, place
from newsroom import hongkong
from tests.articles.loading import AT_10_05


def test_untimed_update_is_placed_between_its_neighbours_on_its_own_day() -> None:
    day = date(2026, 3, 19)
    published_at = datetime(2026, 3, 19, 17, 14, tzinfo=hongkong.ZONE)
    slots = [
        Slot(day, None),
        Slot(day, time(23, 59)),
        Slot(day, time(10, 5)),
        Slot(day, None),
        Slot(day, time(10, 5)),
        Slot(day, time(0, 0)),
        Slot(day, None),
        Slot(day - timedelta(days=1), None),
        Slot(day - timedelta(days=1), time(23, 59)),
    ]
    moments = place(slots, published_at)
    assert moments == sorted(set(moments), reverse=True)
    labels = [f"{hongkong.to_hong_kong(moment):%Y-%m-%d %H:%M}" for moment in moments]
    assert [text[: 16 if slot.clock else 10] for text, slot in zip(labels, slots, strict=True)] == [
        "2026-03-19",
        "2026-03-19 23:59",
        "2026-03-19 10:05",
        "2026-03-19",
        "2026-03-19 10:05",
        "2026-03-19 00:00",
        "2026-03-19",
        "2026-03-18",
        "2026-03-18 23:59",
    ]


def test_forty_insertions_fit_within_the_minute_of_an_update() -> None:
    day = date(2026, 3, 19)
    published_at = datetime(2026, 3, 19, 17, 14, tzinfo=hongkong.ZONE)
    slots = [Slot(day, time(10, 5), AT_10_05)]
    for insertion in range(40):
        slots.insert(insertion % 2, Slot(day, time(10, 5)))
        moments = place(slots, published_at)
        assert moments == sorted(set(moments), reverse=True)
        assert {moment.replace(second=0, microsecond=0) for moment in moments} == {AT_10_05}
        slots = [replace(slot, moment=moment) for slot, moment in zip(slots, moments, strict=True)]
