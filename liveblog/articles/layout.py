"""Classification of lines by the notation of their article: the second pass, after `profile`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture, zones
from liveblog.articles.article import ArticleError
from liveblog.articles.characters import folded
from liveblog.articles.days import DayHeading
from liveblog.articles.lines import (
    MAX_HEADING,
    RESPONSES,
    RULE,
    Kind,
    Line,
    ends_as_text,
    heading,
    inserted,
    left_out,
    with_titles,
)
from liveblog.articles.links import linked, with_address_below
from liveblog.articles.notation import Heading, Profile
from liveblog.articles.profile import Source, key_of
from liveblog.articles.shapes import Form
from liveblog.articles.stamps import Stamp
from liveblog.articles.times import TimeMark
from newsroom.text.line_breaks import columns_of

_SHORT: Final = 90
_NUMBERED_ITEM: Final = re.compile(r"\s*(?:\d{1,3}[.)、]|[(]\d{1,3}[)]|[①-⑳])\s*")
_MORE_BULLETS: Final = re.compile(r"(?:[■□◼▪▫◆◇○◎★☆※➤➢✓✔◉⚫・]|[①-⑳]|[(]\d{1,2}[)])\s*(?=\S)")
_COUNTED: Final = 4


def preliminary(source: Source, profile: Profile) -> Line:
    """Classify a line by itself in its article's notation, as TEXT if its neighbours decide."""
    text = without_emphasis(source.text)
    line = Line(source.number, text, words=text)
    plain = folded(text) if text != source.text else source.plain
    if RULE.fullmatch(plain) and len(plain) > 1:
        return replace(line, kind=Kind.LEFT_OUT, reason="rule")
    stamp = source.stamp or source.tail
    if stamp and key_of(stamp) in profile.keys:
        return timed(Line(source.number, source.text, words=source.text), stamp)
    if source.day:
        return replace(line, kind=Kind.DAY, day=DayHeading(source.day.day, source.day.weekday, is_plain=True))
    if zones.stated(plain):
        return replace(line, kind=Kind.LEFT_OUT, reason="zone")
    if RESPONSES.fullmatch(plain):
        return replace(line, kind=Kind.RESPONSES)
    if source.stamp and _is_note(source.stamp, plain):
        return replace(line, kind=Kind.LEFT_OUT, reason="time")
    special = left_out(line, plain) or linked(line, plain) or inserted(line) or bulleted(line, plain)
    return special or _unread_time(line, source)


def without_emphasis(text: str) -> str:
    """Return the text, without its Markdown marks if the whole line is bold."""
    inner = text[2:-2] if len(text) > 4 and text[:2] == text[-2:] and text[:2] in ("**", "__") else text
    # If the marks occur inside as well, only a part such as the time is bold, and they stay.
    return inner.strip() if text[:2] not in inner else text


def timed(line: Line, stamp: Stamp) -> Line:
    """Return a line that opens an update with the time `stamp`. Raise ArticleError for an impossible time."""
    if stamp.clock is None and stamp.ago is None:
        raise ArticleError(line.number, _("There is no such time.") + f" ({line.text[:40]})")
    mark = TimeMark(stamp.clock, stamp.end, stamp.day, zone=stamp.zone, ago=stamp.ago)
    words = (line.text[: stamp.lead] + line.text[stamp.end :]).strip()
    if stamp.shape.sign.startswith("**") and words.endswith("**"):
        words = words[:-2].rstrip()
    is_tail = stamp.shape.sign.startswith("…")
    doubts = (_("Only the hour and the minute are kept."),) if stamp.has_seconds else ()
    return replace(
        line,
        kind=Kind.TIME,
        mark=mark,
        words="" if is_tail else words,
        heading=words if is_tail else "",
        doubts=doubts,
    )


def _is_note(stamp: Stamp, plain: str) -> bool:
    """Return whether a line only says when a page or an update was changed, or how long ago."""
    is_whole = stamp.end >= len(plain)
    return is_whole and (bool(stamp.label) or stamp.shape.form is Form.AGO)


def bulleted(line: Line, plain: str) -> Line | None:
    """Return the line as a list item if it begins with one of the rarer bullets, else None."""
    match = _MORE_BULLETS.match(plain)
    return replace(line, kind=Kind.BULLET, words=line.text[match.end() :]) if match else None


