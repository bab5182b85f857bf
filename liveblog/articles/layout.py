"""Classification of lines by the notation of their article: the second pass, after `profile`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import furniture, zones
from liveblog.articles.article import ArticleError
from liveblog.articles.characters import folded
from liveblog.articles.dates import opens_with_day
from liveblog.articles.days import DayHeading
from liveblog.articles.edges import with_doubts_at_the_end, with_lede_at_the_end, with_listed_titles
from liveblog.articles.headings import bylines_of, is_like_heading, share_of_headings
from liveblog.articles.lines import (
    PINNED,
    RESPONSES,
    RULE,
    Kind,
    Line,
    heading,
    inserted,
    left_out,
    with_titles,
    without_emphasis,
)
from liveblog.articles.links import linked, with_address_below
from liveblog.articles.middles import MIDDLE
from liveblog.articles.notation import Heading, Profile
from liveblog.articles.profile import Source, key_of
from liveblog.articles.shapes import Form
from liveblog.articles.stamps import Stamp
from liveblog.articles.times import TimeMark

_NUMBERED_ITEM: Final = re.compile(r"\s*(?:\d{1,3}[.)、]|[(]\d{1,3}[)]|[①-⑳])\s*")
_MORE_BULLETS: Final = re.compile(r"(?:[■□◼▪▫◆◇○◎★☆※➤➢✓✔◉⚫・]|[①-⑳]|[(]\d{1,2}[)])\s*(?=\S)")
_ASIDE: Final = re.compile(r"\s*[(][^()]{1,24}[)]")
_BULLETS: Final = "·•‧・●▪◦■*- "
_COUNTED: Final = 4
_HOUR: Final = timedelta(hours=1)
_AUTHOR: Final = re.compile(
    r"[(](?:[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){1,2}|[\u4e00-\u9fff]{2,4})[)]\s*:\s*(?=\S)"
)


def preliminary(source: Source, profile: Profile) -> Line:
    """Classify a line by itself in its article's notation, as TEXT if its neighbours decide."""
    text = without_emphasis(source.text)
    line = Line(source.number, text, words=text)
    plain = folded(text) if text != source.text else source.plain
    if RULE.fullmatch(plain) and len(plain) > 1:
        return replace(line, kind=Kind.LEFT_OUT, reason="rule")
    if furniture.is_pin(plain):
        return replace(line, kind=Kind.LEFT_OUT, reason=PINNED)
    if source.is_part_of_day and profile.keys:
        return replace(line, kind=Kind.LEFT_OUT, reason="time")
    if source.is_embed:
        return replace(line, kind=Kind.LEFT_OUT, reason="credit")
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


def timed(line: Line, stamp: Stamp) -> Line:
    """Return a line that opens an update with the time `stamp`. Raise ArticleError for an impossible time."""
    if stamp.clock is None and stamp.ago is None:
        raise ArticleError(line.number, _("There is no such time.") + f" ({line.text[:40]})")
    mark = TimeMark(stamp.clock, stamp.end, stamp.day, zone=stamp.zone, ago=stamp.ago, until=stamp.until)
    words = (line.text[: stamp.lead] + line.text[stamp.end :]).strip()
    if stamp.is_approximate:
        # `17時41分許，…` is a sentence that loses its 許 with its time.
        words = line.text.lstrip(_BULLETS)
    opening = stamp.shape.sign.strip("…")
    bold, mark_of_bold, rest = words.partition("**") if opening.startswith("**") else (words, "", "")
    if mark_of_bold and rest.strip() and is_like_heading(bold):
        return replace(line, kind=Kind.TIME, mark=mark, words=rest.strip(), heading=bold.strip())
    for sign in ("**", "*", "+++", "-", "–", "—"):
        if opening.startswith(sign) and words.endswith((f" {sign}", "**")):
            words = words.removesuffix(sign).rstrip()
    if stamp.shape.sign.startswith(MIDDLE):
        heading = line.text[: stamp.lead].lstrip(_BULLETS).rstrip()
        return replace(line, kind=Kind.TIME, mark=mark, words=line.text[stamp.end :], heading=heading)
    is_tail = stamp.shape.sign.startswith("…")
    doubts = (_("Only the hour and the minute are kept."),) if stamp.has_seconds else ()
    if stamp.ago is not None and stamp.ago >= _HOUR and not stamp.ago % _HOUR:
        doubts = (_("Counted back in whole hours or days: the minutes are not known."),)
    if stamp.about:
        doubts = (*doubts, _("An approximate time: read as exact."))
    if stamp.until:
        doubts = (*doubts, _("A span of time: its beginning was read as the time of the update."))
    if is_tail and not stamp.is_closed:
        doubts = (*doubts, _("The time at the end of the line was read as that of the update."))
    is_heading = is_tail and is_like_heading(words)
    return replace(
        line,
        kind=Kind.TIME,
        mark=mark,
        words="" if is_heading else words,
        heading=words.rstrip(",，") if is_heading else "",
        doubts=doubts,
    )


