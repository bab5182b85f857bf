"""A process that dies at any statement of a verb leaves the state before or after it, never in between.

These are the histories that matter most. `make crashes` tries every history of up to two verbs, and of three
core verbs, on both databases.
"""

from __future__ import annotations

import pytest

from tests.crashing import Figures, check_history

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HISTORIES = [
    ("publish a draft",),
    ("publish with a picture",),
    ("schedule", "fall due"),
    ("correct",),
    ("restore",),
    ("pin",),
    ("edit the head",),
    ("end", "resume"),
    ("withdraw the blog", "restore the blog"),
    ("edit a caption",),
    ("publish with a picture", "withdraw"),
    ("publish with a picture", "erase"),
    ("publish with a picture", "undo"),
]


@pytest.mark.parametrize("names", HISTORIES, ids=" then ".join)
def test_verb_that_dies_anywhere_leaves_before_or_after_and_all_copies_converge(names):
    figures = Figures()
    check_history(names, figures)
    assert (figures.histories, figures.refused) == (1, 0)
    assert figures.before >= 3
    assert figures.after == 1
