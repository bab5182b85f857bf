"""File storage that survives crashes and full disks: a file has all of its bytes, or it does not exist."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a directory, survive a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DurableStorage(FileSystemStorage):
    """Django's storage, except that a file is written under a temporary name, fsynced and renamed.

    A file of the same name is replaced atomically, so several processes may write the same bytes at a time.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_overwrite=True)

    def _save(self, name: str, content: File) -> str:
        path = Path(self.path(name))
        self._make_directories(path.parent)
        temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                if self.file_permissions_mode is not None:
                    os.fchmod(file.fileno(), self.file_permissions_mode)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync(path.parent)
        return name

    def _make_directories(self, directory: Path) -> None:
        """Create the missing directories, all with the storage's mode."""
        missing = [place for place in (directory, *directory.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir(exist_ok=True)
            if self.directory_permissions_mode is not None:
                place.chmod(self.directory_permissions_mode)
            sync(place.parent)

    def remove_directory(self, name: str) -> None:
        """Delete a directory of files, temporary ones included. Do nothing if there is none."""
        if not self.exists(name):
            return
        for file_name in self.listdir(name)[1]:
            self.delete(f"{name}/{file_name}")
        self.delete(name)

    def directories(self, name: str) -> list[str]:
        """Return the names of the directories in directory `name`."""
        return self.listdir(name)[0] if self.exists(name) else []
