"""`make lint`: style, formatting, types, Django's system checks and missing migrations.

Biome checks style sheets and scripts; where npm cannot install it, that is said and is no failure.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT

MANAGE = [sys.executable, "manage.py"]
RUFF = [sys.executable, "-m", "ruff"]
DJADE = str(Path(sys.executable).with_name("djade"))
BIOME = ROOT / "node_modules" / "@biomejs" / "biome"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
CHECKS = (
    [*RUFF, "check", "."],
    [*RUFF, "format", "--check", "."],
    [DJADE, "--target-version=5.2", "--check", *map(str, TEMPLATES)],
    [sys.executable, "-m", "mypy"],
    [*MANAGE, "check", "--fail-level", "WARNING"],
    [*MANAGE, "makemigrations", "--check", "--dry-run"],
)


def main() -> int:
    checks = [*CHECKS]
    if _install_biome():
        checks.append([str(BIOME / "bin" / "biome"), "ci", "--colors=off"])
    failed = [check for check in checks if subprocess.run(check, cwd=ROOT).returncode]
    for check in failed:
        print("Failed:", " ".join([Path(check[0]).name, *check[1:4]]), file=sys.stderr)
    return 1 if failed else 0


def _install_biome() -> bool:
    """Install the version of Biome that package.json names, and return whether it is there."""
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]["@biomejs/biome"]
    manifest = BIOME / "package.json"
    if manifest.exists() and json.loads(manifest.read_text())["version"] == wanted:
        return True
    # Write no lock file, because it would record the registry that it was made with.
    command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    if shutil.which("npm") and subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode == 0:
        return True
    print("Not checked: style sheets and scripts, because npm cannot install Biome here.", file=sys.stderr)
    return False


if __name__ == "__main__":
    sys.exit(main())
