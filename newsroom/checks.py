"""A deployment check for private files that other users of the machine can access."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.core.files.storage import storages
from django.db import connection

MAX_NAMED: Final = 20

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_ENTER: Final = stat.S_IXGRP | stat.S_IXOTH
# Execute permission alone is allowed: with it a proxy can read public files by path, but not list the names.
_OTHERS_LIST: Final = stat.S_IROTH | stat.S_IWOTH | stat.S_IWGRP


def check_file_modes(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Warn about private files and directories that other accounts can access, with the fix as a hint."""
    exposed = sorted(_exposed_files())
    if not exposed:
        return []
    names = ", ".join(map(str, exposed[:MAX_NAMED]))
    if len(exposed) > MAX_NAMED:
        names += f" and {len(exposed) - MAX_NAMED} more"
    return [
        Warning(
            f"Other accounts on this machine can get at what the newsroom keeps: {names}.",
            hint=(
                f"chmod 700 {settings.DATA_DIR} closes all that lies in it; docs/operating.md (Files) says "
                "how a proxy still reads the public ones. Close the others with chmod 600."
            ),
            id="newsroom.W001",
        )
    ]


def _exposed_files() -> Iterator[Path]:
    data = settings.DATA_DIR.resolve()
    if _mode(data) & _OTHERS_LIST:
        yield data
    public = {Path(place).resolve() for place in (settings.STATIC_ROOT, storages["public"].path(""))}
    yield from _exposed_in(data, public)
    for path in map(Path.resolve, [settings.ENV_FILE, *_sqlite_files()]):
        is_inside = path.is_relative_to(data)
        if not is_inside and _mode(path.parent) & _OTHERS_ENTER and _mode(path) & _OTHERS:
            yield path


def _exposed_in(directory: Path, public: set[Path]) -> Iterator[Path]:
    """Yield the paths below a directory that others can access; none if they cannot enter it."""
    if not _mode(directory) & _OTHERS_ENTER:
        return
    for path in directory.iterdir():
        if path in public or path.is_symlink():
            continue
        if _mode(path) & _OTHERS:
            yield path
        if path.is_dir():
            yield from _exposed_in(path, public)


def _sqlite_files() -> list[Path]:
    """Return SQLite's database file and its side files; an empty list on PostgreSQL."""
    if connection.vendor != "sqlite":
        return []
    return [
        Path(f"{connection.settings_dict['NAME']}{ending}") for ending in ("", "-wal", "-shm", "-journal")
    ]


def _mode(path: Path) -> int:
    """Return a file's permission bits, or 0 if there is no such file."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return 0
