"""Run the article tests in English, because they compare messages."""

import pytest


@pytest.fixture(autouse=True)
def english(in_english: None) -> None:
    pass
