"""HTML as tokens: all code that rewrites HTML reads it with `read`, edits tokens and escapes with `write`.

Code that edits sanitized HTML as a string can turn inserted text into markup, after the sanitizer has run.
Tokens have decoded text and attribute values, and only `write` turns them into HTML again.

`read` follows the tokenizer of the HTML standard (section 13.2.5) as far as it matters for rich text. It
takes linear time on any input: no pattern here can scan the same run again and again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape, unescape
from html.entities import html5
from typing import Final, NamedTuple

VOID_TAGS: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Elements whose content is not markup. It is dropped, because it is not text for readers.
_RAW_TAGS: Final = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
_RAW_ENDS: Final = {tag: re.compile(rf"</{tag}(?=[ \t\n\r\f/>])", re.IGNORECASE) for tag in _RAW_TAGS}

_PLAIN_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)>")
_TAG_NAME: Final = re.compile(r"</?([A-Za-z][^ \t\n\r\f/>]*)")
_COMMENT_END: Final = re.compile(r"--!?>")
_BETWEEN_ATTRIBUTES: Final = re.compile(r"[ \t\n\r\f/]*")
_ATTRIBUTE_NAME: Final = re.compile(r"[^ \t\n\r\f/>][^ \t\n\r\f/>=]*")
_EQUALS: Final = re.compile(r"[ \t\n\r\f]*=[ \t\n\r\f]*")
_BARE_VALUE: Final = re.compile(r"[^ \t\n\r\f>]*")
_NUMERIC_REFERENCE: Final = re.compile(r"&#(?:([xX])([0-9a-fA-F]+)|([0-9]+));?")
_REFERENCE_IN_VALUE: Final = re.compile(
    r"&(?:#[xX]?[0-9a-fA-F]+;?|([A-Za-z][A-Za-z0-9]{1,31})(;|(?![A-Za-z0-9=])))"
)
# The largest code point, 0x10FFFF, has seven decimal digits and six hexadecimal ones.
_MOST_DIGITS: Final = 7


class Start(NamedTuple):
    """A start tag. Attribute values are decoded; None stands for an attribute without a value."""

    tag: str
    attributes: tuple[tuple[str, str | None], ...] = ()

    def get(self, name: str) -> str | None:
        """Return an attribute's value, or None if the attribute is missing or has no value."""
        return next((value for known, value in self.attributes if known == name), None)


class End(NamedTuple):
    """An end tag."""

    tag: str


# A string token is decoded text.
Token = str | Start | End


def read(markup: str) -> Iterator[Token]:
    """Yield the tokens of HTML, hostile or sanitized. Comments, scripts and styles are left out."""
    length = len(markup)
    text_start = at = 0
    while True:
        at = markup.find("<", at)
        if at < 0:
            break
        token, end = _tag_at(markup, at)
        if end == at:
            # A lone "<" is text.
            at += 1
            continue
        if at > text_start:
            yield decode(markup[text_start:at])
        if token is not None:
            raw_end = _RAW_ENDS.get(token.tag) if isinstance(token, Start) else None
            if raw_end:
                closing = raw_end.search(markup, end)
                end = closing.start() if closing else length
            elif token.tag == "plaintext":
                end = length
            else:
                yield token
        text_start = at = end
    if text_start < length:
        yield decode(markup[text_start:])


def write(tokens: Iterable[Token]) -> str:
    """Return tokens as HTML. All escaping of rich text happens here."""
    return "".join(map(_written, tokens))


def decode(text: str) -> str:
    """Return text with its character references decoded."""
    if "&#" in text:
        # Python refuses to parse numbers with thousands of digits.
        text = _NUMERIC_REFERENCE.sub(_with_few_digits, text)
    return unescape(text) if "&" in text else text


def _written(token: Token) -> str:
    if isinstance(token, str):
        return escape(token, quote=False)
    if isinstance(token, End):
        return f"</{token.tag}>"
    attributes = "".join(
        f" {name}" if value is None else f' {name}="{_escape_value(value)}"'
        for name, value in token.attributes
    )
    return f"<{token.tag}{attributes}>"


def _escape_value(value: str) -> str:
    return escape(value, quote=False).replace('"', "&quot;")


def _tag_at(markup: str, at: int) -> tuple[Start | End | None, int]:
    """Return the tag at a "<" and its end. The tag is None for a comment; the end is `at` for text."""
    if plain := _PLAIN_TAG.match(markup, at):
        return (End(plain[2]) if plain[1] else Start(plain[2])), plain.end()
    name = _TAG_NAME.match(markup, at)
    if name:
        tag = name[1].lower()
        attributes, end = _attributes(markup, name.end())
        # Browsers drop a tag if the input ends inside of it.
        if end < 0:
            return None, len(markup)
        return (End(tag) if markup[at + 1] == "/" else Start(tag, attributes)), end
    following = markup[at + 1 : at + 2]
    if following not in ("!", "?", "/") or (following == "/" and at + 2 == len(markup)):
        return None, at
    if markup.startswith("<!--", at):
        # Search from the first dashes on, because `<!-->` is a complete comment.
        closing = _COMMENT_END.search(markup, at + 2)
        return None, closing.end() if closing else len(markup)
    end = markup.find(">", at)
    return None, end + 1 if end >= 0 else len(markup)


def _match(pattern: re.Pattern[str], markup: str, at: int) -> re.Match[str]:
    """Return the match of a pattern that always matches at `at`."""
    match = pattern.match(markup, at)
    assert match is not None
    return match


def _attributes(markup: str, at: int) -> tuple[tuple[tuple[str, str | None], ...], int]:
    """Return the attributes of a tag from `at` on and the end of the tag, or -1 if it is unterminated."""
    attributes: dict[str, str | None] = {}
    while True:
        at = _match(_BETWEEN_ATTRIBUTES, markup, at).end()
        if at == len(markup):
            return (), -1
        if markup[at] == ">":
            return tuple(attributes.items()), at + 1
        name = _match(_ATTRIBUTE_NAME, markup, at)
        at = name.end()
        value = None
        if equals := _EQUALS.match(markup, at):
            at = equals.end()
            quote = markup[at : at + 1]
            if quote in ('"', "'"):
                end = markup.find(quote, at + 1)
                if end < 0:
                    return (), -1
                value, at = markup[at + 1 : end], end + 1
            else:
                bare = _match(_BARE_VALUE, markup, at)
                value, at = bare[0], bare.end()
        # If an attribute is repeated, the first one counts, as in browsers.
        attributes.setdefault(name[0].lower(), None if value is None else _decode_value(value))


def _decode_value(value: str) -> str:
    return _REFERENCE_IN_VALUE.sub(_decode_in_value, value) if "&" in value else value


def _decode_in_value(reference: re.Match[str]) -> str:
    """Decode a reference in an attribute value; `&copy=` in a URL is not a reference (section 13.2.5.73)."""
    name, semicolon = reference[1], reference[2]
    if name and not semicolon and name not in html5:
        return reference[0]
    return decode(reference[0])


def _with_few_digits(reference: re.Match[str]) -> str:
    digits = (reference[2] or reference[3]).lstrip("0") or "0"
    return f"&#{reference[1] or ''}{digits};" if len(digits) <= _MOST_DIGITS else "\ufffd"
