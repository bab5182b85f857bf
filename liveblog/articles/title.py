"""Titles: kicker, headline and the mark of running coverage, in every usual notation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from liveblog.articles.article import ArticleError
from liveblog.articles.characters import folded
from liveblog.articles.dates import heading_day

MAX_KICKER: Final = 80
MAX_HEADLINE: Final = 250
_SEPARATOR: Final = re.compile(r"\s*\|\s*")
_OWN_MARK: Final = re.compile(r"(?:持[续續]|不[断斷])更新中?|live updates?", re.IGNORECASE)
_MARK: Final = re.compile(
    r"(?:(?:持[续續]|不[断斷]|[实實][时時]|即[时時]|[滚滾][动動]|[陆陸][续續]"
    r"|[随隨][时時])更新(?:中|[報报][道導])?|[滚滾][动動][报報][道導]|文字直播|直播中?|更新中|[实實][时時](?:[報报][道導])?"
    r"|live(?: ?blog| updates?| coverage)?)",
    re.IGNORECASE,
)
_MEDIA: Final = re.compile(
    r"短片|有片|[圖图][輯辑集]|多[圖图]|影片|[視视][頻频]|附[圖图]|更新|已?[結结]束|video|photos"
    r"|updated?",
    re.IGNORECASE,
)
_IN_BRACKETS: Final = re.compile(r"\s*[(\[]\s*(?P<words>[^()\[\]]{1,24})\s*[)\]]\s*")
_OPENING_TAG: Final = re.compile(r"\[(?P<words>[^\[\]]{1,80})\]\s*")
_PIECES: Final = re.compile(r"\s*[.‧·・/|,，、]\s*")
_CAPITALS: Final = re.compile(r"(?P<words>[A-Z][A-Z0-9'’&.–—\- ]{1,78}[A-Z0-9])\s?:\s+(?=\S)")
_HASHTAG: Final = re.compile(r"#(?P<words>\S{2,8})\s+(?=\S)")
_MARK_BEFORE: Final = re.compile(r"(?:持[续續]|不[断斷]|[实實即隨随][时時]|[滚滾][动動])更新中?\s*/\s*(?=\S)")
_LIVE: Final = re.compile(r"LIVE(?:\s+(?:UPDATES|BLOG))?\s*(?:[:|]|[-–—]\s)\s*")
_RUNNING: Final = re.compile(
    r"(?:持[续續]|不[断斷]|[实實][时時]|即[时時]|[滚滾][动動])更新|[滚滾][动動][报報][道導]|文字直播"
    r"|\blive(?: updates?| blog| coverage)?\s*[:–—|-]|[-:–—|]\s*live\b|^live\b|^the latest\s*:"
    r"|\blive updates?\b|\blive blog\b",
    re.IGNORECASE,
)
_ENDED: Final = re.compile(r"as it happened|全日總覽|已結束|已结束", re.IGNORECASE)
# 自由時報 and others write `颱風動態》標題`.
_KICKER_BEFORE: Final = re.compile(r"(?P<words>[^《》|]{2,20})》\s*(?=\S)")
_MARK_AT_END: Final = re.compile(
    r"(?:\s+|\s*[/,，、]\s*)(?:持[续續]|不[断斷]|[实實即随隨][时時]|[滚滾][动動]|[陆陸][续續])更新中?$"
)
_CLOCK: Final = re.compile(r"\s*(?:\((?:更新:?\s?)?\d{1,2}[:.]\d{2}(?:更新)?\)|\[(?:最新)?更新\])$")
_OWN_STAMP: Final = re.compile(
    r"\D{0,12}\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}日?[\sT,]*\d{1,2}:\d{2}(?::\d{2})?"
)
_SIGNS: Final = "︱|｜│┃丨￨ "


@dataclass(frozen=True)
class Title:
    kicker: str
    headline: str
    is_running: bool


def own_title(number: int, text: str) -> Title:
    """Return a title in the form `kicker︱headline|持續更新`. Raise ArticleError if it is not one."""
    plain = folded(text)
    if heading_day(plain) or _OWN_STAMP.fullmatch(plain):
        raise _missing(number)
    parts = list(_SEPARATOR.finditer(plain))
    is_running = bool(_OWN_MARK.fullmatch(plain[parts[-1].end() if parts else 0 :]))
    if is_running:
        text = text[: parts.pop().start()] if parts else ""
    return _checked(number, text, is_running=is_running)


def any_title(number: int, text: str) -> Title:
    """Return a title in any notation. Raise ArticleError if its headline is missing or too long."""
    is_running = bool(_RUNNING.search(folded(text))) and not _ENDED.search(text)
    text = text[: len(text) - len(match[0])] if (match := _CLOCK.search(folded(text[-12:]))) else text
    text, had_tag, kicker = _without_tag(text)
    text, had_mark = _without_marks(text)
    is_running = is_running or had_tag or had_mark
    if not kicker and (capitals := _CAPITALS.match(folded(text))) and " " in capitals["words"]:
        kicker, text = text[: capitals.end("words")], text[capitals.end() :]
    if kicker and "|" not in folded(text):
        return Title(kicker, _headline(number, text), is_running)
    title = _checked(number, text, is_running=is_running)
    # If the title has its own kicker, the tag before it names a section of the site.
    return title if title.kicker or not kicker else Title(kicker, title.headline, is_running)


def _without_tag(text: str) -> tuple[str, bool, str]:
    """Return a title without its opening tags, whether one was a running mark, and the tags' kicker."""
    rest, is_mark, kicker = _without_one_tag(text)
    if rest == text or kicker:
        return rest, is_mark, kicker
    # `【短片】【颱風海燕】…`: the kicker is in the second tag.
    rest, is_second_mark, kicker = _without_one_tag(rest)
    return rest, is_mark or is_second_mark, kicker


