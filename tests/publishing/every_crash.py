"""Every history of up to two verbs, and of three core verbs; `make crashes` runs it."""

from __future__ import annotations

import os
import random
import time
from itertools import product

import pytest
from django.db import connection

from tests.crashing import CORE, VERBS, Figures, check_history


@pytest.mark.django_db(transaction=True)
def test_every_small_history(capsys):
    histories = [*product(VERBS, repeat=1), *product(VERBS, repeat=2), *product(CORE, repeat=3)]
    # If there is not enough time for all of them, try a sample of every kind.
    random.Random(os.environ.get("CRASHES_SEED", "1")).shuffle(histories)
    deadline = time.monotonic() + 60 * float(os.environ.get("CRASHES_MINUTES", "inf"))
    figures, tried = Figures(), 0
    for names in histories:
        if time.monotonic() > deadline:
            break
        check_history(names, figures)
        tried += 1
    with capsys.disabled():
        print(f"\n{connection.vendor}: {tried} of {len(histories)} sequences tried. {figures}.")
