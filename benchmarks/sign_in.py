"""Benchmark: page latency for readers while many editors sign in at once.

One reader loads a live blog's page in a loop, first alone, then while several editors sign in continuously
with correct passwords. The same run repeats this with Django's own hasher, which hashes in each request's
thread.

    python -m benchmarks sign_in --editors 8 --seconds 10
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import threading
import time
from urllib.parse import urlencode, urlsplit

from django.contrib.auth.models import User
from django.core.management import call_command

from benchmarks.serving import newsroom
from liveblog.models import LiveBlog

PASSWORD = "correct horse battery"
LOGIN = "/admin/login/"
HASHERS = {"queued": "newsroom.settings", "Django's own": "benchmarks.plain_hashing"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks sign_in")
    parser.add_argument("--editors", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args(arguments)
    call_command("load_demo", verbosity=0)
    page = LiveBlog.objects.live().newest_first().first().get_absolute_url()
    names = [f"editor-{number}" for number in range(options.editors)]
    for name in names:
        User.objects.create_user(name, password=PASSWORD, is_staff=True)
    print(
        "| hasher | page alone: p50 / p95 ms | during sign-ins: p50 / p95 ms | sign-in: p50 ms | a second |"
    )
    print("|---|---|---|---|---|")
    for hasher, settings in HASHERS.items():
        with newsroom(DJANGO_SETTINGS_MODULE=settings) as (url, _pid):
            host = urlsplit(url).netloc
            _load_pages(host, page, 1)
            alone = _load_pages(host, page, options.seconds / 2)
            is_over = threading.Event()
            sign_ins: list[float] = []
            editors = [
                threading.Thread(target=_sign_in_until, args=(is_over, host, name, sign_ins))
                for name in names
            ]
            for editor in editors:
                editor.start()
            during = _load_pages(host, page, options.seconds)
            is_over.set()
            for editor in editors:
                editor.join()
        print(
            f"| {hasher} | {_percentiles(alone)} | {_percentiles(during)}"
            f" | {statistics.median(sign_ins):.0f} | {len(sign_ins) / options.seconds:.1f} |"
        )


def _load_pages(host: str, page: str, seconds: float) -> list[float]:
    """Load the page repeatedly for `seconds`; return the duration of each load in milliseconds."""
    connection = http.client.HTTPConnection(host)
    times = []
    end = time.monotonic() + seconds
    while (start := time.monotonic()) < end:
        connection.request("GET", page)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
        times.append((time.monotonic() - start) * 1000)
    return times


def _sign_in_until(is_over: threading.Event, host: str, name: str, times: list[float]) -> None:
    connection = http.client.HTTPConnection(host)
    connection.request("GET", LOGIN)
    response = connection.getresponse()
    page = response.read().decode()
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    form_data = urlencode({"csrfmiddlewaretoken": token, "username": name, "password": PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    while not is_over.is_set():
        start = time.monotonic()
        connection.request("POST", LOGIN, form_data, headers)
        response = connection.getresponse()
        response.read()
        assert response.status in (302, 503), response.status
        if response.status == 302:
            times.append((time.monotonic() - start) * 1000)


def _percentiles(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[-1]:.0f}"
