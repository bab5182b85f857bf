"""Static files under hashed names, cacheable for ever; the modules of the page script joined into one file.

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
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from django.http import HttpRequest
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

JOINED: Final = "js/page.js"
_IMPORT: Final = re.compile(r'^import (?:\{[^}]*\} from )?"(\.[^"]+)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:class|const|(?:async )?function) (\w+))", re.MULTILINE)

# Comment lines and indentation. Multi-line strings in the modules must not contain such lines.
_UNREAD: Final = re.compile(r"^[ \t]*(?://[^\n]*\n|/\*\*.*?\*/\n|(?=\S))", re.MULTILINE | re.DOTALL)

_ANY_IMPORT: Final = re.compile(r"""\b(?:import|from)\s*["'](\.{1,2}/[^"']+)["']""")

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
        for imported in _ANY_IMPORT.findall(_served_text(importer.removeprefix(settings.STATIC_URL))):
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
        """Join the page's modules into one script first, so that phones need not wait for imports."""
        if JOINED in paths:
            joined = InMemoryStorage()
            joined.save(JOINED, ContentFile("".join(_modules(JOINED, paths, set()))))
            paths = paths | {JOINED: (joined, JOINED)}
        yield from super().post_process(paths, **options)


def _modules(name: str, paths: Paths, seen: set[str]) -> Iterator[str]:
    """Yield the text of a module after those of its imports, each once.

    Only its exports are visible to the other modules. Comments are removed, which would be a quarter of the
    download.
    """
    seen.add(name)
    storage, path = paths[name]
    with storage.open(path) as file:
        text = file.read().decode()
    for imported in _IMPORT.findall(text):
        needed = normpath(join(dirname(name), imported))
        if needed not in seen:
            yield from _modules(needed, paths, seen)
    exported = ", ".join(_EXPORT.findall(text))
    text = _UNREAD.sub("", _EXPORT.sub("", _IMPORT.sub("", text)))
    if name != JOINED:
        text = f"const {{ {exported} }} = (() => {{\n{text}return {{ {exported} }};\n}})();\n"
    yield text
