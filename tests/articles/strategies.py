"""Hypothesis strategies for articles that the canonical form can express, and for running copy."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from liveblog.articles.article import Article, Block, Bullets, Caption, Entry, Paragraph, Related
from liveblog.articles.characters import tidied
from newsroom import hongkong

WORDS = {
    "zh-hant": ("颱風", "車站", "飛機", "發言人說", "談判團", "燈塔"),
    "zh-hans": ("飞机场", "车站", "发言人说", "谈判团", "乌云", "气压损坏"),
    "en": ("harbour", "crews", "ferry", "lighthouse", "envoys", "bridge"),
}
_STOP = {"zh-hant": "。", "zh-hans": "。", "en": "."}
_ANY = {
    "zh-hant": st.characters(categories=("L", "N", "P", "S", "Zs")),
    "zh-hans": st.characters(categories=("L", "N", "P", "S", "Zs")),
    "en": st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x24F),
}
clocks = st.times(min_value=time(0), max_value=time(23, 59)).map(
    lambda clock: clock.replace(second=0, microsecond=0)
)
moments = st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2026, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=hongkong.ZONE)
)


def words(language: str) -> st.SearchStrategy[str]:
    """Return a strategy for short headings, titles and items that have no other meaning to the parser."""
    return st.lists(st.sampled_from(WORDS[language]), min_size=1, max_size=4).map(" ".join)


def sentences(language: str) -> st.SearchStrategy[str]:
    """Return a strategy for sentences with arbitrary characters in the middle."""
    return st.builds(
        lambda first, any_signs, last: tidied(f"{first}{any_signs}{last}{_STOP[language]}"),
        words(language),
        st.text(_ANY[language], max_size=12),
        words(language),
    )


def blocks(language: str, *, needs_text: bool) -> st.SearchStrategy[tuple[Block, ...]]:
    items = st.lists(words(language), min_size=1, max_size=3).map(tuple)
    label = "Photo: " if language == "en" else "圖:"
    text = st.builds(Paragraph, sentences(language)) | st.builds(
        Bullets, items, st.none() | st.integers(min_value=1, max_value=90)
    )
    title = st.builds("{}|{}".format, words(language), words(language))
    related_or_caption = st.builds(
        Related, title, st.sampled_from(["", "https://example.com/a?b=1"])
    ) | words(language).map(lambda caption: Caption(label + caption))
    block_lists = st.lists(text | related_or_caption, max_size=4).filter(_has_no_adjacent_lists).map(tuple)
    if needs_text:
        block_lists = block_lists.filter(
            lambda block_list: any(isinstance(block, Paragraph | Bullets) for block in block_list)
        )
    return block_lists


def _has_no_adjacent_lists(block_list: list[Block]) -> bool:
    return not any(
        isinstance(one, Bullets) and isinstance(other, Bullets) for one, other in pairwise(block_list)
    )


@st.composite
def articles(draw: st.DrawFn, *, is_sorted: bool = False) -> Article:
    """Return an article that the canonical form can express.

    With `is_sorted`, the clock times of each day are newest first, as on a page.
    """
    language = draw(st.sampled_from(sorted(WORDS)))
    published_at = draw(moments)
    offsets = draw(st.lists(st.integers(-40, 400) | st.integers(-2, 2), max_size=3, unique=True))
    entries = []
    for offset in sorted(offsets, reverse=True):
        day = hongkong.day_of(published_at) + timedelta(days=offset)
        entries += draw(_entries_of(day, language, is_sorted=is_sorted))
    return Article(
        kicker=draw(st.just("") | words(language)),
        headline=draw(words(language)),
        is_running=draw(st.booleans()),
        published_at=published_at,
        language=language,
        standfirst=draw(blocks(language, needs_text=False)),
        entries=tuple(entries),
        has_responses=draw(st.booleans()),
    )


@st.composite
def _entries_of(draw: st.DrawFn, day: date, language: str, *, is_sorted: bool) -> list[Entry]:
    times = draw(st.lists(clocks | st.sampled_from([time(0), time(9, 5), time(23, 59)]), max_size=4))
    if is_sorted:
        times = sorted(times, reverse=True)
    for place in sorted(draw(st.lists(st.integers(0, 4), max_size=2))):
        times.insert(place, None)
    entries = []
    for place, clock in enumerate(times):
        may_lack_heading = clock is not None or place == 0
        heading = draw(words(language) | st.just("")) if may_lack_heading else draw(words(language))
        entry_blocks = draw(blocks(language, needs_text=clock is None or not heading))
        entries.append(Entry(day, clock, heading, entry_blocks))
    return entries


MARKS = (
    "【02:45】", "【20:25更新】", "【20:25更新报道】", "【12月1日17:05更新】", "【２：４５】", "20:25 ",
    "1.05am:", "11.55pm:", "上午9時30分", "下午3时:", "凌晨零時20分 ", "正午12時:",
)  # fmt: skip
DAYS = (
    "19日最新消息", "8月1日最新消息", "10月9日消息", "31日最新消息", "1月1日最新消息", "Updates: 31 July",
)  # fmt: skip
LINES = (
    *MARKS, *DAYS,
    "橋樑重開", "大橋重開 首班車開出", "居民:「終於等到了」", "他說:", "渡輪恢復服務。", "能否準時?",
    ".第一項", "- item", "2.第二項", "2.5萬人受影響。", "---", "……", "",
    "相關新聞:甲|乙", "相关新闻:", "Related: A | B https://example.com/", "圖:工人搶修", "Photo: crews",
    "最新回應", "Crews reopen the bridge", "Ferries resume on Friday.",
)  # fmt: skip


@st.composite
def running_copy(draw: st.DrawFn) -> str:
    """Return a title, a publication time and lines of every kind in any order."""
    title = draw(
        st.sampled_from(["大橋︱工程完成|持續更新", "工程完成", "Bridge | Works done | Live updates"])
    )
    stamp = datetime(2026, 7, 31, 21, 40, tzinfo=UTC) + draw(st.timedeltas(timedelta(-400), timedelta(400)))
    line = st.sampled_from(LINES) | st.builds("{}{}".format, st.sampled_from(MARKS), st.sampled_from(LINES))
    body = draw(st.lists(line | st.text(st.characters(codec="utf-8"), max_size=12), max_size=14))
    return "\n".join([title, f"{stamp:%Y-%m-%d %H:%M}", *body])
