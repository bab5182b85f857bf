"""Hypothesis strategies for live blogs in the layouts of other newsrooms, with the expected parse results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from hypothesis import strategies as st

from newsroom import hongkong


@dataclass(frozen=True)
class Post:
    """An update: when it happened, its heading (empty for none) and its sentences."""

    moment: datetime
    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """A newsroom's conventions: time format, position of headings, order of updates, and time zone."""

    clock: Callable[[datetime], str]
    zone_suffix: str
    heading: str
    is_newest_first: bool
    zone: timezone
    zone_name: str
    day: Callable[[datetime], str] | None
    head: Callable[[str, datetime], str]
    furniture: tuple[str, ...]
    has_blank_lines: bool
    language: str


@dataclass(frozen=True)
class RenderedBlog:
    """A live blog in a layout, with page furniture below its posts (`fillers`) and a last line (`tail`)."""

    title: str
    published_at: datetime
    posts: tuple[Post, ...]
    layout: Layout
    fillers: tuple[str, ...]
    tail: str

    @property
    def text(self) -> str:
        layout = self.layout
        lede = "有關方面稍後交代。" if layout.language != "en" else "Officials will speak later."
        is_local = layout.head in HEADS_EN
        published_at = self.published_at.astimezone(layout.zone) if is_local else self.published_at
        blocks = [layout.head(self.title, published_at), lede]
        day = None
        posts = list(zip(self.posts, self.fillers, strict=False))
        for post, filler in reversed(posts) if layout.is_newest_first else posts:
            local = post.moment.astimezone(layout.zone)
            if layout.day and local.date() != day:
                day = local.date()
                blocks.append(layout.day(local))
            blocks.append("\n".join(_lines(layout, post, local)))
            blocks += [filler] if filler else []
        return ("\n\n" if layout.has_blank_lines else "\n").join([*blocks, self.tail]) + "\n"


def _half(clock: datetime, sign: str) -> str:
    return f"{clock.hour % 12 or 12}{sign}{clock:%M}"


def _period(clock: datetime) -> str:
    if clock.hour < 6:
        return f"凌晨{clock.hour}時{clock:%M}分"
    if clock.hour < 12:
        return f"上午{clock.hour}時{clock:%M}分"
    return f"下午{clock.hour % 12 or 12}時{clock:%M}分"


