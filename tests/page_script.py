"""`make script`: build the one script of reader pages from its modules with esbuild.

The result is committed, so that a newsroom does not need Node.js. Its first line holds a digest of the
sources, from which a test sees whether the script is out of date.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from newsroom.static_files import BUILT_PAGE_SCRIPT, PAGE_MODULE
from tests.environment import ROOT
from tests.npm import install

STATIC = ROOT / "static"
BUILT = STATIC / BUILT_PAGE_SCRIPT


def head() -> str:
    """Return the first line of a script that is built from the current sources."""
    state = hashlib.sha256()
    for path in sorted({*STATIC.glob("js/*.js"), *STATIC.glob("js/lib/*.mjs")} - {BUILT}):
        state.update(f"{path.relative_to(STATIC).as_posix()}\0".encode() + path.read_bytes())
    return f"/* {state.hexdigest()[:16]}: built by make script */"


def build(target: Path = BUILT) -> None:
    esbuild = install("esbuild")
    if esbuild is None:
        sys.exit("npm cannot install esbuild here.")
    options = ["--bundle", "--minify", "--format=esm", "--target=es2022", "--charset=utf8"]
    command = [str(esbuild / "bin" / "esbuild"), str(STATIC / PAGE_MODULE), *options, f"--banner:js={head()}"]
    subprocess.run([*command, f"--outfile={target}", "--log-level=warning"], cwd=ROOT, check=True)


if __name__ == "__main__":
    build()
