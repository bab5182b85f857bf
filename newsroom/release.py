"""The identity of the running release: everything that responses depend on, except the database."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

# Settings that pages, feeds or their headers print, in addition to all that begin with `SITE_`.
PRINTED_SETTINGS: Final = (
    "ALLOWED_HOSTS",
    "CSP_REPORT_URL",
    "DEMO",
    "INDEXNOW_KEY",
    "MEDIA_URL",
    "STATIC_URL",
    "TAG_AUTHORITY",
    "TIME_ZONE",
    "WEBSUB_HUB",
)
# Code, templates and translations; requirements.txt stands for the installed packages.
_SOURCES: Final = ("liveblog", "locale", "newsroom", "requirements.txt", "templates")


@cache
def digest() -> str:
    """Return a short hash of the release, the same in every process and on every machine that runs it.

    It is part of each ETag. Otherwise clients would keep using a page of an earlier release, whose style
    sheets are gone, until its live blog changes. It is computed once, when the process starts, because the
    process does not serve code and templates that are replaced while it runs.
    """
    state = hashlib.blake2b(digest_size=4)
    for part in (_static_names(), _settings()):
        state.update(json.dumps(part, sort_keys=True, default=str).encode())
    for path in _files():
        state.update(f"\0{path.relative_to(settings.BASE_DIR).as_posix()}\0".encode())
        state.update(path.read_bytes())
    return state.hexdigest()


@cache
def built_at() -> int:
    """Return when the newest file of the release was written, in seconds since 1970.

    Processes with shared files return the same time. It serves clients that revalidate by date, without ETag.
    """
    files = [*_files(), settings.ENV_FILE, settings.STATIC_ROOT / "staticfiles.json"]
    newest = max(int(path.stat().st_mtime) for path in files if path.is_file())
    # A date in the future would hide all changes until then.
    return min(newest, int(time.time()) - 1)


def _static_names() -> dict[str, str]:
    """Return the hashed names of the static files; empty if they are served under plain names."""
    return getattr(staticfiles_storage, "hashed_files", {})


def _settings() -> dict[str, object]:
    names = {*PRINTED_SETTINGS, *(name for name in dir(settings) if name.startswith("SITE_"))}
    return {name: getattr(settings, name) for name in names}


def _files() -> Iterator[Path]:
    for source in _SOURCES:
        place = settings.BASE_DIR / source
        paths = sorted(place.rglob("*")) if place.is_dir() else [place]
        yield from (path for path in paths if path.is_file() and "__pycache__" not in path.parts)
