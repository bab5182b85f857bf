"""Counted work, in place of measured time: how many calls something makes, the same on every machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def count_calls(act: Callable[[], object]) -> int:
    """Return how many calls of Python and of C functions `act` makes."""
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
    """Assert that twice the input takes at most twice the calls, a twentieth left for what is rounded up.

    The first call warms what is kept: compiled patterns, translations, templates.
    """
    act(size)
    once, twice = count_calls(lambda: act(size)), count_calls(lambda: act(2 * size))
    assert twice <= 2.1 * once, (once, twice)
