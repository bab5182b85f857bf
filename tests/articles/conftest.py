"""Messages are compared in English."""

import pytest


@pytest.fixture(autouse=True)
def english(in_english: None) -> None:
    pass