def _is_note(stamp: Stamp, plain: str) -> bool:
    """Return whether a line only says when a page or an update was changed, or how long ago."""
    is_whole = stamp.end >= len(plain) or bool(_ASIDE.fullmatch(plain, stamp.end))
    return is_whole and (bool(stamp.label) or stamp.shape.form is Form.AGO)


def bulleted(line: Line, plain: str) -> Line | None:
    """Return the line as a list item if it begins with one of the rarer bullets, else None."""
    match = _MORE_BULLETS.match(plain)
    return replace(line, kind=Kind.BULLET, words=line.text[match.end() :]) if match else None


def _unread_time(line: Line, source: Source) -> Line:
    stamp = source.stamp
    if stamp and stamp.shape.form is not Form.COMPACT and not stamp.is_loose:
        doubt = _("Opens with what looks like a time but was not read as one.")
        return replace(line, doubts=(doubt,), has_other_time=True)
    if is_like_heading(line.text) and opens_with_day(source.plain):
        return replace(
            line, doubts=(_("Opens with what looks like a day but was not read as a day heading."),)
        )
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


# The lines


class _Reader:
    """A classifier that goes line by line and takes the neighbours of each line into account."""

    def __init__(self, lines: Sequence[Line], profile: Profile, is_title: Callable[[str], bool]) -> None:
        self.lines, self.profile, self.is_title = lines, profile, is_title
        self.names = bylines_of(lines)
        self.texts = Counter(line.text for line in lines)
        self.credits = " ".join(line.text for line in lines if line.reason == "credit")
        self.has_begun = False
        # Headings and by-lines go into the slot between a time and the first words of its update.
        self.is_slot = self.is_below_name = self.is_headed = False
        self.beside_share = share_of_headings(lines)

    def read(self) -> list[Line]:
        lines: list[Line] = []
        for index, line in enumerate(self.lines):
            below = self._below(index)
            if self._is_label_in_slot(line, below):
                line = replace(line, kind=Kind.TEXT, reason="")
            take = {Kind.TIME: self._time, Kind.TEXT: self._text}.get(line.kind, self._other)
            if line.is_chosen:
                take = self._chosen
            lines.extend(take(line, lines[-1] if lines else None, below))
            if line.mark and line.mark.until:
                until = line.mark.until
                lines.append(Line(line.number, until, Kind.LEFT_OUT, until, reason="time"))
        return lines

    def _below(self, index: int) -> Line | None:
        place = index + 1
        while place < len(self.lines) and place < index + 6 and self._is_passed_over(self.lines[place]):
            place += 1
        return self.lines[place] if place < len(self.lines) else None

    def _is_label_in_slot(self, line: Line, below: Line | None) -> bool:
        """Return whether a label such as `What we know` is the heading of an update, below its time."""
        is_free = self.is_slot and not self.is_headed and self.profile.heading is Heading.BELOW
        has_text = below is not None and below.kind in (Kind.TEXT, Kind.BULLET)
        return line.reason == "button" and is_free and has_text and furniture.is_label_of_summary(line.text)

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
        self.has_begun, self.is_below_name, self.is_headed = True, False, False
        self.is_slot = not line.words
        if not line.words:
            return self._without_name(line)
        if furniture.is_name(line.words) and line.words in self.names:
            self.is_slot = True
            return [replace(line, words=""), self._out(line, line.words)]
        reason = furniture.reason_of(folded(line.words), line.words)
        if reason in ("credit", "omitted"):
            self.is_slot = True
            return [replace(line, words=""), self._out(line, line.words)]
        if self._is_heading_beside(line, below):
            self.is_slot = False
            return [replace(line, words="", heading=line.words)]
        return self._without_author(line)

    def _without_author(self, line: Line) -> list[Line]:
        """Return a line without the name in brackets and the colon between its time and its words."""
        match = _AUTHOR.match(folded(line.words))
        if not match:
            return [line]
        name = line.words[: match.end()].strip()
        return [replace(line, words=line.words[match.end() :]), self._out(line, name)]

    def _without_name(self, line: Line) -> list[Line]:
        """Return a line that ends with a time, without the name of a reporter before that time."""
        is_name = bool(self.names) and (line.heading in self.names or furniture.is_name(line.heading))
        return [replace(line, heading=""), self._out(line, line.heading)] if is_name else [line]

    def _is_heading_beside(self, line: Line, below: Line | None) -> bool:
        if self.profile.heading is not Heading.BESIDE or not is_like_heading(line.words):
            return False
        if line.mark and len(line.words) > len(line.text) - line.mark.end:
            # The words keep their time: `凌晨1時許：…`.
            return False
        # If most updates are a time and a sentence, a line is a heading only if text follows it.
        has_text = below is not None and below.kind in (Kind.TEXT, Kind.BULLET)
        return self.beside_share > 0.5 or has_text

    def _out(self, line: Line, words: str) -> Line:
        return Line(line.number, words, Kind.LEFT_OUT, words, reason="credit")

    def _text(self, line: Line, above: Line | None, below: Line | None) -> list[Line]:
        is_before_time = below is not None and below.kind is Kind.TIME
        may_be_heading = is_before_time and self.profile.heading is Heading.ABOVE
        if not self.has_begun and not may_be_heading and self.is_title(line.text):
            return [replace(line, kind=Kind.LEFT_OUT, reason="title")]
        if not self.has_begun and self.profile.time and furniture.is_scrap_of_head(folded(line.text)):
            return [replace(line, kind=Kind.LEFT_OUT, reason="label")]
        is_name_above = (
            is_before_time and self.profile.heading is not Heading.BESIDE and line.text in self.names
        )
        if is_name_above or (self.has_begun and self._is_byline(line, below)):
            self.is_below_name = furniture.is_name(line.text)
            out = self._out(line, line.text)
            if self.is_below_name and self.texts[line.text] == 1 and not self._is_credited(line.text):
                out = replace(
                    out, doubts=(_("Left out as the name of a reporter, though it could be a heading."),)
                )
            return [out]
        heading_line = self._heading(line, above, below)
        self.is_slot = self.is_slot and heading_line is not None
        self.is_headed = heading_line is not None
        if heading_line is None:
            if is_before_time and not self.has_begun and self.profile.time and is_like_heading(line.text):
                doubt = _("Read as part of the standfirst, though it could be the heading of an update.")
                line = replace(line, doubts=(*line.doubts, doubt))
            elif not self.has_begun and self.profile.time and is_like_heading(line.text):
                doubt = _("Above the first update, but not a sentence: read as part of the standfirst.")
                line = replace(line, doubts=(*line.doubts, doubt))
            if above and above.reason == "embed":
                doubt = _("Words of the post that the line above it announces: kept as text.")
                line = replace(line, doubts=(*line.doubts, doubt))
            return [line]
        self.has_begun = self.has_begun or self.profile.heading is Heading.ABOVE
        return [heading_line]

    def _is_credited(self, name: str) -> bool:
        return name in self.credits

    def _is_byline(self, line: Line, below: Line | None) -> bool:
        if not self.is_slot:
            return False
        if line.text in self.names:
            return True
        is_possible = bool(self.names) or self.is_headed
        if is_possible and self.profile.heading is not Heading.ABOVE and furniture.is_name(line.text):
            return below is not None and below.kind is Kind.TEXT
        # A reporter's role follows on the line below the name.
        is_role = self.is_below_name and furniture.is_role(line.text)
        return is_role and below is not None and below.kind is Kind.TEXT

    def _heading(self, line: Line, above: Line | None, below: Line | None) -> Line | None:
        profile = self.profile
        is_before_time = below is not None and below.kind is Kind.TIME
        if not profile.time:
            return None if profile.is_numbered or not self._may_be_untimed() else heading(line, above, below)
        if profile.heading is Heading.ABOVE:
            return self._heading_above(line, above, below, is_before_time=is_before_time)
        if self.is_slot and not self.is_headed and is_like_heading(line.text):
            return self._heading_below(line, below)
        return None

    def _heading_below(self, line: Line, below: Line | None) -> Line | None:
        if below is None or below.kind not in (Kind.TEXT, Kind.BULLET, Kind.RELATED):
            return None
        # Some articles put the heading on the line of its time or, if the time is alone there, below it.
        if self.profile.heading not in (Heading.BELOW, Heading.BESIDE):
            return None
        doubts = line.doubts
        if furniture.is_name(line.text):
            doubts = (*doubts, _("Read as a heading, though it could be the name of a reporter."))
        return replace(line, kind=Kind.HEADING, doubts=doubts)

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
    lines = with_lede_at_the_end(_Reader(lines, profile, is_title).read())
    return with_titles(with_doubts_at_the_end(with_listed_titles(lines)))
