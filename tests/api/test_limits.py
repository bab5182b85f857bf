"""Rate limits per address or, with a key, per key; counted over all processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection

from liveblog.models import Scope
from newsroom.http import rate_limits
from tests.api.description import breaches
from tests.environment import ROOT
from tests.factories import make_blog, make_key


@pytest.mark.django_db
def test_requests_beyond_the_limit_return_429_until_the_minute_is_over(client, settings, rate_limit_clock):
    settings.API_REQUESTS_PER_MINUTE = 3
    make_blog(slug="summit")

    responses = [client.get("/api/v1/blogs/summit/")]
    rate_limit_clock[0] += 20
    responses += [client.get("/api/v1/blogs/summit/") for _ in range(3)]
    other_response = client.get("/api/v1/blogs/summit/", REMOTE_ADDR="192.0.2.7")
    refusal = responses[-1]

    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert refusal.json() == {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "Request was throttled. Expected available in 40 seconds.",
        "instance": "/api/v1/blogs/summit/",
    }
    # A shared cache must not serve this response to other clients.
    assert (refusal.headers["Retry-After"], refusal.headers["Cache-Control"]) == ("40", "no-store")
    assert other_response.status_code == 200
    rate_limit_clock[0] += 40
    assert client.get("/api/v1/blogs/summit/").status_code == 200
    settings.API_REQUESTS_PER_MINUTE = 0
    assert breaches(client, "blogs/{slug}/", refusal) == []


@pytest.mark.django_db
def test_304_responses_count_too(client, settings, rate_limit_clock):
    make_blog(slug="summit")
    etag = client.get("/api/v1/blogs/summit/").headers["ETag"]
    settings.API_REQUESTS_PER_MINUTE = 2

    responses = [client.get("/api/v1/blogs/summit/", headers={"if-none-match": etag}) for _ in range(3)]

    assert [response.status_code for response in responses] == [304, 304, 429]


@pytest.mark.django_db
def test_requests_with_a_key_are_counted_per_key_from_any_address(client, settings, rate_limit_clock):
    settings.API_REQUESTS_PER_MINUTE, settings.API_KEY_REQUESTS_PER_MINUTE = 1, 2
    first, second = make_key(Scope.READ), make_key(Scope.READ)

    def ask(key: str, address: str) -> int:
        headers = {"authorization": f"Bearer {key}"}
        return client.get("/api/v1/", headers=headers, REMOTE_ADDR=address).status_code

    assert [ask(first, f"192.0.2.{number}") for number in range(3)] == [200, 200, 429]
    assert ask(second, "192.0.2.1") == 200
    assert client.get("/api/v1/").status_code == 200


@pytest.mark.django_db
def test_requests_with_unknown_keys_are_counted_per_address(client, settings, rate_limit_clock):
    settings.API_REQUESTS_PER_MINUTE = 2

    responses = [
        client.get("/api/v1/", headers={"authorization": f"Bearer nrk_{number}"}) for number in range(3)
    ]

    assert [response.status_code for response in responses] == [401, 401, 429]


@pytest.mark.django_db
def test_an_ipv6_network_counts_as_one_address(client, settings, rate_limit_clock):
    settings.API_REQUESTS_PER_MINUTE = 1

    def ask(address: str) -> int:
        return client.get("/api/v1/", REMOTE_ADDR=address).status_code

    assert [ask("2001:db8:1:2::1"), ask("2001:db8:1:2:ffff::9"), ask("2001:db8:1:3::1")] == [200, 429, 200]
    assert [ask("192.0.2.1"), ask("::ffff:192.0.2.1")] == [200, 429]


@pytest.mark.django_db
def test_most_requests_and_all_refusals_need_no_query(
    rate_limit_clock, django_assert_max_num_queries, django_assert_num_queries
):
    with django_assert_max_num_queries(rate_limits.LOTS + 2):
        waits = [rate_limits.seconds_to_wait("somebody", 200) for _ in range(200)]
    assert waits == [0] * 200
    rate_limits.seconds_to_wait("somebody", 200)
    with django_assert_num_queries(0):
        assert {rate_limits.seconds_to_wait("somebody", 200) for _ in range(50)} == {60}


@pytest.mark.django_db
def test_expired_counts_are_deleted(rate_limit_clock):
    cache.set("kept", 1, 3600)
    rate_limits.seconds_to_wait("somebody", 5)
    assert count_rows() == 1

    rate_limit_clock[0] += rate_limits.SECONDS + 1
    rate_limits.seconds_to_wait("somebody else", 5)

    assert count_rows() == 1
    assert cache.get("kept") == 1


def count_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM newsroom_cache WHERE cache_key LIKE 'count:%%'")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_do_not_exceed_the_limit(rate_limit_clock):
    limit, threads = 60, 8
    start = threading.Barrier(threads)

    def ask(_number: int) -> int:
        start.wait()
        try:
            return sum(not rate_limits.seconds_to_wait("a crowd", limit) for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(ask, range(threads))) == limit


PROGRAM = """
import django; django.setup()
from newsroom.http import rate_limits
rate_limits.time.time = lambda: 1_800_000_000.0
print(sum(not rate_limits.seconds_to_wait("all processes", 60) for _ in range(100)))
"""


@pytest.mark.django_db(transaction=True)
def test_processes_share_the_count(production_environment):
    command = [sys.executable, "-c", PROGRAM]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=production_environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    admitted = [int(process.communicate()[0]) for process in processes]

    assert sum(admitted) == 60
    assert all(process.returncode == 0 for process in processes)
