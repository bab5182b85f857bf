"""Links on lines of their own: `相關報道：標題`, `[標題](https://…)`, `標題::https://…`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from liveblog.articles.lines import MAX_HEADING, Kind, Line, ends_as_text, is_address

_LONGEST_ADDRESS: Final = 500
_LABEL: Final = re.compile(
    r"[>▶►▸•*\s]*[\[(]?\s*(?:相[關关](?:[報报][道導导]|文章|新[聞闻]|[連链][結结接])"
    r"|延伸[閱阅][讀读]|同[場场]加映|另[見见]|[參参][閱阅见]|更多(?:[報报]道|新[聞闻])|[詳详]情[請请]?[點点看見见]"
    r"|read (?:more|also|next)|see also|also read|more on this|related(?:\s+(?:stor(?:y|ies)|news"
    r"|coverage|articles?))?)\s*\]?\s*[:﹕]\s*(?=\S)",
    re.IGNORECASE,
)
_MARKDOWN: Final = re.compile(
    r"[>▶►▸•*\s-]*\[(?P<title>[^\[\]]{2,250})\]\((?P<url>https?://[!-~]{3,490})\)[.。]?"
)
_MARKDOWN_AT_END: Final = re.compile(
    r"(?<=\S)\s*\[(?P<title>[^\[\]]{1,250})\]\((?P<url>https?://[!-~]{3,490})\)[.。]?$"
)
_AT_END: Final = re.compile(r"[-–—|:<(\[\s]*(?P<url>https?://[!-;=?-~]{3,490}?)[)>\]]*$")


def linked(line: Line, plain: str) -> Line | None:
    """Return the line as a related story if it is nothing but a link, else None."""
    label = _LABEL.match(plain)
    start = label.end() if label else 0
    markdown = _MARKDOWN.fullmatch(plain, start) if len(plain) <= MAX_HEADING + _LONGEST_ADDRESS else None
    if markdown:
        title = line.text[markdown.start("title") : markdown.end("title")]
        return replace(line, kind=Kind.RELATED, words=title, url=markdown["url"])
    if not label and ("http" not in plain or len(plain) > MAX_HEADING + _LONGEST_ADDRESS):
        return None
    title, url = _divided(
        line.text[label.end() :] if label else line.text, plain[label.end() :] if label else plain
    )
    if label and plain.startswith("("):
        title = title.rstrip(")）")
    if len(title) > MAX_HEADING or not title:
        return None
    if label or (url and not ends_as_text(title.rstrip("：:")) and len(title) <= 120):
        return replace(line, kind=Kind.RELATED, words=title, url=url)
    return None


def with_link_apart(line: Line) -> list[Line]:
    """Split off the Markdown link at the end of a line of text, as a related story."""
    # Search only the tail: in a long line the pattern would be tried at every bracket.
    start = max(0, len(line.text) - MAX_HEADING - _LONGEST_ADDRESS)
    match = _MARKDOWN_AT_END.search(line.text, start) if line.text.endswith((")", ").", ")。")) else None
    if match is None or line.kind not in (Kind.TEXT, Kind.RELATED) or line.is_chosen:
        return [line]
    text = line.text[: match.start()]
    if not any(char.isalnum() for char in text):
        return [line]
    link = Line(line.number, match["title"], Kind.RELATED, match["title"], url=match["url"])
    return [Line(line.number, text, words=text), link]


def _divided(title: str, plain: str) -> tuple[str, str]:
    # Search only the tail: in a long line the pattern would be tried at every "http".
    match = _AT_END.search(plain, max(0, len(plain) - _LONGEST_ADDRESS))
    if not match or not match.start():
        return title, ""
    return title[: match.start()].strip(), match["url"]


def with_address_below(above: Line | None, line: Line) -> Line | None:
    """Return `above` as a related story with the address on `line`; None if they do not form one."""
    if above is None or line.is_chosen or not is_address(line.text):
        return None
    if above.kind is Kind.RELATED and above.words and not above.url:
        return replace(above, url=line.text)
    is_title = (
        above.kind is Kind.TEXT
        and not above.is_chosen
        and len(above.text) <= 120
        and not ends_as_text(above.text.replace("：", ":"))
    )
    return replace(above, kind=Kind.RELATED, url=line.text) if is_title else None
