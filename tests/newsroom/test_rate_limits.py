"""Rate limits: exact under concurrency, shared by all processes and bounded in memory."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.db import connection

from newsroom.http import rate_limits
from tests.at_once import at_once


@pytest.mark.django_db
def test_window_begins_with_the_first_request_and_then_resets(rate_limit_clock):
    answers = [rate_limits.seconds_to_wait("somebody", 2, 600)]
    rate_limit_clock[0] += 100
    answers += [rate_limits.seconds_to_wait("somebody", 2, 600) for _ in range(2)]
    rate_limit_clock[0] += 500
    answers += [rate_limits.seconds_to_wait("somebody", 2, 600) for _ in range(3)]

    assert answers == [0, 0, 500, 0, 0, 600]


@pytest.mark.django_db
def test_requests_counted_by_another_process_count(rate_limit_clock):
    answers = []
    for _ in range(4):
        # Forget the counts of this process, like one that has just started.
        rate_limits.forget()
        answers.append(rate_limits.seconds_to_wait("somebody", 3))

    assert answers == [0, 0, 0, 60]


@pytest.mark.django_db
def test_a_refunded_request_may_be_made_again(rate_limit_clock):
    answers = [rate_limits.seconds_to_wait("somebody", 1)]
    rate_limits.give_back("somebody")
    answers += [rate_limits.seconds_to_wait("somebody", 1) for _ in range(2)]
    rate_limits.reset("somebody")
    answers += [rate_limits.seconds_to_wait("somebody", 1)]

    assert answers == [0, 0, 60, 0]
    rate_limits.give_back("nobody")
    rate_limits.reset("nobody")


@pytest.mark.django_db
def test_names_are_stored_only_as_keyed_hashes(rate_limit_clock):
    rate_limits.seconds_to_wait("responses:192.0.2.7/32", 5)

    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key FROM newsroom_cache WHERE cache_key LIKE 'count:%%'")
        assert [len(key) for (key,) in cursor.fetchall()] == [len("count:") + 64]


@pytest.mark.django_db
def test_process_remembers_a_bounded_number_of_names(rate_limit_clock, monkeypatch):
    monkeypatch.setattr(rate_limits, "MAX_SHARES", 10)
    for number in range(25):
        rate_limits.seconds_to_wait(f"address {number}", 1)

    assert len(rate_limits._shares.by_name) <= 10
    assert rate_limits.seconds_to_wait("address 0", 1) == 60


@pytest.mark.django_db(transaction=True)
def test_exactly_the_limit_of_concurrent_requests_is_allowed():
    cache.clear()

    waits = at_once(30, lambda _number: rate_limits.seconds_to_wait("a crowd", 3))

    assert waits.count(0) == 3
