"""Reading of files of copy: Word, RTF, web pages and text; other files are refused."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from liveblog.articles.article import ArticleError
from liveblog.articles.characters import guessed_encoding, read
from liveblog.articles.files import MAX_FILE, text_file, text_of_html


def add_link(paragraph: Paragraph, words: str, address: str) -> None:
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), paragraph.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run(words)
    link.append(run._r)
    paragraph._p.append(link)


def word_file() -> bytes:
    document = Document()
    document.add_heading("渡輪擱淺", level=1)
    document.add_paragraph("2025-03-18 17:14")
    document.add_paragraph().add_run("乘客上岸").bold = True
    paragraph = document.add_paragraph("全部乘客")
    paragraph.add_run("已經").bold = True
    paragraph.add_run("上岸。")
    document.add_paragraph("甲", style="List Bullet")
    add_link(document.add_paragraph(), "前文", "https://example.com/a")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "格一", "格二"
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_word_file_keeps_headings_lists_links_and_tables() -> None:
    assert text_file(word_file(), "copy.docx").decode().splitlines() == [
        "**渡輪擱淺**",
        "2025-03-18 17:14",
        "**乘客上岸**",
        "全部乘客已經上岸。",
        "• 甲",
        "[前文](https://example.com/a)",
        "格一",
        "格二",
    ]


def test_web_page_keeps_headings_lists_and_links() -> None:
    page = """<!doctype html><html><head><title>x</title><style>p{}</style></head><body>
      <nav hidden>選單</nav><h1>渡輪擱淺</h1><p>2025-03-18<br>17:14 &amp; 後</p>
      <p><b>乘客</b><b>上岸</b></p><p>全部<b>乘客</b>上岸。</p><ol><li>甲</li><li><p>乙</p></li></ol>
      <p>見<a href="https://example.com/a">前文</a>。<a href="javascript:x()">不是</a></p>
      <script>alert(1)</script></body></html>"""
    assert text_file(page.encode(), "copy.html").decode().splitlines() == [
        "**渡輪擱淺**",
        "2025-03-18",
        "17:14 & 後",
        "**乘客上岸**",
        "全部乘客上岸。",
        "• 甲",
        "• 乙",
        "見[前文](https://example.com/a)。不是",
    ]


def test_web_page_is_decoded_as_it_declares() -> None:
    page = '<html><meta charset="big5"><p>渡輪擱淺，裏面</p></html>'
    assert text_file(page.encode("big5hkscs"), "copy.htm").decode() == "渡輪擱淺，裏面"


def test_words_lists_from_the_clipboard_become_lists() -> None:
    html = (
        '<p style="mso-list:l0 level1 lfo1"><span style="mso-list:Ignore">·<span> </span></span>甲</p>'
        '<p style="font-weight:bold">標題</p><b style="font-weight:normal"><p>內文。</p></b>'
        '<h2><a href="https://example.com/1">標題一</a>續</h2>'
    )
    assert text_of_html(html).splitlines() == ["• 甲", "**標題**", "內文。", "**標題一續**"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>甲<p>乙", "甲\n乙"),
        ("<div>" * 1_500 + "甲", "甲"),
        ("<" * 5_000, "<" * 5_000),
        ("", ""),
        ("\x00", "\ufffd"),
        ("<p>\ud800甲</p>", "?甲"),
    ],
    ids=range(6),
)
def test_damaged_web_page_raises_nothing(page: str, text: str) -> None:
    assert text_of_html(page) == text


@pytest.mark.usefixtures("in_english")
def test_web_page_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ArticleError, match="nested too deeply"):
        text_of_html("<div>" * 5_000 + "甲")


def test_rtf_keeps_its_paragraphs_and_chinese_in_every_notation() -> None:
    # RTF editors write a second byte that is an ASCII letter as that letter: 淺 is `\'b2L`.
    big5 = r"\'b4\'e7\'bd\'fc\'c0\'c1\'b2L"
    source = (
        rf"{{\rtf1\ansi\ansicpg950{{\fonttbl{{\f0\fcharset136 PMingLiU;}}}}\f0 {big5}\par "
        r"\u20056?\u23458?\par {\field{\*\fldinst{HYPERLINK "
        r'"https://example.com/a"}}{\fldrslt{more}}}\par}'
    )
    assert text_file(source.encode(), "copy.rtf").decode().splitlines() == [
        "渡輪擱淺",
        "乘客",
        "more (https://example.com/a)",
    ]


def test_bold_paragraphs_of_rtf_become_headings() -> None:
    source = (
        r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\stylesheet{\s1\b Heading;}}\f0 {\b Ferry aground\par}"
        r"2025-03-18 17:14\par \pard\b1\u20056?\u23458?\b0\par {\b Part} of it is bold.\par "
        r"{\b All }{\b of it}\par \b Crews arrive\plain\par They wait \{here\}.\bin0\par "
        r"{\rtlch\fcs1 \af0 \ltrch\fcs0 \b\f0 Word {\i\b0 does} so}\par}"
    )
    assert text_file(source.encode(), "copy.rtf").decode().splitlines() == [
        "**Ferry aground**",
        "2025-03-18 17:14",
        "**乘客**",
        "Part of it is bold.",
        "**All of it**",
        "**Crews arrive**",
        "They wait {here}.",
        "Word does so",
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old version of Word"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (b"x" * (MAX_FILE + 1), "too large"),
        (b"{\\rtf1 }", "no text"),
    ],
)
def test_other_and_damaged_files_are_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ArticleError, match=reason):
        text_file(data, "copy.docx")


def test_zip_bomb_and_zip_that_is_not_a_word_file_are_refused() -> None:
    for name, size, reason in (
        ("a.txt", 5, "not a Word file"),
        ("word/document.xml", 50 << 20, "unpacks to far more"),
    ):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, b" " * size)
        with pytest.raises(ArticleError, match=reason):
            text_file(file.getvalue(), "copy.docx")


def test_xml_entities_of_a_word_file_are_not_expanded() -> None:
    file = io.BytesIO(word_file())
    bomb = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(bomb, "w") as new:
        for part in old.infolist():
            data = old.read(part)
            if part.filename == "word/document.xml":
                entities = '<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
                data = data.replace(b"?>", b"?>" + entities.encode(), 1).replace("上岸。".encode(), b"&b;&f;")
            new.writestr(part, data)
    lines = text_file(bomb.getvalue(), "copy.docx").decode().splitlines()
    assert lines[3] == "全部乘客已經"
    assert len(lines) == 8


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs"])
def test_guessed_encoding_can_be_overridden(encoding: str) -> None:
    data = "渡輪在霧中擱淺，全部乘客已經上岸，署長說。".encode(encoding)
    assert guessed_encoding(data) == encoding
    assert read(data, encoding) == read(data)
    with pytest.raises(ArticleError, match="not in UTF-8"):
        read(data, "utf-8")
    assert guessed_encoding("渡輪".encode()) == guessed_encoding("渡輪".encode("utf-16")) == ""
