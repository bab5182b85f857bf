"""Limits on the open streams of this process, per client and in total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from newsroom.http import client_address, descriptors
from newsroom.http.client_address import Network

# A page whose stream is refused falls back to polling and retries after this time.
RETRY_AFTER_SECONDS: Final = 30


class StreamLimits:
    """Counters of open streams. Use them on the event loop only: there is no lock."""

    def __init__(self) -> None:
        self._total = 0
        self._by_client: Counter[Network] = Counter()

    @contextmanager
    def admit(self, scope: Mapping[str, Any]) -> Iterator[HTTPStatus | None]:
        """Count a stream while the block runs. Yield the status to refuse it with, or None to admit it."""
        client = client_address.network_of(client_address.of_scope(scope))
        refusal = self._refusal(client)
        if refusal:
            yield refusal
            return
        self._total += 1
        self._by_client[client] += 1
        try:
            yield None
        finally:
            self._total -= 1
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]

    def _refusal(self, client: Network) -> HTTPStatus | None:
        if self._total >= descriptors.stream_limit():
            return HTTPStatus.SERVICE_UNAVAILABLE
        limit = settings.STREAMS_PER_ADDRESS
        if limit and self._by_client[client] >= limit:
            return HTTPStatus.TOO_MANY_REQUESTS
        return None
