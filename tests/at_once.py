"""Concurrent calls that start together, each on its own database connection."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(times: int, act: Callable[[int], Result]) -> list[Result]:
    """Call `act` with 0, 1, 2 … in threads that start together; return the results in that order.

    The test needs `@pytest.mark.django_db(transaction=True)`, because other connections see only commits.
    """
    start = threading.Barrier(times)

    def run(number: int) -> Result:
        start.wait()
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))
