"""Counts of function calls, which unlike measured times are the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def count_calls(act: Callable[[], object]) -> int:
    """Return the number of Python and C function calls that `act` makes."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        if event in ("call", "c_call"):
            calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


def assert_linear(act: Callable[[int], object], size: int) -> None:
    """Assert that twice the input takes at most twice the calls, with a tolerance of 5 %.

    The first call warms the caches of compiled patterns, translations and templates.
    """
    act(size)
    once, twice = count_calls(lambda: act(size)), count_calls(lambda: act(2 * size))
    assert twice <= 2.1 * once, (once, twice)
