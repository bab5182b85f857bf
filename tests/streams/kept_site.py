"""A site in this process whose answers are kept, and which counts what Django renders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.db import connection

from liveblog.streams.kept import KeptAnswers
from liveblog.streams.positions import Positions
from tests.streams.asking import Reply, ask

MEGABYTE = 1024 * 1024


class Django:
    """Django's handler, which counts its requests. It answers while `gate` is open and fails if told to."""

    def __init__(self) -> None:
        self._handler = ASGIHandler()
        self.paths: list[str] = []
        self.gate: asyncio.Event | None = None
        self.fails = False

    async def __call__(self, scope, receive, send) -> None:
        self.paths.append(scope["path"])
        if self.gate:
            await self.gate.wait()
        if self.fails:
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]})
            return await send({"type": "http.response.body", "body": b"busy"})
        return await self._handler(scope, receive, send)


class Site:
    """Kept answers in front of two Djangos: one renders answers to keep, the other all other requests."""

    def __init__(self, max_bytes: int = 64 * MEGABYTE) -> None:
        self.rendering, self.passing = Django(), Django()
        self.positions = Positions()
        self.answers = KeptAnswers(self.rendering, self.passing, self.positions, max_bytes)

    async def get(self, url: str, **headers: str) -> Reply:
        return await ask(self.answers, url, **headers)

    @property
    def counts(self) -> tuple[int, int]:
        """Return how many answers were rendered to be kept, and how many requests bypassed the store."""
        return len(self.rendering.paths), len(self.passing.paths)


async def call(verb: Callable[..., Any], *arguments: Any, **details: Any) -> Any:
    """Call a verb from a worker thread, as another process would."""

    def work() -> Any:
        try:
            return verb(*arguments, **details)
        finally:
            connection.close()

    return await asyncio.to_thread(work)
