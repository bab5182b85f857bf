"""A site whose answers are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.streams.kept_site import Site


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    site = Site()
    yield site
    site.positions.close()