CLOCKS: Final = {
    "【12:05】": lambda clock: f"【{clock:%H:%M}】",
    "【12:05更新】": lambda clock: f"【{clock:%H:%M}更新】",
    "【１２：０５】": lambda clock: (
        "【" + "".join(chr(ord(sign) + 0xFEE0) for sign in f"{clock:%H:%M}") + "】"
    ),
    "[1205]": lambda clock: f"[{clock:%H%M}]",
    "(12:05)": lambda clock: f"({clock:%H:%M})",
    "**【12:05】**": lambda clock: f"**【{clock:%H:%M}】**",
    "▶12時05分": lambda clock: f"▶{clock.hour}時{clock:%M}分",
    "下午1時05分": _period,
    "12:05": lambda clock: f"{clock:%H:%M}",
    "12:05:33": lambda clock: f"{clock:%H:%M}:33",
    "1.05pm": lambda clock: _half(clock, ".") + ("pm" if clock.hour > 11 else "am"),
    "1:05 PM": lambda clock: _half(clock, ":") + (" PM" if clock.hour > 11 else " AM"),
    "【11月28日 12:05】": lambda clock: f"【{clock.month}月{clock.day}日 {clock:%H:%M}】",
    "11 月 28 日 12:05": lambda clock: f"{clock.month} 月 {clock.day} 日 {clock:%H:%M}",
    "發佈於 12:05 11月28日": lambda clock: f"發佈於 {clock:%H:%M} {clock.month}月{clock.day}日",
    "12:05 – 28 Nov 2026": lambda clock: f"{clock:%H:%M} – {clock.day} {clock:%b} {clock.year}",
    "2026-11-28 12:05": lambda clock: f"{clock:%Y-%m-%d %H:%M}",
    "Nov 28, 2026, 1:05 PM": lambda clock: (
        f"{clock:%b} {clock.day}, {clock.year}, {_half(clock, ':')} {clock:%p}"
    ),
    "28/11 12:05": lambda clock: f"{clock.day}/{clock.month} {clock:%H:%M}",
    "12h05": lambda clock: f"{clock:%H}h{clock:%M}",
    "1205HKT": lambda clock: f"{clock:%H%M}HKT",
    "[12:05]": lambda clock: f"[{clock:%H:%M}]",
    "■ 12:05": lambda clock: f"■ {clock:%H:%M}",
    "12:05｜": lambda clock: f"{clock:%H:%M}｜",
    "下午1:05": lambda clock: _colon(clock),
    "2026-11-28T12:05:00+08:00": lambda clock: f"{clock:%Y-%m-%dT%H:%M}:00+08:00",
    "1:05 p.m.": lambda clock: _half(clock, ":") + (" p.m." if clock.hour > 11 else " a.m."),
}
ZONES: Final = {"": 8, "GMT": 0, "BST": 1, "EST": -5, "EDT": -4, "AEST": 10, "GMT+8": 8, "UTC-3": -3}
FURNITURE: Final = {
    "zh-hant": (
        "分享",
        "廣告",
        "請繼續往下閱讀...",
        "點擊看全文",
        "撰文：陳大文",
        "記者李小明／綜合報導",
        "↓↓↓ 按圖看相片 ↓↓↓",
    ),
    "en": ("Share", "Advertisement", "Read more", "By Jane Example", "— John Sample", "Show key events only"),
}
TAILS: Final = {
    "zh-hant": ("版權所有 不得轉載", "關鍵字：渡輪、碼頭", "#要聞"),
    "en": ("Copyright 2026 The Example", "Tags: ferries, harbour", "All rights reserved"),
}
WORDS: Final = {
    "zh-hant": ("渡輪", "碼頭", "署方", "市民", "隧道", "消防", "居民", "會議", "議員", "海旁"),
    "en": ("ferries", "harbour", "crews", "minister", "tunnel", "islanders", "engineers", "inquiry"),
}
HEADINGS: Final = {
    "zh-hant": ("{}{}", "{}{}", "{}第{}次會議？", "署方：「{}」之{}", "{} 分{}批放行", "「{}」第{}日"),
    "en": ("{}{}", "{}{}", "Will {} close {} times?", "Minister: {} ‘{}’", "What {} said on day {}"),
}
DAYS_ZH: Final = (
    lambda moment: f"{moment.month}月{moment.day}日",
    lambda moment: f"{moment.year}年{moment.month}月{moment.day}日 星期{'一二三四五六日'[moment.weekday()]}",
    lambda moment: f"【本港時間{moment.month}月{moment.day}日】",
    lambda moment: f"—— {moment.month}月{moment.day}日（星期{'一二三四五六日'[moment.weekday()]}） ——",
    lambda moment: f"{moment:%Y-%m-%d}",
)
DAYS_EN: Final = (
    lambda moment: f"{moment:%A}, {moment.day} {moment:%B}",
    lambda moment: f"{moment:%B} {moment.day}, {moment.year}",
    lambda moment: f"{moment:%A} {moment.day} {moment:%B} {moment.year}",
)
HEADS_ZH: Final = (
    lambda title, moment: f"{title}（持續更新）\n發佈時間：{moment:%Y-%m-%d %H:%M}",
    lambda title, moment: (
        f"【不斷更新】{title}\n{moment.year}年{moment.month}月{moment.day}日 {_colon(moment)}"
    ),
    lambda title, moment: (
        f"{title}｜不斷更新\n撰文：陳大文\n出版：{moment:%Y/%m/%d %H:%M}　更新：{moment:%Y/%m/%d} 23:59"
    ),
    lambda title, moment: f"新聞 > 港聞 > 正文\n{title}\n{moment:%Y-%m-%d %H:%M}",
)
HEADS_EN: Final = (
    lambda title, moment: f"{title}\nBy Jane Example\n{moment.day} {moment:%B %Y}, {_small(moment)}",
    lambda title, moment: (
        f"{title} | Live updates\n"
        f"PUBLISHED : {moment:%A}, {moment.day:02} {moment:%B}, {moment.year}, {_small(moment)}"
    ),
    lambda title, moment: f"{title}\nPosted {_with_zone(hongkong.to_hong_kong(moment))}",
)


def _with_zone(moment: datetime) -> str:
    return f"{_half(moment, ':')} {moment:%p} GMT+8, {moment:%B} {moment.day}, {moment.year}"


