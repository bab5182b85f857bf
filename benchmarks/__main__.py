"""Command that runs one benchmark on a throwaway newsroom: a temporary PostgreSQL and file storage."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import django
from django.core.management import call_command
from django.db import connections

from benchmarks.report import table
from tests import environment
from tests.postgres import throwaway_server

# As in production, commits wait for the disk.
DURABLE = {"max_connections": "200"}
QUESTIONS = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if re.search("^def (main|measure)\\(", path.read_text(), re.M) and path.stem not in ("__main__", "all")
)


def main() -> None:
    name, *arguments = [*sys.argv[1:], ""]
    if name not in QUESTIONS:
        raise SystemExit(f"What shall be measured? One of: {', '.join(QUESTIONS)}")
    with throwaway_server(settings=DURABLE) as url:
        settings = {"DATABASE_URL": url, "DATA_DIR": str(environment.DATA_DIR)}
        os.environ.update(settings, DEMO="true", DJANGO_SETTINGS_MODULE="newsroom.settings")
        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        try:
            _run(importlib.import_module(f"benchmarks.{name}"), [word for word in arguments if word])
        finally:
            connections.close_all()


def _run(module: ModuleType, arguments: list[str]) -> None:
    """Print the benchmark's rows, and write them into the file named by ROWS, which `make bench` collects.

    Older benchmarks print tables of their own.
    """
    if not hasattr(module, "measure"):
        module.main(arguments)
        return
    rows = module.measure(arguments)
    print(table(rows))
    if "ROWS" in os.environ:
        Path(os.environ["ROWS"]).write_text(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
