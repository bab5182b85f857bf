"""Writing of an Article as canonical running copy, with warnings about losses. Pure, like `parse`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles import days, times
from liveblog.articles.article import (
    Article,
    ArticleError,
    Block,
    Bullets,
    Caption,
    Entry,
    Paragraph,
    Related,
)
from liveblog.articles.lines import Kind, Line, classify, split
from liveblog.articles.parse import parse

_RUNNING: Final = {"zh-hant": "持續更新", "zh-hans": "持续更新", "en": "Live updates"}
_RELATED: Final = {"zh-hant": "相關新聞:", "zh-hans": "相关新闻:", "en": "Related: "}
_RESPONSES: Final = {"zh-hant": "最新回應", "zh-hans": "最新回应", "en": "Latest responses"}


@dataclass(frozen=True)
class Warned:
    """A warning about something that the form cannot express.

    `about` names the update or part of the blog, `line` is the number of the written line.
    """

    about: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        place = _("line %(line)s, ") % {"line": self.line} if self.line else ""
        return f"{place}{self.about}: {self.reason}"


@dataclass(frozen=True)
class Written:
    text: str
    warnings: tuple[Warned, ...]


@dataclass(frozen=True)
class _IntendedLine:
    """A written line, how it has to be read, and the part of the article that it belongs to."""

    text: str
    kind: Kind
    about: str
    words: str = ""
    url: str = ""


def write(article: Article) -> Written:
    """Write the canonical text. If there are no warnings, parsing it returns an equal article."""
    intended_lines = list(_lines(article))
    text = "\n".join(
        [
            _title(article),
            f"{article.published_at:%Y-%m-%d %H:%M}",
            *(line.text for line in intended_lines),
            "",
        ]
    )
    return Written(text, tuple(_misread(intended_lines, text)) or tuple(_differences(article, text)))


def name_of(entry: Entry, language: str) -> str:
    """Return the name that messages use for an update."""
    if entry.heading:
        return f"“{entry.heading}”"
    clock = times.label(entry.clock, language).strip(":") if entry.clock else ""
    return f"{entry.day.isoformat()} {clock}".strip()


def _title(article: Article) -> str:
    between, before_mark = (" | ", " | ") if article.language == "en" else ("︱", "|")
    title = f"{article.kicker}{between}{article.headline}" if article.kicker else article.headline
    return f"{title}{before_mark}{_RUNNING[article.language]}" if article.is_running else title


def _lines(article: Article) -> Iterator[_IntendedLine]:
    yield from _blocks(article.standfirst, article.language, _("standfirst"))
    headed = _headed_days(article.entries)
    labels = dict(zip(headed, days.labels(headed, article.published_at, article.language), strict=True))
    headed_day: date | None = None
    for entry in article.entries:
        if headed_day is None or entry.day < headed_day:
            headed_day = entry.day
            yield _IntendedLine(labels[headed_day], Kind.DAY, labels[headed_day], words=labels[headed_day])
        yield from _entry(entry, headed_day, article.language)
    if article.has_responses:
        label = _RESPONSES[article.language]
        yield _IntendedLine(label, Kind.RESPONSES, label, words=label)


def _headed_days(entries: Sequence[Entry]) -> list[date]:
    """Return the days that get a heading, newest first.

    An entry below the heading of an earlier day names its day itself.
    """
    headed: list[date] = []
    for entry in entries:
        if not headed or entry.day < headed[-1]:
            headed.append(entry.day)
    return headed


def _entry(entry: Entry, headed_day: date, language: str) -> Iterator[_IntendedLine]:
    about = name_of(entry, language)
    if entry.heading:
        yield _IntendedLine(entry.heading, Kind.HEADING, about, words=entry.heading)
    blocks = entry.blocks
    if entry.clock is not None:
        mark = times.label(entry.clock, language)
        if entry.day != headed_day:
            mark = f"【{entry.day.year}年{entry.day.month}月{entry.day.day}日{entry.clock:%H:%M}】"
        words = blocks[0].text if blocks and isinstance(blocks[0], Paragraph) else ""
        space = " " if words and mark.endswith(":") else ""
        yield _IntendedLine(f"{mark}{space}{words}", Kind.TIME, about, words=words)
        blocks = blocks[1:] if words else blocks
    yield from _blocks(blocks, language, about)


def _blocks(blocks: Sequence[Block], language: str, about: str) -> Iterator[_IntendedLine]:
    for block in blocks:
        match block:
            case Paragraph(text):
                yield _IntendedLine(text, Kind.TEXT, about, words=text)
            case Caption(text):
                yield _IntendedLine(text, Kind.CAPTION, about, words=text)
            case Related(title, url):
                address = f" {url}" if url else ""
                yield _IntendedLine(
                    f"{_RELATED[language]}{title}{address}", Kind.RELATED, about, words=title, url=url
                )
            case Bullets(items, start):
                for place, item in enumerate(items):
                    yield _IntendedLine(
                        _bullet(item, start, place, language) + item, Kind.BULLET, about, words=item
                    )


def _bullet(item: str, start: int | None, place: int, language: str) -> str:
    if start is None:
        return "- " if language == "en" else "."
    return f"{start + place}." + (" " if language == "en" or item[:1].isdigit() else "")


def _misread(intended_lines: Sequence[_IntendedLine], text: str) -> Iterator[Warned]:
    """Yield a warning for each line that would be read as something else."""
    numbered = split(text)
    if len(numbered) != len(intended_lines) + 2:
        numbered = [*numbered[:2], *((number, line.text) for number, line in enumerate(intended_lines, 3))]
    try:
        lines_read = classify(numbered[2:])
    except ArticleError as error:
        yield Warned(
            intended_lines[error.line - 3].about,
            _quoted(intended_lines[error.line - 3].text) + f" {error}",
            error.line,
        )
        return
    by_number = {line.number: line for line in lines_read}
    for number, line in enumerate(intended_lines, 3):
        line_read = by_number.get(number)
        if line_read is None or (line_read.kind, line_read.words, line_read.url) != (
            line.kind,
            line.words,
            line.url,
        ):
            yield Warned(line.about, _would_read_as(line, line_read), number)


def _quoted(text: str) -> str:
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"


def _would_read_as(line: _IntendedLine, line_read: Line | None) -> str:
    names = {
        Kind.BULLET: _("%(text)s would read as a list item."),
        Kind.CAPTION: _("%(text)s would read as a picture caption."),
        Kind.RELATED: _("%(text)s would read as a related story."),
        Kind.TIME: _("%(text)s would read as a time."),
        Kind.DAY: _("%(text)s would read as a day heading."),
        Kind.HEADING: _("%(text)s would read as a heading."),
        Kind.TEXT: _("%(text)s would read as a paragraph."),
        Kind.RESPONSES: _("%(text)s would read as the heading of the readers' responses."),
        Kind.RULE: _("%(text)s would be left out."),
        Kind.LEFT_OUT: _("%(text)s would be left out."),
    }
    if line_read is None or line_read.kind is line.kind:
        return _("%(text)s would read differently.") % {"text": _quoted(line.text)}
    return names[line_read.kind] % {"text": _quoted(line.text)}


def _differences(article: Article, text: str) -> Iterator[Warned]:
    """Yield warnings for differences that appear only when the lines are parsed together."""
    try:
        parsed = parse(text)
    except ArticleError as error:
        yield Warned(_("title"), str(error), error.line)
        return
    if (parsed.kicker, parsed.headline, parsed.is_running) != (
        article.kicker,
        article.headline,
        article.is_running,
    ):
        yield Warned(_("title"), _("It would be divided differently into kicker and headline."), 1)
    if parsed.published_at != article.published_at:
        yield Warned(_("publication time"), _("Seconds are not written."), 2)
    if parsed.language != article.language:
        yield Warned(_("language"), _("The text would read as %(language)s.") % {"language": parsed.language})
    if parsed.standfirst != article.standfirst:
        yield Warned(_("standfirst"), _("Its parts would run together."))
    if parsed.has_responses != article.has_responses:
        yield Warned(_("responses"), _("Their heading would not be read."))
    for entry, parsed_entry in zip(article.entries, parsed.entries, strict=False):
        if entry != parsed_entry:
            yield Warned(
                name_of(entry, article.language),
                _("It would run together with its neighbours."),
                parsed_entry.line,
            )
            return
    if len(parsed.entries) != len(article.entries):
        yield Warned(_("updates"), _("Some of them would run together."))
