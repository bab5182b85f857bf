"""`make lint`: style, formatting, types, Django's system checks and missing migrations.

Biome checks style sheets and scripts; where npm cannot install it, a note says so and the run continues.
"""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT
from tests.npm import install

MANAGE = [sys.executable, "manage.py"]
RUFF = [sys.executable, "-m", "ruff"]
DJADE = str(Path(sys.executable).with_name("djade"))
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
    if biome := install("@biomejs/biome"):
        checks.append([str(biome / "bin" / "biome"), "ci", "--colors=off"])
    else:
        print("Not checked: style sheets and scripts; npm cannot install Biome here.", file=sys.stderr)
    failed = [check for check in checks if subprocess.run(check, cwd=ROOT).returncode]
    for check in failed:
        print("Failed:", " ".join([Path(check[0]).name, *check[1:4]]), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
