"""Static files under hashed names, cacheable for ever; the modules of the page script built into one file.

The storages also record which scripts a page prints, for its Content Security Policy (`newsroom.csp`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import Any, Final

import brotli
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage, staticfiles_storage
from django.core.files.storage import Storage
from django.http import HttpRequest
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Reader pages print the module, which imports others. In production the built script is served in its place.
PAGE_MODULE: Final = "js/page.js"
BUILT_PAGE_SCRIPT: Final = "js/page.min.js"
_IMPORT: Final = re.compile(r"""\b(?:import|from)\s*["'](\.{1,2}/[^"']+)["']""")

# Maps a name to the storage that holds the file, and the path there.
Paths = dict[str, tuple[Storage, str]]

# The attribute of a request with the scripts that its response prints.
_PRINTED_SCRIPTS: Final = "_printed_scripts"
# URLs of the scripts that the page being rendered has printed so far.
_printed: ContextVar[list[str] | None] = ContextVar("printed_scripts", default=None)


def record_scripts(request: HttpRequest) -> None:
    """Start recording the scripts that the response to `request` prints."""
    scripts: list[str] = []
    setattr(request, _PRINTED_SCRIPTS, scripts)
    _printed.set(scripts)


def scripts_of(request: HttpRequest) -> list[str]:
    """Return the URLs of the scripts that the response to `request` prints; more may be appended later."""
    scripts: list[str] = getattr(request, _PRINTED_SCRIPTS)
    return scripts


class _RecordsScripts(StaticFilesStorage):
    """Storage that records the scripts whose URL a template prints, with all of their imports."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        address = super().url(name, *args, **kwargs)
        printed = _printed.get()
        if printed is not None and address.endswith((".js", ".mjs")):
            printed.extend(with_imports(address))
        return address


@cache
def with_imports(address: str) -> tuple[str, ...]:
    """Return the URLs of a script and of all modules that it imports, directly or not, as served."""
    addresses = {address: None}
    waiting = [address]
    while waiting:
        importer = waiting.pop()
        for imported in _IMPORT.findall(_served_text(importer.removeprefix(settings.STATIC_URL))):
            path = normpath(join(dirname(importer), imported))
            if path not in addresses:
                addresses[path] = None
                waiting.append(path)
    return tuple(addresses)


def _served_text(name: str) -> str:
    """Return the text of the static file that is served under `name`; empty if there is none."""
    # Plain names are served from the source; hashed names exist only in the storage.
    if source := finders.find(name):
        return Path(source).read_text()
    if not staticfiles_storage.exists(name):
        return ""
    with staticfiles_storage.open(name, "rb") as file:
        return str(file.read(), "utf-8")


class PlainStaticFiles(_RecordsScripts):
    """Static files under their own names, for development and tests."""


class _Compressor(Compressor):
    """WhiteNoise's compressor at a lower Brotli quality: a twentieth of the time for 9 % more bytes."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        compressed: bytes = brotli.compress(data, quality=9)
        return compressed


class StaticFiles(_RecordsScripts, CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True

    def create_compressor(self, **options: Any) -> Compressor:
        return _Compressor(**options)

    def post_process(self, paths: Paths, **options: Any) -> Iterator[tuple[str, str, bool]]:
        """Serve the page's modules as one script, which is smaller and saves phones a wait for imports."""
        if built := paths.get(BUILT_PAGE_SCRIPT):
            paths = paths | {PAGE_MODULE: built}
        yield from super().post_process(paths, **options)
