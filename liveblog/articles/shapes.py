"""Shapes of times: what the times of one notation have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Form(Enum):
    """How the clock time is written."""

    DIGITAL = "12:05"
    COMPACT = "1205"
    HALF_DAY = "1.05pm"
    CHINESE = "下午1時05分"
    AGO = "8m ago"


@dataclass(frozen=True)
class Shape:
    """What the times of one notation have in common: the sign before them, and how the clock is written."""

    sign: str
    form: Form


# A shape, and the label that stands before its times (`發佈於`), which may be empty.
Key = tuple[Shape, str]
