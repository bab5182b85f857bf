"""`make lint`: style, formatting, Django's system checks and missing migrations."""

import subprocess
import sys

import tests.environment

MANAGE = [sys.executable, "manage.py"]
RUFF = [sys.executable, "-m", "ruff"]
CHECKS = (
    [*RUFF, "check", "."],
    [*RUFF, "format", "--check", "."],
    [*MANAGE, "check", "--fail-level", "WARNING"],
    [*MANAGE, "makemigrations", "--check", "--dry-run"],
)


def main() -> int:
    failed = [check for check in CHECKS if subprocess.run(check, cwd=tests.environment.ROOT).returncode]
    for check in failed:
        print("Failed:", " ".join(check[1:]), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
