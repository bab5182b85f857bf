"""Classification of lines: bullet, caption, related story, time, day heading, heading or else text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture
from liveblog.articles.article import ArticleError
from liveblog.articles.characters import folded, tidied
from liveblog.articles.days import DayHeading, read_day_heading
from liveblog.articles.times import TimeMark, read_time
from newsroom.text.line_breaks import columns_of

# Far more lines than any newspaper article has.
MAX_LINES: Final = 20_000
MAX_HEADING: Final = 250
# The reason for leaving out the label above a post that the page shows above newer ones.
PINNED: Final = "pinned"
_LONGEST_ADDRESS: Final = 500
_SHORT: Final = 90
_PROBABLY_SHORT: Final = 64
_LONGEST_BEFORE_A_TIME: Final = 160

BULLET: Final = re.compile(r"(?:[.·•‧・●▪◦*-](?![.*-])|[–—](?=\s)|(?P<number>\d{1,2})[.、](?!\d))\s*(?=\S)")
_CAPTION: Final = re.compile(
    r"[(]?(?:[圖图][片說说輯辑]?\d{0,2}|Photos?|Pictures?|Caption):\s*\S", re.IGNORECASE
)
_RELATED: Final = re.compile(
    r"[>▶►]*\s*(?:\[\s*(?:相[關关]新[聞闻]|related)\s*\]\s*:?|(?:相[關关]新[聞闻]"
    r"|related(?:\s+(?:stor(?:y|ies)|news))?):)\s*",
    re.IGNORECASE,
)
_LIKE_RELATED: Final = re.compile(
    r"(?:相[關关](?:[報报]道|文章)|延伸[閱阅][讀读]|read more|see also):", re.IGNORECASE
)
_ADDRESS: Final = re.compile(r"\s*(?P<url>https?://[!-~]{3,490})$")
_WHOLE_ADDRESS: Final = re.compile(r"https?://[!-~]{3,490}")
RESPONSES: Final = re.compile(r"(?:最新回[應应]|latest responses):?", re.IGNORECASE)
RULE: Final = re.compile(r"[-=_*~─—━•·.\s]+")
_LIKE_TIME: Final = re.compile(
    r"\[[^\]]{0,20}\d:\d\d[^\]]{0,20}\]|\W{0,3}\d{1,2}\s?[:h]\s?\d{2}(?!\d)|\W{0,3}\d{1,2}[時时點点]\d{1,2}分"
)
_BODY_END: Final = re.compile(r"[:;,、。.」』…⋯]$|[.!?…,。][\"'”’)]+$")
_MARKDOWN_HEADING: Final = re.compile(r"#{1,6} (?=\S)")
_ASIDE: Final = re.compile(r"[(][^()]*[)]$")


class Kind(Enum):
    BULLET = auto()
    CAPTION = auto()
    RELATED = auto()
    TIME = auto()
    DAY = auto()
    HEADING = auto()
    TEXT = auto()
    RESPONSES = auto()
    RULE = auto()
    LEFT_OUT = auto()
    START = auto()
    JOINED = auto()


@dataclass(frozen=True)
class Line:
    """A line and its kind. `words` is its text without the signs that mark the kind.

    `heading` is a heading on the line of a time. `reason` says why a line is left out. `is_head` means that a
    line belongs to the standfirst, wherever it is in the text; `is_chosen` that an editor decided its kind;
    `has_other_time` that it opens with a time in another notation than the article's.
    """

    number: int
    text: str
    kind: Kind = Kind.TEXT
    words: str = ""
    bullet_number: int | None = None
    url: str = ""
    mark: TimeMark | None = None
    day: DayHeading | None = None
    doubts: tuple[str, ...] = ()
    heading: str = ""
    reason: str = ""
    is_head: bool = False
    is_chosen: bool = False
    has_other_time: bool = False

    @property
    def heading_of_day(self) -> DayHeading:
        """Return the day heading of a line of the kind DAY."""
        assert self.day is not None
        return self.day


def split(text: str) -> list[tuple[int, str]]:
    """Return the lines that are not blank, tidied, each with its number.

    Raise ArticleError for more than MAX_LINES lines, before processing any of them.
    """
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        reason = _("The article is too long: it has more than %(limit)s lines. Load it in parts.")
        raise ArticleError(MAX_LINES + 1, reason % {"limit": MAX_LINES})
    numbered = ((number, tidied(line)) for number, line in enumerate(lines, 1))
    return [(number, line) for number, line in numbered if line]


def classify(
    numbered: Iterable[tuple[int, str]], chosen: Mapping[int, Sequence[Line]] | None = None
) -> list[Line]:
    """Classify the lines after the publication time. Raise ArticleError for impossible times and days.

    `chosen` has, by number, the lines whose kind an editor decided.
    """
    chosen = chosen or {}
    lines = [line for number, text in numbered for line in chosen.get(number) or [_certain(number, text)]]
    has_days = any(line.kind is Kind.DAY for line in lines)
    is_standfirst = True
    before: Line | None = None
    classified: list[Line] = []
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if line.kind is Kind.TEXT and not line.is_chosen:
            line = _loose_time(line, before) or heading(line, before, following) or line
            if line.kind is Kind.HEADING and is_standfirst and has_days and not _opens_with_time(following):
                doubt = _("Read as part of the standfirst, though it could be the heading of an update.")
                line = replace(line, kind=Kind.TEXT, doubts=(doubt,))
        if line.kind in (Kind.TIME, Kind.DAY, Kind.HEADING, Kind.START):
            is_standfirst = False
        classified.append(line)
        before = line
    return with_titles(classified)


def _certain(number: int, text: str) -> Line:
    """Classify a line by itself, as TEXT if its kind depends on its neighbours."""
    line = Line(number, text, words=text)
    plain = folded(text)
    if RULE.fullmatch(plain) and len(plain) > 1:
        return replace(line, kind=Kind.RULE)
    try:
        return inserted(line) or _opening(line, plain) or _notice(line, plain) or _unsure(line, plain)
    except ValueError as error:
        raise ArticleError(number, f"{error} ({text[:40]})") from error


def inserted(line: Line) -> Line | None:
    """Return the line as a bullet, caption or related story, or None if it is none of these."""
    plain = folded(line.text)
    match = BULLET.match(plain)
    if match:
        number = int(match["number"]) if match["number"] else None
        return replace(line, kind=Kind.BULLET, words=line.text[match.end() :], bullet_number=number)
    if _CAPTION.match(plain) or furniture.is_caption(plain):
        return replace(line, kind=Kind.CAPTION)
    match = _RELATED.match(plain)
    if not match:
        return None
    title = line.text[match.end() :]
    # Search only the tail: in a long line the pattern would be tried at every "http".
    address = _ADDRESS.search(title, max(0, len(title) - _LONGEST_ADDRESS))
    url = ""
    if address and address.start():
        title, url = title[: address.start()], address["url"]
    if len(title) > MAX_HEADING:
        return replace(line, doubts=(_("Too long for the title of a related story: kept as text."),))
    return replace(line, kind=Kind.RELATED, words=title, url=url)


def _opening(line: Line, plain: str) -> Line | None:
    """Return the line as a time, day heading or heading of the readers' responses, or None."""
    mark = read_time(plain)
    if mark:
        return replace(line, kind=Kind.TIME, words=line.text[mark.end :], mark=mark)
    day = read_day_heading(plain)
    if day:
        doubt = _("Read as a day heading. It is written back in the usual words.")
        return replace(line, kind=Kind.DAY, day=day, doubts=() if day.is_plain else (doubt,))
    return replace(line, kind=Kind.RESPONSES) if RESPONSES.fullmatch(plain) else None