def _unread_time(line: Line, source: Source) -> Line:
    stamp = source.stamp
    if stamp and stamp.shape.form is not Form.COMPACT and not stamp.is_loose:
        return replace(line, doubts=(_("Opens with what looks like a time but was not read as one."),))
    return line


# The numbers of posts


def is_numbered(lines: Sequence[Line]) -> bool:
    """Return whether numbered lines are headings of posts, each with text of its own below it."""
    numbers: list[int] = []
    for index, line in enumerate(lines):
        if line.kind is Kind.BULLET and line.bullet_number is not None:
            following = lines[index + 1].kind if index + 1 < len(lines) else None
            if following is not Kind.TEXT:
                return False
            numbers.append(line.bullet_number)
    counted = list(range(numbers[0], numbers[0] + len(numbers))) if numbers else []
    return len(numbers) >= _COUNTED - 1 and numbers in (
        counted,
        [2 * numbers[0] - number for number in counted],
    )


def unnumbered(line: Line) -> Line:
    """Return a numbered line as a heading, and any other line unchanged."""
    if line.kind is Kind.BULLET and line.bullet_number is not None and not line.is_chosen:
        match = _NUMBERED_ITEM.match(folded(line.text))
        return replace(line, kind=Kind.HEADING, words=line.text[match.end() if match else 0 :])
    return line


# The position of headings


def is_like_heading(text: str) -> bool:
    """Return whether a line is short and does not end as a sentence does."""
    plain = folded(text)
    return (
        len(text) <= MAX_HEADING
        and columns_of(text) <= _SHORT
        and "。" not in plain
        and not _ends_as_text(plain)
    )


def _ends_as_text(plain: str) -> bool:
    # A heading may end with a quotation. Text may, too, but its quotation ends with a full stop or the like.
    if plain.endswith(("」", "』", "”", "’", '"', "'")) and not plain[:-1].endswith(
        (".", "。", "!", "?", "…", ",")
    ):
        return False
    return ends_as_text(plain)


def place_of_headings(lines: Sequence[Line]) -> Heading:
    """Infer the position of headings from the lines above, beside and below the article's times."""
    lines = [line for line in lines if line.kind not in (Kind.LEFT_OUT, Kind.CAPTION)]
    count: Counter[Heading] = Counter()
    sentences = 0
    for index, line in enumerate(lines):
        if line.kind is not Kind.TIME:
            continue
        above = lines[index - 1] if index else None
        below = lines[index + 1] if index + 1 < len(lines) else None
        beyond = lines[index + 2] if index + 2 < len(lines) else None
        if above and _may_be_heading(above):
            count[Heading.ABOVE] += 1
        words = "" if furniture.is_name(line.words) else line.words
        if line.heading or (words and is_like_heading(words)):
            count[Heading.BESIDE] += 1
        elif words:
            sentences += 1
        elif below and _may_be_heading(below):
            has_text = beyond is not None and beyond.kind in (Kind.TEXT, Kind.BULLET, Kind.RELATED)
            count[Heading.BELOW] += 1 if has_text else 0
    if not count:
        return Heading.NONE
    if count[Heading.BESIDE] <= sentences and count[Heading.ABOVE] >= max(count[Heading.BELOW], 1):
        return Heading.ABOVE
    if count[Heading.BESIDE] > max(count[Heading.ABOVE], count[Heading.BELOW]):
        return Heading.BESIDE
    if count[Heading.ABOVE] == count[Heading.BELOW] == 0:
        return Heading.BESIDE
    if count[Heading.ABOVE] > count[Heading.BELOW]:
        return Heading.ABOVE
    if count[Heading.ABOVE] == count[Heading.BELOW]:
        return _by_first_and_last(lines)
    return Heading.BELOW


def _may_be_heading(line: Line) -> bool:
    # Before neighbours are considered, only an editor makes a line a heading.
    if line.is_chosen:
        return line.kind is Kind.HEADING
    return line.kind is Kind.TEXT and is_like_heading(line.text)


def _by_first_and_last(lines: Sequence[Line]) -> Heading:
    """Return BELOW if a heading stands under the last time, else ABOVE. Used when both fit."""
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME]
    last = times[-1]
    is_last_headed = last + 2 < len(lines) and is_like_heading(lines[last + 1].text)
    return Heading.BELOW if is_last_headed else Heading.ABOVE


# The lines


