"""Backups: a directory for each, with all rows, the private files of pictures, and a manifest of digests.

Public files are not part of a backup, because they can be made again from the rest. Files that have not
changed since the previous backup are hard links to it, so they take no space.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import connection

from liveblog.management import tables
from newsroom import __version__
from newsroom.durable_storage import sync

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
ROWS: Final = "rows.jsonl.gz"
FILES: Final = "files"
_UNFINISHED: Final = ".unfinished-"


class BackupError(Exception):
    """A backup that cannot be made, is damaged or does not fit this release."""


@dataclass(frozen=True)
class Stored:
    """A file of a backup. `modified_ns` is when it was last changed, in nanoseconds since 1970."""

    sha256: str
    size: int
    modified_ns: int


def finished_backups(directory: Path) -> list[Path]:
    """Return the backups in a directory, oldest first."""
    return sorted(path.parent for path in directory.glob(f"[0-9]*/{MANIFEST}"))


def find_backup(directory: Path) -> Path:
    """Return `directory` if it is a backup itself, or the newest one in it."""
    if (directory / MANIFEST).is_file():
        return directory
    backups = finished_backups(directory)
    if not backups:
        raise BackupError(f"There is no backup in {directory}.")
    return backups[-1]


def make_backup(directory: Path) -> Path:
    """Make a backup in `directory` and return its path. It gets its final name only once it is complete.

    Read the rows before the files: only an erasure can delete a file that they name in the meantime, and
    files added since do no harm.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for unfinished in directory.glob(f"{_UNFINISHED}*"):
        shutil.rmtree(unfinished)
    before = finished_backups(directory)
    made_at = datetime.now(UTC)
    place = directory / f"{_UNFINISHED}{secrets.token_hex(4)}"
    place.mkdir(mode=0o700)
    with tables.snapshot(), gzip.open(place / ROWS, "wt", encoding="utf-8") as file:
        migrations = tables.applied_migrations()
        if not migrations:
            raise BackupError("The database is empty. Does DATABASE_URL name the right one?")
        counts = tables.write_rows(file)
    manifest = {
        "format": FORMAT,
        "release": __version__,
        "made_at": made_at.isoformat(),
        "database": connection.vendor,
        "migrations": migrations,
        "counts": counts,
        "rows": asdict(_described(place / ROWS)),
        "files": _copy_files(place / FILES, before[-1] if before else None),
    }
    _write_manifest(place / MANIFEST, manifest)
    sync(place)
    backup = directory / f"{made_at:%Y-%m-%d-%H%M%S-%f}"
    place.rename(backup)
    sync(directory)
    return backup


def read_manifest(backup: Path) -> dict[str, Any]:
    """Return a backup's manifest. Raise BackupError if it is damaged."""
    try:
        sealed = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
        manifest: dict[str, Any] = sealed["manifest"]
        is_intact = sealed["sha256"] == _digest_of(manifest) and manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{backup / MANIFEST} cannot be read: {error}") from error
    if not is_intact:
        raise BackupError(f"{backup / MANIFEST} is damaged.")
    return manifest


def verify(backup: Path) -> dict[str, Any]:
    """Return the manifest if every file has the digest listed in it; else raise BackupError."""
    manifest = read_manifest(backup)
    expected = {ROWS: manifest["rows"]} | {
        f"{FILES}/{name}": file for name, file in manifest["files"].items()
    }
    damaged = [
        name for name, file in expected.items() if _sha256_if_readable(backup / name) != file["sha256"]
    ]
    if damaged:
        names = ", ".join(sorted(damaged)[:10])
        raise BackupError(f"{len(damaged)} files of {backup} are missing or damaged: {names}")
    return manifest


def restore_files(backup: Path, manifest: dict[str, Any]) -> None:
    """Copy the files of a backup to private storage. Files that no row names are removed later."""
    for name in manifest["files"]:
        with (backup / FILES / name).open("rb") as file:
            default_storage.save(name, File(file))


def _copy_files(target: Path, before: Path | None) -> dict[str, dict[str, Any]]:
    """Copy all private files, or link them to the previous backup if they have not changed since."""
    known = read_manifest(before)["files"] if before else {}
    source = Path(default_storage.path(""))
    files = {}
    for path in _regular_files(source):
        name = str(path.relative_to(source))
        (target / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if before is None or not _linked(path, before / FILES / name, target / name, known.get(name)):
                shutil.copy2(path, target / name)
        except FileNotFoundError:
            # The picture was erased, or its upload refused, since its name was read.
            continue
        same = known.get(name) if (target / name).stat().st_nlink > 1 else None
        files[name] = same or asdict(_described(target / name))
    return files


def _linked(path: Path, earlier: Path, target: Path, known: dict[str, Any] | None) -> bool:
    now = path.stat()
    if known is None or (known["size"], known["modified_ns"]) != (now.st_size, now.st_mtime_ns):
        return False
    try:
        os.link(earlier, target)
    except OSError:
        # The earlier copy is missing, or the file system has no links.
        return False
    return True


def _regular_files(source: Path) -> Iterator[Path]:
    for path in sorted(source.rglob("*")):
        # A name that begins with a dot belongs to a file that is being written.
        if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
            yield path


def _described(path: Path) -> Stored:
    status = path.stat()
    path.chmod(0o600)
    sync(path)
    return Stored(_sha256(path), status.st_size, status.st_mtime_ns)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_if_readable(path: Path) -> str | None:
    try:
        return _sha256(path)
    except OSError:
        return None


def _digest_of(manifest: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _write_manifest(path: Path, manifest: dict[str, Any]) -> None:
    sealed = {"manifest": manifest, "sha256": _digest_of(manifest)}
    path.write_text(json.dumps(sealed, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    path.chmod(0o600)
    sync(path)
