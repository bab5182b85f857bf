"""The record of backups, `DATA_DIR/backup.json`. `manage.py backup` writes it; other programs may, too.

    {"made_at": "2026-11-28T03:15:00+08:00", "verified_at": "2026-11-27T04:00:00+08:00"}

`verified_at` is when every file of a backup was last checked. Either may be missing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

FILE_NAME: Final = "backup.json"


@dataclass(frozen=True)
class BackupRecord:
    made_at: datetime | None = None
    verified_at: datetime | None = None


def read_record() -> BackupRecord:
    """Return the record, or an empty one if it is missing or unreadable."""
    try:
        fields = json.loads((settings.DATA_DIR / FILE_NAME).read_text())
    except (OSError, ValueError):
        return BackupRecord()
    if not isinstance(fields, dict):
        return BackupRecord()
    return BackupRecord(_moment(fields.get("made_at")), _moment(fields.get("verified_at")))


def note_made(at: datetime) -> None:
    _write(replace(read_record(), made_at=at))


def note_verified(at: datetime) -> None:
    _write(replace(read_record(), verified_at=at))


def _write(record: BackupRecord) -> None:
    moments = {name: moment.isoformat() for name, moment in asdict(record).items() if moment}
    path: Path = settings.DATA_DIR / FILE_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(moments) + "\n")


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    # Without a zone, the time could be wrong by up to a day.
    return moment if moment is not None and moment.tzinfo else None
