"""Numbers as they are sent: in an address, in a form, in a header."""

from __future__ import annotations


def whole_number(named: str | None, digits: int = 18) -> int | None:
    """What is said in at most so many ASCII digits; None where it is no number, or a longer one.

    Whatever 18 digits say fits a row's id, in either database.
    """
    is_one = named and named.isascii() and named.isdecimal() and len(named) <= digits
    return int(named) if is_one else None
