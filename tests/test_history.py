"""The history checker accepts a real run, and finds every event that was dropped, doubled or swapped."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.test import Client

from liveblog import publishing
from liveblog.models import Change
from liveblog.publishing import SYSTEM, Content
from tests.factories import make_blog, make_update
from tests.history import Event, History, problems_in

READERS, ROUNDS = 6, 40


@pytest.fixture
def history(db: None) -> History:
    """A run in which readers poll at random while updates are published, corrected and withdrawn."""
    chance, client, blog = random.Random(7), Client(), make_blog(slug="storm")
    history = History()
    updates = []
    names = [f"reader {index}" for index in range(READERS)]
    for name in names:
        history.clients[name] = [Event(1, is_load=True)]
    for turn in range(ROUNDS):
        updates.append(make_update(blog, f"第{turn}則"))
        history.acknowledged[f"key {turn}"] = updates[-1].pk
        if turn % 4 == 3:
            content = replace(Content.of(updates[-2]), heading=f"更正{turn}")
            publishing.correct_update(updates[-2], content, by=SYSTEM, note="錯字")
        if turn % 10 == 9:
            publishing.withdraw_update(updates[-5], by=SYSTEM, reason="錯")
        is_last = turn == ROUNDS - 1
        for name in names:
            if is_last or chance.random() < 0.4:
                poll(client, history.clients[name])
    changes = Change.objects.filter(blog=blog).order_by("number")
    history.log = list(changes.values_list("number", "kind", "update"))
    history.deliveries = [number for number, _kind, _update in history.log]
    return history


def poll(client: Client, events: list[Event]) -> None:
    number = events[-1].number
    response = client.get(f"/live/storm/changes.json?after={number}").json()
    if response["number"] > number:
        updates = tuple(update["id"] for update in response["updates"])
        events.append(Event(response["number"], updates, after=number))


def mutations(history: History) -> Iterator[tuple[str, History]]:
    """Yield the history with one event dropped, doubled, or swapped with the next, in every way."""
    for name, events in history.clients.items():
        for index in range(1, len(events)):
            before, event, rest = events[:index], events[index], events[index + 1 :]
            changed = {"dropped": [*before, *rest], "doubled": [*before, event, event, *rest]}
            if rest:
                changed["swapped"] = [*before, rest[0], event, *rest[1:]]
            for what, mutated in changed.items():
                yield f"{what} {event}", replace(history, clients=history.clients | {name: mutated})
    for index in range(len(history.deliveries)):
        before, number = history.deliveries[:index], history.deliveries[index]
        rest = history.deliveries[index + 1 :]
        yield f"dropped delivery {number}", replace(history, deliveries=[*before, *rest])
        if rest:
            swapped = [*before, rest[0], number, *rest[1:]]
            yield f"swapped delivery {number}", replace(history, deliveries=swapped)
    for index in range(1, len(history.log)):
        yield f"dropped change {index}", replace(history, log=history.log[:index] + history.log[index + 1 :])
    for key, update in history.acknowledged.items():
        doubled = [*history.log, (len(history.log) + 1, "published", update)]
        yield f"doubled {key}", replace(history, log=doubled, clients={}, deliveries=[])


def test_checker_accepts_a_real_run_and_finds_every_seeded_mutation(history):
    assert problems_in(history) == []
    tried = list(mutations(history))
    assert [name for name, mutated in tried if not problems_in(mutated)] == []
    assert len(tried) > 300
