"""Checker of recorded histories: acknowledged writes, the log, and what each client received, in order.

It looks for lost and doubled publications, gaps in the log, and clients that missed a change, received one
twice or went back in time, as Jepsen's checkers do for databases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """One receipt of a client: the log's number then, and the updates in it.

    A load of the page is a fresh start at its number. `after` is the number that the client asked from; None
    for streams, which continue by themselves.
    """

    number: int
    updates: tuple[int, ...] = ()
    is_load: bool = False
    after: int | None = None


@dataclass
class History:
    """A run. `log` has the update of each number, None for changes of the live blog itself."""

    log: list[tuple[int, str, int | None]] = field(default_factory=list)
    # The updates whose publication was acknowledged, by idempotency key.
    acknowledged: dict[str, int] = field(default_factory=dict)
    clients: dict[str, list[Event]] = field(default_factory=dict)
    # Numbers that a webhook's receiver accepted, in order of arrival.
    deliveries: list[int] = field(default_factory=list)
    first_number: int = 1


def problems_in(history: History) -> list[str]:
    """Return everything that breaks the promises of docs/reliability.md; empty if they were kept."""
    return [
        *_log_problems(history),
        *_acknowledgement_problems(history),
        *_delivery_problems(history),
        *(problem for name in history.clients for problem in _client_problems(history, name)),
    ]


def _log_problems(history: History) -> Iterable[str]:
    numbers = [number for number, _kind, _update in history.log]
    if numbers != list(range(history.first_number, history.first_number + len(numbers))):
        yield "The log is not dense."


def _acknowledgement_problems(history: History) -> Iterable[str]:
    published = Counter(update for _number, kind, update in history.log if kind == "published")
    for key, update in history.acknowledged.items():
        if published[update] != 1:
            yield f"{key} was acknowledged and published {published[update]} times."
    if len(set(history.acknowledged.values())) != len(history.acknowledged):
        yield "Two requests were acknowledged with the same update."


def _delivery_problems(history: History) -> Iterable[str]:
    """At least once, in order: a number may repeat at once, after a response that got lost."""
    if not history.deliveries:
        return
    numbers = [number for number, _kind, _update in history.log]
    repeated = [number for number, following in zip(history.deliveries, history.deliveries[1:], strict=False)
                if following < number]  # fmt: skip
    if repeated:
        yield f"The receiver went back after {repeated[0]}."
    if missing := set(numbers) - set(history.deliveries):
        yield f"The receiver never got {min(missing)}."


def _client_problems(history: History, name: str) -> Iterable[str]:
    highest = 0
    previous: int | None = None
    for event in history.clients[name]:
        if event.number < highest or (event.number == highest and not event.is_load):
            yield f"{name} received {event.number} after {highest}."
        elif event.after not in (None, previous):
            yield f"{name} was at {previous} and received what follows {event.after}."
        elif previous is not None and not event.is_load:
            changed = {
                update
                for number, _kind, update in history.log
                if previous < number <= event.number and update
            }
            if missing := changed - set(event.updates):
                yield f"{name} was not sent {sorted(missing)} between {previous} and {event.number}."
            if extra := set(event.updates) - changed:
                yield f"{name} was sent {sorted(extra)} again between {previous} and {event.number}."
        highest, previous = max(highest, event.number), event.number
    if history.log and previous is not None and previous < history.log[-1][0]:
        yield f"{name} stayed at {previous}."
