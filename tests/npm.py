"""Tools from npm, at the exact versions of package.json."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from tests.environment import ROOT


def install(package: str) -> Path | None:
    """Return the directory of an installed package; None if npm cannot install it here."""
    directory = ROOT / "node_modules" / package
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"][package]
    manifest = directory / "package.json"
    if manifest.exists() and json.loads(manifest.read_text())["version"] == wanted:
        return directory
    # Write no lock file, because it would record the registry that it was made with.
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    if shutil.which("npm") and subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0:
        return directory
    return None
