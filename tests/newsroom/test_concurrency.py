"""Limits of running and waiting requests, and the refusal of the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from newsroom.http import concurrency
from newsroom.http.concurrency import Lane, limit_concurrency
from tests.waiting import wait_for


class Site:
    """A site whose views run until `may_continue` is set."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.may_continue = threading.Event()
        self.answer = limit_concurrency(self.view)

    def view(self, _request: HttpRequest) -> HttpResponse:
        self.entered.release()
        assert self.may_continue.wait(30)
        return HttpResponse("done")


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.may_continue.set()


@pytest.fixture
def ask(site: Site) -> Iterator[Callable[[str], object]]:
    with ThreadPoolExecutor(8) as threads:
        yield lambda path: threads.submit(site.answer, RequestFactory().get(path))
        site.may_continue.set()


@pytest.fixture(autouse=True)
def small_lanes(monkeypatch: pytest.MonkeyPatch) -> Lane:
    readers = Lane(running=2, waiting=1, seconds=30)
    monkeypatch.setattr(concurrency, "readers", readers)
    monkeypatch.setattr(concurrency, "newsroom", Lane(running=1, waiting=0, seconds=30))
    return readers


def test_requests_over_the_limits_get_503_with_retry_after(site, ask, small_lanes):
    running = [ask("/"), ask("/live/any/")]
    for _ in running:
        assert site.entered.acquire(timeout=30)
    waiting = ask("/")
    wait_for(lambda: small_lanes.is_full)
    response = ask("/").result(timeout=30)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert response.headers["Cache-Control"] == "no-store"
    problem = ask("/api/v1/").result(timeout=30)
    assert (problem.status_code, problem.headers["Content-Type"]) == (503, "application/problem+json")
    site.may_continue.set()
    assert [future.result(timeout=30).content for future in (*running, waiting)] == [b"done"] * 3


def test_requests_of_readers_do_not_use_the_slots_of_the_newsroom(site, ask):
    readers = [ask("/"), ask("/")]
    for _ in readers:
        assert site.entered.acquire(timeout=30)
    desk = ask("/admin/")
    assert site.entered.acquire(timeout=30)
    assert ask("/admin/").result(timeout=30).status_code == 503
    site.may_continue.set()
    assert desk.result(timeout=30).status_code == 200


def test_failing_view_releases_its_slot(site):
    def fail(_request: HttpRequest) -> HttpResponse:
        raise ValueError("no")

    for _attempt in range(5):
        with pytest.raises(ValueError, match="no"):
            limit_concurrency(fail)(RequestFactory().get("/admin/"))


def test_request_that_waits_too_long_is_refused():
    lane = Lane(running=1, waiting=1, seconds=0)
    assert lane.enter()
    assert not lane.enter()
    lane.leave()
    assert lane.enter()