def _without_one_tag(text: str) -> tuple[str, bool, str]:
    match = _OPENING_TAG.match(folded(text)) or _KICKER_BEFORE.match(folded(text))
    if not match:
        return text, False, ""
    words, rest = text[match.start("words") : match.end("words")].strip(), text[match.end() :]
    if not rest.strip():
        return text, False, ""
    pieces = _PIECES.split(words)
    if any(_MARK.fullmatch(piece) for piece in pieces):
        return (
            rest,
            True,
            "‧".join(piece for piece in pieces if not _MARK.fullmatch(piece) and not _MEDIA.fullmatch(piece)),
        )
    return (rest, False, "") if _MEDIA.fullmatch(words) else (rest, False, words)


def _without_marks(text: str) -> tuple[str, bool]:
    """Return a title without its marks of running coverage (between bars, in brackets, before it), if any."""
    has_mark = False
    tag = _HASHTAG.match(text)
    match = tag if tag and _MARK.fullmatch(tag["words"]) else _LIVE.match(text)
    match = match or _MARK_BEFORE.match(folded(text))
    if match and text[match.end() :].strip():
        text, has_mark = text[match.end() :], True
    plain = folded(text)
    for match in reversed(list(_IN_BRACKETS.finditer(plain))):
        pieces = _PIECES.split(match["words"].strip())
        if all(_MARK.fullmatch(piece) or _MEDIA.fullmatch(piece) for piece in pieces):
            text = f"{text[: match.start()]} {text[match.end() :]}".strip()
            has_mark = has_mark or any(map(_MARK.fullmatch, pieces))
    plain = folded(text)
    match = _MARK_AT_END.search(plain)
    if match and match.start():
        text, has_mark = text[: match.start()], True
        plain = folded(text)
    parts, start = [], 0
    for bar in [*_SEPARATOR.finditer(plain), None]:
        end = bar.start() if bar else len(plain)
        parts.append((start, end))
        start = bar.end() if bar else end
    unmarked = [(start, end) for start, end in parts if not _MARK.fullmatch(plain[start:end])]
    if unmarked and len(unmarked) < len(parts):
        bars = "︱" if any(char > "\u2e7f" for char in text) else " | "
        return bars.join(text[start:end] for start, end in unmarked), True
    return text, has_mark


def _checked(number: int, text: str, *, is_running: bool) -> Title:
    plain = folded(text)
    first = _SEPARATOR.search(plain)
    if first and 0 < first.start() <= MAX_KICKER:
        kicker, headline = text[: first.start()], text[first.end() :]
    else:
        kicker, headline = "", text
    # Drop a separator with nothing on one side.
    headline = headline.strip(_SIGNS)
    if not headline:
        kicker, headline = "", kicker
    return Title(kicker, _headline(number, headline), is_running)


def _headline(number: int, text: str) -> str:
    headline = text.strip(_SIGNS)
    if not headline:
        raise _missing(number)
    if len(headline) > MAX_HEADLINE:
        reason = _("The title is too long: a headline has at most %(limit)s characters.")
        raise ArticleError(number, reason % {"limit": MAX_HEADLINE})
    return headline


def has_other_mark(number: int, text: str) -> bool:
    """Return whether a title is marked as running coverage, but not as in the product's own form."""
    rest, is_tag, _kicker = _without_tag(text)
    try:
        return (is_tag or _without_marks(rest)[1]) and not own_title(number, text).is_running
    except ArticleError:
        return False


def _missing(number: int) -> ArticleError:
    reason = _("The title is missing: the first line has to be kicker︱headline.")
    return ArticleError(number, reason, "title")


def has_title_signs(text: str) -> bool:
    """Return whether a line has a sign of a title: a bar, an opening tag or a mark of its coverage."""
    plain = folded(text)
    return bool("|" in plain or _OPENING_TAG.match(plain) or _RUNNING.search(plain) or _ENDED.search(plain))