class _Reader:
    """A classifier that goes line by line and takes the neighbours of each line into account."""

    def __init__(self, lines: Sequence[Line], profile: Profile, is_title: Callable[[str], bool]) -> None:
        self.lines, self.profile, self.is_title = lines, profile, is_title
        self.names = _bylines(lines)
        self.has_begun = False
        # Headings and by-lines stand in the slot between a time and the first words of its update.
        self.is_slot = self.is_below_name = False
        self.beside_share = _share_of_headings(lines)

    def read(self) -> list[Line]:
        lines: list[Line] = []
        for index, line in enumerate(self.lines):
            take = {Kind.TIME: self._time, Kind.TEXT: self._text}.get(line.kind, self._other)
            below = self._below(index)
            if line.is_chosen:
                take = self._chosen
            new_lines = take(line, lines[-1] if lines else None, below)
            lines.extend(new_lines)
        return lines

    def _below(self, index: int) -> Line | None:
        place = index + 1
        while place < len(self.lines) and place < index + 6 and self._is_passed_over(self.lines[place]):
            place += 1
        return self.lines[place] if place < len(self.lines) else None

    def _is_passed_over(self, line: Line) -> bool:
        return line.kind in (Kind.LEFT_OUT, Kind.CAPTION) or line.text in self.names

    def _other(self, line: Line, _above: Line | None, _below: Line | None) -> list[Line]:
        if line.kind is not Kind.LEFT_OUT:
            self.is_slot = False
        if line.kind in (Kind.DAY, Kind.HEADING):
            self.has_begun = True
        return [line]

    def _chosen(self, line: Line, above: Line | None, below: Line | None) -> list[Line]:
        if line.kind in (Kind.TIME, Kind.START):
            self.has_begun, self.is_below_name = True, False
            self.is_slot = line.kind is Kind.TIME and not (line.words or line.heading)
        return self._other(line, above, below) if line.kind is not Kind.TIME else [line]

    def _time(self, line: Line, _above: Line | None, below: Line | None) -> list[Line]:
        self.has_begun, self.is_below_name = True, False
        self.is_slot = not line.words
        if not line.words:
            return [line]
        if furniture.is_name(line.words) and line.words in self.names:
            self.is_slot = True
            return [replace(line, words=""), self._out(line, line.words)]
        reason = furniture.reason_of(folded(line.words), line.words)
        if reason == "credit":
            self.is_slot = True
            return [replace(line, words=""), self._out(line, line.words)]
        if self._is_heading_beside(line, below):
            self.is_slot = False
            return [replace(line, words="", heading=line.words)]
        return [line]

    def _is_heading_beside(self, line: Line, below: Line | None) -> bool:
        if self.profile.heading is not Heading.BESIDE or not is_like_heading(line.words):
            return False
        # If most updates are a time and a sentence, a line is a heading only if text follows it.
        has_text = below is not None and below.kind in (Kind.TEXT, Kind.BULLET)
        return self.beside_share > 0.5 or has_text

    def _out(self, line: Line, words: str) -> Line:
        return Line(line.number, words, Kind.LEFT_OUT, words, reason="credit")

    def _text(self, line: Line, above: Line | None, below: Line | None) -> list[Line]:
        is_before_time = below is not None and below.kind is Kind.TIME
        if not self.has_begun and not is_before_time and self.is_title(line.text):
            return [replace(line, kind=Kind.LEFT_OUT, reason="title")]
        if self.has_begun and self._is_byline(line, below):
            self.is_below_name = line.text in self.names
            return [self._out(line, line.text)]
        heading_line = self._heading(line, above, below)
        self.is_slot = self.is_slot and heading_line is not None
        if heading_line is None:
            if above and above.reason == "embed":
                doubt = _("Words of the post that the line above it announces: kept as text.")
                line = replace(line, doubts=(*line.doubts, doubt))
            return [line]
        self.has_begun = self.has_begun or self.profile.heading is Heading.ABOVE
        return [heading_line]

    def _is_byline(self, line: Line, below: Line | None) -> bool:
        if not self.is_slot:
            return False
        if line.text in self.names:
            return True
        if self.names and self.profile.heading is not Heading.ABOVE and furniture.is_name(line.text):
            return below is not None and below.kind is Kind.TEXT
        # A reporter's role stands below the name.
        is_role = self.is_below_name and is_like_heading(line.text) and columns_of(line.text) <= 60
        return is_role and below is not None and below.kind is Kind.TEXT

    def _heading(self, line: Line, above: Line | None, below: Line | None) -> Line | None:
        profile = self.profile
        is_before_time = below is not None and below.kind is Kind.TIME
        if not profile.time:
            return None if profile.is_numbered or not self._may_be_untimed() else heading(line, above, below)
        if profile.heading is Heading.ABOVE:
            return self._heading_above(line, above, below, is_before_time=is_before_time)
        if profile.heading is Heading.BELOW and self.is_slot and is_like_heading(line.text):
            has_text = below is not None and below.kind in (Kind.TEXT, Kind.BULLET, Kind.RELATED)
            return replace(line, kind=Kind.HEADING) if has_text else None
        return None

    def _may_be_untimed(self) -> bool:
        return self.has_begun or not self.profile.has_days

    def _heading_above(
        self, line: Line, above: Line | None, below: Line | None, *, is_before_time: bool
    ) -> Line | None:
        if is_before_time and is_like_heading(line.text) and folded(line.text).endswith(("」", "』")):
            return replace(line, kind=Kind.HEADING)
        if not self.has_begun and not is_before_time:
            return None
        if not is_before_time and (below is None or below.kind not in (Kind.TEXT, Kind.BULLET)):
            return None
        return heading(line, above, below if is_before_time else None)


