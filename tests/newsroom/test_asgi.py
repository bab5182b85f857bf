"""The ASGI application's start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.environment import ROOT

pytestmark = pytest.mark.any_database

START_AND_STOP = """
import asyncio
import gc

from newsroom.asgi import application

messages = asyncio.Queue()


async def send(message):
    print(message["type"], gc.get_freeze_count())
    messages.put_nowait({"type": "lifespan.shutdown"})


async def main():
    messages.put_nowait({"type": "lifespan.startup"})
    await application({"type": "lifespan"}, messages.get, send)


asyncio.run(main())
"""


def test_garbage_collection_skips_what_was_imported(transactional_db, production_environment):
    process = subprocess.run(
        [sys.executable, "-c", START_AND_STOP],
        cwd=ROOT,
        env=production_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    started, frozen = process.stdout.splitlines()[0].split()
    assert started == "lifespan.startup.complete"
    assert int(frozen) > 50_000
