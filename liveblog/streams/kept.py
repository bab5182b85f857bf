"""Kept answers: whole public responses, sent ahead of Django until the log moves on.

Django renders an answer once per change; here its bytes are kept, compressed once, with the position of the
log that was read before the answer's rows. So an answer is never older than its position, and it may be sent
for as long as that position is current (`liveblog.streams.positions`).

Besides the log, a public page depends on:

- the glossary, in editions: its revision is part of each position, and revising it wakes the listeners;
- the release, including its settings: a process serves only one for as long as it lives;
- the partners' origins, in embeds: embeds are not kept;
- the time: the news sitemap is not kept, and an answer whose Last-Modified has not settled is kept for only a
  few seconds. Otherwise time alone changes nothing: a verb does, and it appends to the log;
- the host and the scheme: a policy names the requested host in a demo, where answers are kept only for the
  site's own name, and HSTS is sent over TLS, so answers are kept by scheme.

Pictures and share cards are answered from their own stores. Bylines, topics, pictures' texts, related stories
and successors are printed by several blogs; their verbs give each such blog a number.

The work of the middleware for each request is either visible in the answer's headers, or not needed here:
requests to the listed addresses cannot be malformed and have no body, the limit on concurrency protects
Django's threads, and only the API and readers' responses are rate-limited. The server writes the access log.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Collection
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError

from liveblog.presentation.delta import TOO_FAR_BEHIND
from liveblog.streams.answers import Answer, Header, Incomplete, read_response
from liveblog.streams.keepable import Address, RequestRules, address_of
from liveblog.streams.positions import Mark, Position, Positions
from newsroom.http import prompt
from newsroom.http.bodies import Application, Receive, Scope, Send
from newsroom.http.compression import coding_for
from newsroom.http.hosts import is_known_host

MEGABYTE: Final = 1024 * 1024
MAX_ANSWERS: Final = 20_000
# No single answer may take more than this part of the memory.
LARGEST_PART: Final = 16
# How long a request waits for an answer that is already being made for another one.
WAIT_SECONDS: Final = 10.0
# How often a request tries again because the log has moved on meanwhile, before it is left to Django.
ATTEMPTS: Final = 3
# Longer Accept-Encoding headers are left to Django.
MAX_ACCEPT_ENCODING: Final = 200

# Path, query, scheme and coding.
Key = tuple[str, bytes, str, str]

logger = logging.getLogger(__name__)


class Store:
    """Answers within a number of bytes; the least recently used ones are dropped first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: Key) -> Answer | None:
        return self._answers.get(key)

    def touch(self, key: Key) -> None:
        self._answers.move_to_end(key)

    def put(self, key: Key, answer: Answer) -> None:
        self.drop(key)
        if answer.size > self._max_bytes // LARGEST_PART:
            return
        self._answers[key] = answer
        self.size += answer.size
        while self.size > self._max_bytes or len(self._answers) > MAX_ANSWERS:
            self.drop(next(iter(self._answers)))

    def drop(self, key: Key) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            self.size -= answer.size


