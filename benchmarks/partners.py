"""Benchmark: processor time of the API's answers to a key, against a plain Django REST Framework list.

Answers to partners are not kept. The plain list has the same rows: a ModelSerializer with the same related
rows, the framework's own pagination, and its default settings without tokens. All run in turn in one process.

    python -m benchmarks partners --rounds 15
"""

from __future__ import annotations

import argparse
import time

from django.test import Client
from django.test.utils import override_settings

from benchmarks.plain_api import PAGE_SIZE
from benchmarks.report import Row, ratios
from tests.factories import make_key, make_rich_blog

PLAIN = {
    "ROOT_URLCONF": "benchmarks.plain_api",
    "MIDDLEWARE": [
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
}


def measure(arguments: list[str]) -> list[Row]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks partners")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args(arguments)
    blog = make_rich_blog("storm", 2 * PAGE_SIZE)
    client, update = Client(SERVER_NAME="127.0.0.1"), blog.updates.published().newest_first().first()
    key = {"Authorization": f"Bearer {make_key('read')}"}
    requests = {
        "plain page": (f"/updates/?blog={blog.pk}", {}, PLAIN),
        "our page": (f"/api/v1/blogs/{blog.slug}/updates/?page_size={PAGE_SIZE}", key, {}),
        "plain detail": (f"/updates/{update.pk}/", {}, PLAIN),
        "our detail": (f"/api/v1/updates/{update.pk}/", key, {}),
    }
    times: dict[str, list[float]] = {name: [] for name in requests}
    # Discard the first round, which fills caches.
    for round_number in range(options.rounds + 1):
        for name, (path, headers, settings) in requests.items():
            with override_settings(**settings):
                started = time.process_time()
                response = client.get(path, headers=headers)
                spent = time.process_time() - started
            if response.status_code != 200:
                raise SystemExit(f"{path}: {response.status_code} {response.content[:200]!r}")
            if round_number:
                times[name].append(spent * 1000)
    return [
        Row("API page with a key ÷ a plain DRF list", ratios(times["our page"], times["plain page"]), most=2),
        Row(
            "API detail with a key ÷ a plain DRF one",
            ratios(times["our detail"], times["plain detail"]),
            most=2,
        ),
        *(Row(f"{name}: ms of processor time", runs, digits=1) for name, runs in times.items()),
    ]
