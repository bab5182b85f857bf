"""What do readers notice when many editors sign in at once?

One reader loads a live blog's page again and again: first alone, then while several editors sign in without a
pause, each with the right password. The same again with Django's own hasher, which hashes in the thread of
each request, in the same run.

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
    """Return the milliseconds that each load took, one after another."""
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
    entered = urlencode({"csrfmiddlewaretoken": token, "username": name, "password": PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    while not is_over.is_set():
        start = time.monotonic()
        connection.request("POST", LOGIN, entered, headers)
        response = connection.getresponse()
        response.read()
        assert response.status in (302, 503), response.status
        if response.status == 302:
            times.append((time.monotonic() - start) * 1000)


def _percentiles(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[-1]:.0f}"