class KeptAnswers:
    """The ASGI callable in front of `otherwise`. It keeps answers that `render`, which is Django, renders.

    Everything here runs on the event loop, so code between two awaits is atomic.
    """

    def __init__(
        self,
        render: Application,
        otherwise: Application,
        positions: Positions,
        max_bytes: int | None = None,
    ) -> None:
        if max_bytes is None:
            max_bytes = settings.KEPT_ANSWERS_MEGABYTES * MEGABYTE
        self._render = render
        self._otherwise = otherwise
        self._positions = positions
        self._is_on = max_bytes > 0
        self._rules = RequestRules()
        self._site = urlsplit(settings.SITE_URL).netloc
        self.store = Store(max_bytes)
        # Plain integers, because they are incremented tens of thousands of times a second.
        self.sent_count = self.made_count = 0
        # Answers that are being made, by key and by the position of the log.
        self._flights: dict[tuple[Key, Mark], asyncio.Task[Answer]] = {}
        # Nearly all requests have one of a few values of these headers.
        self._is_served_host = lru_cache(maxsize=256)(self._check_host)
        self._coding_for = lru_cache(maxsize=256)(lambda accepted: coding_for(accepted.decode("latin-1")))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        details = (scope["method"], scope["path"], scope["query_string"], scope["scheme"], scope["headers"])
        question = None if scope.get("root_path") else self._question(*details)
        if question is None:
            return await self._otherwise(scope, receive, send)
        key, etags = question
        answer = self._stored(key) or await self._obtained(key)
        if answer is None:
            return await self._otherwise(scope, receive, send)
        self.sent_count += 1
        for message in answer.messages(scope["method"], etags):
            await send(message)
        return None

    def ready(
        self, method: str, path: str, query: bytes, scheme: str, fields: list[Header]
    ) -> prompt.Ready | None:
        """Return the kept answer to a request as bytes, or None if there is none (`newsroom.http.prompt`)."""
        question = self._question(method, path, query, scheme, fields)
        if question is None:
            return None
        key, etags = question
        answer = self._stored(key)
        if answer is None:
            return None
        self.sent_count += 1
        return answer.bytes_for(method, etags)

    def _question(
        self, method: str, path: str, query: bytes, scheme: str, fields: Collection[Header]
    ) -> tuple[Key, bytes | None] | None:
        """Return the key of the answer and the client's ETags; None if no kept answer may be sent."""
        headers = self._rules.headers_of(method, fields) if self._is_on else None
        if headers is None or not self._is_served_host(headers.get(b"host", b"")):
            return None
        accepted = headers.get(b"accept-encoding", b"")
        coding = self._coding_for(accepted) if len(accepted) <= MAX_ACCEPT_ENCODING else None
        if coding is None:
            return None
        return (path, query, self._rules.scheme_of(scheme, headers), coding), headers.get(b"if-none-match")

    def _check_host(self, host: bytes) -> bool:
        """Return whether kept answers may be sent under this Host. A demo's policies name the host."""
        name = host.decode("latin-1")
        return name == self._site if settings.DEMO else is_known_host(name)

    def _stored(self, key: Key) -> Answer | None:
        """Return the kept answer if its position is current."""
        answer = self.store.get(key)
        if answer is None or answer.is_outdated or not self._positions.is_current(answer.position):
            return None
        self.store.touch(key)
        return answer

    async def _obtained(self, key: Key) -> Answer | None:
        """Return an answer for the current position, making it if necessary; None if it is left to Django.

        An answer is shared only by requests that found the log at the same position, so no request gets an
        answer that is older than itself.
        """
        address = address_of(key[0], key[1])
        if address is None:
            return None
        try:
            for _ in range(ATTEMPTS):
                position = await self._positions.current(address.slug)
                if position is None or not _is_in_reach(address, position):
                    return None
                if self._positions.is_current(position):
                    return self._revalidated(key, position) or await self._fly(key, position)
        except DatabaseError:
            logger.debug("The log could not be read for %s", key[0], exc_info=True)
        except (Incomplete, TimeoutError):
            logger.debug("No shared answer for %s", key[0], exc_info=True)
        return None

    def _revalidated(self, key: Key, position: Position) -> Answer | None:
        """Return the kept answer if the log has not moved since, with its position replaced."""
        answer = self.store.get(key)
        if answer is None:
            return None
        answer.position = position
        if answer.is_outdated:
            return None
        self.store.touch(key)
        return answer

    async def _fly(self, key: Key, position: Position) -> Answer:
        """Make an answer, or wait for the one being made (single flight). A failure is raised in all waiters.

        The task belongs to no request: it continues even if the first client disconnects.
        """
        flight = (key, position.mark)
        if flight not in self._flights:
            self._flights[flight] = asyncio.create_task(self._make(key, position), name=f"answer {key[0]}")
            self._flights[flight].add_done_callback(lambda _task: self._flights.pop(flight, None))
        return await asyncio.wait_for(asyncio.shield(self._flights[flight]), WAIT_SECONDS)

    async def _make(self, key: Key, position: Position) -> Answer:
        """Render the answer or compress a rendered one, and keep it if it may be kept."""
        path, query, scheme, coding = key
        mark = position.mark
        plain_key = (path, query, scheme, "")
        if coding:
            plain = self._revalidated(plain_key, position) or await self._fly(plain_key, position)
            answer = await asyncio.to_thread(plain.compressed, coding)
        else:
            self.made_count += 1
            answer = await read_response(self._render, self._scope_of(path, query, scheme), position, mark)
        if answer.is_kept:
            self.store.put(key, answer)
        return answer

    def _scope_of(self, path: str, query: bytes, scheme: str) -> Scope:
        """Return a request with nothing in it that could differ between readers."""
        headers = [(b"host", self._site.encode())]
        if settings.SECURE_PROXY_SSL_HEADER:
            headers.append((b"x-forwarded-proto", scheme.encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": scheme,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": headers,
        }


def _is_in_reach(address: Address, position: Position) -> bool:
    """Return False for polls that will be refused: each number would be another answer to keep."""
    return address.after is None or 0 <= position.number - address.after <= TOO_FAR_BEHIND