def _share_of_headings(lines: Sequence[Line]) -> float:
    words = [line.words for line in lines if line.kind is Kind.TIME and line.words]
    return sum(is_like_heading(text) for text in words) / len(words) if words else 0.0


def _bylines(lines: Sequence[Line]) -> frozenset[str]:
    """Return the names that stand alone on more than one line, or behind more than one time."""
    texts = Counter(
        line.words if line.kind is Kind.TIME else line.text
        for line in lines
        if line.kind in (Kind.TEXT, Kind.TIME)
    )
    return frozenset(text for text, count in texts.items() if count > 1 and furniture.is_name(text))


def with_summaries_left_out(lines: Sequence[Line]) -> list[Line]:
    """Return the lines, leaving out the list of key events above the first update: it repeats headings."""
    first = next(
        (index for index, line in enumerate(lines) if line.kind in (Kind.TIME, Kind.DAY)), len(lines)
    )
    later = {line.text for line in lines[first:]}
    marked_lines = list(lines)
    for index in range(first):
        line = lines[index]
        if line.kind is not Kind.TEXT or line.is_chosen:
            continue
        if is_like_heading(line.text) and line.text in later:
            is_heading_of_first = index == first - 1
            marked_lines[index] = (
                line if is_heading_of_first else replace(line, kind=Kind.LEFT_OUT, reason="summary")
            )
    return marked_lines


def with_addresses(lines: Sequence[Line]) -> list[Line]:
    """Return the lines, merging each title and the web address below it into one related story."""
    merged: list[Line] = []
    for line in lines:
        joined = with_address_below(merged[-1] if merged else None, line)
        if joined:
            merged[-1] = joined
        else:
            merged.append(line)
    return merged


def read_lines(lines: Sequence[Line], profile: Profile, is_title: Callable[[str], bool]) -> list[Line]:
    """Classify the lines. `is_title` recognizes repetitions of the article's title."""
    return with_titles(_with_lede_at_the_end(_Reader(lines, profile, is_title).read()))


def _is_lede(line: Line) -> bool:
    return line.kind is Kind.BULLET or (
        line.kind is Kind.TEXT and not furniture.has_credit(folded(line.text))
    )


def _with_lede_at_the_end(lines: list[Line]) -> list[Line]:
    """Return the lines; if the article has no standfirst, use the text below the last update.

    Some sites print the standfirst last. It can be recognized if every other update is a single paragraph.
    """
    times = [index for index, line in enumerate(lines) if line.kind is Kind.TIME]
    if len(times) < _COUNTED + 1 or any(_is_lede(line) for line in lines[: times[0]]):
        return lines
    if any(line.kind in (Kind.DAY, Kind.HEADING) or line.heading for line in lines):
        return lines
    ends = [*times[1:], len(lines)]
    extra = [
        sum(line.kind in (Kind.TEXT, Kind.BULLET) for line in lines[start + 1 : end])
        for start, end in zip(times, ends, strict=True)
    ]
    if any(extra[:-1]) or not extra[-1] or not all(lines[index].words for index in times):
        return lines
    doubt = _("Below the last update, read as the standfirst, which is missing at the top.")
    return [
        replace(line, is_head=True, doubts=(*line.doubts, doubt))
        if index > times[-1] and line.kind is Kind.TEXT and not line.is_chosen
        else line
        for index, line in enumerate(lines)
    ]
