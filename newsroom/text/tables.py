"""Table markup for phones: marks numbers, and labels the cells of small tables with their column."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from newsroom.text import markup
from newsroom.text.markup import End, Start, Token

# Up to this size, header included, phones show a table as a list of its rows.
SMALL_COLUMNS: Final = 3
SMALL_ROWS: Final = 5

_CELLS: Final = ("td", "th")
# A number with its sign, currency and unit: 1,284 · −3.5% · HK$20 · 1,900人 · 12/24.
_NUMBER: Final = re.compile(r"[+\-−–±~]?\s*(?:HK|US|A)?[$€£¥]?\s*\d[\d,.:/ ]*\s*(?:[%％]|\w{1,3})?")


@dataclass(frozen=True)
class Table:
    """The markup of a table; phones show small tables as a list of their rows."""

    markup: str
    is_small: bool


@dataclass
class _Cell:
    """A cell, by the index of its start tag among the tokens."""

    index: int
    start: Start
    text: str = ""


def is_table(block: str) -> bool:
    """Return whether a block of rich text is a table."""
    return block.startswith("<table")


def read(block: str) -> Table:
    """Return the table in a block of sanitized rich text."""
    tokens = list(markup.read(block))
    rows = _rows_of(tokens)
    header = rows[0] if rows and all(cell.start.tag == "th" for cell in rows[0]) else []
    is_small = bool(header) and _is_small(rows)
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            label = header[column].text if is_small and number and 0 < column < len(header) else ""
            tokens[cell.index] = _dressed(cell, label)
    return Table(markup.write(tokens), is_small)


def _rows_of(tokens: Sequence[Token]) -> list[list[_Cell]]:
    rows: list[list[_Cell]] = []
    cell: _Cell | None = None
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            if cell:
                cell.text += token
        elif isinstance(token, End):
            if token.tag in _CELLS:
                cell = None
        elif token.tag == "tr":
            rows.append([])
        elif token.tag in _CELLS and rows:
            cell = _Cell(index, token)
            rows[-1].append(cell)
    return [row for row in rows if row]


def _is_small(rows: Sequence[Sequence[_Cell]]) -> bool:
    has_spans = any(cell.start.attributes and _spans(cell.start) for row in rows for cell in row)
    columns = max(map(len, rows))
    return 1 < columns <= SMALL_COLUMNS and 1 < len(rows) <= SMALL_ROWS and not has_spans


def _spans(start: Start) -> bool:
    return any(name in ("colspan", "rowspan") for name, _value in start.attributes)


def _dressed(cell: _Cell, label: str) -> Start:
    attributes = cell.start.attributes
    if _NUMBER.fullmatch(cell.text.strip()):
        attributes += (("class", "number"),)
    if label:
        attributes += (("data-label", label.strip()),)
    return Start(cell.start.tag, attributes)
