"""Command that runs one benchmark on a throwaway newsroom: a temporary PostgreSQL and file storage."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

from tests import environment
from tests.postgres import throwaway_server

# As in production, commits wait for the disk.
DURABLE = {"max_connections": "200"}
QUESTIONS = sorted(
    path.stem for path in Path(__file__).parent.glob("*.py") if "def main(" in path.read_text()
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
            importlib.import_module(f"benchmarks.{name}").main([word for word in arguments if word])
        finally:
            connections.close_all()


if __name__ == "__main__":
    main()
