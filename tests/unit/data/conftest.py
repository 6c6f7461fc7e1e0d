"""What the tests of the data room share."""

from __future__ import annotations

import pytest

from tests.lakes import SmallLake, small_lake


@pytest.fixture
def lake() -> SmallLake:
    """A sound lake that a test may spoil before it writes it."""
    return small_lake()
