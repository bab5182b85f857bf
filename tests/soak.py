"""`make soak`: two servers under load and faults for `--minutes` (20 by default)."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tests.postgres import throwaway_server

COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/webhooks/soak.py"]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    options = parser.parse_args(arguments)
    with throwaway_server() as url:
        environment = os.environ | {"TEST_DATABASE_URL": url, "SOAK_MINUTES": str(options.minutes)}
        return subprocess.run(COMMAND, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
