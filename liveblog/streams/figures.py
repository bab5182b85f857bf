"""The figures of streams and kept answers for `/metrics`, updated once a second."""

from __future__ import annotations

import asyncio
from typing import Final

from liveblog.streams.hub import Hub
from liveblog.streams.kept import KeptAnswers
from newsroom import metrics

SECONDS_BETWEEN: Final = 1.0


async def keep_figures(hub: Hub, kept_answers: KeptAnswers) -> None:
    """Update the figures of this process every second, until cancelled."""
    sent_before = made_before = aborted_before = 0
    while True:
        metrics.STREAM_READERS.set(hub.reader_count)
        metrics.STREAM_READERS_ABORTED.inc(hub.stalled_count - aborted_before)
        aborted_before = hub.stalled_count
        metrics.KEPT_ANSWERS.set(len(kept_answers.store))
        metrics.KEPT_ANSWERS_BYTES.set(kept_answers.store.size)
        metrics.KEPT_ANSWERS_SENT.inc(kept_answers.sent_count - sent_before)
        metrics.KEPT_ANSWERS_MADE.inc(kept_answers.made_count - made_before)
        sent_before, made_before = kept_answers.sent_count, kept_answers.made_count
        await asyncio.sleep(SECONDS_BETWEEN)
