"""`make crashes`: every short history of verbs, with a death at every statement, on both databases.

`--minutes` limits the time per database, so that only a sample is tried; `--seed` chooses the sample.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from tests.postgres import throwaway_server

COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/publishing/every_crash.py"]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make crashes", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", default="1")
    options = parser.parse_args(arguments)
    chosen = {"CRASHES_MINUTES": str(options.minutes), "CRASHES_SEED": options.seed}
    environment = os.environ | chosen
    environment.pop("TEST_DATABASE_URL", None)
    status = subprocess.run(COMMAND, env=environment).returncode
    with throwaway_server() as url:
        return subprocess.run(COMMAND, env=environment | {"TEST_DATABASE_URL": url}).returncode or status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