def _small(moment: datetime) -> str:
    return f"{_half(moment, ':')}{'pm' if moment.hour > 11 else 'am'}"


def _colon(moment: datetime) -> str:
    return f"{'下午' if moment.hour > 11 else '上午'}{_half(moment, ':')}"


@st.composite
def rendered_blogs(draw: st.DrawFn) -> RenderedBlog:
    """Return a random live blog in a random layout."""
    language = draw(st.sampled_from(sorted(WORDS)))
    layout = draw(_layouts(language))
    published_at = draw(st.datetimes(datetime(2024, 1, 10), datetime(2025, 12, 20))).replace(  # noqa: DTZ001
        second=0, microsecond=0, tzinfo=hongkong.ZONE
    )
    posts = draw(_posts(language, layout, published_at))
    title = _words(draw, language, 4) + ("重開 最新情況" if language != "en" else " reopen after storm")
    fillers = [draw(st.sampled_from(["", *layout.furniture])) for _post in posts]
    tail = draw(st.sampled_from(TAILS[language])) if layout.furniture else ""
    return RenderedBlog(title, published_at, tuple(posts), layout, tuple(fillers), tail)


@st.composite
def _layouts(draw: st.DrawFn, language: str) -> Layout:
    name = draw(st.sampled_from(sorted(CLOCKS)))
    is_dated = "28" in name
    is_bare = name[0].isdigit() and not is_dated and name not in ("1205HKT", "12:05｜")
    places = (
        ["above", "below"] if is_dated and not name.startswith("【") else ["above", "below", "beside", "none"]
    )
    heading = draw(st.sampled_from(places))
    zone_name = draw(st.sampled_from(sorted(ZONES))) if is_bare else ""
    zone = timezone(timedelta(hours=ZONES[zone_name]))
    days = DAYS_EN if language == "en" else DAYS_ZH
    return Layout(
        clock=CLOCKS[name],
        zone_suffix=f" {zone_name}" if zone_name else "",
        heading=heading,
        is_newest_first=draw(st.booleans()),
        zone=zone,
        zone_name=zone_name,
        day=draw(st.none() | st.sampled_from(days)),
        head=draw(st.sampled_from(HEADS_EN if language == "en" else HEADS_ZH)),
        furniture=FURNITURE[language] if draw(st.booleans()) else (),
        has_blank_lines=draw(st.booleans()),
        language=language,
    )


def _words(draw: st.DrawFn, language: str, count: int) -> str:
    words = draw(st.lists(st.sampled_from(WORDS[language]), min_size=count, max_size=count, unique=True))
    return " ".join(words).capitalize() if language == "en" else "".join(words)


@st.composite
def _posts(draw: st.DrawFn, language: str, layout: Layout, published_at: datetime) -> list[Post]:
    """Return five to nine posts, oldest first, the first of them soon after publication."""
    moment = published_at + timedelta(minutes=draw(st.integers(1, 50)))
    posts = []
    for index in range(draw(st.integers(5, 9))):
        heading = draw(st.sampled_from(HEADINGS[language])).format(_words(draw, language, 3), index)
        heading = heading if layout.heading != "none" else ""
        stop = "." if language == "en" else "。"
        sentences = [f"{_words(draw, language, 4)}{index}{stop}" for _count in range(draw(st.integers(1, 3)))]
        if language != "en" and draw(st.booleans()):
            sentences.append("署長說：「我們會盡力。」")
        posts.append(Post(moment, heading, tuple(sentences)))
        moment += timedelta(minutes=draw(st.integers(3, 240)))
    return posts


def _lines(layout: Layout, post: Post, local: datetime) -> list[str]:
    mark = layout.clock(local) + layout.zone_suffix
    space = " " if mark[-1].isalnum() or mark[-1] == "." else ""
    match layout.heading:
        case "above":
            return [post.heading, mark, *post.sentences]
        case "below":
            return [mark, post.heading, *post.sentences]
        case "beside":
            return [f"{mark}{space}{post.heading}", *post.sentences]
    return [f"{mark}{space}{post.sentences[0]}", *post.sentences[1:]]


def expected_entries(blog: RenderedBlog) -> list[tuple[datetime, str, tuple[str, ...]]]:
    """Return the UTC time, heading and sentences that the parser should read from each post, newest first."""
    return [(post.moment.astimezone(UTC), post.heading, post.sentences) for post in reversed(blog.posts)]
