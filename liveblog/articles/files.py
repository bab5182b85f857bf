"""Files that copy comes in (.txt, .html, .docx, .rtf), converted to text with one paragraph on each line.

What the reader of lines uses is kept as signs: `**bold paragraphs**`, `• list items`, `[links](address)`.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _
from docx import Document
from docx.opc.exceptions import OpcError
from docx.text.hyperlink import Hyperlink
from docx.text.paragraph import Paragraph
from lxml import etree
from lxml import html as lxml_html

from liveblog.articles.article import ArticleError
from liveblog.articles.characters import read
from liveblog.articles.rtf import lines_of_rtf

# Word files may contain pictures, which are not read.
MAX_FILE: Final = 12 * 1024 * 1024
# Zip bombs: a document of text unpacks to far less than this.
_MAX_UNPACKED: Final = 40 * 1024 * 1024
_MAX_PARTS: Final = 2_000
_HTML_NAME: Final = re.compile(r"\.x?html?$", re.IGNORECASE)
_HTML_START: Final = re.compile(
    rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype html|html|head|body|meta)\b", re.IGNORECASE
)
_LINK_SIGNS: Final = re.compile(r"\[([^\[\]]+)\]\(https?://[!-~]+?\)")
_ADDRESS: Final = re.compile(r"https?://[!-~]{3,490}")


def text_file(data: bytes, name: str) -> bytes:
    """Return the file as a text file: text unchanged, in its own encoding, anything else in UTF-8.

    Raise ArticleError for files of other kinds, and for files that are too large or damaged.
    """
    if len(data) > MAX_FILE:
        reason = _("The file is too large: at most %(size)s MB.")
        raise ArticleError(1, reason % {"size": MAX_FILE // 1024 // 1024})
    _refuse_other_kinds(data)
    if data.startswith(b"PK\x03\x04"):
        text = _text_of_docx(data)
    elif data.startswith(b"{\\rtf"):
        text = "\n".join(
            _marked(line, is_item=False, is_heading=is_bold) for line, is_bold in lines_of_rtf(data)
        )
    elif _HTML_NAME.search(name) or _HTML_START.match(data[:2_000].removeprefix(b"\xef\xbb\xbf")):
        text = text_of_html(_decoded_html(data))
    else:
        return data
    if not text.strip():
        raise ArticleError(1, _("There is no text in this file."))
    return text.encode("utf-8", "replace")


def _refuse_other_kinds(data: bytes) -> None:
    if data[:1_024].lstrip().startswith(b"%PDF-"):
        reason = _(
            "This is a PDF, which does not keep paragraphs. Copy its text, or use the file it came from."
        )
        raise ArticleError(1, reason)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        reason = _("This is a file of an old version of Word. Save it as .docx and choose it again.")
        raise ArticleError(1, reason)
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")):
        raise ArticleError(1, _("This is a picture. Choose a .txt, .docx, .rtf or .html file."))


# Word


def _text_of_docx(data: bytes) -> str:
    other = ArticleError(1, _("This is not a Word file. Choose a .txt, .docx, .rtf or .html file."))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
                raise ArticleError(1, _("This file unpacks to far more than an article and was not opened."))
            if "word/document.xml" not in archive.namelist():
                raise other
        document = Document(io.BytesIO(data))
        lines = [line for block in document.iter_inner_content() for line in _lines_of_docx(block)]
    except (zipfile.BadZipFile, OpcError, etree.XMLSyntaxError, KeyError, ValueError, OSError) as error:
        if isinstance(error, ArticleError):
            raise
        raise ArticleError(1, _("This Word file is damaged.")) from error
    return "\n".join(lines)


def _lines_of_docx(block: object) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield from _lines_of_paragraph(block)
        return
    for row in getattr(block, "rows", ()):
        # A merged cell occurs once for each column that it spans.
        cells = {id(cell._tc): cell for cell in row.cells}.values()
        for cell in cells:
            for inner in cell.iter_inner_content():
                yield from _lines_of_docx(inner)


def _lines_of_paragraph(paragraph: Paragraph) -> Iterator[str]:
    pieces, is_bold = [], True
    for piece in paragraph.iter_inner_content():
        if not piece.text:
            continue
        if isinstance(piece, Hyperlink):
            pieces.append(_link(piece.text, piece.url))
            is_bold = is_bold and all(run.bold for run in piece.runs)
        else:
            pieces.append(piece.text)
            is_bold = is_bold and (bool(piece.bold) or not piece.text.strip())
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    properties = paragraph._p.pPr
    is_item = style.startswith("List") or (properties is not None and properties.numPr is not None)
    is_heading = style.startswith(("Heading", "Title")) or is_bold
    lines = [line.strip() for line in "".join(pieces).splitlines()]
    for line in lines:
        if line:
            yield _marked(line, is_item=is_item, is_heading=is_heading and len(lines) == 1)
    if not any(lines):
        yield ""


def _marked(line: str, *, is_item: bool, is_heading: bool) -> str:
    if is_item:
        return f"• {line}"
    # Sites link headings to the updates themselves.
    plain = _LINK_SIGNS.sub(r"\1", line)
    return f"**{plain}**" if is_heading and "**" not in line and not _is_link(line) else line


def _is_link(line: str) -> bool:
    """Return whether a line is nothing but a link, which is a related story even if it is bold."""
    return bool(_LINK_SIGNS.fullmatch(line))


def _link(words: str, address: str) -> str:
    words = words.strip()
    if not words or words == address or not _ADDRESS.fullmatch(address) or "[" in words or "]" in words:
        return words or address
    return f"[{words}]({address.replace('(', '%28').replace(')', '%29')})"


# HTML

_BLOCK: Final = re.compile(
    r"address|article|aside|blockquote|body|br|caption|center|d[dlt]|details|div|fieldset|fig(?:caption|ure)"
    r"|footer|form|h[1-6]|header|hr|li|main|nav|[ou]l|p|pre|section|summary|table|t(?:body|[dhr]|foot|head)"
)
_SKIPPED: Final = re.compile(r"head|iframe|math|noscript|object|script|style|svg|template|title")
_STRONG: Final = re.compile(r"b|strong|h[1-6]")
_BOLD: Final = re.compile(r"font-weight:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_NOT_BOLD: Final = re.compile(r"font-weight:\s*(?:normal|[1-4]00)", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"display:\s*none|mso-hide:\s*all|mso-list:\s*ignore", re.IGNORECASE)
_WORD_LIST: Final = re.compile(r"mso-list:\s*l\d+\s+level\d+", re.IGNORECASE)
_MOST_DEPTH: Final = 200


def _decoded_html(data: bytes) -> str:
    """Decode a page by its own declaration, else as any text file."""
    declared = re.search(
        rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,20})", data[:4_096], re.IGNORECASE
    )
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        name = declared[1].decode("ascii", "ignore").lower()
        encoding = {"big5": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030"}.get(name, name)
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            pass
    return read(data)


class _Lines:
    """Lines of text under construction; `is_bold` of each says whether all of its words are bold."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._pieces: list[str] = []
        self._is_bold = True
        self._is_item = False

    def add(self, words: str, *, is_bold: bool) -> None:
        if words.strip():
            self._is_bold = self._is_bold and is_bold
        if words:
            self._pieces.append(words)

    def start_item(self) -> None:
        self.end()
        self._is_item = True

    def end_item(self) -> None:
        self.end()
        self._is_item = False

    def end(self) -> None:
        line = " ".join("".join(self._pieces).split())
        if line:
            self.lines.append(_marked(line, is_item=self._is_item, is_heading=self._is_bold))
            # Only the first paragraph of an item has its sign.
            self._is_item = False
        self._pieces, self._is_bold = [], True