def left_out(line: Line, plain: str) -> Line | None:
    """Return the line as one that is left out, or None if it may be coverage."""
    reason = furniture.reason_of(plain, line.text)
    return replace(line, kind=Kind.LEFT_OUT, reason=reason) if reason else None


def _notice(line: Line, plain: str) -> Line | None:
    return replace(line, kind=Kind.LEFT_OUT, reason="label") if furniture.is_notice(plain) else None


def _unsure(line: Line, plain: str) -> Line:
    if _LIKE_TIME.match(plain):
        return replace(line, doubts=(_("Opens with what looks like a time but was not read as one."),))
    if _LIKE_RELATED.match(plain):
        return replace(line, doubts=(_("Looks like a related story but was kept as text."),))
    return line


def _opens_with_time(line: Line | None) -> bool:
    return line is not None and line.kind is Kind.TIME


def _loose_time(line: Line, before: Line | None) -> Line | None:
    if before is None or before.kind is not Kind.HEADING:
        return None
    try:
        mark = read_time(folded(line.text), may_be_loose=True)
    except ValueError:
        return None
    if mark is None:
        return None
    doubt = _("Its first words were read as the time of the update.")
    return replace(line, kind=Kind.TIME, words=line.text[mark.end :], mark=mark, doubts=(doubt,))


