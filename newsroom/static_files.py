"""Static files under hashed names, so that they can be cached for ever; the pages' script as one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

JOINED: Final = "js/page.js"
_IMPORT: Final = re.compile(r'^import (?:\{[^}]*\} from )?"(\.[^"]+)";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:class|const|function) (\w+))", re.MULTILINE)

# By name: the storage that holds the file, and its path there.
Paths = dict[str, tuple[Storage, str]]


class StaticFiles(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True

    def post_process(self, paths: Paths, **options: Any) -> Iterator[tuple[str, str, bool]]:
        """Readers fetch one script where the source has several modules: a phone waits for no import."""
        if JOINED in paths:
            joined = InMemoryStorage()
            joined.save(JOINED, ContentFile("".join(_modules(JOINED, paths, set()))))
            paths = paths | {JOINED: (joined, JOINED)}
        yield from super().post_process(paths, **options)


def _modules(name: str, paths: Paths, seen: set[str]) -> Iterator[str]:
    """A module after those that it imports, each once; all but what it exports stays its own."""
    seen.add(name)
    storage, path = paths[name]
    with storage.open(path) as file:
        text = file.read().decode()
    for imported in _IMPORT.findall(text):
        needed = normpath(join(dirname(name), imported))
        if needed not in seen:
            yield from _modules(needed, paths, seen)
    text, exported = _EXPORT.sub("", _IMPORT.sub("", text)), ", ".join(_EXPORT.findall(text))
    if name != JOINED:
        text = f"const {{ {exported} }} = (() => {{\n{text}return {{ {exported} }};\n}})();\n"
    yield text
