"""The audit log as JSON Lines, whose hashes can be verified elsewhere, and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from liveblog.models import AuditEntry
from newsroom import hongkong

_ROWS_AT_ONCE: Final = 2_000
_COLUMNS: Final = (
    *("id", "chain", "position", "at_utc", "at_hong_kong", "by_kind", "by_id", "by_name", "door", "address"),
    *("action", "subject_kind", "subject_id", "subject_name", "blog", "details", "previous_hash", "hash"),
)
# Spreadsheets treat a cell that begins with one of these as a formula; some accept the full-width forms.
_FORMULA_STARTS: Final = tuple("=+-@\t\r\n|＝＋－＠")


def json_lines(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Yield one line of JSON for each entry: what its hash covers, its id and its hash."""
    for entry in entries:
        line = {"id": entry.pk, **entry.content(), "hash": entry.hash}
        yield json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"


def comma_separated(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """Yield lines of CSV (RFC 4180), without cells that a spreadsheet would run as formulas."""
    writer = csv.writer(_Lines(), quoting=csv.QUOTE_ALL)
    # The byte order mark makes spreadsheets read UTF-8.
    yield "\ufeff" + writer.writerow(_COLUMNS)
    for entry in entries:
        yield writer.writerow([_inert(cell) for cell in _cells_of(entry)])


FORMATS: Final[dict[str, tuple[str, Callable[[Iterable[AuditEntry]], Iterator[str]]]]] = {
    "jsonl": ("application/x-ndjson", json_lines),
    "csv": ("text/csv", comma_separated),
}


def all_of(entries: Any) -> Iterator[AuditEntry]:
    """Read a queryset in its order, in chunks, so that memory does not grow with the log."""
    rows: Iterator[AuditEntry] = entries.iterator(chunk_size=_ROWS_AT_ONCE)
    return rows


class _Lines:
    """A file that returns what is written to it, for `csv.writer`."""

    def write(self, line: str) -> str:
        return line


def _cells_of(entry: AuditEntry) -> list[object]:
    content = entry.content()
    details = json.dumps(entry.details, ensure_ascii=False, sort_keys=True) if entry.details else ""
    local = hongkong.to_hong_kong(entry.at).isoformat(timespec="seconds")
    by, subject = content["by"], content["subject"]
    return [
        *(entry.pk, entry.chain, entry.position, content["at"], local, *by, entry.door, entry.address),
        *(entry.action, *subject, entry.blog_id, details, entry.previous_hash, entry.hash),
    ]


def _inert(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