def heading(line: Line, before: Line | None, following: Line | None) -> Line | None:
    """Return the line as a heading if it is short and does not end like a sentence, else None.

    A longer line is a heading only if a time follows. A line that could be either gets a doubt.
    """
    if len(line.text) > MAX_HEADING:
        return None
    plain = folded(line.text)
    columns = columns_of(line.text)
    is_before_time = _opens_with_time(following)
    if plain.endswith(("」", "』")) and is_before_time and columns <= _PROBABLY_SHORT:
        # A closing quote usually ends text, but there can be no text between a day heading and a time.
        if before is not None and (before.kind is Kind.DAY or _is_alone(before)):
            return replace(line, kind=Kind.HEADING, doubts=(_("Read as a heading, though it ends as text."),))
        return replace(line, doubts=(_("Read as text, though it could be a heading."),))
    if ends_as_text(plain):
        return None
    if columns > (_LONGEST_BEFORE_A_TIME if is_before_time else _SHORT) or ("。" in plain):
        return None
    doubts = list(line.doubts)
    if columns > _SHORT or (columns > _PROBABLY_SHORT and not is_before_time):
        doubts.append(_("Read as a heading, though it is long for one."))
    if plain.endswith(("?", "!")) and not is_before_time:
        doubts.append(_("Read as a heading, though it could be a sentence."))
    return replace(line, kind=Kind.HEADING, doubts=tuple(doubts))


def _is_alone(line: Line) -> bool:
    """Return whether a line is a time without words: what follows it is usually a heading."""
    return line.kind is Kind.TIME and not line.words


def ends_as_text(plain: str) -> bool:
    """Return whether a folded line ends like text: with a full stop, colon, 」 …, or an aside after one."""
    aside = _ASIDE.search(plain)
    before_aside = plain[: aside.start()].rstrip() if aside else ""
    return bool(_BODY_END.search(plain) or re.search(r"[。.!?」…]$", before_aside))


def with_titles(lines: list[Line]) -> list[Line]:
    """Return the lines, merging into each related story its title or address on the line below."""
    merged: list[Line] = []
    for line in lines:
        above = merged[-1] if merged and not line.is_chosen else None
        if above and above.kind is Kind.RELATED and above.words and not above.url and is_address(line.text):
            merged[-1] = replace(above, url=line.text)
            continue
        label = merged[-1] if merged and merged[-1].kind is Kind.RELATED and not merged[-1].words else None
        is_title = line.kind in (Kind.TEXT, Kind.HEADING) and not line.is_chosen
        if label and is_title and len(line.text) <= MAX_HEADING:
            doubt = _("Read as the title of the related story that the line before announces.")
            merged[-1] = replace(line, kind=Kind.RELATED, doubts=(doubt,))
            continue
        if label:
            merged[-1] = _untitled(label)
        merged.append(line)
    if merged and merged[-1].kind is Kind.RELATED and not merged[-1].words:
        merged[-1] = _untitled(merged[-1])
    return merged


def without_emphasis(text: str) -> str:
    """Return the text without the Markdown marks of a heading or of emphasis on the whole line."""
    text = text.lstrip("#").lstrip() if _MARKDOWN_HEADING.match(text) else text
    mark = next((mark for mark in ("**", "__", "*", "_") if text.startswith(mark)), "")
    inner = text[len(mark) : -len(mark)] if mark and text.endswith(mark) else ""
    # If the marks occur inside as well, only a part such as the time is bold, and they stay.
    return inner.strip() if inner.strip(" *_") and mark not in inner else text


def is_address(text: str) -> bool:
    """Return whether a line is a web address and nothing else."""
    return len(text) <= _LONGEST_ADDRESS and bool(_WHOLE_ADDRESS.fullmatch(text))


def _untitled(label: Line) -> Line:
    return replace(
        label, kind=Kind.TEXT, words=label.text, doubts=(_("A related story without a title: kept as text."),)
    )