def text_of_html(source: str) -> str:
    """Return the text of a page or of a piece of one, with one paragraph, heading or item on each line.

    Raise ArticleError for elements nested so deeply that the parser leaves out what is inside them.
    """
    lines = _Lines()
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = lxml_html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return ""
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        raise ArticleError(1, _("The elements of this page are nested too deeply to read."))
    _walk(root, lines, is_bold=False, depth=0)
    lines.end()
    return "\n".join(lines.lines)


def _walk(element: lxml_html.HtmlElement, lines: _Lines, *, is_bold: bool, depth: int) -> None:
    tag, style = str(element.tag), element.get("style") or ""
    if _SKIPPED.fullmatch(tag) or element.get("hidden") is not None or _HIDDEN.search(style):
        return
    if depth > _MOST_DEPTH:
        lines.add(str(element.text_content()), is_bold=is_bold)
        return
    is_block = _is_block(element)
    if is_block:
        lines.end()
    is_item = tag == "li" or bool(_WORD_LIST.search(style))
    if is_item:
        lines.start_item()
    is_strong = is_bold or bool(_STRONG.fullmatch(tag) or _BOLD.search(style))
    is_bold = is_strong and not _NOT_BOLD.search(style)
    if link := _link_of(element):
        lines.add(link, is_bold=is_bold)
    else:
        lines.add(element.text or "", is_bold=is_bold)
        for child in element:
            _walk(child, lines, is_bold=is_bold, depth=depth + 1)
            lines.add(child.tail or "", is_bold=is_bold)
    if is_item:
        lines.end_item()
    elif is_block and tag != "br":
        lines.end()


def _is_block(element: lxml_html.HtmlElement) -> bool:
    return bool(_BLOCK.fullmatch(str(element.tag)))


def _link_of(element: lxml_html.HtmlElement) -> str:
    """Return a link within a line as `[words](address)`, or an empty string if the element is not one."""
    address = (element.get("href") or "").strip() if element.tag == "a" else ""
    if not _ADDRESS.fullmatch(address) or any(_is_block(child) for child in element.iterdescendants()):
        return ""
    return _link(" ".join(str(element.text_content()).split()), address)
