"""Shapes of times: the features that the times of one notation have in common."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Form(Enum):
    """Notations of a clock time."""

    DIGITAL = "12:05"
    COMPACT = "1205"
    HALF_DAY = "1.05pm"
    CHINESE = "下午1時05分"
    AGO = "8m ago"


@dataclass(frozen=True)
class Shape:
    """The features that all times of one notation share: the sign before them and the form of the clock."""

    sign: str
    form: Form


# A shape, and the label before its times (`發佈於`), which may be empty.
Key = tuple[Shape, str]
