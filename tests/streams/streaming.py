"""A minimal blocking client for server-sent events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http.client import HTTPResponse
from typing import Any
from urllib.request import Request, urlopen

PATIENCE = 30


@dataclass
class Event:
    """One event; `data` is decoded JSON."""

    name: str = "message"
    id: int | None = None
    data: Any = None


@dataclass
class Stream:
    """An open stream. `next` blocks until the next event, or returns None at the end of the stream."""

    response: HTTPResponse
    events: list[Event] = field(default_factory=list)

    def next(self) -> Event | None:
        event, lines = Event(), 0
        while line := self.response.readline():
            text = line.decode().rstrip("\n")
            name, _colon, value = text.partition(": ")
            if not text and lines:
                self.events.append(event)
                return event
            if name == "id":
                event.id = int(value)
            elif name == "event":
                event.name = value
            elif name == "data":
                event.data = json.loads(value)
            lines += name in ("id", "event", "data")
        return None

    def until(self, number: int) -> list[Event]:
        """Return every event up to and including the one with the id `number`."""
        events = []
        while not events or (events[-1].id or 0) < number:
            event = self.next()
            assert event is not None, [event.id for event in events]
            events.append(event)
        return events

    def close(self) -> None:
        self.response.close()


def open_stream(url: str, slug: str, after: int | None = None, last_event_id: int | None = None) -> Stream:
    address = f"{url}/live/{slug}/stream" + (f"?after={after}" if after is not None else "")
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    return Stream(urlopen(Request(address, headers=headers), timeout=PATIENCE))
