"""The record of backups: `DATA_DIR/backup.json`, which whatever makes and verifies them writes.

    {"made_at": "2026-11-28T03:15:00+08:00", "verified_at": "2026-11-27T04:00:00+08:00"}

`verified_at` is when a backup was last restored somewhere and compared. Either may be missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.conf import settings

FILE_NAME: Final = "backup.json"


@dataclass(frozen=True)
class BackupRecord:
    made_at: datetime | None = None
    verified_at: datetime | None = None


def read_record() -> BackupRecord:
    """Return the record; an empty one if there is none, or none that can be read."""
    try:
        fields = json.loads((settings.DATA_DIR / FILE_NAME).read_text())
    except (OSError, ValueError):
        return BackupRecord()
    if not isinstance(fields, dict):
        return BackupRecord()
    return BackupRecord(_moment(fields.get("made_at")), _moment(fields.get("verified_at")))


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    # A time without a zone could be any within a day.
    return moment if moment is not None and moment.tzinfo else None
