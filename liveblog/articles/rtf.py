"""Rich Text Format (RTF): the lines of a file, and whether each line is bold throughout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _
from striprtf.striprtf import rtf_to_text

from liveblog.articles.article import ArticleError

_MAX_RTF: Final = 4 * 1024 * 1024
_CHINESE_RTF: Final = re.compile(r"\\ansicpg9(?:36|50)\b|\\fcharset13[46]\b")
_ESCAPES: Final = re.compile(r"((?:\\'[0-9a-fA-F]{2})+)([@-\[\]-z|~])")
_GROUP: Final = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
_LINK: Final = re.compile(
    rf'\{{\\\*\\fldinst[^"]{{0,200}}HYPERLINK\s+"(?P<url>https?://[!#-z|~]{{3,490}})"[^"]{{0,80}}?\}}\s*'
    rf"(?P<words>\{{\\fldrslt(?:[^{{}}]|{_GROUP}){{0,2000}}\}})"
)
# Control words and group boundaries that change bold; the end of a group restores the earlier state.
_CHANGES: Final = re.compile(
    r"\\(?:b(?:(?P<off>0)|1)?|plain)(?![a-z0-9-]) ?|(?P<escaped>\\[\\{}])|(?P<brace>[{}])"
)
# Private characters mark the changes in the text; RTF writes a character as a signed number of 16 bits.
_BOLD, _PLAIN = "\ue000", "\ue001"
_MARKS: Final = {_BOLD: r"{\uc1\u-8192?}", _PLAIN: r"{\uc1\u-8191?}"}


def lines_of_rtf(data: bytes) -> Iterator[tuple[str, bool]]:
    """Yield each line of an RTF file and whether all of its words are bold.

    Raise ArticleError if the file is too large.
    """
    if len(data) > _MAX_RTF:
        reason = _("The file is too large: at most %(size)s MB.")
        raise ArticleError(1, reason % {"size": _MAX_RTF // 1024 // 1024})
    # An RTF file is ASCII; Latin-1 keeps stray bytes.
    source = data.decode("latin-1")
    if _CHINESE_RTF.search(source):
        source = _ESCAPES.sub(_with_escaped_trail, source)
    source = _LINK.sub(r"\g<words> (\g<url>)", source)
    is_bold = False
    for line in str(rtf_to_text(_with_marks(source), errors="replace")).split("\n"):
        words = [piece for piece in re.split(f"([{_BOLD}{_PLAIN}])", line) if piece]
        states = []
        for piece in words:
            if piece in _MARKS:
                is_bold = piece == _BOLD
            elif piece.strip():
                states.append(is_bold)
        yield "".join(piece for piece in words if piece not in _MARKS), bool(states) and all(states)


def _with_escaped_trail(match: re.Match[str]) -> str:
    """Escape the second byte of Chinese characters, which editors write as a letter if it is ASCII."""
    is_open = False
    for byte in bytes.fromhex(match[1].replace("\\'", "")):
        is_open = not is_open and byte > 0x80
    return f"{match[1]}\\'{ord(match[2]):02x}" if is_open else match[0]


def _with_marks(source: str) -> str:
    """Return the RTF with a mark in the text wherever bold begins or ends."""
    outer: list[bool] = []
    is_bold = False

    def mark(match: re.Match[str]) -> str:
        nonlocal is_bold
        before = is_bold
        if match["escaped"]:
            return match[0]
        if match["brace"] == "{":
            outer.append(is_bold)
        elif match["brace"]:
            is_bold = outer.pop() if outer else False
        else:
            is_bold = match[0].startswith("\\b") and not match["off"]
        # Keep control words, because the space after one belongs to it.
        return match[0] + (_MARKS[_BOLD if is_bold else _PLAIN] if is_bold != before else "")

    return _CHANGES.sub(mark, source)
